//! JSON in its exact text, as received.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use rust_decimal::Decimal;
use serde::de::{Deserialize, DeserializeOwned, Deserializer};
use serde::ser::{Serialize, Serializer};
use serde_json::value::RawValue;

use crate::codec::text::{NumberText, text_of};
use crate::codec::{DecimalFormat, Decode, Encode, OnMismatch};
use crate::error::Error;
use crate::redact::scrub;
use crate::values::tree::{Node, Text};
use crate::values::{decimal, surrogates};

/// JSON value in its exact text, so that `10.50` stays `10.50`.
///
/// Two values are equal if their texts are. `Debug` masks PANs and hides fields with the name of a secret (`cvv`,
/// `access_token`); [`Json::as_str`] returns the whole text.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Json(Box<str>);

impl Json {
    /// Creates a value from its text.
    ///
    /// # Errors
    ///
    /// Kind [`InvalidInput`](crate::ErrorKind::InvalidInput) if the text is not one valid JSON value.
    pub fn new(text: &str) -> Result<Self, Error> {
        let raw: &RawValue =
            serde_json::from_str(text).map_err(|_| Error::invalid_input("json", "must be valid JSON"))?;
        Ok(Self(raw.get().into()))
    }

    /// Creates a value from text that is known to be JSON.
    pub(crate) fn valid(text: &str) -> Self {
        Self(text.into())
    }

    /// Returns the exact text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the text of a JSON string, `None` for any other value. Half a surrogate pair becomes U+FFFD.
    pub fn text(&self) -> Option<String> {
        text_of(&surrogates::replaced(&self.0)).map(Cow::into_owned)
    }

    /// Returns a number, which may be a JSON string as the platform's amounts are. `None` for any other value, and for a
    /// number that 28 digits cannot hold exactly, such as `1e400`: [`Json::as_str`] has its digits.
    pub fn decimal(&self) -> Option<Decimal> {
        match NumberText::from_json(&self.0) {
            NumberText::Text(text) => decimal::parse(text),
            NumberText::Nothing | NumberText::Other(_) => None,
        }
    }

    /// Returns a boolean, `None` for any other value.
    pub fn boolean(&self) -> Option<bool> {
        match self.as_str() {
            "true" => Some(true),
            "false" => Some(false),
            _ => None,
        }
    }

    /// Deserializes the value, for example as `serde_json::Value` or `String`. Half a surrogate pair becomes U+FFFD.
    ///
    /// # Errors
    ///
    /// Kind [`InvalidInput`](crate::ErrorKind::InvalidInput) if the value does not have the requested type.
    pub fn parse<T: DeserializeOwned>(&self) -> Result<T, Error> {
        serde_json::from_str(&surrogates::replaced(&self.0))
            .map_err(|_| Error::invalid_input("json", "does not have the requested type"))
    }
}

/// Shows neither PANs nor the values of fields whose names say that they are secret.
impl fmt::Debug for Json {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match Node::read(&self.0) {
            Some(node) => formatter.write_str(&scrub(&masked(&node))),
            None => formatter.write_str("(JSON that cannot be shown safely)"),
        }
    }
}

/// Compact JSON without the values of secret fields.
fn masked(node: &Node<'_>) -> String {
    match node {
        Node::Null => "null".to_owned(),
        Node::Bool(value) => value.to_string(),
        Node::Number(text) => (*text).to_owned(),
        Node::Text(text) => spelled(text),
        Node::Array(items) => format!("[{}]", items.iter().map(masked).collect::<Vec<_>>().join(",")),
        Node::Object(fields) => {
            let shown = fields.iter().map(|(name, value)| {
                let value = if is_secret_name(&name.text) { "***".to_owned() } else { masked(value) };
                format!("{}:{value}", spelled(name))
            });
            format!("{{{}}}", shown.collect::<Vec<_>>().join(","))
        }
    }
}

/// A string as it was spelled, unless it holds a PAN. The spelling alone can hide a PAN: the digits of an escape before it, as
/// in `\u53f74111...`, look like a part of it.
fn spelled(text: &Text<'_>) -> String {
    match scrub(&text.text) {
        Cow::Borrowed(_) => text.spelling.to_owned(),
        Cow::Owned(clean) => serde_json::Value::from(clean).to_string(),
    }
}

/// Whether the name of a field suggests a secret.
fn is_secret_name(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    name.ends_with("token") || name.contains("secret") || matches!(&*name, "pan" | "cvv" | "cvv2" | "cvc" | "pin")
}

impl Serialize for Json {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match serde_json::from_str::<&RawValue>(&self.0) {
            Ok(raw) => raw.serialize(serializer),
            Err(error) => Err(serde::ser::Error::custom(error)),
        }
    }
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        <&RawValue>::deserialize(deserializer).map(|raw| Self(raw.get().into()))
    }
}

impl Decode for Json {
    const EXPECTED: &'static str = "JSON";

    fn read<'de, D: Deserializer<'de>>(deserializer: D, _: OnMismatch) -> Result<Self, D::Error> {
        Self::deserialize(deserializer)
    }

    fn from_json_text(json: &str) -> Option<Self> {
        Some(Self::valid(json))
    }
}

impl Encode for Json {
    fn write<S: Serializer>(&self, serializer: S, _: DecimalFormat) -> Result<S::Ok, S::Error> {
        self.serialize(serializer)
    }
}

/// Fields of an object that this version does not know, by name.
///
/// The platform adds fields without notice. They are kept in their exact JSON text, and `to_json` writes them back. A known field
/// with a value of an unexpected type (`"time": "yesterday"`) is here too, under the platform's name, while the field itself is
/// `None` or empty.
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub struct Extra(BTreeMap<String, Json>);

impl Extra {
    /// Returns the value of a field.
    pub fn get(&self, name: &str) -> Option<&Json> {
        self.0.get(name)
    }

    /// Returns all fields, sorted by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Json)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value))
    }

    /// Returns the number of fields.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Returns whether there are no fields, which is usual.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns all fields as one JSON object, each in its exact text.
    pub fn to_json(&self) -> String {
        // The usual case, once for every row that is passed to Kotlin or Swift.
        if self.is_empty() {
            return "{}".to_owned();
        }
        let fields: Vec<String> =
            self.iter().map(|(name, value)| format!("{}:{}", serde_json::Value::from(name), value.as_str())).collect();
        format!("{{{}}}", fields.join(","))
    }

    /// Reads the fields of a JSON object. If a field appears twice, its last value counts. Values keep their text, of any
    /// nesting, unless a name has half a surrogate pair, which becomes U+FFFD in the whole object.
    ///
    /// # Errors
    ///
    /// Kind [`InvalidInput`](crate::ErrorKind::InvalidInput) if the text is not a JSON object.
    pub fn from_json(text: &str) -> Result<Self, Error> {
        serde_json::from_str(text)
            .or_else(|_| serde_json::from_str(&surrogates::replaced(text)))
            .map(Self)
            .map_err(|_| Error::invalid_input("extra", "must be a JSON object"))
    }

    /// Adds or replaces a field, for requests whose body is inferred.
    pub fn insert(&mut self, name: impl Into<String>, value: Json) {
        self.0.insert(name.into(), value);
    }

    pub(crate) fn remove(&mut self, name: &str) {
        if !self.0.is_empty() {
            self.0.remove(name);
        }
    }
}

impl fmt::Debug for Extra {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("{")?;
        for (place, (name, value)) in self.0.iter().enumerate() {
            let joint = if place == 0 { "" } else { ", " };
            write!(formatter, "{joint}{:?}: ", scrub(name))?;
            if is_secret_name(name) { formatter.write_str("***")? } else { value.fmt(formatter)? }
        }
        formatter.write_str("}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_keeps_its_text() {
        let json = Json::new(" {\"amount\": 10.50, \"big\": 1e400} ").unwrap();
        assert_eq!(json.as_str(), "{\"amount\": 10.50, \"big\": 1e400}");
        assert_eq!(serde_json::to_string(&json).unwrap(), json.as_str());
    }

    #[test]
    fn extra_fields_go_there_and_back_exactly() {
        let text = r#"{"a\"b":10.50,"z":{"y":[1e400]}}"#;
        assert_eq!(Extra::from_json(text).unwrap().to_json(), text);
        assert_eq!(Extra::default().to_json(), "{}");
        assert!(Extra::from_json("[1]").is_err());
    }

    #[test]
    fn a_value_that_no_type_holds_leaves_the_other_fields() {
        let deep = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        for value in ["1e400", "1e99999999999999999999", r#""\ud800""#, &deep(128), &deep(129), &deep(100_000)] {
            let text = format!(r#"{{"new":{value},"other":"1.50"}}"#);
            let extra = Extra::from_json(&text).unwrap();
            assert_eq!(extra.iter().map(|(name, _)| name).collect::<Vec<_>>(), ["new", "other"]);
            assert_eq!((extra.get("new").unwrap().as_str(), extra.to_json()), (value, text.clone()));
            assert_eq!(extra.get("other").unwrap().text().unwrap(), "1.50");
            let row = crate::Card::from_json(&format!(r#"{{"card_no":"1",{}"#, &text[1..])).unwrap();
            assert_eq!(row.extra.len(), 2);
            assert_eq!(crate::Card::from_json(&row.to_json()).unwrap(), row);
        }
    }

    #[test]
    fn half_a_surrogate_pair_in_a_name_becomes_the_replacement_character() {
        let extra = Extra::from_json(r#"{"\ud800":"\ud800","b":1}"#).unwrap();
        assert_eq!((extra.len(), extra.get("\u{fffd}").unwrap().text().unwrap()), (2, "\u{fffd}".to_owned()));
    }

    #[test]
    fn the_last_value_of_a_name_counts_and_an_empty_object_has_none() {
        let extra = Extra::from_json(r#"{"a":1,"\u0061":2}"#).unwrap();
        assert_eq!((extra.len(), extra.to_json()), (1, r#"{"a":2}"#.to_owned()));
        assert!(Extra::from_json(" { } ").unwrap().is_empty());
        for wrong in ["", "[]", "1", "{", r#"{"a":1}{}"#, r#"{"a":}"#] {
            assert_eq!(Extra::from_json(wrong).unwrap_err().field(), Some("extra"), "{wrong}");
        }
    }

    #[test]
    fn a_value_has_the_type_that_it_has_in_json() {
        for (json, text, number, boolean) in [
            (r#""a\n\ud83d""#, Some("a\n\u{fffd}"), None, None),
            (r#""10.50""#, Some("10.50"), Some("10.50"), None),
            ("10.50", None, Some("10.50"), None),
            ("1e400", None, None, None),
            ("true", None, None, Some(true)),
            ("false", None, None, Some(false)),
            ("null", None, None, None),
            (r#"["true"]"#, None, None, None),
            (r#""""#, Some(""), None, None),
        ] {
            let value = Json::new(json).unwrap();
            let found = (value.text(), value.decimal().map(|number| number.to_string()), value.boolean());
            assert_eq!(found, (text.map(str::to_owned), number.map(str::to_owned), boolean), "{json}");
        }
    }

    #[test]
    fn what_is_not_json_is_refused_by_name() {
        let error = Json::new("{").unwrap_err();
        assert_eq!(error.field(), Some("json"));
    }

    #[test]
    fn half_a_surrogate_pair_is_kept_in_the_text_and_read_as_a_replacement() {
        let json = Json::new(r#""a\ud83d""#).unwrap();
        assert_eq!((json.as_str(), json.parse::<String>().unwrap()), (r#""a\ud83d""#, "a\u{fffd}".to_owned()));
    }

    #[test]
    fn a_pan_inside_is_masked_when_printed() {
        let json = Json::new("{\"note\":\"card 4111111111111111\"}").unwrap();
        assert_eq!(format!("{json:?}"), "{\"note\":\"card 411111******1111\"}");
    }

    #[test]
    fn a_pan_after_an_escape_or_spelled_with_escapes_is_masked() {
        for (json, shown) in [
            (r#"{"note":"\u5361\u53f74111111111111111"}"#, "{\"note\":\"卡号411111******1111\"}"),
            (r#"{"\u00e94111111111111111":1}"#, "{\"é411111******1111\":1}"),
            (r#"["4\u003111111111111111"]"#, r#"["411111******1111"]"#),
        ] {
            assert_eq!(format!("{:?}", Json::new(json).unwrap()), shown);
        }
    }

    #[test]
    fn what_its_name_says_is_secret_is_not_printed() {
        let json = Json::new(r#"{"a":[{"cvv":"417","access_token":{"x":1}}],"b":1.50}"#).unwrap();
        assert_eq!(format!("{json:?}"), r#"{"a":[{"cvv":***,"access_token":***}],"b":1.50}"#);
        let extra = Extra::from_json(r#"{"4111111111111111":1,"pin":"739251","z":true}"#).unwrap();
        assert_eq!(format!("{extra:?}"), r#"{"411111******1111": 1, "pin": ***, "z": true}"#);
    }
}
