//! The kind and content of a single JSON value, from its text.

use std::borrow::Cow;

/// The text of a JSON string; `None` for any other value.
pub(crate) fn text_of(json: &str) -> Option<Cow<'_, str>> {
    let inner = json.strip_prefix('"')?.strip_suffix('"')?;
    if inner.contains('\\') { serde_json::from_str(json).ok().map(Cow::Owned) } else { Some(Cow::Borrowed(inner)) }
}

/// The kind of a value, for errors.
pub(crate) fn kind_of(json: &str) -> &'static str {
    match json.as_bytes().first() {
        Some(b'"') => "text",
        Some(b'n') => "null",
        Some(b't' | b'f') => "a boolean",
        Some(b'[') => "an array",
        Some(b'{') => "an object",
        _ => "a number",
    }
}

/// The text of a number in JSON, with or without quotes.
pub(super) enum NumberText<'a> {
    /// `null` or empty text: the platform's forms of "no value".
    Nothing,
    Text(&'a str),
    Other(&'static str),
}

impl<'a> NumberText<'a> {
    pub(super) fn from_json(json: &'a str) -> Self {
        match json.as_bytes().first() {
            Some(b'"') => match json.get(1..json.len() - 1) {
                Some("") => Self::Nothing,
                // A string with an escape is not a number.
                Some(text) => Self::Text(text),
                None => Self::Other("text"),
            },
            Some(b'n') => Self::Nothing,
            Some(b't' | b'f' | b'[' | b'{') => Self::Other(kind_of(json)),
            _ => Self::Text(json),
        }
    }
}
