//! The signed text of a callback, in the forms that the platform's Java library can give it.

use std::borrow::Cow;

use super::event;
use super::rejection::Rejection;
use crate::values::tree::{Field, Node, Reader, Text};
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
            _ if number::is_plain(text) => Some(Cow::Borrowed(text)),
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
    // Most texts stand as they are to their end, whoever writes them.
    let is_plain = |byte: &u8| matches!(byte, b' '..=b'~') && !matches!(byte, b'"' | b'\\');
    let (plain, rest) = text.split_at(text.bytes().take_while(is_plain).count());
    json.push_str(plain);
    for letter in rest.chars() {
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
                    if matches!(value, Node::Null) && !self.writer.keeps_nulls() {
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
    pub id: Cow<'a, str>,
    pub action: Cow<'a, str>,
    /// The data exactly as it came.
    pub data: &'a str,
    fields: Vec<Field<'a>>,
}

impl<'a> Callback<'a> {
    /// Reads `{"id": string, "action": string, "data": object}` in strict JSON without duplicate keys.
    pub(super) fn read(body: &'a [u8]) -> Result<Self, Rejection> {
        let callback = std::str::from_utf8(body).ok().and_then(Self::read_text).ok_or(Rejection::NotACallback)?;
        if callback.is_ambiguous() { Err(Rejection::Ambiguous) } else { Ok(callback) }
    }

    fn read_text(body: &'a str) -> Option<Self> {
        let (mut id, mut action, mut data) = (None, None, None);
        let mut reader = Reader::new(body);
        reader.object(|reader, name| {
            match name {
                "id" => id = Some(reader.text()?),
                "action" => action = Some(reader.text()?),
                "data" => data = Some(reader.spelled()?),
                _ => reader.skip()?,
            }
            Some(())
        })?;
        reader.end()?;
        let (data, Node::Object(fields)) = data? else { return None };
        Some(Self { id: id?.text, action: action?.text, data, fields })
    }

    /// Whether signed text could be read in two ways: a field's name that holds a joint, or a text that holds a joint
    /// with the name of a field.
    fn is_ambiguous(&self) -> bool {
        self.fields.iter().any(|(name, value)| {
            name.text.bytes().any(|byte| matches!(byte, b'&' | b'='))
                || matches!(value, Node::Text(text) if holds_joint(&text.text))
        })
    }

    /// Whether there are fields of another action than the one named.
    pub(super) fn has_foreign_fields(&self) -> bool {
        self.fields
            .iter()
            .any(|(name, value)| !matches!(value, Node::Null) && event::is_foreign(&self.action, &name.text))
    }

    /// The text that is signed; `None` where this form cannot have written the data.
    pub(super) fn text(&self, form: CanonicalForm, app_id: &str, timestamp: &str) -> Option<String> {
        let signed = || self.fields.iter().filter(|(_, value)| !matches!(value, Node::Null));
        // An entry of the data with that name replaces ours.
        let is_ours = |(name, _): &(&str, _)| !signed().any(|(other, _)| other.text == *name);
        let ours = [("appId", Value::Text(app_id)), ("timestamp", Value::Text(timestamp))].into_iter().filter(is_ours);
        let mut entries: Vec<(&str, Value<'_>)> = Vec::with_capacity(self.fields.len() + 2);
        entries.extend(ours.chain(signed().map(|(name, value)| (&*name.text, Value::of(value)))));
        let places = order::places(entries.len(), &|one, other| order::java_order(entries[one].0, entries[other].0));

        let mut text = String::with_capacity(self.data.len() + 128);
        let mut joint = "";
        for (name, value) in places.map(|place| &entries[place]) {
            text.push_str(joint);
            text.push_str(name);
            text.push('=');
            joint = "&";
            match value {
                Value::Text(value) => text.push_str(value),
                Value::Other(value) => form.write(value, &mut text)?,
            }
        }
        Some(text)
    }
}

/// A value in the signed text: texts stand there without quotes.
enum Value<'a> {
    Text(&'a str),
    Other(&'a Node<'a>),
}

impl<'a> Value<'a> {
    fn of(node: &'a Node<'a>) -> Self {
        match node {
            Node::Text(text) => Self::Text(&text.text),
            other => Self::Other(other),
        }
    }
}

/// Whether a text holds `&`, the name of a field, and `=`.
fn holds_joint(text: &str) -> bool {
    let is_field = |name: &str| event::known_fields().chain(["appId", "timestamp"]).any(|field| field == name);
    text.split('&').skip(1).any(|piece| piece.split_once('=').is_some_and(|(name, _)| is_field(name)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_callback(other: &str) -> bool {
        let body = format!(r#" {{"id":"1", "other" : {other} ,"data": {{"a":1}} ,"action":"x"}} "#);
        Callback::read(body.as_bytes()).is_ok_and(|callback| callback.data == r#"{"a":1}"#)
    }

    #[test]
    fn other_fields_beside_the_data_must_be_json_and_no_more() {
        let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
        for json in ["1e400", "0", "null", r#""\ud800""#, r#"{"a":1,"a":[{}]}"#, &deep] {
            assert!(is_callback(json), "{}", &json[..json.len().min(20)]);
        }
        for json in ["", "01", "1.", "[1,]", "{a:1}", "nul", r#"""#, "1 2", "1,2", "1}", "\u{a0}"] {
            assert!(!is_callback(json), "{json}");
        }
    }
}
