//! The signed text of a webhook, in the forms in which the platform's Java library can serialize it.

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

/// Minimum average size of a value of a genuine webhook, its name included. Bodies with more values are refused: a hundred
/// thousand numbers would cost much more work than a genuine body of the same size.
const MIN_BYTES_PER_VALUE: usize = 32;
/// Maximum ratio of the length of a signed text to that of its data: escapes and written-out exponents make it longer.
const ROOM: usize = 8 * 1024;

/// Form in which nested values are serialized into the signed text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[non_exhaustive]
pub struct CanonicalForm {
    /// Library that serialized the values.
    pub writer: Writer,
    /// Order of the keys of an object.
    pub order: KeyOrder,
}

/// Library that serializes nested values, which decides how numbers, escapes and nulls are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
pub enum Writer {
    /// No library: numbers and strings as received.
    Received,
    /// fastjson 1.2: numbers as `BigDecimal`, null fields omitted.
    Fastjson1,
    /// fastjson 1.2 with `WriteMapNullValue`.
    Fastjson1Nulls,
    /// fastjson 1.2 with `WriteBigDecimalAsPlain`.
    Fastjson1Plain,
    /// fastjson 2.
    Fastjson2,
    /// fastjson 2 with `WriteNulls`.
    Fastjson2Nulls,
}

impl CanonicalForm {
    /// Values as received, the form of [`sign_for_tests`](super::WebhookVerifier::sign_for_tests).
    pub(super) const RECEIVED: Self = Self::new(Writer::Received, KeyOrder::Given);

    /// All forms, the likely ones first.
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
}

/// Body of a webhook, parsed but not verified.
pub(super) struct Envelope<'a> {
    pub id: Cow<'a, str>,
    pub action: Cow<'a, str>,
    /// The data exactly as received.
    pub data: &'a str,
    fields: Vec<Field<'a>>,
}

impl<'a> Envelope<'a> {
    /// Parses `{"id": string, "action": string, "data": object}` as strict JSON without duplicate keys, of at most `largest`
    /// bytes and with no more values than a genuine webhook of that size has.
    pub(super) fn read(body: &'a [u8], largest: usize) -> Result<Self, Rejection> {
        if body.len() > largest {
            return Err(Rejection::TooLarge);
        }
        let body = std::str::from_utf8(body).map_err(|_| Rejection::NotACallback)?;
        let mut reader = Reader::limited(body, largest / MIN_BYTES_PER_VALUE);
        match Self::read_text(&mut reader) {
            Some(envelope) if envelope.is_ambiguous() => Err(Rejection::Ambiguous),
            Some(envelope) => Ok(envelope),
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

    /// Whether the signed text could be read in two ways.
    fn is_ambiguous(&self) -> bool {
        self.fields.iter().any(|(name, value)| {
            // A name with a delimiter, or with half a surrogate pair, which is signed as a question mark.
            name.text.bytes().any(|byte| matches!(byte, b'&' | b'='))
                || name.has_halves()
                || matches!(value, Node::Text(text) if is_ambiguous_text(&name.text, text))
        })
    }

    /// Whether the data has fields of another action than the one named.
    pub(super) fn has_foreign_fields(&self) -> bool {
        self.fields
            .iter()
            .any(|(name, value)| !matches!(value, Node::Null) && event::is_foreign(&self.action, &name.text))
    }

    /// Whether the data has a `timestamp` or `appId`, which is signed instead of the verifier's, with another value.
    ///
    /// An old webhook with its timestamp moved there would otherwise pass under a new `Timestamp` header.
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

    /// The signed entries in their order, which is the same in every form.
    pub(super) fn signed<'c>(&'c self, app_id: &'c str, timestamp: &'c str) -> Signed<'c> {
        let present = || self.fields.iter().filter(|(_, value)| !matches!(value, Node::Null));
        // An entry of the data with that name replaces the verifier's.
        let is_ours = |(name, _): &(&str, _)| !present().any(|(other, _)| other.text == *name);
        let ours = [(APP_ID, app_id), (TIMESTAMP, timestamp)].map(|(name, text)| (name, Value::Text(text.into())));
        let mut given: Vec<(&str, Value<'_>)> = Vec::with_capacity(self.fields.len() + 2);
        given.extend(ours.into_iter().filter(is_ours));
        given.extend(present().map(|(name, value)| (&*name.text, Value::from_node(value))));
        let places =
            order::places(given.len(), &|one, other| order::java_order(given[one].0, given[other].0)).collect();
        let longest = self.data.len() + app_id.len() + ROOM;
        Signed { given, places, longest, memory: Memory::default() }
    }
}

/// Entries of the signed text.
pub(super) struct Signed<'a> {
    given: Vec<(&'a str, Value<'a>)>,
    places: Vec<usize>,
    /// Upper limit of the length of a form of a genuine webhook.
    longest: usize,
    memory: Memory<'a>,
}

impl Signed<'_> {
    /// The text in a form; `None` if the form cannot represent the data.
    pub(super) fn text(&self, form: CanonicalForm) -> Option<String> {
        let mut draft = Draft::new(form, self.longest, &self.memory);
        let mut delimiter = "";
        for (name, value) in self.places.iter().map(|place| &self.given[*place]) {
            for piece in [delimiter, name, "="] {
                draft.push(piece)?;
            }
            delimiter = "&";
            match value {
                Value::Text(value) => draft.push(value)?,
                Value::Other(value) => draft.write(value)?,
            }
        }
        Some(draft.text)
    }
}

/// Value in the signed text: strings are written without quotes.
enum Value<'a> {
    Text(Cow<'a, str>),
    Other(&'a Node<'a>),
}

impl<'a> Value<'a> {
    fn from_node(node: &'a Node<'a>) -> Self {
        match node {
            Node::Text(text) => Self::Text(text.as_java()),
            other => Self::Other(other),
        }
    }
}

/// Whether a field's text could be passed off as another value, or another value as the text.
fn is_ambiguous_text(field: &str, text: &Text<'_>) -> bool {
    contains_delimiter(&text.text)
        // Half a surrogate pair is signed as a question mark, so another identifier could have the same signature.
        || event::is_identifier(field) && text.has_halves()
        // A string with the JSON of an object or list has the same signature as the object or list itself.
        || event::is_nested(field) && text.text.starts_with(['{', '['])
}

/// Whether a string holds `&`, the name of a field, and `=`.
fn contains_delimiter(text: &str) -> bool {
    let is_field = |name: &str| event::known_fields().chain([APP_ID, TIMESTAMP]).any(|field| field == name);
    text.split('&').skip(1).any(|piece| piece.split_once('=').is_some_and(|(name, _)| is_field(name)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_webhook(other: &str) -> bool {
        let body = format!(r#" {{"id":"1", "other" : {other} ,"data": {{"a":1}} ,"action":"x"}} "#);
        Envelope::read(body.as_bytes(), 1 << 20).is_ok_and(|envelope| envelope.data == r#"{"a":1}"#)
    }

    #[test]
    fn fields_other_than_the_data_must_be_json_and_no_more() {
        let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
        for json in ["1e400", "0", "null", r#""\ud800""#, r#"{"a":1,"a":[{}]}"#, &deep] {
            assert!(is_webhook(json), "{}", &json[..json.len().min(20)]);
        }
        for json in ["", "01", "1.", "[1,]", "{a:1}", "nul", r#"""#, "1 2", "1,2", "1}", "\u{a0}"] {
            assert!(!is_webhook(json), "{json}");
        }
    }
}
