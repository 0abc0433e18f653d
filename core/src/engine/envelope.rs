//! The platform's envelope: `{"code": number, "msg": string, "data": ...}`.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

use serde::de::{Deserializer as _, Error as _, MapAccess, Visitor};
use serde_json::value::RawValue;
use zeroize::Zeroizing;

use crate::codec::json::{Extra, Json};
use crate::codec::{Decode, Name, at, from_text, refuse};
use crate::error::Error;
use crate::values::surrogates;

/// A response of the platform.
#[derive(Debug)]
pub(super) enum Envelope {
    /// Code 0.
    Success(Data),
    /// Any other code.
    Refused { code: i64, msg: String },
}

/// The `data` of a successful response, as text. The text is wiped when it is dropped.
#[derive(Debug)]
pub(super) struct Data {
    text: Zeroizing<String>,
    /// Where `data` is in the text; `None` when the response has none.
    range: Option<Range<usize>>,
    /// The fields beside `data` that are not the envelope's own.
    beside: Extra,
}

impl Data {
    /// Decodes the data.
    pub(super) fn decode<T: Decode>(mut self) -> Result<T, Error> {
        let decoded = match self.range.take() {
            Some(range) => from_text(&self.text[range]).map_err(|error| at(format_args!("data"), &error)),
            None => T::missing().ok_or_else(|| missing("data")),
        };
        // A string that was emptied is wiped as one block when it is dropped, a full one byte by byte.
        self.text.clear();
        let mut data = decoded.map_err(|error| Error::unreadable(&error))?;
        if !self.beside.is_empty() {
            data.add_beside(self.beside);
        }
        Ok(data)
    }
}

/// A response that cannot be relied on.
#[derive(Debug)]
pub(super) struct Unreadable {
    /// The error, which repeats nothing of the response.
    pub error: Error,
    pub flaw: Flaw,
}

/// What is wrong with a response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Flaw {
    /// It has no code, so it may not come from the platform at all.
    Bare,
    /// A key of the envelope appears twice, so the code or the data is ambiguous.
    Contradictory,
    /// Anything else, such as success under an HTTP error status.
    Other,
}

/// Reads a response.
pub(super) fn read(http_status: u16, body: Zeroizing<Vec<u8>>) -> Result<Envelope, Unreadable> {
    let text = text_of(http_status, body).map_err(|error| Unreadable { error, flaw: Flaw::Bare })?;
    let mut keys = Keys::default();
    let envelope = read_text(&text, &mut keys);
    match envelope {
        Ok(None) if !(200..300).contains(&http_status) => {
            let error = Error::invalid_response("the response says success under an HTTP error status");
            Err(Unreadable { error, flaw: Flaw::Other })
        }
        Ok(None) => {
            let (range, beside) = (keys.data, keys.beside);
            Ok(Envelope::Success(Data { text, range, beside }))
        }
        Ok(Some(code)) => Ok(Envelope::Refused { code, msg: keys.msg.unwrap_or_default() }),
        Err(error) => {
            let flaw = match (keys.twice, keys.code) {
                (true, _) => Flaw::Contradictory,
                (false, None) => Flaw::Bare,
                (false, Some(_)) => Flaw::Other,
            };
            Err(Unreadable { error: Error::unreadable(&error), flaw })
        }
    }
}

/// The text of a response that may hold an envelope.
fn text_of(http_status: u16, mut body: Zeroizing<Vec<u8>>) -> Result<Zeroizing<String>, Error> {
    if (300..400).contains(&http_status) {
        return Err(Error::invalid_response("the response is a redirect, which is never followed"));
    }
    let text = match String::from_utf8(std::mem::take(&mut *body)) {
        Ok(text) => Zeroizing::new(text),
        Err(error) => {
            *body = error.into_bytes();
            return Err(Error::invalid_response("the response is not UTF-8"));
        }
    };
    if !text.trim_start().starts_with('{') {
        return Err(Error::invalid_response("the response is not a JSON object"));
    }
    let replaced = match surrogates::replaced(&text) {
        Cow::Borrowed(_) => None,
        Cow::Owned(copy) => Some(Zeroizing::new(copy)),
    };
    Ok(replaced.unwrap_or(text))
}

/// Reads the keys of an envelope; `None` for success, else the code.
fn read_text(text: &str, keys: &mut Keys) -> Result<Option<i64>, serde_json::Error> {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let read = deserializer.deserialize_any(KeysVisitor { text, keys }).and_then(|()| deserializer.end());
    if let Err(error) = read {
        return Err(keys.error.take().unwrap_or(error));
    }
    match keys.code {
        None => Err(missing("code")),
        Some(0) => Ok(None),
        Some(code) => Ok(Some(code)),
    }
}

fn missing(name: &str) -> serde_json::Error {
    serde_json::Error::custom(format_args!("{name}: is missing"))
}

/// What was read of an envelope. It is kept outside of the visitor, because an error needs it too.
#[derive(Default)]
struct Keys {
    code: Option<i64>,
    msg: Option<String>,
    data: Option<Range<usize>>,
    beside: Extra,
    /// Which of `code`, `msg` and `data` have appeared.
    seen: [bool; 3],
    /// Whether one of them appeared twice.
    twice: bool,
    /// Why the envelope cannot be used.
    error: Option<serde_json::Error>,
}

impl Keys {
    /// Notes a key; an error for one of the envelope's own that appeared before.
    fn note(&mut self, name: &str) -> Result<(), serde_json::Error> {
        let Some(index) = ["code", "msg", "data"].iter().position(|known| *known == name) else { return Ok(()) };
        if std::mem::replace(&mut self.seen[index], true) {
            self.twice = true;
            return Err(serde_json::Error::custom(format_args!("{name}: appears twice")));
        }
        Ok(())
    }

    /// Takes the value of a key, a slice of the response's `text`.
    fn take(&mut self, name: &str, value: &str, text: &str) -> Result<(), serde_json::Error> {
        let in_field = |error| at(format_args!("{name}"), &error);
        match name {
            "code" => self.code = Some(from_text(value).map_err(in_field)?),
            "msg" => self.msg = from_text(value).map_err(in_field)?,
            "data" => self.data = Some(range_in(text, value)),
            name => self.beside.insert(name, Json::valid(value)),
        }
        Ok(())
    }
}

struct KeysVisitor<'a, 'k> {
    text: &'a str,
    keys: &'k mut Keys,
}

impl<'de> Visitor<'de> for KeysVisitor<'de, '_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let Self { text, keys } = self;
        while let Some(Name(name)) = map.next_key::<Name<'de>>()? {
            let mut usable = keys.note(&name);
            if usable.is_ok() {
                usable = keys.take(&name, map.next_value::<&'de RawValue>()?.get(), text);
            }
            if let Err(error) = usable {
                // Kept as it is: serde_json would add a position in the envelope to the one in the field.
                keys.error = Some(error);
                return Err(A::Error::custom("unusable"));
            }
        }
        Ok(())
    }

    refuse!("an object"; bool number text null array);
}

/// Where `part`, a slice of `text`, is in it.
fn range_in(text: &str, part: &str) -> Range<usize> {
    let start = part.as_ptr().addr().saturating_sub(text.as_ptr().addr());
    start..start + part.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The data, or the code and message of a refusal.
    fn read_bytes(status: u16, body: &[u8]) -> Result<Result<String, (i64, String)>, Error> {
        match read(status, Zeroizing::new(body.to_vec())).map_err(|unreadable| unreadable.error)? {
            Envelope::Success(data) => data.decode().map(Ok),
            Envelope::Refused { code, msg } => Ok(Err((code, msg))),
        }
    }

    fn read_response(body: &str) -> Result<Result<String, (i64, String)>, Error> {
        read_bytes(200, body.as_bytes())
    }

    #[test]
    fn success_and_refusal_are_read_in_any_order_of_keys() {
        for body in [
            r#"{"code":0,"msg":"ok","data":"x"}"#,
            r#"{"data":"x","new":[1],"msg":null,"code":0}"#,
            r#" {"code":"0","data":"x"} "#,
        ] {
            assert_eq!(read_response(body).unwrap(), Ok("x".to_owned()), "{body}");
        }
        for body in [
            r#"{"code":2002,"msg":"no"}"#,
            r#"{"data":{"any":1},"msg":"no","code":2002}"#,
            r#"{"code":2002,"data":7,"msg":"no"}"#,
        ] {
            assert_eq!(read_response(body).unwrap(), Err((2002, "no".to_owned())), "{body}");
        }
    }

    #[test]
    fn a_key_twice_is_a_contradiction_even_when_both_say_the_same() {
        for (body, key) in [
            (r#"{"code":0,"data":"x","code":1007}"#, "code"),
            (r#"{"code":1007,"code":0,"data":"x"}"#, "code"),
            (r#"{"code":0,"code":0,"data":"x"}"#, "code"),
            (r#"{"code":0,"c\u006fde":1007,"data":"x"}"#, "code"),
            (r#"{"code":0,"data":"x","data":"x"}"#, "data"),
            (r#"{"data":"x","data":"y","code":0}"#, "data"),
            (r#"{"code":1007,"data":1,"data":2}"#, "data"),
            (r#"{"code":2002,"msg":"a","msg":"b"}"#, "msg"),
        ] {
            let error = read_response(body).unwrap_err();
            assert_eq!(error.to_string(), format!("unexpected JSON: {key}: appears twice"), "{body}");
        }
        assert!(read_response(r#"{"code":0,"x":1,"x":2,"data":"x"}"#).is_ok(), "other keys are not ours to judge");
    }

    #[test]
    fn only_a_response_without_a_code_is_bare() {
        let bare = |body: &str| {
            read(401, Zeroizing::new(body.as_bytes().to_vec())).err().map(|unreadable| unreadable.flaw == Flaw::Bare)
        };
        for body in ["", "<html>", "[]", "{}", "{", r#"{"error":"denied"}"#, r#"{"code":"denied","msg":"x"}"#] {
            assert_eq!(bare(body), Some(true), "{body}");
        }
        for body in [
            r#"{"code":0,"data":"x"}"#,
            r#"{"code":0}"#,
            r#"{"code":0,"data":"#,
            r#"{"code":1007,"code":0}"#,
            r#"{"data":"x","data":"#,
        ] {
            assert_eq!(bare(body), Some(false), "{body}");
        }
        assert_eq!(bare(r#"{"code":1007}"#), None);
    }

    #[test]
    fn what_is_no_envelope_is_a_typed_error_that_repeats_nothing() {
        // Places in the text of a field count from its start.
        let deep = format!("{{\"code\":0,\"data\":{}{}}}", "[".repeat(100_000), "]".repeat(100_000));
        for (body, text) in [
            ("", "the response is not a JSON object"),
            ("<html>4111111111111111</html>", "the response is not a JSON object"),
            ("[1]", "the response is not a JSON object"),
            ("{\"code\":0,\"data\":\"x\"", "unexpected JSON: EOF while parsing an object at line 1 column 20"),
            ("{}", "unexpected JSON: code: is missing"),
            ("{\"code\":0}", "unexpected JSON: data: is missing"),
            ("{\"code\":0,\"data\":null}", "unexpected JSON: data: expected text, found null at line 1 column 4"),
            ("{\"code\":0,\"data\":4111}", "unexpected JSON: data: expected text, found a number at line 1 column 4"),
            ("{\"data\":4111,\"code\":0}", "unexpected JSON: data: expected text, found a number at line 1 column 4"),
            ("{\"code\":true}", "unexpected JSON: code: expected a whole number, found a boolean"),
            (&deep, "unexpected JSON: data: expected text, found an array at line 1 column 1"),
        ] {
            assert_eq!(read_response(body).unwrap_err().to_string(), text);
        }
        assert_eq!(
            read_bytes(200, b"{\"code\":0,\"data\":\"\xff\"}").unwrap_err().to_string(),
            "the response is not UTF-8"
        );
        assert!(read_bytes(307, br#"{"code":0,"data":"x"}"#).is_err());
        assert!(read_bytes(502, br#"{"code":0,"data":"x"}"#).is_err());
    }
}
