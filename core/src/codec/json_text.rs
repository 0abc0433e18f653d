//! Models from JSON text and back.

use serde::de::IgnoredAny;

use super::wire::{DecimalFormat, Decode, Encode, OnMismatch, Write};
use crate::values::surrogates;

/// Reads a model from its JSON text.
///
/// Each field is decoded directly. Only a text with a value of an unexpected type is read again, so that its JSON text can
/// be kept: keeping the text of every field at hand makes reading a card a sixth slower.
pub(crate) fn from_json<T: Decode>(text: &str) -> Result<T, serde_json::Error> {
    let text = &surrogates::replaced(text);
    read(text, OnMismatch::Fail).or_else(|_| read(text, OnMismatch::Keep))
}

/// Reads a whole text.
pub(super) fn read<T: Decode>(text: &str, on_mismatch: OnMismatch) -> Result<T, serde_json::Error> {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let value = T::read(&mut deserializer, on_mismatch)?;
    deserializer.end().map(|()| value)
}

/// Reads the value at the start of a text that holds no half surrogate pair; also returns its length.
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
    serde_json::to_string(&Write(value, DecimalFormat::Kept)).unwrap_or_default()
}
