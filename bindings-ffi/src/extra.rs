//! The fields of an object that this version does not know, and JSON values, by the core's reader: the readers of the
//! languages refuse all of it for one value such as `1e400` or a deep nesting.

use keysecure::{Extra, Json};

use crate::convert::Result;

/// The names of the fields, sorted. An error of kind `invalidInput` means that the text is not a JSON object.
#[uniffi::export]
pub fn extra_names(extra: Extra) -> Result<Vec<String>> {
    Ok(extra.iter().map(|(name, _)| name.to_owned()).collect())
}

/// The value of a field in its exact text.
#[uniffi::export]
pub fn extra_value(extra: Extra, name: String) -> Result<Option<Json>> {
    Ok(extra.get(&name).cloned())
}

/// The text of a JSON string.
#[uniffi::export]
pub fn json_text(json: Json) -> Result<Option<String>> {
    Ok(json.text())
}

/// The text of a number, or of a JSON string with a number.
#[uniffi::export]
pub fn json_decimal(json: Json) -> Result<Option<String>> {
    Ok(json.decimal().map(|number| number.to_string()))
}

/// A boolean.
#[uniffi::export]
pub fn json_boolean(json: Json) -> Result<Option<bool>> {
    Ok(json.boolean())
}
