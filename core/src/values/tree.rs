//! JSON as a tree that keeps the order of keys and the text of numbers.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

/// How deep values may be nested.
const DEEPEST: usize = 32;

/// A text with its spelling: the JSON string it came as, quotes included.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Text<'a> {
    pub text: Cow<'a, str>,
    pub spelling: &'a str,
}

impl<'a> Text<'a> {
    /// Without a copy where the JSON holds no escape.
    fn read(json: &'a str) -> Option<Self> {
        let inside = json.strip_prefix('"')?.strip_suffix('"')?;
        let text =
            if json.contains('\\') { Cow::Owned(serde_json::from_str(json).ok()?) } else { Cow::Borrowed(inside) };
        Some(Self { text, spelling: json })
    }
}

/// A field of an object.
pub(crate) type Field<'a> = (Text<'a>, Node<'a>);

/// A value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Node<'a> {
    Null,
    Bool(bool),
    /// A number by its text.
    Number(&'a str),
    Text(Text<'a>),
    Array(Vec<Node<'a>>),
    Object(Vec<Field<'a>>),
}

impl<'a> Node<'a> {
    /// Reads strict JSON. `None` also for duplicate keys, which no sender's map can hold, and for deep nesting.
    pub(crate) fn read(json: &'a str) -> Option<Self> {
        Self::read_within(json, DEEPEST)
    }

    fn read_within(json: &'a str, depth: usize) -> Option<Self> {
        let depth = depth.checked_sub(1)?;
        Some(match json.as_bytes().first()? {
            b'{' => {
                let read = |(name, raw): (Text<'a>, &'a RawValue)| Some((name, Self::read_within(raw.get(), depth)?));
                Self::Object(entries(json)?.into_iter().map(read).collect::<Option<_>>()?)
            }
            b'[' => {
                let items: Vec<&RawValue> = serde_json::from_str(json).ok()?;
                Self::Array(items.into_iter().map(|raw| Self::read_within(raw.get(), depth)).collect::<Option<_>>()?)
            }
            b'"' => Self::Text(Text::read(json)?),
            b'n' => Self::Null,
            b't' => Self::Bool(true),
            b'f' => Self::Bool(false),
            _ => Self::Number(json),
        })
    }
}

/// The entries of an object in their order; `None` for anything else and for duplicate keys.
pub(crate) fn entries(json: &str) -> Option<Vec<(Text<'_>, &RawValue)>> {
    struct Entries<'a>(Vec<(Text<'a>, &'a RawValue)>);

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
                    while let Some(name) = map.next_key::<&RawValue>()? {
                        let name =
                            Text::read(name.get()).ok_or_else(|| serde::de::Error::custom("a name is not text"))?;
                        entries.push((name, map.next_value()?));
                    }
                    Ok(Entries(entries))
                }
            }
            deserializer.deserialize_map(InOrder)
        }
    }

    let Entries(entries) = serde_json::from_str(json).ok()?;
    if has_twins(&entries) { None } else { Some(entries) }
}

/// Up to so many keys each is compared with each, which is quicker than hashing them.
const FEW: usize = 32;

fn has_twins<V>(entries: &[(Text<'_>, V)]) -> bool {
    if entries.len() > FEW {
        let names: HashSet<&str> = entries.iter().map(|(name, _)| &*name.text).collect();
        return names.len() < entries.len();
    }
    let behind = |place: usize| &entries[place + 1..];
    entries.iter().enumerate().any(|(place, (name, _))| behind(place).iter().any(|(other, _)| other.text == name.text))
}
