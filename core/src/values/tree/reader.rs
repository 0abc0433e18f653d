//! Reader of strict JSON.

use std::borrow::Cow;
use std::collections::HashSet;

use serde::de::IgnoredAny;

use super::{Node, Text};
use crate::values::surrogates;

/// The maximum depth of nesting.
const MAX_DEPTH: usize = 32;

/// Reads strict JSON from its start to its end, each byte once. After a `None` it must not be used again.
pub(crate) struct Reader<'a> {
    json: &'a str,
    /// The position of the next byte: a value or a sign once [`Reader::peek`] has skipped white space.
    place: usize,
    /// Number of further values that may be read as nodes, plus one.
    values: usize,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(json: &'a str) -> Self {
        Self { json, place: 0, values: usize::MAX }
    }

    /// Creates a reader that reads at most `values` values as nodes.
    pub(crate) fn limited(json: &'a str, values: usize) -> Self {
        Self { values: values.saturating_add(1), ..Self::new(json) }
    }

    /// Whether reading failed because there are more values than the limit.
    pub(crate) fn is_exhausted(&self) -> bool {
        self.values == 0
    }

    /// Reads the next value.
    pub(crate) fn node(&mut self) -> Option<Node<'a>> {
        self.node_within(MAX_DEPTH)
    }

    /// Reads the next value; also returns its JSON text.
    pub(crate) fn raw_value(&mut self) -> Option<(&'a str, Node<'a>)> {
        self.peek();
        let start = self.place;
        let node = self.node()?;
        Some((&self.json[start..self.place], node))
    }

    /// Reads an object's fields in their order; `value` reads each value.
    pub(crate) fn object<V>(
        &mut self,
        mut value: impl FnMut(&mut Self, &str) -> Option<V>,
    ) -> Option<Vec<(Text<'a>, V)>> {
        let mut fields = Vec::new();
        self.list(b'{', b'}', |reader| {
            let name = reader.text()?;
            reader.sign(b':')?;
            let value = value(reader, &name.text)?;
            fields.push((name, value));
            Some(())
        })?;
        if has_duplicate_keys(&fields) { None } else { Some(fields) }
    }

    /// Reads an object's fields in their order; `value` reads or skips each value. Names may appear twice.
    pub(crate) fn fields(&mut self, mut value: impl FnMut(&mut Self, &str) -> Option<()>) -> Option<()> {
        self.list(b'{', b'}', |reader| {
            let name = reader.text()?;
            reader.sign(b':')?;
            value(reader, &name.text)
        })
    }

    /// Skips a number of bytes that were read by other means.
    pub(crate) fn pass(&mut self, count: usize) {
        self.place += count;
    }

    /// The remaining text.
    pub(crate) fn ahead(&self) -> &'a str {
        self.json.get(self.place..).unwrap_or_default()
    }

    /// Reads a string. `serde_json` decodes strings with escapes; half a surrogate pair becomes U+FFFD.
    pub(crate) fn text(&mut self) -> Option<Text<'a>> {
        self.sign(b'"')?;
        let start = self.place - 1;
        let mut escaped = false;
        loop {
            self.place += plain_length(self.rest());
            match self.rest().first()? {
                b'"' => break,
                b'\\' => {
                    escaped = true;
                    self.place += 2;
                }
                _ => return None,
            }
        }
        self.place += 1;
        let spelling = &self.json[start..self.place];
        let text = if escaped {
            Cow::Owned(serde_json::from_str(&surrogates::replaced(spelling)).ok()?)
        } else {
            Cow::Borrowed(&spelling[1..spelling.len() - 1])
        };
        Some(Text { text, spelling })
    }

    /// Skips the next value, which is only checked to be JSON.
    pub(crate) fn skip(&mut self) -> Option<()> {
        let mut values = serde_json::Deserializer::from_str(self.ahead()).into_iter::<IgnoredAny>();
        values.next()?.ok()?;
        self.place += values.byte_offset();
        Some(())
    }

    /// Checks that only white space is left.
    pub(crate) fn end(&mut self) -> Option<()> {
        self.peek().is_none().then_some(())
    }

    fn node_within(&mut self, depth: usize) -> Option<Node<'a>> {
        let depth = depth.checked_sub(1)?;
        self.values = self.values.saturating_sub(1);
        if self.is_exhausted() {
            return None;
        }
        Some(match self.peek()? {
            b'{' => Node::Object(self.object(|reader, _| reader.node_within(depth))?),
            b'[' => {
                let mut items = Vec::new();
                self.list(b'[', b']', |reader| {
                    items.push(reader.node_within(depth)?);
                    Some(())
                })?;
                Node::Array(items)
            }
            b'"' => Node::Text(self.text()?),
            b'n' => self.word("null", Node::Null)?,
            b't' => self.word("true", Node::Bool(true))?,
            b'f' => self.word("false", Node::Bool(false))?,
            _ => Node::Number(self.number()?),
        })
    }

    /// Reads the items between two brackets, separated by commas.
    fn list(&mut self, open: u8, close: u8, mut item: impl FnMut(&mut Self) -> Option<()>) -> Option<()> {
        self.sign(open)?;
        if self.peek()? != close {
            item(self)?;
            while self.peek()? == b',' {
                self.place += 1;
                item(self)?;
            }
        }
        self.sign(close)
    }

    fn number(&mut self) -> Option<&'a str> {
        let start = self.place;
        self.passes(|byte| byte == b'-');
        if !self.passes(|byte| byte == b'0') {
            self.digits()?;
        }
        if self.passes(|byte| byte == b'.') {
            self.digits()?;
        }
        if self.passes(|byte| matches!(byte, b'e' | b'E')) {
            self.passes(|byte| matches!(byte, b'+' | b'-'));
            self.digits()?;
        }
        Some(&self.json[start..self.place])
    }

    /// Reads at least one digit.
    fn digits(&mut self) -> Option<()> {
        let count = self.rest().iter().take_while(|byte| byte.is_ascii_digit()).count();
        self.place += count;
        (count > 0).then_some(())
    }

    fn word(&mut self, word: &str, node: Node<'a>) -> Option<Node<'a>> {
        let found = self.rest().starts_with(word.as_bytes());
        self.place += word.len();
        found.then_some(node)
    }

    /// Skips white space and reads one sign.
    fn sign(&mut self, sign: u8) -> Option<()> {
        let found = self.peek()? == sign;
        self.place += 1;
        found.then_some(())
    }

    /// Skips one byte, if it is of that kind.
    fn passes(&mut self, kind: impl FnOnce(u8) -> bool) -> bool {
        let found = self.rest().first().is_some_and(|byte| kind(*byte));
        self.place += usize::from(found);
        found
    }

    /// Skips white space and returns the byte after it.
    fn peek(&mut self) -> Option<u8> {
        while self.passes(|byte| matches!(byte, b' ' | b'\n' | b'\r' | b'\t')) {}
        self.rest().first().copied()
    }

    fn rest(&self) -> &'a [u8] {
        self.json.as_bytes().get(self.place..).unwrap_or_default()
    }
}

/// The number of bytes before the end of a string, an escape, or a byte that is not allowed in a string.
fn plain_length(bytes: &[u8]) -> usize {
    bytes.iter().take_while(|byte| !matches!(byte, b'"' | b'\\' | 0..b' ')).count()
}

/// Up to this many keys, comparing each with each is faster than hashing them.
const LINEAR_SCAN_MAX: usize = 32;

fn has_duplicate_keys<V>(entries: &[(Text<'_>, V)]) -> bool {
    if entries.len() > LINEAR_SCAN_MAX {
        let names: HashSet<&str> = entries.iter().map(|(name, _)| &*name.text).collect();
        return names.len() < entries.len();
    }
    let later = |place: usize| &entries[place + 1..];
    entries.iter().enumerate().any(|(place, (name, _))| later(place).iter().any(|(other, _)| other.text == name.text))
}
