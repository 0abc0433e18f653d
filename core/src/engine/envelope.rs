//! The platform's envelope: `{"code": number, "msg": string, "data": ...}`.

use std::borrow::Cow;

use serde::de::Error as _;
use zeroize::Zeroizing;

use super::foreign;
use crate::codec::json::{Extra, Json};
use crate::codec::{Decode, at, value_ahead};
use crate::error::Error;
use crate::values::surrogates;
use crate::values::tree::Reader;

/// A response of the platform.
pub(super) enum Envelope {
    /// A response with code 0.
    Success(Data),
    /// A response with a nonzero code.
    Refused { code: i64, msg: String, others: Extra },
}

/// A successful response whose data is not decoded yet. Its text may hold secrets: it is wiped when it is dropped, and it
/// has no `Debug`.
pub(super) struct Data(Zeroizing<String>);

impl Data {
    /// Decodes the data, and checks the rest of the envelope.
    pub(super) fn decode<T: Decode>(mut self) -> Result<T, Error> {
        let decoded = decode(&self.0).map_err(|error| Error::unreadable(&error));
        // A string that was emptied is wiped as one block when it is dropped, a full one byte by byte.
        self.0.clear();
        decoded
    }
}

/// A response that cannot be relied on.
#[derive(Debug)]
pub(super) struct Unreadable {
    /// The error, which repeats nothing of the response.
    pub error: Error,
    pub reason: EnvelopeError,
}

/// Reason why a response cannot be relied on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum EnvelopeError {
    /// The response has no code, so it may not come from the platform at all.
    NoCode,
    /// The response is an HTML page, so it does not come from the platform.
    Page,
    /// A key of the envelope appears twice, so the code or the data is ambiguous.
    Contradictory,
    /// Anything else, such as success under an HTTP error status.
    Other,
}

/// The parts of a response's head that errors describe.
#[derive(Debug, Clone, Copy)]
pub(super) struct Head<'a> {
    pub status: u16,
    pub content_type: Option<&'a str>,
    pub location: Option<&'a str>,
}

/// Reads a response as far as the attempt loop needs it: of a success only up to its data.
pub(super) fn read(head: Head<'_>, body: Zeroizing<Vec<u8>>) -> Result<Envelope, Unreadable> {
    let http_status = head.status;
    let text = text_of(head, body)?;
    let is_success = (200..300).contains(&http_status);
    let mut keys = Keys::default();
    // Under an error status the rest of the response determines the reason.
    let read = keys.read(&text, &mut |_| Ok(if is_success { Progress::Stop } else { Progress::Skip }));
    match read.map(|()| keys.code) {
        Ok(Some(0)) if is_success => Ok(Envelope::Success(Data(text))),
        Ok(Some(0)) => {
            let error = Error::invalid_response("the response says success under an HTTP error status");
            Err(Unreadable { error, reason: EnvelopeError::Other })
        }
        Ok(Some(code)) => Ok(Envelope::Refused { code, msg: keys.msg.unwrap_or_default(), others: keys.others }),
        Ok(None) => Err(Unreadable { error: Error::unreadable(&missing("code")), reason: EnvelopeError::NoCode }),
        Err(error) => {
            let reason = match (keys.twice, keys.code) {
                (true, _) => EnvelopeError::Contradictory,
                (false, None) => EnvelopeError::NoCode,
                (false, Some(_)) => EnvelopeError::Other,
            };
            Err(Unreadable { error: Error::unreadable(&error), reason })
        }
    }
}

/// The text of a response that may hold an envelope.
fn text_of(head: Head<'_>, mut body: Zeroizing<Vec<u8>>) -> Result<Zeroizing<String>, Unreadable> {
    let no_code = |error| Unreadable { error, reason: EnvelopeError::NoCode };
    if (300..400).contains(&head.status) {
        return Err(no_code(foreign::redirect(head)));
    }
    let text = match String::from_utf8(std::mem::take(&mut *body)) {
        Ok(text) => Zeroizing::new(text),
        Err(error) => {
            *body = error.into_bytes();
            return Err(no_code(foreign::not_utf8(head)));
        }
    };
    if !text.trim_start().starts_with('{') {
        if foreign::is_html(&text) {
            return Err(Unreadable { error: foreign::html(head), reason: EnvelopeError::Page });
        }
        return Err(no_code(foreign::not_json(head, &text)));
    }
    let replaced = match surrogates::replaced(&text) {
        Cow::Borrowed(_) => None,
        Cow::Owned(copy) => Some(Zeroizing::new(copy)),
    };
    Ok(replaced.unwrap_or(text))
}

/// Decodes the data of a response with code 0.
fn decode<T: Decode>(text: &str) -> Result<T, serde_json::Error> {
    let (mut keys, mut data) = (Keys::default(), None);
    keys.read(text, &mut |ahead| {
        let (value, length) = value_ahead(ahead)?;
        data = Some(value);
        Ok(Progress::Passed(length))
    })?;
    if let Some(early) = keys.early_data {
        data = Some(value_ahead(early).map_err(|error| at(format_args!("data"), &error))?.0);
    }
    let mut data: T = data.or_else(T::missing).ok_or_else(|| missing("data"))?;
    if !keys.others.is_empty() {
        data.add_envelope_fields(keys.others);
    }
    Ok(data)
}

fn missing(name: &str) -> serde_json::Error {
    serde_json::Error::custom(format_args!("{name}: is missing"))
}

/// Next step after a key of the envelope.
enum Progress {
    /// Stop reading.
    Stop,
    /// Skip the value.
    Skip,
    /// Continue after this number of bytes, which are already read.
    Passed(usize),
}

/// Envelope fields read so far. They are kept while reading, because errors need them too.
#[derive(Default)]
struct Keys<'a> {
    code: Option<i64>,
    msg: Option<String>,
    /// Data that comes before the code, as text.
    early_data: Option<&'a str>,
    /// All fields other than `code`, `msg` and `data`.
    others: Extra,
    /// Which of `code`, `msg` and `data` have appeared.
    seen: [bool; 3],
    /// Whether one of them appeared twice.
    twice: bool,
}

impl<'a> Keys<'a> {
    /// Reads the keys of an envelope. If the data comes after code 0, `at_data` is called with the text from the data on.
    fn read(
        &mut self,
        text: &'a str,
        at_data: &mut dyn FnMut(&'a str) -> Result<Progress, serde_json::Error>,
    ) -> Result<(), serde_json::Error> {
        let mut reader = Reader::new(text);
        let (mut fault, mut stopped) = (None, false);
        let read = reader.fields(|reader, name| {
            let ahead = reader.ahead();
            let progress = self.record_key(name).and_then(|()| self.value(name, ahead, at_data));
            match progress {
                Ok(Progress::Passed(length)) => reader.pass(length),
                Ok(Progress::Skip) => {
                    reader.skip()?;
                    self.keep(name, ahead, ahead.len() - reader.ahead().len());
                }
                Ok(Progress::Stop) => {
                    stopped = true;
                    return None;
                }
                Err(error) => {
                    fault = Some(error);
                    return None;
                }
            }
            Some(())
        });
        if stopped || read.and_then(|()| reader.end()).is_some() {
            return Ok(());
        }
        Err(fault.unwrap_or_else(|| syntax_error(text)))
    }

    /// Records a key; fails on a duplicate of `code`, `msg` or `data`.
    fn record_key(&mut self, name: &str) -> Result<(), serde_json::Error> {
        let Some(index) = ["code", "msg", "data"].iter().position(|known| *known == name) else { return Ok(()) };
        if std::mem::replace(&mut self.seen[index], true) {
            self.twice = true;
            return Err(serde_json::Error::custom(format_args!("{name}: appears twice")));
        }
        Ok(())
    }

    /// Reads the value of a key at the start of `ahead`.
    fn value(
        &mut self,
        name: &str,
        ahead: &'a str,
        at_data: &mut dyn FnMut(&'a str) -> Result<Progress, serde_json::Error>,
    ) -> Result<Progress, serde_json::Error> {
        let progress = match (name, self.code) {
            ("code", _) => value_ahead(ahead).map(|(code, length)| {
                self.code = Some(code);
                Progress::Passed(length)
            }),
            ("msg", _) => value_ahead(ahead).map(|(msg, length)| {
                self.msg = msg;
                Progress::Passed(length)
            }),
            ("data", Some(0)) => at_data(ahead),
            _ => Ok(Progress::Skip),
        };
        progress.map_err(|error| at(format_args!("{name}"), &error))
    }

    /// Keeps the text of a value that was skipped.
    fn keep(&mut self, name: &str, ahead: &'a str, length: usize) {
        match name {
            "data" if self.code.is_none() => self.early_data = Some(ahead),
            "data" => {}
            name => self.others.insert(name, Json::valid(ahead.get(..length).unwrap_or_default().trim())),
        }
    }
}

/// The error of `serde_json` for text that is not JSON.
fn syntax_error(text: &str) -> serde_json::Error {
    match serde_json::from_str::<serde::de::IgnoredAny>(text) {
        Err(error) => error,
        Ok(_) => serde_json::Error::custom("not an envelope"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(status: u16) -> Head<'static> {
        Head { status, content_type: None, location: None }
    }

    /// The data, or the code and message of a refusal.
    fn read_bytes(status: u16, body: &[u8]) -> Result<Result<String, (i64, String)>, Error> {
        match read(head(status), Zeroizing::new(body.to_vec())).map_err(|unreadable| unreadable.error)? {
            Envelope::Success(data) => data.decode().map(Ok),
            Envelope::Refused { code, msg, .. } => Ok(Err((code, msg))),
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
    fn no_code_is_reported_only_for_a_response_without_a_code() {
        let no_code = |body: &str| {
            read(head(401), Zeroizing::new(body.as_bytes().to_vec()))
                .err()
                .map(|unreadable| unreadable.reason == EnvelopeError::NoCode)
        };
        for body in ["", "html", "[]", "{}", "{", r#"{"error":"denied"}"#, r#"{"code":"denied","msg":"x"}"#] {
            assert_eq!(no_code(body), Some(true), "{body}");
        }
        for body in [
            r#"{"code":0,"data":"x"}"#,
            r#"{"code":0}"#,
            r#"{"code":0,"data":"#,
            r#"{"code":1007,"code":0}"#,
            r#"{"data":"x","data":"#,
        ] {
            assert_eq!(no_code(body), Some(false), "{body}");
        }
        assert_eq!(no_code(r#"{"code":1007}"#), None);
    }

    #[test]
    fn a_malformed_envelope_is_a_typed_error_that_repeats_nothing() {
        // Columns in the text of a field count from its start.
        let deep = format!("{{\"code\":0,\"data\":{}{}}}", "[".repeat(100_000), "]".repeat(100_000));
        for (body, text) in [
            ("", "the response is empty"),
            ("<html>4111111111111111</html>", "the response is an HTML page, probably of a proxy or gateway"),
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
