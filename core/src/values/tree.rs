//! JSON as a tree that keeps the order of keys and the text of numbers.

use std::borrow::Cow;

pub(crate) use reader::Reader;

use crate::values::surrogates;

mod reader;

/// A string with its spelling: the JSON string as received, quotes included.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Text<'a> {
    pub text: Cow<'a, str>,
    pub spelling: &'a str,
}

impl Text<'_> {
    /// The text as Java encodes it: half a surrogate pair is a question mark.
    pub(crate) fn as_java(&self) -> Cow<'_, str> {
        self.with_question_marks().map_or(Cow::Borrowed(&*self.text), Cow::Owned)
    }

    /// Whether there is half a surrogate pair in it.
    pub(crate) fn has_halves(&self) -> bool {
        self.with_question_marks().is_some()
    }

    /// Whether there is a character that may have been half a surrogate pair.
    pub(crate) fn may_have_halves(&self) -> bool {
        self.text.contains(char::REPLACEMENT_CHARACTER)
    }

    /// The text as Java encodes it, if there is half a surrogate pair in it.
    pub(crate) fn with_question_marks(&self) -> Option<String> {
        if !self.may_have_halves() {
            return None;
        }
        match surrogates::replaced_by("?", self.spelling) {
            Cow::Owned(spelling) => serde_json::from_str(&spelling).ok(),
            Cow::Borrowed(_) => None,
        }
    }
}

/// A field of an object.
pub(crate) type Field<'a> = (Text<'a>, Node<'a>);

/// A value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Node<'a> {
    Null,
    Bool(bool),
    /// A number as its text.
    Number(&'a str),
    Text(Text<'a>),
    Array(Vec<Node<'a>>),
    Object(Vec<Field<'a>>),
}

impl<'a> Node<'a> {
    /// Reads strict JSON. `None` if it is invalid, has duplicate keys, which no sender's map can hold, or is nested too deeply.
    pub(crate) fn read(json: &'a str) -> Option<Self> {
        let mut reader = Reader::new(json);
        let node = reader.node()?;
        reader.end()?;
        Some(node)
    }
}

#[cfg(test)]
mod tests {
    use std::fmt;

    use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
    use serde_json::value::RawValue;

    use super::*;

    /// The same tree, read by `serde_json` one level at a time.
    fn by_serde(json: &str, depth: usize) -> Option<Node<'_>> {
        let json = serde_json::from_str::<&RawValue>(json).ok()?.get();
        let depth = depth.checked_sub(1)?;
        let text = |json| {
            let text: String = serde_json::from_str(&surrogates::replaced(json)).ok()?;
            Some(Text { text: text.into(), spelling: json })
        };
        Some(match json.as_bytes()[0] {
            b'{' => {
                let Entries(entries) = serde_json::from_str(json).ok()?;
                let mut fields: Vec<Field<'_>> = Vec::new();
                for (name, value) in entries {
                    let name = text(name.get())?;
                    if fields.iter().any(|(other, _)| other.text == name.text) {
                        return None;
                    }
                    fields.push((name, by_serde(value.get(), depth)?));
                }
                Node::Object(fields)
            }
            b'[' => {
                let items: Vec<&RawValue> = serde_json::from_str(json).ok()?;
                Node::Array(items.into_iter().map(|item| by_serde(item.get(), depth)).collect::<Option<_>>()?)
            }
            b'"' => Node::Text(text(json)?),
            b'n' => Node::Null,
            b't' => Node::Bool(true),
            b'f' => Node::Bool(false),
            _ => Node::Number(json),
        })
    }

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

    const GOOD: [&str; 16] = [
        r#"{"id":"1","a b":{"c":[1,-2.50,3e4,5E-6,0,-0,0.0,1e400],"":null},"t":true,"f":false}"#,
        " { \"a\" :\t[ ] , \"b\"\r:\n{ } } ",
        r#"[[],{},"",[{}],[[1,2],[3]],{"a":[{"b":{}}]}]"#,
        r#""\"\\\/\b\f\n\r\t\u0041\u00e9\ud83d\ude00\u0000""#,
        r#"{"\u0061":1,"A":2,"é":3,"书":"Ein Café 书店 😀","\"":"\\","long":"a text that is longer than a block, \n and continues"}"#,
        "\"\u{7f}\u{80}\u{2028}\u{ffff}\u{10ffff}\"",
        "null",
        "true",
        "false",
        "0",
        "-0.0e-0",
        "12345678901234567890123456789012345678901234567890.5",
        r#""""#,
        "[]",
        "{}",
        "[null,true,false]",
    ];

    #[test]
    fn what_is_json_gives_the_same_tree_as_serde_json() {
        for json in GOOD {
            let node = Node::read(json);
            assert!(node.is_some(), "{json}");
            assert_eq!(node, by_serde(json, 32), "{json}");
        }
    }

    #[test]
    fn what_is_no_json_is_refused() {
        for json in [
            "",
            " ",
            "nul",
            "nulll",
            "Null",
            "tru",
            "NaN",
            "Infinity",
            "-",
            "+1",
            "01",
            "-01",
            "1.",
            ".5",
            "1.e1",
            "1e",
            "1e+",
            "0x1",
            "1_0",
            "1 2",
            "[",
            "]",
            "[1",
            "[1,",
            "[1,]",
            "[,1]",
            "[1 2]",
            "[1]]",
            "{",
            "}",
            "{,}",
            "{\"a\"}",
            "{\"a\":}",
            "{\"a\":1",
            "{\"a\":1,}",
            "{\"a\":1 \"b\":2}",
            "{\"a\" 1}",
            "{a:1}",
            "{1:1}",
            "{'a':1}",
            "[1}",
            "{\"a\":1]",
            "{null:1}",
            "\"",
            "\"a",
            "\"a\"b",
            "\"\\\"",
            "\"\\",
            "\"\\x\"",
            "\"\\é\"",
            "\"\\u12\"",
            "\"\\u12g4\"",
            "\"\n\"",
            "\"\u{0}\"",
            "\"\u{1f}\"",
            "\"\\\n\"",
            "\u{feff}1",
            "1\u{0}",
            "\u{a0}1",
            "/**/1",
            "1//",
            "'a'",
        ] {
            assert!(serde_json::from_str::<serde_json::Value>(json).is_err(), "{json}");
            assert_eq!(Node::read(json), None, "{json}");
        }
    }

    #[test]
    fn what_could_be_read_in_two_ways_or_is_too_deep_is_refused() {
        let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert!(Node::read(&nested(32)).is_some());
        let many: Vec<String> = (0..40).chain([7]).map(|name| format!("\"{name}\":0")).collect();
        for json in [
            &nested(33),
            &nested(100_000),
            &"[".repeat(100_000),
            &format!("{{{}}}", many.join(",")),
            r#"{"a":1,"a":1}"#,
            r#"{"a":1,"\u0061":1}"#,
            r#"[{"b":{"a":1,"b":2,"a":3}}]"#,
            r#"{"\ud83d":1,"\ud83d":2}"#,
        ] {
            assert_eq!(Node::read(json), None, "{}", &json[..json.len().min(40)]);
        }
    }

    #[test]
    fn half_a_surrogate_pair_is_one_replacement_character() {
        for (json, expected) in [(r#""a\ud800""#, "a\u{fffd}"), (r#""\udc00\ud800""#, "\u{fffd}\u{fffd}")] {
            let text = Text { text: expected.into(), spelling: json };
            assert!(text.has_halves() && text.as_java() == expected.replace('\u{fffd}', "?"));
            assert_eq!(Node::read(json), Some(Node::Text(text)));
        }
        let whole = Text { text: "\u{fffd}?".into(), spelling: r#""\ufffd?""# };
        assert!(!whole.has_halves() && whole.as_java() == "\u{fffd}?");
    }

    #[test]
    fn every_small_change_is_judged_as_serde_json_judges_it() {
        const BYTES: &[u8] = b"\"\\{}[]:,.-+eE019antu \n\x00\x1f\x7f/'";
        let (mut read, mut refused) = (0, 0);
        for json in GOOD {
            for place in 0..=json.len() {
                let (before, after) = json.as_bytes().split_at(place);
                let without = after.get(1..).unwrap_or_default();
                let mut changed = vec![before.to_vec(), [before, without].concat()];
                for byte in BYTES {
                    changed.push([before, &[*byte], after].concat());
                    changed.push([before, &[*byte], without].concat());
                }
                for json in changed.into_iter().filter_map(|bytes| String::from_utf8(bytes).ok()) {
                    let node = Node::read(&json);
                    assert_eq!(node, by_serde(&json, 32), "{json}");
                    *if node.is_some() { &mut read } else { &mut refused } += 1;
                }
            }
        }
        assert!(read > 5_000 && refused > 5_000, "{read} {refused}");
    }
}
