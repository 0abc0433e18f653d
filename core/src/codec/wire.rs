//! Reading and writing of single values.
//!
//! Values are read with visitors of this crate instead of derived ones, for three reasons: money and times are numbers or
//! strings and must be read from the exact text; an error names a wrong type by its JSON path without the value, which may be
//! a secret; and unknown fields are kept instead of dropped.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;
use std::time::SystemTime;

use rust_decimal::Decimal;
use serde::de::{Deserialize, DeserializeSeed, Deserializer, Error as _, SeqAccess, Visitor};
use serde::ser::{Serialize, SerializeSeq, Serializer};
use serde_json::value::RawValue;

use super::json_text;
use super::text::{NumberText, text_of};
use crate::codec::json::Extra;
use crate::values::{decimal, instant};

/// A value that can be read from a response.
pub(crate) trait Decode: Sized {
    /// The name of the expected type in errors, such as `text`.
    const EXPECTED: &'static str;

    fn read<'de, D: Deserializer<'de>>(deserializer: D, on_mismatch: OnMismatch) -> Result<Self, D::Error>;

    /// Reads a value from its JSON text, which is valid. `None` when it has another type.
    fn from_json_text(json: &str) -> Option<Self> {
        json_text::read(json, OnMismatch::Keep).ok()
    }

    /// Whether JSON text means that there is no value.
    fn is_nothing(json: &str) -> bool {
        json == "null"
    }

    /// The value of a field that the platform left out; `None` makes the field required.
    fn missing() -> Option<Self> {
        None
    }

    /// Adds the fields that the envelope has in addition to `data`. Default: ignores them.
    fn add_envelope_fields(&mut self, _fields: Extra) {}

    /// Reads a value that may be `null`.
    fn read_optional<'de, D: Deserializer<'de>>(
        deserializer: D,
        on_mismatch: OnMismatch,
    ) -> Result<Option<Self>, D::Error> {
        deserializer.deserialize_option(OptionVisitor(Read::new(on_mismatch)))
    }
}

/// A value that can be written to a request or to `to_json`.
pub(crate) trait Encode {
    fn write<S: Serializer>(&self, serializer: S, money: DecimalFormat) -> Result<S::Ok, S::Error>;

    /// Whether the value is absent and therefore omitted.
    fn is_absent(&self) -> bool {
        false
    }
}

/// Handling of a field of a model whose value has an unexpected type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OnMismatch {
    /// Reading fails.
    Fail,
    /// The field counts as missing, and `extra` keeps its value.
    Keep,
}

/// Lets serde read a [`Decode`] value.
pub(crate) struct Read<T>(OnMismatch, PhantomData<T>);

impl<T> Read<T> {
    pub(crate) fn new(on_mismatch: OnMismatch) -> Self {
        Self(on_mismatch, PhantomData)
    }
}

impl<'de, T: Decode> DeserializeSeed<'de> for Read<T> {
    type Value = T;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<T, D::Error> {
        T::read(deserializer, self.0)
    }
}

/// How decimals are written.
#[derive(Clone, Copy)]
pub(crate) enum DecimalFormat {
    /// As strings, exactly as they were read: `to_json`.
    Exact,
    /// As strings, without trailing zeros beyond two decimals: the bodies of requests.
    String,
    /// As numbers, without trailing zeros beyond two decimals: the bodies of simulation calls.
    Number,
}

/// Lets serde write an [`Encode`] value.
pub(crate) struct Write<'a, T>(pub &'a T, pub DecimalFormat);

impl<T: Encode> Serialize for Write<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.write(serializer, self.1)
    }
}

/// Implements the methods of a visitor for kinds of values that it refuses: serde's own errors would repeat the value.
///
/// Every visitor of this crate lists the kinds that it refuses: `refuse!("text"; bool number null array object)`.
macro_rules! refuse {
    ($expected:expr; $($kind:ident)*) => { $(refuse!(@ $expected, $kind);)* };
    (@ $expected:expr, bool) => {
        fn visit_bool<E: serde::de::Error>(self, _: bool) -> Result<Self::Value, E> { Err($crate::codec::mismatch($expected, "a boolean")) }
    };
    (@ $expected:expr, number) => {
        fn visit_i64<E: serde::de::Error>(self, _: i64) -> Result<Self::Value, E> { Err($crate::codec::mismatch($expected, "a number")) }
        fn visit_u64<E: serde::de::Error>(self, _: u64) -> Result<Self::Value, E> { Err($crate::codec::mismatch($expected, "a number")) }
        fn visit_f64<E: serde::de::Error>(self, _: f64) -> Result<Self::Value, E> { Err($crate::codec::mismatch($expected, "a number")) }
    };
    (@ $expected:expr, text) => {
        fn visit_str<E: serde::de::Error>(self, _: &str) -> Result<Self::Value, E> { Err($crate::codec::mismatch($expected, "text")) }
    };
    (@ $expected:expr, null) => {
        fn visit_unit<E: serde::de::Error>(self) -> Result<Self::Value, E> { Err($crate::codec::mismatch($expected, "null")) }
    };
    (@ $expected:expr, array) => {
        fn visit_seq<A: serde::de::SeqAccess<'de>>(self, _: A) -> Result<Self::Value, A::Error> {
            Err($crate::codec::mismatch($expected, "an array"))
        }
    };
    (@ $expected:expr, object) => {
        fn visit_map<A: serde::de::MapAccess<'de>>(self, _: A) -> Result<Self::Value, A::Error> {
            Err($crate::codec::mismatch($expected, "an object"))
        }
    };
}
pub(crate) use refuse;

/// The error for a value of the wrong type, without the value.
#[cold]
pub(crate) fn mismatch<E: serde::de::Error>(expected: &str, found: &str) -> E {
    E::custom(format_args!("{PATH_SEPARATOR}expected {expected}, found {found}"))
}

/// Separates the JSON path from the rest of an error text. See [`at`].
pub(crate) const PATH_SEPARATOR: &str = ": ";

/// Adds one step to the JSON path at the start of an error text: `list[3].amount: expected a decimal, found a boolean`.
#[cold]
pub(crate) fn at<E: serde::de::Error>(step: fmt::Arguments<'_>, inner: &E) -> E {
    let inner = inner.to_string();
    // Only errors of this crate have the separator; any other is a syntax error of the JSON parser, which names no field.
    let joint = match (inner.contains(PATH_SEPARATOR), inner.starts_with(PATH_SEPARATOR) || inner.starts_with('[')) {
        (false, _) => PATH_SEPARATOR,
        (true, true) => "",
        (true, false) => ".",
    };
    E::custom(format_args!("{step}{joint}{inner}"))
}

struct OptionVisitor<T>(Read<T>);

impl<'de, T: Decode> Visitor<'de> for OptionVisitor<T> {
    type Value = Option<T>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(T::EXPECTED)
    }

    fn visit_none<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        self.0.deserialize(deserializer).map(Some)
    }
}

impl<T: Decode> Decode for Option<T> {
    const EXPECTED: &'static str = T::EXPECTED;

    fn read<'de, D: Deserializer<'de>>(deserializer: D, on_mismatch: OnMismatch) -> Result<Self, D::Error> {
        T::read_optional(deserializer, on_mismatch)
    }

    fn from_json_text(json: &str) -> Option<Self> {
        if T::is_nothing(json) { Some(None) } else { T::from_json_text(json).map(Some) }
    }

    fn missing() -> Option<Self> {
        Some(None)
    }
}

impl<T: Encode> Encode for Option<T> {
    fn write<S: Serializer>(&self, serializer: S, money: DecimalFormat) -> Result<S::Ok, S::Error> {
        match self {
            Some(value) => value.write(serializer, money),
            None => serializer.serialize_none(),
        }
    }

    fn is_absent(&self) -> bool {
        self.is_none()
    }
}

/// Reads an array; a missing or `null` array is read as empty.
impl<T: Decode> Decode for Vec<T> {
    const EXPECTED: &'static str = "an array";

    fn missing() -> Option<Self> {
        Some(Self::new())
    }

    fn read<'de, D: Deserializer<'de>>(deserializer: D, on_mismatch: OnMismatch) -> Result<Self, D::Error> {
        struct Items<T>(OnMismatch, PhantomData<T>);
        impl<'de, T: Decode> Visitor<'de> for Items<T> {
            type Value = Vec<T>;
            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an array")
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
                let mut items = Vec::new();
                loop {
                    match seq.next_element_seed(Read::new(self.0)) {
                        Ok(Some(item)) => items.push(item),
                        Ok(None) => return Ok(items),
                        Err(error) => return Err(at(format_args!("[{}]", items.len()), &error)),
                    }
                }
            }
            fn visit_unit<E>(self) -> Result<Self::Value, E> {
                Ok(Vec::new())
            }
            refuse!("an array"; bool number text object);
        }
        deserializer.deserialize_any(Items(on_mismatch, PhantomData))
    }
}

impl<T: Encode> Encode for Vec<T> {
    fn is_absent(&self) -> bool {
        self.is_empty()
    }

    fn write<S: Serializer>(&self, serializer: S, money: DecimalFormat) -> Result<S::Ok, S::Error> {
        let mut seq = serializer.serialize_seq(Some(self.len()))?;
        for item in self {
            seq.serialize_element(&Write(item, money))?;
        }
        seq.end()
    }
}

impl Decode for String {
    const EXPECTED: &'static str = "text";

    fn read<'de, D: Deserializer<'de>>(deserializer: D, _: OnMismatch) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TextVisitor(str::to_owned))
    }

    fn from_json_text(json: &str) -> Option<Self> {
        text_of(json).map(Cow::into_owned)
    }
}

impl Encode for String {
    fn write<S: Serializer>(&self, serializer: S, _: DecimalFormat) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self)
    }
}

/// Reads text and converts it by a function.
pub(crate) struct TextVisitor<F>(pub F);

impl<'de, T, F: FnOnce(&str) -> T> Visitor<'de> for TextVisitor<F> {
    type Value = T;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("text")
    }

    fn visit_str<E>(self, text: &str) -> Result<T, E> {
        Ok((self.0)(text))
    }

    refuse!("text"; bool number null array object);
}

impl Decode for bool {
    const EXPECTED: &'static str = "a boolean";

    fn read<'de, D: Deserializer<'de>>(deserializer: D, _: OnMismatch) -> Result<Self, D::Error> {
        struct Boolean;
        impl<'de> Visitor<'de> for Boolean {
            type Value = bool;
            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str(bool::EXPECTED)
            }
            fn visit_bool<E>(self, value: bool) -> Result<bool, E> {
                Ok(value)
            }
            refuse!(bool::EXPECTED; number text null array object);
        }
        deserializer.deserialize_any(Boolean)
    }

    fn from_json_text(json: &str) -> Option<Self> {
        json.parse().ok()
    }
}

impl Encode for bool {
    fn write<S: Serializer>(&self, serializer: S, _: DecimalFormat) -> Result<S::Ok, S::Error> {
        serializer.serialize_bool(*self)
    }
}

/// Implements reading and writing for values that the platform writes as a number or a string.
macro_rules! from_number_or_text {
    ($type:ty, $expected:literal, $parse:expr, |$value:ident, $serializer:ident, $money:ident| $write:expr) => {
        impl Decode for $type {
            const EXPECTED: &'static str = $expected;

            fn read<'de, D: Deserializer<'de>>(deserializer: D, on_mismatch: OnMismatch) -> Result<Self, D::Error> {
                match Self::read_optional(deserializer, on_mismatch)? {
                    Some(value) => Ok(value),
                    None => Err(mismatch(Self::EXPECTED, "nothing")),
                }
            }

            fn read_optional<'de, D: Deserializer<'de>>(
                deserializer: D,
                _: OnMismatch,
            ) -> Result<Option<Self>, D::Error> {
                let raw = <&RawValue>::deserialize(deserializer)
                    .map_err(|_| D::Error::custom(format_args!("{PATH_SEPARATOR}not JSON")))?;
                match NumberText::from_json(raw.get()) {
                    NumberText::Nothing => Ok(None),
                    NumberText::Text(text) => match $parse(text) {
                        Some(value) => Ok(Some(value)),
                        None => Err(mismatch(Self::EXPECTED, "an invalid value")),
                    },
                    NumberText::Other(found) => Err(mismatch(Self::EXPECTED, found)),
                }
            }

            fn from_json_text(json: &str) -> Option<Self> {
                match NumberText::from_json(json) {
                    NumberText::Text(text) => $parse(text),
                    NumberText::Nothing | NumberText::Other(_) => None,
                }
            }

            fn is_nothing(json: &str) -> bool {
                matches!(NumberText::from_json(json), NumberText::Nothing)
            }
        }

        impl Encode for $type {
            fn write<S: Serializer>(&self, $serializer: S, $money: DecimalFormat) -> Result<S::Ok, S::Error> {
                let $value = self;
                $write
            }
        }
    };
}

from_number_or_text!(Decimal, "a decimal", decimal::parse, |value, serializer, money| match money {
    DecimalFormat::Exact => serializer.collect_str(value),
    DecimalFormat::String => serializer.collect_str(&decimal::in_cents(*value)),
    DecimalFormat::Number => match RawValue::from_string(decimal::in_cents(*value).to_string()) {
        Ok(number) => number.serialize(serializer),
        Err(error) => Err(serde::ser::Error::custom(error)),
    },
});
from_number_or_text!(i64, "a whole number", decimal::parse_whole, |value, serializer, _money| serializer
    .serialize_i64(*value));
from_number_or_text!(
    SystemTime,
    "a time in milliseconds, of the years 1601 to 9999",
    instant::parse,
    |value, serializer, _money| serializer.serialize_i64(instant::to_millis(*value))
);
