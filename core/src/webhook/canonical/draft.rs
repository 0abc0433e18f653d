//! Serializing one form of a webhook's signed text, within a length limit.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use super::{CanonicalForm, KeyOrder, Writer, number};
use crate::values::tree::{Field, Node, Text};

/// Cached results; `None` caches that there is none.
type Cache<K, V> = RefCell<HashMap<K, Option<Rc<V>>>>;

/// Results that the forms of one webhook share, because they are expensive to compute.
#[derive(Default)]
pub(super) struct Memory<'a> {
    /// Numbers that a library writes differently than received.
    numbers: Cache<(&'a str, NumberStyle), str>,
    /// Order of an object's fields, by their address.
    orders: Cache<(usize, KeyOrder), [usize]>,
    /// Strings that may contain half a surrogate pair, by the address of their raw form; `None`: they contain none.
    halves: Cache<usize, str>,
}

/// Maximum number of fields of an object whose order is not cached.
const UNCACHED_FIELDS: usize = 16;

impl<'a> Memory<'a> {
    fn number(&self, text: &'a str, numbers: NumberStyle) -> Option<Rc<str>> {
        let write = || numbers.write(text).map(Rc::from);
        self.numbers.borrow_mut().entry((text, numbers)).or_insert_with(write).clone()
    }

    fn order(&self, fields: &[Field<'_>], order: KeyOrder) -> Option<Rc<[usize]>> {
        if fields.len() <= UNCACHED_FIELDS {
            return order.arrange(fields).map(Rc::from);
        }
        let key = (fields.as_ptr().addr(), order);
        self.orders.borrow_mut().entry(key).or_insert_with(|| order.arrange(fields).map(Rc::from)).clone()
    }

    /// The text as Java encodes it, if that differs from the text.
    fn with_question_marks(&self, text: &Text<'_>) -> Option<Rc<str>> {
        if !text.may_have_halves() {
            return None;
        }
        let key = text.spelling.as_ptr().addr();
        let write = || text.with_question_marks().map(Rc::from);
        self.halves.borrow_mut().entry(key).or_insert_with(write).clone()
    }

    /// Number of numbers that were written differently.
    #[cfg(test)]
    pub(super) fn conversions(&self) -> usize {
        self.numbers.borrow().len()
    }
}

/// The number format of a library.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum NumberStyle {
    Fastjson1,
    Fastjson1Plain,
    Fastjson2,
}

impl NumberStyle {
    fn write(self, text: &str) -> Option<String> {
        match self {
            Self::Fastjson1 => number::fastjson1(text),
            Self::Fastjson1Plain => number::fastjson1_plain(text),
            Self::Fastjson2 => number::fastjson2(text),
        }
    }
}

/// The escapes of a library.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Escapes {
    Fastjson1,
    Fastjson2,
}

impl Escapes {
    /// The hexadecimal digits for a character that must be escaped and has no short escape.
    fn digits(self, letter: char) -> Option<&'static [u8; 16]> {
        match (self, letter) {
            (Self::Fastjson1, '\0'..'\u{20}' | '\u{7f}'..'\u{a0}' | '\u{2028}' | '\u{2029}') => {
                Some(b"0123456789ABCDEF")
            }
            (Self::Fastjson2, '\0'..'\u{20}') => Some(b"0123456789abcdef"),
            _ => None,
        }
    }
}

impl Writer {
    /// `None`: as received.
    fn numbers(self) -> Option<NumberStyle> {
        match self {
            Self::Received => None,
            Self::Fastjson1 | Self::Fastjson1Nulls => Some(NumberStyle::Fastjson1),
            Self::Fastjson1Plain => Some(NumberStyle::Fastjson1Plain),
            Self::Fastjson2 | Self::Fastjson2Nulls => Some(NumberStyle::Fastjson2),
        }
    }

    /// `None`: as received.
    fn escapes(self) -> Option<Escapes> {
        match self {
            Self::Received => None,
            Self::Fastjson1 | Self::Fastjson1Nulls | Self::Fastjson1Plain => Some(Escapes::Fastjson1),
            Self::Fastjson2 | Self::Fastjson2Nulls => Some(Escapes::Fastjson2),
        }
    }

    fn keeps_nulls(self) -> bool {
        matches!(self, Self::Received | Self::Fastjson1Nulls | Self::Fastjson2Nulls)
    }
}

/// The signed text in one form, while it is written. Functions return `None` if the form cannot represent the data, or exceeds
/// the length limit.
pub(super) struct Draft<'a, 'm> {
    pub text: String,
    longest: usize,
    form: CanonicalForm,
    memory: &'m Memory<'a>,
}

impl<'a, 'm> Draft<'a, 'm> {
    pub(super) fn new(form: CanonicalForm, longest: usize, memory: &'m Memory<'a>) -> Self {
        // Most signed texts are slightly longer than the data.
        Self { text: String::with_capacity(longest.saturating_sub(super::ROOM - 128)), longest, form, memory }
    }

    pub(super) fn push(&mut self, piece: &str) -> Option<()> {
        self.text.push_str(piece);
        (self.text.len() <= self.longest).then_some(())
    }

    /// Writes a value as compact JSON.
    pub(super) fn write(&mut self, value: &Node<'a>) -> Option<()> {
        match value {
            Node::Null => self.push("null"),
            Node::Bool(value) => self.push(if *value { "true" } else { "false" }),
            Node::Number(text) => self.number(text),
            Node::Text(text) => self.quote(text),
            Node::Array(items) => {
                let mut delimiter = "[";
                for item in items {
                    self.push(delimiter)?;
                    self.write(item)?;
                    delimiter = ",";
                }
                self.push(if items.is_empty() { "[]" } else { "]" })
            }
            Node::Object(fields) => self.object(fields),
        }
    }

    fn object(&mut self, fields: &[Field<'a>]) -> Option<()> {
        let order = match self.form.order {
            KeyOrder::Given => None,
            _ if fields.len() < 2 => None,
            order => Some(self.memory.order(fields, order)?),
        };
        self.push("{")?;
        let mut delimiter = "";
        for place in 0..order.as_ref().map_or(fields.len(), |order| order.len()) {
            let (name, value) = &fields[order.as_ref().map_or(place, |order| order[place])];
            if matches!(value, Node::Null) && !self.form.writer.keeps_nulls() {
                continue;
            }
            self.push(delimiter)?;
            self.quote(name)?;
            self.push(":")?;
            self.write(value)?;
            delimiter = ",";
        }
        self.push("}")
    }

    fn number(&mut self, text: &'a str) -> Option<()> {
        match self.form.writer.numbers() {
            Some(numbers) if !number::is_plain(text) => {
                let written = self.memory.number(text, numbers)?;
                self.push(&written)
            }
            _ => self.push(text),
        }
    }

    fn quote(&mut self, text: &Text<'_>) -> Option<()> {
        let Some(escapes) = self.form.writer.escapes() else { return self.push(text.spelling) };
        self.text.push('"');
        // Most strings need no escape in any form.
        let is_plain = |byte: u8| matches!(byte, b' '..=b'~') && !matches!(byte, b'"' | b'\\');
        if text.text.bytes().all(is_plain) {
            self.push(&text.text)?;
        } else {
            let written = self.memory.with_question_marks(text);
            self.escape(written.as_deref().unwrap_or(&text.text), escapes)?;
        }
        self.push("\"")
    }

    fn escape(&mut self, text: &str, escapes: Escapes) -> Option<()> {
        let mut copied = 0;
        for (place, letter) in text.char_indices() {
            let digits = escapes.digits(letter);
            let short = match letter {
                '"' => "\\\"",
                '\\' => "\\\\",
                '\u{8}' => "\\b",
                '\u{c}' => "\\f",
                '\n' => "\\n",
                '\r' => "\\r",
                '\t' => "\\t",
                _ if digits.is_some() => "\\u",
                _ => continue,
            };
            self.push(&text[copied..place])?;
            self.push(short)?;
            if let Some(digits) = digits.filter(|_| short == "\\u") {
                self.text.extend([12, 8, 4, 0].map(|shift| char::from(digits[(letter as usize >> shift) & 0xf])));
            }
            copied = place + letter.len_utf8();
        }
        self.push(&text[copied..])
    }
}
