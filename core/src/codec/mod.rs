//! One declaration of each model, request and open enum, for Rust and for every language binding.
//!
//! [`model!`] declares the objects of responses, [`request!`] and [`query!`] those of requests, [`open_enum!`] the
//! platform's constants. Under the cargo features `uniffi` and `python` the same declaration is also a UniFFI record or enum
//! and a Python class, so a new field or value is one edit.

mod field;
pub(crate) mod json;
mod json_text;
mod model;
mod model_codec;
mod object;
mod open_enum;
#[cfg(feature = "python")]
pub(crate) mod python;
mod redacted;
mod request;
mod text;
#[cfg(feature = "uniffi")]
mod uniffi_types;
mod wire;

pub(crate) use field::{field_value, or_absent};
pub(crate) use json_text::{from_json, to_json, value_ahead};
pub(crate) use model::{model, model_debug};
pub(crate) use model_codec::{model_codec, secret_codec};
pub(crate) use object::{Fields, Object, or_missing, read_object, skip, try_object, value};
pub(crate) use open_enum::open_enum;
pub(crate) use redacted::Redacted;
pub(crate) use request::{Body, body, query, request, to_bytes};
pub(crate) use text::text_of;
pub(crate) use wire::{
    DecimalFormat, Decode, Encode, OnMismatch, PATH_SEPARATOR, TextVisitor, Write, at, mismatch, refuse,
};

/// The name of a field outside Rust, which writes `type` as `r#type`.
pub(crate) const fn wire_name(name: &'static str) -> &'static str {
    match name.as_bytes() {
        [b'r', b'#', ..] => name.split_at(2).1,
        _ => name,
    }
}

/// The name of a field in JSON: its own, unless the declaration gives another with `as`.
macro_rules! name_in_json {
    ($field:ident) => {
        const { $crate::codec::wire_name(stringify!($field)) }
    };
    ($field:ident $wire:ident) => {
        stringify!($wire)
    };
}
pub(crate) use name_in_json;
