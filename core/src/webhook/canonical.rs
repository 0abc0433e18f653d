//! The signed text of a callback, in the forms that the platform's Java library can give it.

use std::borrow::Cow;

use super::event;
use crate::error::Rejection;
use crate::values::tree::{Field, Node, Reader, Text};
use draft::{Draft, Memory};
pub use order::KeyOrder;

mod draft;
mod number;
mod order;
#[cfg(test)]
mod work;

const APP_ID: &str = "appId";
const TIMESTAMP: &str = "timestamp";

/// An honest webhook spends at least so many bytes for each value, its name included. A body of a hundred thousand
/// numbers would cost much more to canonicalize than one of the same size that says something.
const BYTES_FOR_A_VALUE: usize = 32;
/// How much longer than the data its signed text may be: escapes and exponents written out make it longer.
const ROOM: usize = 8 * 1024;

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
    VerifiedWebhook,
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

impl CanonicalForm {
    /// Values as received: how the signer for tests writes.
    pub(super) const RECEIVED: Self = Self::new(Writer::VerifiedWebhook, KeyOrder::Given);

    /// Every form, the likely ones first.
    pub const ALL: [Self; 21] = [
        Self::new(Writer::Fastjson1, KeyOrder::Hash),
        Self::RECEIVED,
        Self::new(Writer::Fastjson1, KeyOrder::Given),
        Self::new(Writer::Fastjson2, KeyOrder::Given),
        Self::new(Writer::Fastjson2, KeyOrder::Hash),
        Self::new(Writer::VerifiedWebhook, KeyOrder::Hash),
        Self::new(Writer::VerifiedWebhook, KeyOrder::Sorted),
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
    /// Reads `{"id": string, "action": string, "data": object}` in strict JSON without duplicate keys, of `largest` bytes
    /// at most and of so few values as an honest webhook has.
    pub(super) fn read(body: &'a [u8], largest: usize) -> Result<Self, Rejection> {
        if body.len() > largest {
            return Err(Rejection::TooLarge);
        }
        let body = std::str::from_utf8(body).map_err(|_| Rejection::NotACallback)?;
        let mut reader = Reader::limited(body, largest / BYTES_FOR_A_VALUE);
        match Self::read_text(&mut reader) {
            Some(callback) if callback.is_ambiguous() => Err(Rejection::Ambiguous),
            Some(callback) => Ok(callback),
            None if reader.is_exhausted() => Err(Rejection::TooLarge),
            None => Err(Rejection::NotACallback),
        }
    }

    fn read_text(reader: &mut Reader<'a>) -> Option<Self> {
        let (mut id, mut action, mut data) = (None, None, None);
        reader.object(|reader, name| {
            match name {
                "id" => id = Some(reader.text()?),
                "action" => action = Some(reader.text()?),
                "data" => data = Some(reader.raw_value()?),
                _ => reader.skip()?,
            }
            Some(())
        })?;
        reader.end()?;
        let (data, Node::Object(fields)) = data? else { return None };
        Some(Self { id: id?.text, action: action?.text, data, fields })
    }

    /// Whether signed text could be read in two ways.
    fn is_ambiguous(&self) -> bool {
        self.fields.iter().any(|(name, value)| {
            // A name that holds a joint, or half a surrogate pair, which is signed as a question mark.
            name.text.bytes().any(|byte| matches!(byte, b'&' | b'='))
                || name.has_halves()
                || matches!(value, Node::Text(text) if is_ambiguous_text(&name.text, text))
        })
    }

    /// Whether there are fields of another action than the one named.
    pub(super) fn has_foreign_fields(&self) -> bool {
        self.fields
            .iter()
            .any(|(name, value)| !matches!(value, Node::Null) && event::is_foreign(&self.action, &name.text))
    }

    /// Whether the data holds a timestamp or an app id, which is signed in place of ours, and it is another one.
    ///
    /// With its own timestamp moved there, an old webhook would pass under a fresh `Timestamp` header.
    pub(super) fn contradicts(&self, app_id: &str, timestamp: &str) -> bool {
        self.fields.iter().any(|(name, value)| match &*name.text {
            APP_ID => match value {
                Node::Null => false,
                Node::Text(text) => text.text != app_id,
                Node::Number(text) => *text != app_id,
                _ => true,
            },
            TIMESTAMP => match value {
                Node::Null => false,
                Node::Text(text) => text.text != timestamp,
                Node::Number(text) => *text != timestamp && !number::is_whole_number(text, timestamp),
                _ => true,
            },
            _ => false,
        })
    }

    /// What is signed, in its order, which is the same in every form.
    pub(super) fn signed<'c>(&'c self, app_id: &'c str, timestamp: &'c str) -> Signed<'c> {
        let there = || self.fields.iter().filter(|(_, value)| !matches!(value, Node::Null));
        // An entry of the data with that name replaces ours.
        let is_ours = |(name, _): &(&str, _)| !there().any(|(other, _)| other.text == *name);
        let ours = [(APP_ID, app_id), (TIMESTAMP, timestamp)].map(|(name, text)| (name, Value::Text(text.into())));
        let mut given: Vec<(&str, Value<'_>)> = Vec::with_capacity(self.fields.len() + 2);
        given.extend(ours.into_iter().filter(is_ours));
        given.extend(there().map(|(name, value)| (&*name.text, Value::of(value))));
        let places =
            order::places(given.len(), &|one, other| order::java_order(given[one].0, given[other].0)).collect();
        let longest = self.data.len() + app_id.len() + ROOM;
        Signed { given, places, longest, memory: Memory::default() }
    }
}

/// The entries of the signed text.
pub(super) struct Signed<'a> {
    given: Vec<(&'a str, Value<'a>)>,
    places: Vec<usize>,
    /// No form of an honest webhook is longer.
    longest: usize,
    memory: Memory<'a>,
}

impl Signed<'_> {
    /// The text in a form; `None` where this form cannot have written the data.
    pub(super) fn text(&self, form: CanonicalForm) -> Option<String> {
        let mut draft = Draft::new(form, self.longest, &self.memory);
        let mut joint = "";
        for (name, value) in self.places.iter().map(|place| &self.given[*place]) {
            for piece in [joint, name, "="] {
                draft.push(piece)?;
            }
            joint = "&";
            match value {
                Value::Text(value) => draft.push(value)?,
                Value::Other(value) => draft.write(value)?,
            }
        }
        Some(draft.text)
    }
}

/// A value in the signed text: texts stand there without quotes.
enum Value<'a> {
    Text(Cow<'a, str>),
    Other(&'a Node<'a>),
}

impl<'a> Value<'a> {
    fn of(node: &'a Node<'a>) -> Self {
        match node {
            Node::Text(text) => Self::Text(text.as_java()),
            other => Self::Other(other),
        }
    }
}

/// Whether a field's text could be passed off as something else, or the other way round.
fn is_ambiguous_text(field: &str, text: &Text<'_>) -> bool {
    holds_joint(&text.text)
        // An identifier in which a question mark became something else would be another purchase or card.
        || event::is_identifier(field) && text.has_halves()
        // The text of an object or list in its place is signed alike.
        || event::is_nested(field) && text.text.starts_with(['{', '['])
}

/// Whether a text holds `&`, the name of a field, and `=`.
fn holds_joint(text: &str) -> bool {
    let is_field = |name: &str| event::known_fields().chain([APP_ID, TIMESTAMP]).any(|field| field == name);
    text.split('&').skip(1).any(|piece| piece.split_once('=').is_some_and(|(name, _)| is_field(name)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_callback(other: &str) -> bool {
        let body = format!(r#" {{"id":"1", "other" : {other} ,"data": {{"a":1}} ,"action":"x"}} "#);
        Callback::read(body.as_bytes(), 1 << 20).is_ok_and(|callback| callback.data == r#"{"a":1}"#)
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
