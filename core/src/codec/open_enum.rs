//! Open enums: the platform's constants, and any value it may add.

/// Declares an open enum once, for Rust and for every language binding.
///
/// ```text
/// open_enum! {
///     /// The status of a card.
///     pub enum CardStatus {
///         /// In use.
///         Activated = "Activated",
///     }
/// }
/// ```
///
/// A value that is not listed is kept as `Unknown` with its exact text and never fails to read. Under the feature `uniffi`
/// it is an enum of Kotlin and Swift; under `python` a value is a `str`, and `python_class` makes the class of constants.
macro_rules! open_enum {
    (
        $( #[$($meta:tt)*] )*
        pub enum $name:ident { $( $(#[$variant_meta:meta])* $variant:ident = $text:literal, )+ }
    ) => {
        $( #[$($meta)*] )*
        ///
        /// New values appear without notice: one that is not listed here is `Unknown`, with its text.
        #[derive(Clone, PartialEq, Eq, Hash)]
        #[cfg_attr(feature = "uniffi", derive(uniffi::Enum), uniffi::export(Debug, Display))]
        #[non_exhaustive]
        pub enum $name {
            $( $(#[$variant_meta])* $variant, )+
            /// A value that this version does not know.
            Unknown {
                /// The platform's text.
                raw: String,
            },
        }

        impl $name {
            /// The values that this version knows.
            pub const KNOWN: &'static [Self] = &[$(Self::$variant),+];

            /// The platform's text of this value.
            pub fn as_str(&self) -> &str {
                match self {
                    $( Self::$variant => $text, )+
                    Self::Unknown { raw } => raw,
                }
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                match text {
                    $( $text => Self::$variant, )+
                    other => Self::Unknown { raw: other.to_owned() },
                }
            }
        }

        impl From<String> for $name {
            fn from(text: String) -> Self {
                Self::from(text.as_str())
            }
        }

        /// The empty value. Requests with it are refused before they are sent.
        impl Default for $name {
            fn default() -> Self {
                Self::Unknown { raw: String::new() }
            }
        }

        impl PartialEq<str> for $name {
            fn eq(&self, text: &str) -> bool {
                self.as_str() == text
            }
        }

        impl PartialEq<&str> for $name {
            fn eq(&self, text: &&str) -> bool {
                self.as_str() == *text
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.pad(&$crate::redact::scrub(self.as_str()))
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                match self {
                    $( Self::$variant => formatter.write_str(stringify!($variant)), )+
                    Self::Unknown { raw } => write!(formatter, "Unknown({:?})", $crate::redact::scrub(raw)),
                }
            }
        }

        impl $crate::codec::Decode for $name {
            const EXPECTED: &'static str = "text";

            fn read<'de, D: serde::Deserializer<'de>>(deserializer: D, _: $crate::codec::OnMismatch) -> Result<Self, D::Error> {
                deserializer.deserialize_any($crate::codec::TextVisitor(|text: &str| Self::from(text)))
            }

            fn from_json_text(json: &str) -> Option<Self> {
                $crate::codec::text_of(json).map(|text| Self::from(&*text))
            }
        }

        impl $crate::codec::Encode for $name {
            fn write<S: serde::Serializer>(&self, serializer: S, _: $crate::codec::DecimalFormat) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }

            fn is_absent(&self) -> bool {
                self.as_str().is_empty()
            }
        }

        #[cfg(feature = "python")]
        $crate::codec::python::python_enum!($name { $( [$($meta)*] )* $( $variant, )+ });
    };
}
pub(crate) use open_enum;

#[cfg(test)]
mod tests {
    use crate::CardStatus;
    use crate::codec::{DecimalFormat, Write, from_json};

    open_enum! {
        /// A list of the tests.
        pub enum Listed {
            /// The first value.
            First = "first",
            /// A value that was added.
            JustAdded = "Just_added",
        }
    }

    #[test]
    fn a_value_added_to_the_list_is_known_and_has_its_text() {
        assert_eq!(Listed::KNOWN, [Listed::First, Listed::JustAdded]);
        assert_eq!(Listed::from("Just_added"), Listed::JustAdded);
        assert_eq!(
            (Listed::JustAdded.as_str(), Listed::JustAdded.to_string()),
            ("Just_added", "Just_added".to_owned())
        );
        #[cfg(feature = "python")]
        assert!(std::any::type_name_of_val(&Listed::python_class).ends_with("Listed::python_class"));
    }

    #[test]
    fn every_constant_goes_there_and_back_and_so_does_a_new_one() {
        for text in ["Pending", "ToActivate", "Activated", "Fail", "Frozen", "Delete", "Brand_new", ""] {
            let json = serde_json::to_string(text).unwrap();
            let status: CardStatus = from_json(&json).unwrap();
            assert_eq!(status, text);
            assert_eq!(serde_json::to_string(&Write(&status, DecimalFormat::String)).unwrap(), json);
        }
        assert!(matches!(CardStatus::from("Brand_new"), CardStatus::Unknown { .. }));
        assert_eq!(CardStatus::KNOWN.len(), 6);
    }

    #[test]
    fn an_unknown_value_does_not_print_a_pan() {
        let status = CardStatus::from("4111111111111111");
        assert_eq!(format!("{status} {status:?}"), "411111******1111 Unknown(\"411111******1111\")");
    }
}
