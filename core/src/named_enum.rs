//! Closed enums whose values have the same name in every language.

/// Declares an enum once: its values, their names and the list of all.
///
/// ```text
/// named_enum! {
///     /// The outcome of a call.
///     pub enum Outcome {
///         /// Nothing was done.
///         NotSent = "not_sent",
///     }
/// }
/// ```
///
/// gives `Outcome::NotSent.as_str() == "not_sent"` and `Outcome::ALL`; under the feature `uniffi` also the enum of Kotlin
/// and Swift. With a sentence after the name, `TooOld = "too_old": "the timestamp is too old"`, the enum prints as the
/// sentence: then `name` gives the name and `as_str` the sentence.
macro_rules! named_enum {
    (
        $(#[$meta:meta])*
        pub enum $enum:ident { $( $(#[$value_meta:meta])* $value:ident = $name:literal, )+ }
    ) => {
        named_enum!(@declare [$(#[$meta])*] $enum { $( [$(#[$value_meta])*] $value, )+ });

        impl $enum {
            /// The name of this value in every language.
            pub fn as_str(self) -> &'static str {
                match self {
                    $( Self::$value => $name, )+
                }
            }
        }
    };
    (
        $(#[$meta:meta])*
        pub enum $enum:ident { $( $(#[$value_meta:meta])* $value:ident = $name:literal: $sentence:literal, )+ }
    ) => {
        named_enum!(@declare [$(#[$meta])*] $enum { $( [$(#[$value_meta])*] $value, )+ });

        impl $enum {
            /// The name of this value in every language.
            pub fn name(self) -> &'static str {
                match self {
                    $( Self::$value => $name, )+
                }
            }

            /// This value as a sentence, for people.
            pub fn as_str(self) -> &'static str {
                match self {
                    $( Self::$value => $sentence, )+
                }
            }
        }

        impl std::fmt::Display for $enum {
            fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.pad(self.as_str())
            }
        }
    };
    (@declare [$($meta:tt)*] $enum:ident { $( [$($value_meta:tt)*] $value:ident, )+ }) => {
        $($meta)*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
        pub enum $enum {
            $( $($value_meta)* $value, )+
        }

        impl $enum {
            /// All values, in the order of their declaration.
            pub const ALL: [Self; [$(stringify!($value)),+].len()] = [$(Self::$value),+];
        }
    };
}
pub(crate) use named_enum;

#[cfg(test)]
mod tests {
    named_enum! {
        /// A list of the tests.
        pub enum Named {
            /// One word.
            First = "first",
            /// Two words.
            SecondOne = "second_one",
        }
    }

    named_enum! {
        /// A list of the tests, with sentences.
        pub enum Explained {
            /// The only one.
            Only = "only": "the only one there is",
        }
    }

    #[test]
    fn a_value_added_to_a_list_has_its_name_and_is_in_all() {
        assert_eq!(Named::ALL, [Named::First, Named::SecondOne]);
        assert_eq!(Named::ALL.map(Named::as_str), ["first", "second_one"]);
    }

    #[test]
    fn a_value_with_a_sentence_prints_as_the_sentence() {
        let [only] = Explained::ALL;
        assert_eq!((only.name(), only.as_str()), ("only", "the only one there is"));
        assert_eq!(only.to_string(), only.as_str());
    }
}
