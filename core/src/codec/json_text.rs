//! Reading models from JSON text and writing them.

use serde::de::IgnoredAny;

use super::wire::{DecimalFormat, Decode, Encode, OnMismatch, Write};
use crate::values::surrogates;

/// Reads a model from its JSON text.
///
/// Each field is decoded directly. JSON with a value of an unexpected type is read a second time, to keep the JSON text of
/// the value: keeping the text of every field in advance makes reading a card 17% slower.
pub(crate) fn from_json<T: Decode>(text: &str) -> Result<T, serde_json::Error> {
    let text = &surrogates::replaced(text);
    read(text, OnMismatch::Fail).or_else(|_| read(text, OnMismatch::Keep))
}

/// Reads a model from a whole JSON text.
pub(super) fn read<T: Decode>(text: &str, on_mismatch: OnMismatch) -> Result<T, serde_json::Error> {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let value = T::read(&mut deserializer, on_mismatch)?;
    deserializer.end().map(|()| value)
}

/// Reads the value at the start of JSON text without half surrogate pairs; also returns its length.
pub(crate) fn value_ahead<T: Decode>(text: &str) -> Result<(T, usize), serde_json::Error> {
    let read = |on_mismatch| {
        let mut deserializer = serde_json::Deserializer::from_str(text);
        let value = T::read(&mut deserializer, on_mismatch)?;
        Ok((value, deserializer.into_iter::<IgnoredAny>().byte_offset()))
    };
    read(OnMismatch::Fail).or_else(|_: serde_json::Error| read(OnMismatch::Keep))
}

/// Writes a model as JSON text.
pub(crate) fn to_json<T: Encode>(value: &T) -> String {
    // Writing to memory fails only for maps whose keys are not text; models have none.
    serde_json::to_string(&Write(value, DecimalFormat::Exact)).unwrap_or_default()
}
