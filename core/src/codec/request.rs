//! Declarations of requests, and their serialization to bodies.

use serde::ser::{Serialize, SerializeMap, Serializer};
use zeroize::Zeroizing;

use super::DecimalFormat;
use crate::error::Error;

/// The fields of a request body, written into the body's JSON object.
pub(crate) trait Body {
    fn fields<S: SerializeMap>(&self, map: &mut S, money: DecimalFormat) -> Result<(), S::Error>;
}

/// Writes a body; the bytes are wiped when dropped.
pub(crate) fn to_bytes(body: &impl Body, money: DecimalFormat) -> Result<Zeroizing<Vec<u8>>, Error> {
    struct Whole<'a, B>(&'a B, DecimalFormat);
    impl<B: Body> Serialize for Whole<'_, B> {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            let mut map = serializer.serialize_map(None)?;
            self.0.fields(&mut map, self.1)?;
            map.end()
        }
    }
    let bytes = serde_json::to_vec(&Whole(body, money)).map_err(|_| Error::invalid_input("body", "is not JSON"))?;
    Ok(Zeroizing::new(bytes))
}

/// Declares a request: a body that a caller fills in, with the platform's field names. Absent fields are not sent.
///
/// ```text
/// request! {
///     /// Moves money.
///     pub struct Transfer {
///         /// The amount.
///         pub amount: Decimal as balance, // another name on the wire
///         /// A remark.
///         pub remark: Option<String> = None, // a default in Kotlin and Swift
///         ..extra // further fields, for bodies that are only inferred
///     }
/// }
/// ```
macro_rules! request {
    (
        $(#[$meta:meta])*
        pub struct $name:ident {
            $( $(#[$field_meta:meta])* pub $field:ident: $type:ty $(as $wire:ident)? $(= $default:tt)?, )+
            $(..$extra:ident)?
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Default, PartialEq, Eq, Hash)]
        #[cfg_attr(feature = "uniffi", derive(uniffi::Record), uniffi::export(Debug))]
        pub struct $name {
            $(
                $(#[$field_meta])*
                $(#[cfg_attr(feature = "uniffi", uniffi(default = $default))])?
                pub $field: $type,
            )+
            $(
                /// Further fields of the body.
                #[cfg_attr(feature = "uniffi", uniffi(default = "{}"))]
                pub $extra: $crate::Extra,
            )?
        }

        $crate::codec::body!($name { $($field $(as $wire)?),+ $(; ..$extra)? });
    };
}
pub(crate) use request;

/// Declares the filter of a list call over a time window: `start`, `end` and optional fields.
///
/// ```text
/// query! {
///     /// Which cards to list.
///     pub struct ListCards {
///         /// Only those of this cardholder.
///         pub cardholder_no: Option<String>,
///     }
/// }
/// ```
macro_rules! query {
    (
        $(#[$meta:meta])*
        pub struct $name:ident { $( $(#[$field_meta:meta])* pub $field:ident: Option<String>, )+ }
    ) => {
        $(#[$meta])*
        #[derive(Clone, PartialEq, Eq, Hash)]
        #[cfg_attr(feature = "uniffi", derive(uniffi::Record), uniffi::export(Debug))]
        pub struct $name {
            /// The start of the window, included. A date means its first second in the client's time zone; one that has
            /// not begun there is refused. See [`WindowBound`](crate::WindowBound).
            pub start: $crate::WindowBound,
            /// The end of the window, included, later than the start. A date means its last second in the client's time
            /// zone.
            pub end: $crate::WindowBound,
            $( $(#[$field_meta])* #[cfg_attr(feature = "uniffi", uniffi(default = None))] pub $field: Option<String>, )+
        }

        impl $name {
            /// Creates a query for all rows of a window. `start` and `end` are instants or dates.
            pub fn between(start: impl Into<$crate::WindowBound>, end: impl Into<$crate::WindowBound>) -> Self {
                Self { start: start.into(), end: end.into(), $($field: None,)+ }
            }
        }

        $crate::codec::body!($name { $($field),+ });
    };
}
pub(crate) use query;

/// Implements how a request is written into a body and how it prints.
macro_rules! body {
    ($name:ident { $($field:ident $(as $wire:ident)?),+ $(; ..$extra:ident)? }) => {
        impl $crate::codec::Body for $name {
            fn fields<S: serde::ser::SerializeMap>(&self, map: &mut S, money: $crate::codec::DecimalFormat) -> Result<(), S::Error> {
                use $crate::codec::{Encode as _, Write};
                $(
                    if !self.$field.is_absent() {
                        map.serialize_entry($crate::codec::name_in_json!($field $($wire)?), &Write(&self.$field, money))?;
                    }
                )+
                $(
                    for (name, value) in self.$extra.iter() {
                        map.serialize_entry(name, value)?;
                    }
                )?
                Ok(())
            }
        }

        impl $crate::codec::Encode for $name {
            fn write<S: serde::Serializer>(&self, serializer: S, money: $crate::codec::DecimalFormat) -> Result<S::Ok, S::Error> {
                use serde::ser::SerializeMap as _;
                let mut map = serializer.serialize_map(None)?;
                $crate::codec::Body::fields(self, &mut map, money)?;
                map.end()
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                use $crate::codec::{Redacted, wire_name};
                formatter
                    .debug_struct(stringify!($name))
                    $( .field(wire_name(stringify!($field)), &Redacted(wire_name(stringify!($field)), &self.$field)) )+
                    .finish_non_exhaustive()
            }
        }
    };
}
pub(crate) use body;
