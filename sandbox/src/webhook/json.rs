//! JSON that keeps the order of its fields and the text of its numbers.

use std::fmt::Write as _;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::masking::is_secret;

/// A JSON value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Json {
    Null,
    /// A number, `true` or `false`, as written.
    Plain(String),
    Text(String),
    List(Vec<Json>),
    Object(Vec<(String, Json)>),
}

/// The form in which JSON is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Layout {
    /// Fields in their own order, with nulls.
    AsIs,
    /// As fastjson 1 writes objects that it parsed.
    JavaHashMap,
    /// As fastjson 1 writes sorted maps.
    JavaSorted,
}

impl Json {
    pub(super) fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    /// Text, or null if it is empty.
    pub(super) fn text_or_null(text: &str) -> Self {
        if text.is_empty() { Self::Null } else { Self::text(text) }
    }

    pub(super) fn number(number: impl std::fmt::Display) -> Self {
        Self::Plain(number.to_string())
    }

    pub(super) fn object<const N: usize>(fields: [(&str, Json); N]) -> Self {
        Self::Object(fields.map(|(name, value)| (name.to_owned(), value)).into())
    }

    /// Parses JSON and keeps the order of its fields; `None` if the text is not JSON.
    pub(super) fn parse(text: &str) -> Option<Self> {
        Some(match text.as_bytes().first()? {
            b'n' => Self::Null,
            b'"' => Self::Text(serde_json::from_str(text).ok()?),
            b'[' => {
                let items: Vec<&RawValue> = serde_json::from_str(text).ok()?;
                Self::List(items.into_iter().map(|raw| Self::parse(raw.get())).collect::<Option<_>>()?)
            }
            b'{' => {
                let fields = serde_json::from_str::<Fields<'_>>(text).ok()?.0;
                let parsed = fields.into_iter().map(|(name, raw)| Some((name, Self::parse(raw.get())?)));
                Self::Object(parsed.collect::<Option<_>>()?)
            }
            _ => Self::Plain(text.to_owned()),
        })
    }

    /// Writes the value as JSON.
    pub(super) fn write(&self, layout: Layout) -> String {
        let mut out = String::new();
        self.write_to(&mut out, layout);
        out
    }

    fn write_to(&self, out: &mut String, layout: Layout) {
        match self {
            Self::Null => out.push_str("null"),
            Self::Plain(text) => out.push_str(text),
            Self::Text(text) => write_text(out, text, layout),
            Self::List(items) => {
                out.push('[');
                for (at, item) in items.iter().enumerate() {
                    if at > 0 {
                        out.push(',');
                    }
                    item.write_to(out, layout);
                }
                out.push(']');
            }
            Self::Object(fields) => {
                let fields = match layout {
                    Layout::AsIs => fields.iter().collect(),
                    Layout::JavaHashMap => in_hash_order(fields),
                    Layout::JavaSorted => sorted(fields),
                };
                out.push('{');
                for (at, (name, value)) in fields.into_iter().enumerate() {
                    if at > 0 {
                        out.push(',');
                    }
                    write_text(out, name, layout);
                    out.push(':');
                    value.write_to(out, layout);
                }
                out.push('}');
            }
        }
    }

    /// Hides the values of secret fields.
    pub(super) fn mask(&mut self) {
        match self {
            Self::Object(fields) => {
                for (name, value) in fields {
                    if is_secret(name) {
                        *value = Self::text("***");
                    } else {
                        value.mask();
                    }
                }
            }
            Self::List(items) => items.iter_mut().for_each(Self::mask),
            Self::Null | Self::Plain(_) | Self::Text(_) => {}
        }
    }
}

/// The fields of an object in their order, values not parsed.
struct Fields<'a>(Vec<(String, &'a RawValue)>);

impl<'de> Deserialize<'de> for Fields<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visit;
        impl<'de> Visitor<'de> for Visit {
            type Value = Fields<'de>;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields<'de>, A::Error> {
                let mut fields = Vec::new();
                while let Some(field) = map.next_entry()? {
                    fields.push(field);
                }
                Ok(Fields(fields))
            }
        }
        deserializer.deserialize_map(Visit)
    }
}

/// The fields in the iteration order of a `java.util.HashMap` with default capacity, without nulls.
///
/// The number of buckets follows from the number of entries: it doubles when three quarters are used. Within a bucket,
/// entries keep their order of insertion. (A bucket of more than eight entries becomes a tree; objects here are small.)
fn in_hash_order(fields: &[(String, Json)]) -> Vec<&(String, Json)> {
    // A null is an entry of the map, but it is not written.
    let mut buckets = 16;
    while fields.len() * 4 > buckets * 3 {
        buckets *= 2;
    }
    let mut sorted: Vec<_> = fields.iter().collect();
    sorted.sort_by_key(|(name, _)| spread(java_hash(name)) as usize & (buckets - 1));
    sorted.retain(|(_, value)| *value != Json::Null);
    sorted
}

/// The fields sorted by name as Java compares strings, without nulls.
fn sorted(fields: &[(String, Json)]) -> Vec<&(String, Json)> {
    let mut sorted: Vec<_> = fields.iter().filter(|(_, value)| *value != Json::Null).collect();
    sorted.sort_by(|(one, _), (other, _)| one.encode_utf16().cmp(other.encode_utf16()));
    sorted
}

/// `String.hashCode`, over UTF-16 units.
fn java_hash(text: &str) -> u32 {
    text.encode_utf16().fold(0, |hash: u32, unit| hash.wrapping_mul(31).wrapping_add(u32::from(unit)))
}

/// `HashMap.hash`: spreads a hash code over the buckets.
fn spread(hash: u32) -> u32 {
    hash ^ (hash >> 16)
}

fn write_text(out: &mut String, text: &str, layout: Layout) {
    if layout == Layout::AsIs {
        // `Value` writes a string as JSON.
        let _ = write!(out, "{}", serde_json::Value::from(text));
        return;
    }
    out.push('"');
    for letter in text.chars() {
        match letter {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\u{8}' => out.push_str("\\b"),
            '\t' => out.push_str("\\t"),
            '\n' => out.push_str("\\n"),
            '\u{c}' => out.push_str("\\f"),
            '\r' => out.push_str("\\r"),
            // fastjson 1 escapes these too, in uppercase hexadecimal digits.
            '\0'..='\u{1f}' | '\u{7f}'..='\u{9f}' | '\u{2028}' | '\u{2029}' => {
                let _ = write!(out, "\\u{:04X}", u32::from(letter));
            }
            _ => out.push(letter),
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_equal_those_of_java() {
        // From the documentation of String.hashCode: s[0]*31^(n-1) + ... + s[n-1].
        assert_eq!(0, java_hash(""));
        assert_eq!(97 * 31 + 98, java_hash("ab"));
        assert_eq!(java_hash("Aa"), java_hash("BB"), "the well-known collision");
        assert_eq!(99_162_322, java_hash("hello"));
    }

    #[test]
    fn nested_objects_are_in_bucket_order_without_nulls() {
        let object = Json::object([
            ("b", Json::Null),
            ("Q", Json::number(1)),
            ("a", Json::number("10.50")),
            ("A", Json::text("x")),
        ]);
        // Buckets of 16: Q (81) and A (65) and a (97) are in 1, in the order of insertion; b (98) is in 2.
        assert_eq!(r#"{"Q":1,"a":10.50,"A":"x"}"#, object.write(Layout::JavaHashMap));
        assert_eq!(r#"{"b":null,"Q":1,"a":10.50,"A":"x"}"#, object.write(Layout::AsIs));
    }

    #[test]
    fn secret_fields_are_masked() {
        let mut json = Json::List(vec![Json::object([("pan", Json::text("4")), ("amount", Json::number("1.00"))])]);
        json.mask();
        assert_eq!(r#"[{"pan":"***","amount":1.00}]"#, json.write(Layout::AsIs));
    }
}
