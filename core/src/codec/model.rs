//! Declarations of the platform's objects.

/// Declares an object of a response once, for Rust and for every language binding.
///
/// ```text
/// model! {
///     /// A fee.
///     pub struct Fee {
///         /// The number of the fee: required.
///         pub fee_no: String,
///         /// The amount: `None` when missing.
///         pub amount: Option<Decimal> = None, // a default in Kotlin and Swift, for models that a caller makes
///         /// The status: `Status::default()` when missing.
///         pub status: Status [or default],
///         /// The tax, `vat` in JSON. Python keeps that name as a deprecated attribute.
///         pub tax: Option<Decimal> as vat,
///     }
/// }
/// ```
///
/// Fields that are neither `Option` nor `Vec` are required, except those with `[or ...]`. A field of an unexpected type
/// counts as missing; its value is in `extra`. Every model also gets `extra`, the fields that this version does not know,
/// and compares, hashes, clones, prints with PANs masked, reads from JSON and writes to JSON. Under the features `uniffi`
/// and `python` it is also a UniFFI record and a frozen Python class.
///
/// With `secret`, the object stays in Rust:
///
/// ```text
/// model! {
///     /// A token.
///     pub secret struct Token {
///         token: Secret,
///         expires_in: Option<i64>,
///     }
/// }
/// ```
///
/// Its fields are private, it has neither `extra` nor a JSON form nor a class in another language, fields that this
/// version does not know are skipped because they may hold a secret, and a field of an unexpected type is an error.
macro_rules! model {
    (
        $(#[$meta:meta])*
        pub struct $name:ident {
            $( $(#[$field_meta:meta])* pub $field:ident: $type:ty $(as $wire:ident)? $([or $absent:ident])? $(= $default:tt)?, )+
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, PartialEq, Eq, Hash)]
        #[cfg_attr(feature = "uniffi", derive(uniffi::Record), uniffi::export(Debug))]
        #[cfg_attr(feature = "python", pyo3::pyclass(frozen, eq, hash, module = "keysecure"))]
        #[non_exhaustive]
        pub struct $name {
            $(
                $(#[$field_meta])*
                $(#[cfg_attr(feature = "uniffi", uniffi(default = $default))])?
                pub $field: $type,
            )+
            /// Fields of the response that this version does not know.
            #[cfg_attr(feature = "uniffi", uniffi(default = "{}"))]
            pub extra: $crate::Extra,
        }

        impl $name {
            /// Reads the object from JSON text in the platform's form, such as `to_json` returns.
            ///
            /// # Errors
            ///
            /// Kind [`InvalidInput`](crate::ErrorKind::InvalidInput) if the text does not have the form of the object.
            pub fn from_json(text: &str) -> Result<Self, $crate::Error> {
                $crate::codec::from_json(text).map_err(|error| $crate::Error::unreadable_text(&error))
            }

            /// An empty object to fill: a new field needs no edit where it is used.
            #[allow(dead_code)] // most models only come from the platform
            pub(crate) fn blank() -> Self {
                Self { $( $field: Default::default(), )+ extra: $crate::Extra::default() }
            }
        }

        #[cfg_attr(feature = "uniffi", uniffi::export)]
        impl $name {
            /// Returns the object as JSON text in the platform's form: money as text, times in Unix milliseconds, and all of
            /// `extra`.
            pub fn to_json(&self) -> String {
                $crate::codec::to_json(self)
            }
        }

        $crate::codec::model_codec!($name { $($field: $type $(as $wire)? $([or $absent])?,)+ });

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                $crate::codec::Encode::write(self, serializer, $crate::codec::DecimalFormat::Exact)
            }
        }

        $crate::codec::model_debug!($name { $($field),+ } extra);

        #[cfg(feature = "python")]
        $crate::codec::python::python_model!($name { $( [$(#[$field_meta])*] $field: $type $(as $wire)?, )+ });
    };
    (
        $(#[$meta:meta])*
        $visibility:vis secret struct $name:ident { $( $(#[$field_meta:meta])* $field:ident: $type:ty, )+ }
    ) => {
        $(#[$meta])*
        #[derive(Clone, PartialEq, Eq)]
        $visibility struct $name {
            $( $(#[$field_meta])* $field: $type, )+
        }

        $crate::codec::secret_codec!($name { $($field: $type,)+ });
        $crate::codec::model_debug!($name { $($field),+ });
    };
}
pub(crate) use model;

/// Implements `Debug` with PANs masked.
macro_rules! model_debug {
    ($name:ident { $($field:ident),+ } $($extra:ident)?) => {
        impl std::fmt::Debug for $name {
            fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                use $crate::codec::{Redacted, wire_name};
                let mut shown = formatter.debug_struct(stringify!($name));
                $( shown.field(wire_name(stringify!($field)), &Redacted(wire_name(stringify!($field)), &self.$field)); )+
                $(
                    if !self.$extra.is_empty() {
                        shown.field("extra", &self.$extra);
                    }
                )?
                shown.finish()
            }
        }
    };
}
pub(crate) use model_debug;
