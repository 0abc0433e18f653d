//! Strict reading of request bodies: a JSON object with known fields, each once, of one type.

use std::borrow::Cow;
use std::time::SystemTime;

use rust_decimal::Decimal;

use crate::error::Error;
use crate::values::civil::{Date, UtcOffset, WindowBound};
use crate::values::tree::{Node, Reader, Text};
use crate::values::{decimal, instant};

/// Maximum number of values in a body. The largest request, an application for a card, has 16.
const MAX_VALUES: usize = 64;

/// The fields of a body.
#[derive(Debug)]
pub(super) struct Fields<'a> {
    /// Prefix of the names in errors: of the object in which these fields are.
    within: &'static str,
    entries: Vec<(&'static str, Node<'a>)>,
}

impl<'a> Fields<'a> {
    /// Reads an object that holds `known` fields only. Errors name a field only if it is a known one.
    pub(super) fn read(body: &'a [u8], known: &[&'static str]) -> Result<Self, Error> {
        let wrong = || Error::invalid_input("body", "must be one JSON object in UTF-8, of known fields");
        let json = std::str::from_utf8(body).map_err(|_| wrong())?;
        let (mut entries, mut refused) = (Vec::new(), None);
        let mut reader = Reader::limited(json, MAX_VALUES);
        let read = reader.fields(|reader, name| {
            let Some(name) = known.iter().find(|known| **known == name) else {
                refused = Some(Error::invalid_input("body", "must hold known fields only"));
                return None;
            };
            if entries.iter().any(|(other, _)| other == name) {
                refused = Some(Error::invalid_input(name, "must be there once"));
                return None;
            }
            entries.push((*name, reader.node()?));
            Some(())
        });
        match read.and_then(|()| reader.end()) {
            Some(()) => Ok(Self { within: "", entries }),
            None => Err(refused.unwrap_or_else(wrong)),
        }
    }

    /// The fields of an object in this one.
    pub(super) fn object(
        &self,
        name: &'static str,
        within: &'static str,
        known: &[&'static str],
    ) -> Result<Option<Self>, Error> {
        let fields = match self.get(name) {
            None => return Ok(None),
            Some(Node::Object(fields)) => fields,
            Some(_) => return Err(self.wrong(name, "must be an object")),
        };
        let mut entries = Vec::new();
        for (field, value) in fields {
            let known = known.iter().find(|known| **known == field.text);
            let known = known.ok_or_else(|| self.wrong(name, "must hold known fields only"))?;
            entries.push((*known, value.clone()));
        }
        Ok(Some(Self { within, entries }))
    }

    fn get(&self, name: &str) -> Option<&Node<'a>> {
        self.entries.iter().find_map(|(other, value)| (*other == name).then_some(value))
    }

    fn wrong(&self, name: &str, rule: &str) -> Error {
        Error::invalid_input(&[self.within, name].concat(), rule)
    }

    fn any_text(&self, name: &str) -> Result<Option<&Text<'a>>, Error> {
        match self.get(name) {
            None => Ok(None),
            // Half a surrogate pair has no one reading.
            Some(Node::Text(text)) if !text.may_have_halves() => Ok(Some(text)),
            Some(_) => Err(self.wrong(name, "must be text")),
        }
    }

    /// A text, which is not empty: the client leaves an empty one out, and a filter would be none.
    pub(super) fn text(&self, name: &str) -> Result<Option<&str>, Error> {
        match self.text_or_empty(name)? {
            Some("") => Err(self.wrong(name, "must not be empty")),
            text => Ok(text),
        }
    }

    pub(super) fn text_or_empty(&self, name: &str) -> Result<Option<&str>, Error> {
        Ok(self.any_text(name)?.map(|text| &*text.text))
    }

    pub(super) fn owned(&self, name: &str) -> Result<Option<String>, Error> {
        Ok(self.text(name)?.map(str::to_owned))
    }

    pub(super) fn required(&self, name: &str) -> Result<&str, Error> {
        self.text(name)?.ok_or_else(|| self.wrong(name, "is required"))
    }

    /// Secret digits, without escapes: decoding those would leave a copy in memory.
    pub(super) fn secret(&self, name: &str) -> Result<&'a str, Error> {
        match self.any_text(name)?.map(|text| &text.text) {
            Some(Cow::Borrowed(digits)) => Ok(digits),
            Some(Cow::Owned(_)) => Err(self.wrong(name, "must be digits")),
            None => Err(self.wrong(name, "is required")),
        }
    }

    /// A whole number from 0 on.
    pub(super) fn whole(&self, name: &str) -> Result<Option<u32>, Error> {
        match self.get(name) {
            None => Ok(None),
            Some(Node::Number(digits)) if digits.bytes().all(|byte| byte.is_ascii_digit()) => {
                digits.parse().map(Some).map_err(|_| self.wrong(name, "is too large"))
            }
            Some(_) => Err(self.wrong(name, "must be a whole number")),
        }
    }

    pub(super) fn required_whole(&self, name: &str) -> Result<u32, Error> {
        self.whole(name)?.ok_or_else(|| self.wrong(name, "is required"))
    }

    /// An amount, as text or as a number, with its exact digits.
    pub(super) fn amount(&self, name: &str) -> Result<Decimal, Error> {
        let text = match self.get(name) {
            Some(Node::Number(text)) => text,
            Some(Node::Text(text)) => &*text.text,
            Some(_) => return Err(self.wrong(name, "must be a number or its text")),
            None => return Err(self.wrong(name, "is required")),
        };
        let amount = decimal::parse(text).ok_or_else(|| self.wrong(name, "must be a number or its text"))?;
        Ok(decimal::in_cents(amount))
    }

    /// A time of the form `yyyy-MM-dd HH:mm:ss` in a zone.
    pub(super) fn time(&self, name: &str, zone: UtcOffset) -> Result<SystemTime, Error> {
        let text = self.required(name)?;
        civil(text, zone).ok_or_else(|| self.wrong(name, "must be written yyyy-MM-dd HH:mm:ss"))
    }
}

fn civil(text: &str, zone: UtcOffset) -> Option<SystemTime> {
    let (date, time) = text.split_once(' ')?;
    let date: Date = date.parse().ok()?;
    let [_, _, b':', _, _, b':', _, _] = time.as_bytes() else { return None };
    let mut second = zone.start_second(WindowBound::Day { date });
    for (part, (most, unit)) in time.split(':').zip([(23, 3600), (59, 60), (59, 1)]) {
        let digits = part.bytes().all(|byte| byte.is_ascii_digit());
        let number: i64 = part.parse().ok().filter(|number| digits && *number <= most)?;
        second += number * unit;
    }
    instant::from_millis(second * 1000)
}

#[cfg(test)]
mod tests {
    use super::*;

    const KNOWN: [&str; 4] = ["card_no", "page", "balance", "address_info"];

    fn field(body: &[u8]) -> Option<String> {
        Fields::read(body, &KNOWN).unwrap_err().field().map(str::to_owned)
    }

    #[test]
    fn a_body_that_is_no_object_of_known_fields_is_refused() {
        for body in [
            &b""[..],
            b"null",
            b"[]",
            b"\"card_no\"",
            b"{",
            b"{}x",
            b"{}{}",
            b"{\"card_no\":}",
            b"{'card_no':'1'}",
            b"{\"card_no\":\"1\",}",
            b"\xef\xbb\xbf{}",
            b"{\"card_no\":\"\xff\"}",
            b"{\"Card_no\":\"1\"}",
            b"{\"card_no \":\"1\"}",
            b"{\"4111111111111111\":1}",
            b"{\"\":1}",
            b"{\"card_no\":[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]}",
        ] {
            assert_eq!(field(body).as_deref(), Some("body"), "{}", String::from_utf8_lossy(body));
        }
        let many = format!("{{\"address_info\":[{}]}}", vec!["1"; 65].join(","));
        assert_eq!(field(many.as_bytes()).as_deref(), Some("body"));
    }

    #[test]
    fn a_field_that_comes_twice_is_named_however_it_is_written() {
        for body in [
            r#"{"card_no":"1","card_no":"2"}"#,
            r#"{"card_no":"1","\u0063ard_no":"1"}"#,
            r#"{"card_\u006eo":"1","page":1,"card_no":"2"}"#,
        ] {
            assert_eq!(field(body.as_bytes()).as_deref(), Some("card_no"), "{body}");
        }
        let inner = br#"{"address_info":{"city":"a","city":"b"}}"#;
        assert_eq!(field(inner).as_deref(), Some("body"));
    }

    #[test]
    fn a_value_has_one_type() {
        let read = |json: &str| {
            let json = format!("{{\"card_no\":{json}}}");
            Fields::read(json.as_bytes(), &KNOWN).unwrap().text("card_no").map(|text| text.map(str::to_owned))
        };
        assert_eq!(read(r#""1\u0030""#).unwrap().as_deref(), Some("10"));
        for wrong in ["1", "null", "true", "[\"1\"]", "{}", "\"\"", r#""\ud800""#] {
            assert_eq!(read(wrong).unwrap_err().field(), Some("card_no"), "{wrong}");
        }
        let whole = |json: &str| {
            let json = format!("{{\"page\":{json}}}");
            Fields::read(json.as_bytes(), &KNOWN).unwrap().required_whole("page")
        };
        assert_eq!(whole("7").unwrap(), 7);
        for wrong in ["-1", "1.0", "1e3", "\"1\"", "4294967296", "null"] {
            assert!(whole(wrong).is_err(), "{wrong}");
        }
        let amount = |json: &str| {
            let json = format!("{{\"balance\":{json}}}");
            Fields::read(json.as_bytes(), &KNOWN).unwrap().amount("balance").map(|amount| amount.to_string())
        };
        assert_eq!((amount("10.500").unwrap(), amount("\"10.50\"").unwrap()), ("10.50".to_owned(), "10.50".to_owned()));
        for wrong in ["\"1_0\"", "1e400", "\"\"", "true", "[1]", "\"NaN\"", "\" 1\""] {
            assert!(amount(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_secret_has_no_escapes() {
        let secret = |json: &[u8]| Fields::read(json, &KNOWN).unwrap().secret("card_no").map(str::to_owned);
        assert_eq!(secret(br#"{"card_no":"739"}"#).unwrap(), "739");
        assert!(secret(br#"{"card_no":"73\u0039"}"#).is_err() && secret(b"{}").is_err());
    }

    #[test]
    fn the_fields_of_an_object_are_named_with_it() {
        let fields = Fields::read(br#"{"address_info":{"city":1}}"#, &KNOWN).unwrap();
        let inner = fields.object("address_info", "address_info.", &["city"]).unwrap().unwrap();
        assert_eq!(inner.text("city").unwrap_err().field(), Some("address_info.city"));
        for wrong in [&br#"{"address_info":"x"}"#[..], br#"{"address_info":{"town":"x"}}"#] {
            let fields = Fields::read(wrong, &KNOWN).unwrap();
            assert_eq!(fields.object("address_info", "", &["city"]).unwrap_err().field(), Some("address_info"));
        }
    }

    #[test]
    fn times_are_civil_times_of_the_zone() {
        let at = |text: &str, zone: &str| civil(text, zone.parse().unwrap()).map(instant::to_millis);
        assert_eq!(at("1970-01-01 08:00:00", "UTC+8"), Some(0));
        assert_eq!(at("2026-11-22 23:59:59", "UTC"), Some(20_779 * 86_400_000 + 86_399_000));
        for wrong in [
            "",
            "2026-11-22",
            "2026-11-22T00:00:00",
            "2026-11-22 24:00:00",
            "2026-11-22 00:60:00",
            "2026-11-22 0:00:00",
            "2026-11-22 00:00:00 ",
            "2026-11-22 +1:00:00",
            "2026-11-22 00:00:0é",
        ] {
            assert_eq!(at(wrong, "UTC"), None, "{wrong}");
        }
    }
}
