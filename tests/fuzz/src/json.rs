//! A second JSON reader, independent of the one under test, that compares values by meaning.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

/// The entries of an object in their order, equal names included. `None` for anything else.
pub fn entries(text: &str) -> Option<Vec<(String, &str)>> {
    struct Entries<'a>(Vec<(&'a RawValue, &'a RawValue)>);

    impl<'de> Deserialize<'de> for Entries<'de> {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            struct InOrder;
            impl<'de> Visitor<'de> for InOrder {
                type Value = Entries<'de>;
                fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                    formatter.write_str("an object")
                }
                fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Entries<'de>, A::Error> {
                    let mut entries = Vec::new();
                    while let Some(entry) = map.next_entry()? {
                        entries.push(entry);
                    }
                    Ok(Entries(entries))
                }
            }
            deserializer.deserialize_map(InOrder)
        }
    }

    let Entries(entries) = serde_json::from_str(text).ok()?;
    entries.into_iter().map(|(name, value)| Some((text_of(name.get())?, value.get()))).collect()
}

/// The text of a JSON string. Half a surrogate pair is a question mark, as it is to Java.
fn text_of(json: &str) -> Option<String> {
    if let Ok(text) = serde_json::from_str(json) {
        return Some(text);
    }
    let mut units: Vec<u16> = Vec::new();
    let mut letters = json.strip_prefix('"')?.strip_suffix('"')?.chars();
    while let Some(letter) = letters.next() {
        if letter != '\\' {
            units.extend(letter.encode_utf16(&mut [0; 2]).iter());
            continue;
        }
        match letters.next()? {
            'u' => {
                let digits: String = letters.by_ref().take(4).collect();
                units.push(u16::from_str_radix(&digits, 16).ok()?);
            }
            other => {
                let short: String = serde_json::from_str(&format!("\"\\{other}\"")).ok()?;
                units.extend(short.encode_utf16());
            }
        }
    }
    Some(char::decode_utf16(units).map(|letter| letter.unwrap_or('?')).collect())
}

/// A value by its meaning: the order of keys, fields that are null and the spelling of numbers do not count.
#[derive(Debug, PartialEq, Eq)]
pub enum Meaning {
    Null,
    Bool(bool),
    Number { negative: bool, digits: String, exponent: i64 },
    Text(String),
    Array(Vec<Self>),
    Object(BTreeMap<String, Self>),
}

impl Meaning {
    pub fn of(json: &str) -> Option<Self> {
        let json = json.trim_matches([' ', '\n', '\r', '\t']);
        Some(match json.as_bytes().first()? {
            b'{' => {
                let fields = entries(json)?.into_iter().map(|(name, value)| Some((name, Self::of(value)?)));
                let fields: BTreeMap<_, _> = fields.collect::<Option<_>>()?;
                Self::Object(fields.into_iter().filter(|(_, value)| *value != Self::Null).collect())
            }
            b'[' => {
                let items: Vec<&RawValue> = serde_json::from_str(json).ok()?;
                Self::Array(items.into_iter().map(|item| Self::of(item.get())).collect::<Option<_>>()?)
            }
            b'"' => Self::Text(text_of(json)?),
            b'n' if json == "null" => Self::Null,
            b't' if json == "true" => Self::Bool(true),
            b'f' if json == "false" => Self::Bool(false),
            _ => Self::number(json)?,
        })
    }

    /// Every text and name in it.
    pub fn each_text(&self, see: &mut impl FnMut(&str)) {
        match self {
            Self::Text(text) => see(text),
            Self::Array(items) => items.iter().for_each(|item| item.each_text(see)),
            Self::Object(fields) => fields.iter().for_each(|(name, value)| {
                see(name);
                value.each_text(see);
            }),
            Self::Null | Self::Bool(_) | Self::Number { .. } => {}
        }
    }

    fn number(json: &str) -> Option<Self> {
        serde_json::from_str::<&RawValue>(json).ok()?;
        let (negative, rest) = json.strip_prefix('-').map_or((false, json), |rest| (true, rest));
        let (decimals, exponent) = rest.split_once(['e', 'E']).unwrap_or((rest, "0"));
        let (whole, fraction) = decimals.split_once('.').unwrap_or((decimals, ""));
        let all = format!("{whole}{fraction}");
        let digits = all.trim_start_matches('0');
        let significant = digits.trim_end_matches('0');
        let trailing = i64::try_from(digits.len() - significant.len()).unwrap();
        let fraction = i64::try_from(fraction.len()).unwrap();
        // An exponent beyond 64 bits has no meaning that could be compared: the caller gets `None`.
        let exponent = exponent.parse::<i64>().ok()?.checked_sub(fraction)?.checked_add(trailing)?;
        if significant.is_empty() {
            return Some(Self::Number { negative: false, digits: String::new(), exponent: 0 });
        }
        Some(Self::Number { negative, digits: significant.to_owned(), exponent })
    }
}
