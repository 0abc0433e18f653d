//! Models from JSON text and back.

use serde::de::Error as _;

use super::wire::{DecimalFormat, Decode, Encode, Read, Write};
use crate::values::surrogates;

/// Reads a model from its JSON text.
pub(crate) fn from_json<T: Decode>(text: &str) -> Result<T, serde_json::Error> {
    serde_json::from_str::<Read<T>>(&surrogates::replaced(text)).map(|Read(value)| value)
}

/// Reads the value at the start of a text. Returns it and its length in bytes.
pub(crate) fn value_ahead<T: Decode>(text: &str) -> Result<(T, usize), serde_json::Error> {
    let mut values = serde_json::Deserializer::from_str(text).into_iter::<Read<T>>();
    let Some(value) = values.next() else { return Err(serde_json::Error::custom("EOF while reading a value")) };
    value.map(|Read(value)| (value, values.byte_offset()))
}

/// Writes a model as JSON text.
pub(crate) fn to_json<T: Encode>(value: &T) -> String {
    // Writing to memory fails only for maps whose keys are not text; models have none.
    serde_json::to_string(&Write(value, DecimalFormat::Kept)).unwrap_or_default()
}
