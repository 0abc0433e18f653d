//! Reading of JSON objects, field by field.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::wire::{Decode, OnMismatch, PATH_SEPARATOR, Read, at, refuse};

/// An object while it is read.
pub(crate) trait Fields: Sized {
    /// The type of the object.
    type Whole;

    /// Reads the field of that name: exactly one value must be taken from `map`.
    fn field<'de, A: MapAccess<'de>>(&mut self, name: &str, map: &mut A) -> Result<(), A::Error>;

    /// Creates the object. The error says which field is missing.
    fn finish<E: serde::de::Error>(self) -> Result<Self::Whole, E>;
}

/// Reads an object. An error inside carries the path to its field.
pub(crate) fn read_object<'de, D: Deserializer<'de>, F: Fields>(
    deserializer: D,
    fields: F,
) -> Result<F::Whole, D::Error> {
    deserializer.deserialize_any(ObjectVisitor(fields))
}

/// An object that may be a row of a list. If it lacks a required field, the other rows can still be read.
pub(crate) trait Object: Decode {
    /// Reads one row; the inner error is the reason why this row alone is unusable.
    fn try_read<'de, D: Deserializer<'de>>(
        deserializer: D,
        on_mismatch: OnMismatch,
    ) -> Result<Result<Self, String>, D::Error>;
}

/// Reads a row, which may be any value.
pub(crate) fn try_object<'de, D: Deserializer<'de>, F: Fields>(
    deserializer: D,
    fields: F,
) -> Result<Result<F::Whole, String>, D::Error> {
    deserializer.deserialize_any(TryVisitor(fields))
}

/// Reads the value of the current field.
pub(crate) fn value<'de, A: MapAccess<'de>, T: Decode>(map: &mut A, on_mismatch: OnMismatch) -> Result<T, A::Error> {
    map.next_value_seed(Read::new(on_mismatch))
}

/// Skips the value of the current field.
pub(crate) fn skip<'de, A: MapAccess<'de>>(map: &mut A) -> Result<(), A::Error> {
    map.next_value::<IgnoredAny>().map(drop)
}

/// The value of a field, or the error that it is required.
pub(crate) fn or_missing<T: Decode, E: serde::de::Error>(name: &str, value: Option<T>) -> Result<T, E> {
    value.or_else(T::missing).ok_or_else(|| E::custom(format_args!("{name}{PATH_SEPARATOR}is missing")))
}

struct ObjectVisitor<F>(F);

/// The function that reads one field.
type OnField<'a, A, E> = dyn FnMut(&str, &mut A) -> Result<(), E> + 'a;

/// Reads the fields of an object. The loop is compiled once, not once for each type of object.
#[inline(never)]
fn each_field<'de, A: MapAccess<'de>>(map: &mut A, field: &mut OnField<'_, A, A::Error>) -> Result<(), A::Error> {
    while let Some(Name(name)) = map.next_key::<Name<'de>>()? {
        field(&name, map).map_err(|error| at(format_args!("{}", shown(&name)), &error))?;
    }
    Ok(())
}

impl<'de, F: Fields> Visitor<'de> for ObjectVisitor<F> {
    type Value = F::Whole;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<Self::Value, A::Error> {
        each_field(&mut map, &mut |name, map| self.0.field(name, map))?;
        self.0.finish()
    }

    refuse!("an object"; bool number text null array);
}

struct TryVisitor<F>(F);

impl<F> TryVisitor<F> {
    fn found<T>(found: &str) -> Result<T, String> {
        Err(format!("expected an object, found {found}"))
    }
}

impl<'de, F: Fields> Visitor<'de> for TryVisitor<F> {
    type Value = Result<F::Whole, String>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<Self::Value, A::Error> {
        each_field(&mut map, &mut |name, map| self.0.field(name, map))?;
        Ok(self.0.finish::<serde::de::value::Error>().map_err(|error| error.to_string()))
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
        Ok(Self::found("a boolean"))
    }

    fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
        Ok(Self::found("a number"))
    }

    fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
        Ok(Self::found("a number"))
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
        Ok(Self::found("a number"))
    }

    fn visit_str<E>(self, _: &str) -> Result<Self::Value, E> {
        Ok(Self::found("text"))
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Self::found("null"))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Self::found("an array"))
    }
}

/// A field's name in the path of an error. The platform's names are short and plain; other names may be data.
fn shown(name: &str) -> &str {
    let plain =
        name.len() <= 40 && name.bytes().all(|byte| byte.is_ascii_lowercase() || matches!(byte, b'_' | b'0'..=b'9'));
    if plain && !name.is_empty() { name } else { "(field)" }
}

/// The name of a field, without a copy where the text holds no escape.
struct Name<'de>(Cow<'de, str>);

impl<'de> Deserialize<'de> for Name<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct NameVisitor;
        impl<'de> Visitor<'de> for NameVisitor {
            type Value = Name<'de>;
            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a field name")
            }
            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Name(Cow::Borrowed(text)))
            }
            fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Name(Cow::Owned(text.to_owned())))
            }
        }
        deserializer
            .deserialize_str(NameVisitor)
            .map_err(|_| D::Error::custom(format_args!("{PATH_SEPARATOR}expected a field name")))
    }
}
