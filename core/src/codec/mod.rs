//! How models are declared: once, here, for Rust and for every face.
//!
//! [`model!`] makes the objects that the platform answers with, [`request!`] those that a caller fills in. Under the
//! cargo features `uniffi` and `python` the same declaration also becomes a UniFFI record and a frozen Python class, so a
//! new field is one edit. Types that hold a secret are not declared here and never become records.

pub(crate) mod json;
mod lenient;
mod object;
mod open_enum;
#[cfg(feature = "python")]
pub(crate) mod python;
mod text;
#[cfg(feature = "uniffi")]
mod uniffi_types;
mod wire;

use std::fmt;

use serde::ser::{Serialize, SerializeMap, Serializer};
use zeroize::Zeroizing;

pub(crate) use lenient::{lenient, or_absent};
pub(crate) use object::{Fields, Name, Object, or_missing, read_object, skip, try_object, value};
pub(crate) use open_enum::open_enum;
pub(crate) use text::text_of;
pub(crate) use wire::{DecimalFormat, Decode, Encode, PATH_SEPARATOR, Read, TextVisitor, Write, at, mismatch, refuse};

use crate::error::Error;
use crate::redact::scrub;
use crate::values::surrogates;

/// The platform's name of a field: Rust writes `type` as `r#type`.
pub(crate) const fn wire_name(name: &'static str) -> &'static str {
    match name.as_bytes() {
        [b'r', b'#', ..] => name.split_at(2).1,
        _ => name,
    }
}

/// Reads a model from its JSON text.
pub(crate) fn from_json<T: Decode>(text: &str) -> Result<T, serde_json::Error> {
    from_text(&surrogates::replaced(text))
}

/// Reads a value from JSON text that holds no half surrogate pair.
pub(crate) fn from_text<T: Decode>(text: &str) -> Result<T, serde_json::Error> {
    serde_json::from_str::<Read<T>>(text).map(|Read(value)| value)
}

/// Writes a model as JSON text.
pub(crate) fn to_json<T: Encode>(value: &T) -> String {
    // Writing to memory fails only for maps with keys that are no text; models have none.
    serde_json::to_string(&Write(value, DecimalFormat::Kept)).unwrap_or_default()
}

/// Prints a field of a model: free text through the last scrub, the platform's own numbers (`card_no`) as they are.
pub(crate) struct Redacted<'a>(pub &'static str, pub &'a dyn fmt::Debug);

impl fmt::Debug for Redacted<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.ends_with("_no") {
            return self.1.fmt(formatter);
        }
        formatter.write_str(&scrub(&format!("{:?}", self.1)))
    }
}

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

/// Declares an object of the platform's answers.
///
/// Fields that are neither `Option` nor `Vec` are required, except `pub status: Status [or default]`. A field of an
/// unexpected type counts as missing; its value is in `extra`. Every model also gets `extra`, the fields it does not know, and compares,
/// hashes, clones, prints (masked), reads from JSON and writes to JSON.
///
/// `pub city: Option<String> = None` gives a field a default in Kotlin and Swift: for the models that a caller makes.
macro_rules! model {
    (
        $(#[$meta:meta])*
        pub struct $name:ident {
            $( $(#[$field_meta:meta])* pub $field:ident: $type:ty $([or $absent:ident])? $(= $default:tt)?, )+
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
            /// Fields of the answer that this version does not know.
            #[cfg_attr(feature = "uniffi", uniffi(default = "{}"))]
            pub extra: $crate::Extra,
        }

        impl $name {
            /// Reads the object from JSON text in the platform's form.
            pub fn from_json(text: &str) -> Result<Self, $crate::Error> {
                $crate::codec::from_json(text).map_err(|error| $crate::Error::unreadable(&error))
            }

            /// With nothing in it, to be filled from what is known: a new field needs no edit there.
            #[allow(dead_code)] // most models only come from the platform
            pub(crate) fn blank() -> Self {
                Self { $( $field: Default::default(), )+ extra: $crate::Extra::default() }
            }
        }

        #[cfg_attr(feature = "uniffi", uniffi::export)]
        impl $name {
            /// The object as JSON text in the platform's form: money as text, times in Unix milliseconds, and all of
            /// `extra`.
            pub fn to_json(&self) -> String {
                $crate::codec::to_json(self)
            }
        }

        const _: () = {
            #[derive(Default)]
            struct Partial {
                $( $field: Option<$type>, )+
                extra: $crate::Extra,
            }

            impl $crate::codec::Fields for Partial {
                type Whole = $name;

                fn field<'de, A: serde::de::MapAccess<'de>>(&mut self, name: &str, map: &mut A) -> Result<(), A::Error> {
                    use $crate::codec::{lenient, wire_name};
                    $(
                        if name == const { wire_name(stringify!($field)) } {
                            let name = const { wire_name(stringify!($field)) };
                            self.$field = lenient(map, stringify!($name), name, &mut self.extra)?;
                            return Ok(());
                        }
                    )+
                    self.extra.insert(name, map.next_value()?);
                    Ok(())
                }

                fn finish<E: serde::de::Error>(self) -> Result<$name, E> {
                    use $crate::codec::{or_absent, wire_name};
                    Ok($name {
                        $( $field: or_absent(
                            const { wire_name(stringify!($field)) },
                            self.$field $(.or_else(|| Some(<$type>::$absent())))?,
                            &self.extra,
                        )?, )+
                        extra: self.extra,
                    })
                }
            }

            impl $crate::codec::Decode for $name {
                const EXPECTED: &'static str = "an object";

                fn read<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                    $crate::codec::read_object(deserializer, Partial::default())
                }
            }

            impl $crate::codec::Object for $name {
                fn try_read<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Result<Self, String>, D::Error> {
                    $crate::codec::try_object(deserializer, Partial::default())
                }
            }
        };

        impl $crate::codec::Encode for $name {
            fn write<S: serde::Serializer>(&self, serializer: S, money: $crate::codec::DecimalFormat) -> Result<S::Ok, S::Error> {
                use serde::ser::SerializeMap as _;
                use $crate::codec::{Decode as _, Write, wire_name};
                let mut map = serializer.serialize_map(None)?;
                $(
                    // An empty text in a required field is written too: without the field nobody could read the object again.
                    let may_be_left_out = <$type>::missing().is_some() $(|| !stringify!($absent).is_empty())?;
                    if !(may_be_left_out && self.$field.is_absent()) {
                        map.serialize_entry(wire_name(stringify!($field)), &Write(&self.$field, money))?;
                    }
                )+
                for (name, value) in self.extra.iter() {
                    map.serialize_entry(name, value)?;
                }
                map.end()
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                $crate::codec::Encode::write(self, serializer, $crate::codec::DecimalFormat::Kept)
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                use $crate::codec::{Redacted, wire_name};
                let mut shown = formatter.debug_struct(stringify!($name));
                $( shown.field(wire_name(stringify!($field)), &Redacted(wire_name(stringify!($field)), &self.$field)); )+
                if !self.extra.is_empty() {
                    shown.field("extra", &self.extra);
                }
                shown.finish()
            }
        }

        #[cfg(feature = "python")]
        $crate::codec::python::converts!($name);

        #[cfg(feature = "python")]
        #[pyo3::pymethods]
        impl $name {
            $(
                $(#[$field_meta])*
                #[getter]
                fn $field(&self, py: pyo3::Python<'_>) -> pyo3::PyResult<pyo3::Py<pyo3::PyAny>> {
                    $crate::codec::python::ToPython::to_python(&self.$field, py)
                }
            )+

            /// Fields of the answer that this version does not know, as a dict.
            #[getter]
            fn extra(&self, py: pyo3::Python<'_>) -> pyo3::PyResult<pyo3::Py<pyo3::PyAny>> {
                $crate::codec::python::ToPython::to_python(&self.extra, py)
            }

            /// The object as a dict of its attributes, `extra` included; objects inside become dicts too.
            fn to_dict<'py>(slf: &pyo3::Bound<'py, Self>) -> pyo3::PyResult<pyo3::Bound<'py, pyo3::types::PyDict>> {
                $crate::codec::python::to_dict(slf.as_any(), Self::ATTRIBUTES)
            }

            /// The object as JSON text in the platform's form: money as text, times in Unix milliseconds, and all of
            /// `extra`.
            #[pyo3(name = "to_json")]
            fn to_json_in_python(&self) -> String {
                self.to_json()
            }

            /// Reads the object from JSON text in the platform's form, such as `to_json` writes.
            #[classmethod]
            #[pyo3(name = "from_json")]
            fn from_json_in_python(_: &pyo3::Bound<'_, pyo3::types::PyType>, text: &str) -> Result<Self, $crate::Error> {
                Self::from_json(text)
            }

            fn __reduce__<'py>(slf: &pyo3::Bound<'py, Self>) -> pyo3::PyResult<(pyo3::Bound<'py, pyo3::PyAny>, (String,))> {
                use pyo3::types::PyAnyMethods as _;
                Ok((slf.get_type().getattr("from_json")?, (slf.get().to_json(),)))
            }

            fn __repr__(slf: &pyo3::Bound<'_, Self>) -> pyo3::PyResult<String> {
                let model = slf.get();
                $crate::codec::python::repr(slf.as_any(), stringify!($name), Self::ATTRIBUTES, &model.extra)
            }
        }

        #[cfg(feature = "python")]
        impl $name {
            const ATTRIBUTES: &'static [&'static str] = &[$( $crate::codec::wire_name(stringify!($field)), )+ "extra"];
        }
    };
}
pub(crate) use model;

/// Declares what a caller fills in: a body of the platform, in its field names. Absent fields are not sent.
///
/// `pub amount: Decimal as balance` gives a field another name on the wire; `= None` a default in Kotlin and Swift;
/// `..extra` at the end takes further fields, for the bodies that are only inferred.
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

/// Declares the filter of a list call that needs a time window: its optional fields, with `start` and `end` before them.
macro_rules! query {
    (
        $(#[$meta:meta])*
        pub struct $name:ident { $( $(#[$field_meta:meta])* pub $field:ident: Option<String>, )+ }
    ) => {
        $(#[$meta])*
        #[derive(Clone, PartialEq, Eq, Hash)]
        #[cfg_attr(feature = "uniffi", derive(uniffi::Record), uniffi::export(Debug))]
        pub struct $name {
            /// The start of the window, included. A bare date means its first second.
            pub start: $crate::WindowBound,
            /// The end of the window, included, later than the start. A bare date means its last second.
            pub end: $crate::WindowBound,
            $( $(#[$field_meta])* #[cfg_attr(feature = "uniffi", uniffi(default = None))] pub $field: Option<String>, )+
        }

        impl $name {
            /// All rows of a window: `$name::between(start, end)`, each an instant or a date.
            pub fn between(start: impl Into<$crate::WindowBound>, end: impl Into<$crate::WindowBound>) -> Self {
                Self { start: start.into(), end: end.into(), $($field: None,)+ }
            }
        }

        $crate::codec::body!($name { $($field),+ });
    };
}
pub(crate) use query;

/// How a request writes itself into a body and how it prints.
macro_rules! body {
    ($name:ident { $($field:ident $(as $wire:ident)?),+ $(; ..$extra:ident)? }) => {
        impl $crate::codec::Body for $name {
            fn fields<S: serde::ser::SerializeMap>(&self, map: &mut S, money: $crate::codec::DecimalFormat) -> Result<(), S::Error> {
                use $crate::codec::{Encode as _, Write};
                $(
                    if !self.$field.is_absent() {
                        map.serialize_entry($crate::codec::body!(@name $field $($wire)?), &Write(&self.$field, money))?;
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
    (@name $field:ident) => { const { $crate::codec::wire_name(stringify!($field)) } };
    (@name $field:ident $wire:ident) => { stringify!($wire) };
}
pub(crate) use body;
