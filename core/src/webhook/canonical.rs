//! The signed text of a callback, in the forms that the platform's Java library can give it.

use std::borrow::Cow;

use serde_json::value::RawValue;

use super::event;
use super::rejection::Rejection;
use crate::values::json::Json;
use crate::values::tree::{self, Node, Text};
pub use order::KeyOrder;

mod number;
mod order;

/// A way in which nested values are written into the signed text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[non_exhaustive]
pub struct CanonicalForm {
    /// Which library wrote it.
    pub writer: Writer,
    /// In which order the keys of an object stand.
    pub order: KeyOrder,
}

/// Who writes nested values: what becomes of numbers, escapes and nulls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
pub enum Writer {
    /// Nobody: numbers and texts as received.
    Received,
    /// fastjson 1.2: numbers as `BigDecimal`s, fields that are null left out.
    Fastjson1,
    /// The same with `WriteMapNullValue`.
    Fastjson1Nulls,
    /// The same as the first with `WriteBigDecimalAsPlain`.
    Fastjson1Plain,
    /// fastjson 2.
    Fastjson2,
    /// The same with `WriteNulls`.
    Fastjson2Nulls,
}

impl Writer {
    fn number(self, text: &str) -> Option<Cow<'_, str>> {
        match self {
            Self::Received => Some(Cow::Borrowed(text)),
            Self::Fastjson1 | Self::Fastjson1Nulls => number::fastjson1(text).map(Cow::Owned),
            Self::Fastjson1Plain => number::fastjson1_plain(text).map(Cow::Owned),
            Self::Fastjson2 | Self::Fastjson2Nulls => number::fastjson2(text).map(Cow::Owned),
        }
    }

    fn keeps_nulls(self) -> bool {
        matches!(self, Self::Received | Self::Fastjson1Nulls | Self::Fastjson2Nulls)
    }

    fn quote(self, text: &Text<'_>, json: &mut String) {
        match self {
            Self::Received => json.push_str(text.spelling),
            Self::Fastjson1 | Self::Fastjson1Nulls | Self::Fastjson1Plain => quote(&text.text, json, |letter| {
                matches!(letter, '\0'..'\u{20}' | '\u{7f}'..'\u{a0}' | '\u{2028}' | '\u{2029}')
                    .then(|| format!("\\u{:04X}", u32::from(letter)))
            }),
            Self::Fastjson2 | Self::Fastjson2Nulls => {
                quote(&text.text, json, |letter| (letter < '\u{20}').then(|| format!("\\u{:04x}", u32::from(letter))));
            }
        }
    }
}

/// A JSON string; `escape` gives the escape of a letter that has no short one and needs one.
fn quote(text: &str, json: &mut String, escape: impl Fn(char) -> Option<String>) {
    json.push('"');
    for letter in text.chars() {
        match letter {
            '"' => json.push_str("\\\""),
            '\\' => json.push_str("\\\\"),
            '\u{8}' => json.push_str("\\b"),
            '\u{c}' => json.push_str("\\f"),
            '\n' => json.push_str("\\n"),
            '\r' => json.push_str("\\r"),
            '\t' => json.push_str("\\t"),
            other => match escape(other) {
                Some(escaped) => json.push_str(&escaped),
                None => json.push(other),
            },
        }
    }
    json.push('"');
}

impl CanonicalForm {
    /// Values as received: how the signer for tests writes.
    pub(super) const RECEIVED: Self = Self::new(Writer::Received, KeyOrder::Given);

    /// Every form, the likely ones first.
    pub const ALL: [Self; 21] = [
        Self::new(Writer::Fastjson1, KeyOrder::Hash),
        Self::RECEIVED,
        Self::new(Writer::Fastjson1, KeyOrder::Given),
        Self::new(Writer::Fastjson2, KeyOrder::Given),
        Self::new(Writer::Fastjson2, KeyOrder::Hash),
        Self::new(Writer::Received, KeyOrder::Hash),
        Self::new(Writer::Received, KeyOrder::Sorted),
        Self::new(Writer::Fastjson1, KeyOrder::Sorted),
        Self::new(Writer::Fastjson2, KeyOrder::Sorted),
        Self::new(Writer::Fastjson1, KeyOrder::HashTwice),
        Self::new(Writer::Fastjson1, KeyOrder::SortedThenHash),
        Self::new(Writer::Fastjson1, KeyOrder::HashCopied),
        Self::new(Writer::Fastjson1Nulls, KeyOrder::Hash),
        Self::new(Writer::Fastjson1Nulls, KeyOrder::Given),
        Self::new(Writer::Fastjson1Nulls, KeyOrder::Sorted),
        Self::new(Writer::Fastjson1Plain, KeyOrder::Hash),
        Self::new(Writer::Fastjson1Plain, KeyOrder::Given),
        Self::new(Writer::Fastjson1Plain, KeyOrder::Sorted),
        Self::new(Writer::Fastjson2Nulls, KeyOrder::Hash),
        Self::new(Writer::Fastjson2Nulls, KeyOrder::Given),
        Self::new(Writer::Fastjson2Nulls, KeyOrder::Sorted),
    ];

    const fn new(writer: Writer, order: KeyOrder) -> Self {
        Self { writer, order }
    }

    /// Writes a value as compact JSON; `None` where this form cannot have written it.
    fn write(self, value: &Node<'_>, json: &mut String) -> Option<()> {
        match value {
            Node::Null => json.push_str("null"),
            Node::Bool(value) => json.push_str(if *value { "true" } else { "false" }),
            Node::Number(text) => json.push_str(&self.writer.number(text)?),
            Node::Text(text) => self.writer.quote(text, json),
            Node::Array(items) => {
                json.push('[');
                for (place, item) in items.iter().enumerate() {
                    json.push_str(if place == 0 { "" } else { "," });
                    self.write(item, json)?;
                }
                json.push(']');
            }
            Node::Object(fields) => {
                json.push('{');
                let mut joint = "";
                for (name, value) in self.order.arrange(fields)? {
                    if *value == Node::Null && !self.writer.keeps_nulls() {
                        continue;
                    }
                    json.push_str(joint);
                    self.writer.quote(name, json);
                    json.push(':');
                    self.write(value, json)?;
                    joint = ",";
                }
                json.push('}');
            }
        }
        Some(())
    }
}

/// A callback's body, read but not believed.
pub(super) struct Callback<'a> {
    pub id: String,
    pub action: String,
    data: &'a str,
    fields: Vec<tree::Field<'a>>,
}

impl<'a> Callback<'a> {
    /// Reads `{"id": string, "action": string, "data": object}` in strict JSON without duplicate keys.
    pub(super) fn read(body: &'a [u8]) -> Result<Self, Rejection> {
        let text = std::str::from_utf8(body).map_err(|_| Rejection::NotACallback)?;
        let (mut id, mut action, mut data) = (None, None, None);
        for (name, raw) in tree::entries(text).ok_or(Rejection::NotACallback)? {
            match &*name.text {
                "id" => id = Some(raw),
                "action" => action = Some(raw),
                "data" => data = Some(raw),
                _ => {}
            }
        }
        let text_of = |raw: Option<&RawValue>| -> Result<String, Rejection> {
            raw.and_then(|raw| serde_json::from_str(raw.get()).ok()).ok_or(Rejection::NotACallback)
        };
        let data = data.ok_or(Rejection::NotACallback)?.get();
        let Some(Node::Object(fields)) = Node::read(data) else { return Err(Rejection::NotACallback) };
        let callback = Self { id: text_of(id)?, action: text_of(action)?, data, fields };
        if callback.is_ambiguous() { Err(Rejection::Ambiguous) } else { Ok(callback) }
    }

    /// Whether signed text could be read in two ways: a field's name that holds a joint, or a text that holds a joint
    /// with the name of a field.
    fn is_ambiguous(&self) -> bool {
        self.fields.iter().any(|(name, value)| {
            name.text.contains(['&', '=']) || matches!(value, Node::Text(text) if holds_joint(&text.text))
        })
    }

    /// Whether there are fields of another action than the one named.
    pub(super) fn has_foreign_fields(&self) -> bool {
        self.fields
            .iter()
            .any(|(name, value)| !matches!(value, Node::Null) && event::is_foreign(&self.action, &name.text))
    }

    /// The data exactly as it came.
    pub(super) fn data_as_json(&self) -> Json {
        Json::valid(self.data)
    }

    /// The text that is signed; `None` where this form cannot have written the data.
    pub(super) fn text(&self, form: CanonicalForm, app_id: &str, timestamp: &str) -> Option<String> {
        let mut entries: Vec<(&str, Cow<'_, str>)> = Vec::with_capacity(self.fields.len() + 2);
        for (name, own) in [("appId", app_id), ("timestamp", timestamp)] {
            // An entry of the data with that name replaces ours.
            if !self.fields.iter().any(|(other, value)| other.text == name && *value != Node::Null) {
                entries.push((name, Cow::Borrowed(own)));
            }
        }
        for (name, value) in &self.fields {
            match value {
                Node::Null => {}
                Node::Text(text) => entries.push((&name.text, Cow::Borrowed(&text.text))),
                other => {
                    let mut json = String::new();
                    form.write(other, &mut json)?;
                    entries.push((&name.text, Cow::Owned(json)));
                }
            }
        }
        entries.sort_by(|(one, _), (other, _)| order::java_order(one, other));
        let mut text = String::with_capacity(self.data.len() + 128);
        for (place, (name, value)) in entries.iter().enumerate() {
            let joint = if place == 0 { "" } else { "&" };
            for piece in [joint, name, "=", value] {
                text.push_str(piece);
            }
        }
        Some(text)
    }
}

/// Whether a text holds `&`, the name of a field, and `=`.
fn holds_joint(text: &str) -> bool {
    let is_field = |name: &str| event::known_fields().chain(["appId", "timestamp"]).any(|field| field == name);
    text.split('&').skip(1).any(|piece| piece.split_once('=').is_some_and(|(name, _)| is_field(name)))
}
