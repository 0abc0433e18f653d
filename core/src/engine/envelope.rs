//! The platform's envelope: `{"code": number, "msg": string, "data": ...}`.

use std::borrow::Cow;

use serde::de::Error as _;
use zeroize::Zeroizing;

use crate::codec::json::{Extra, Json};
use crate::codec::{Decode, at, value_ahead};
use crate::error::Error;
use crate::values::surrogates;
use crate::values::tree::Reader;

/// An answer of the platform.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Envelope {
    /// Code 0. Its data was taken.
    Data,
    /// Any other code.
    Refused { code: i64, msg: String },
}

/// Takes the data of an answer. So all the rest of an answer is read by the same code, whatever the type of its data.
pub(super) trait TakeData {
    /// Reads the value at the start of a text; gives how long it is.
    fn take(&mut self, text: &str) -> Result<usize, serde_json::Error>;

    /// There is no data. Whether that is good as well.
    fn take_none(&mut self) -> bool;

    /// The fields beside `data` that are not the envelope's own, after the data was taken.
    fn take_beside(&mut self, beside: Extra);
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
    /// It has no code, and so no word of the platform's in it.
    Bare,
    /// A key is there twice: nobody can say which of the two holds.
    Contradictory,
    /// Anything else: its data has another form, or it says success under an HTTP error status.
    Other,
}

/// Reads a response.
pub(super) fn read(http_status: u16, body: &[u8], data: &mut dyn TakeData) -> Result<Envelope, Unreadable> {
    let text = text_of(http_status, body).map_err(|error| Unreadable { error, flaw: Flaw::Bare })?;
    // A copy is wiped as the body is.
    let replaced = match surrogates::replaced(text) {
        Cow::Borrowed(_) => None,
        Cow::Owned(copy) => Some(Zeroizing::new(copy)),
    };
    let text = replaced.as_ref().map_or(text, |copy| copy.as_str());
    let mut keys = Keys::default();
    match read_text(text, data, &mut keys) {
        Ok(Envelope::Data) if !(200..300).contains(&http_status) => {
            let error = Error::invalid_response("the answer says success under an HTTP error status");
            Err(Unreadable { error, flaw: Flaw::Other })
        }
        Ok(envelope) => Ok(envelope),
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

/// The keys of an envelope that were read so far.
#[derive(Default)]
struct Keys {
    code: Option<i64>,
    /// Which of `code`, `msg` and `data` were there.
    seen: [bool; 3],
    /// Whether one of them was there twice.
    twice: bool,
}

impl Keys {
    /// Notes a key; `false` for one that was there before.
    fn note(&mut self, name: &str) -> bool {
        let Some(place) = ["code", "msg", "data"].iter().position(|known| *known == name) else { return true };
        self.twice |= std::mem::replace(&mut self.seen[place], true);
        !self.twice
    }
}

/// The text of an answer that may hold an envelope.
fn text_of(http_status: u16, body: &[u8]) -> Result<&str, Error> {
    if (300..400).contains(&http_status) {
        return Err(Error::invalid_response("the answer is a redirect, which is never followed"));
    }
    let text = std::str::from_utf8(body).map_err(|_| Error::invalid_response("the answer is not UTF-8"))?;
    if !text.trim_start().starts_with('{') {
        return Err(Error::invalid_response("the answer is not a JSON object"));
    }
    Ok(text)
}

/// Where `data` is in an answer.
enum Data<'a> {
    Missing,
    /// In front of `code`: left as text until the code is known.
    Early(&'a str),
    Taken,
}

fn read_text(text: &str, taker: &mut dyn TakeData, keys: &mut Keys) -> Result<Envelope, serde_json::Error> {
    let (mut msg, mut data) = (None::<Option<String>>, Data::Missing);
    let (mut wrong, mut beside) = (None, Extra::default());
    let mut reader = Reader::new(text);
    let read = reader.fields(|reader, name| {
        let ahead = reader.ahead();
        if !keys.note(name) {
            wrong = Some(serde_json::Error::custom(format_args!("{name}: is there twice")));
            return None;
        }
        let length = match (name, keys.code) {
            ("code", _) => keep(&mut keys.code, ahead),
            ("msg", _) => keep(&mut msg, ahead),
            ("data", Some(0)) => {
                data = Data::Taken;
                taker.take(ahead)
            }
            _ => {
                reader.skip()?;
                match name {
                    "data" if keys.code.is_none() => data = Data::Early(ahead),
                    "data" => {}
                    name => {
                        let value = ahead.get(..ahead.len() - reader.ahead().len()).unwrap_or_default();
                        beside.insert(name, Json::valid(value.trim()));
                    }
                }
                return Some(());
            }
        };
        match length {
            Ok(length) => reader.pass(length),
            Err(error) => {
                wrong = Some(at(format_args!("{name}"), &error));
                return None;
            }
        }
        Some(())
    });
    if read.and_then(|()| reader.end()).is_none() {
        return Err(wrong.unwrap_or_else(|| broken(text)));
    }
    let missing = |name: &str| serde_json::Error::custom(format_args!("{name}: is missing"));
    let code = keys.code.ok_or_else(|| missing("code"))?;
    if code != 0 {
        return Ok(Envelope::Refused { code, msg: msg.flatten().unwrap_or_default() });
    }
    match data {
        Data::Missing if !taker.take_none() => return Err(missing("data")),
        Data::Early(early) => taker.take(early).map(drop).map_err(|error| at(format_args!("data"), &error))?,
        Data::Missing | Data::Taken => {}
    }
    if !beside.is_empty() {
        taker.take_beside(beside);
    }
    Ok(Envelope::Data)
}

/// Reads the value at the start of a text; gives how long it is.
fn keep<T: Decode>(place: &mut Option<T>, text: &str) -> Result<usize, serde_json::Error> {
    let (value, length) = value_ahead(text)?;
    *place = Some(value);
    Ok(length)
}

/// What the JSON library says of a text that is no JSON.
fn broken(text: &str) -> serde_json::Error {
    match serde_json::from_str::<serde::de::IgnoredAny>(text) {
        Err(error) => error,
        Ok(_) => serde_json::Error::custom("not an envelope"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    use crate::engine::answered::{Accept as _, Answered};

    /// The data, or the code and message of a refusal.
    fn read_bytes(status: u16, body: &[u8]) -> Result<Result<String, (i64, String)>, Error> {
        let mut answered = Answered::new(|text: String| Ok(text));
        Ok(match read(status, body, &mut answered).map_err(|unreadable| unreadable.error)? {
            Envelope::Data => {
                answered.accept()?;
                Ok(answered.accepted().unwrap())
            }
            Envelope::Refused { code, msg } => Err((code, msg)),
        })
    }

    fn read_answer(body: &str) -> Result<Result<String, (i64, String)>, Error> {
        read_bytes(200, body.as_bytes())
    }

    #[test]
    fn success_and_refusal_are_read_in_any_order_of_keys() {
        for body in [
            r#"{"code":0,"msg":"ok","data":"x"}"#,
            r#"{"data":"x","new":[1],"msg":null,"code":0}"#,
            r#" {"code":"0","data":"x"} "#,
        ] {
            assert_eq!(read_answer(body).unwrap(), Ok("x".to_owned()), "{body}");
        }
        for body in [
            r#"{"code":2002,"msg":"no"}"#,
            r#"{"data":{"any":1},"msg":"no","code":2002}"#,
            r#"{"code":2002,"data":7,"msg":"no"}"#,
        ] {
            assert_eq!(read_answer(body).unwrap(), Err((2002, "no".to_owned())), "{body}");
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
            let error = read_answer(body).unwrap_err();
            assert_eq!(error.to_string(), format!("unexpected JSON: {key}: is there twice"), "{body}");
        }
        assert!(read_answer(r#"{"code":0,"x":1,"x":2,"data":"x"}"#).is_ok(), "other keys are not ours to judge");
    }

    #[test]
    fn only_a_response_without_a_code_is_bare() {
        let bare = |body: &str| {
            let mut answered: Answered<String, String, _> = Answered::new(Ok::<String, Error>);
            read(401, body.as_bytes(), &mut answered).err().map(|unreadable| unreadable.flaw == Flaw::Bare)
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
            ("", "the answer is not a JSON object"),
            ("<html>4111111111111111</html>", "the answer is not a JSON object"),
            ("[1]", "the answer is not a JSON object"),
            ("{\"code\":0,\"data\":\"x\"", "unexpected JSON: EOF while parsing an object at line 1 column 20"),
            ("{}", "unexpected JSON: code: is missing"),
            ("{\"code\":0}", "unexpected JSON: data: is missing"),
            ("{\"code\":0,\"data\":null}", "unexpected JSON: data: expected text, found null at line 1 column 4"),
            ("{\"code\":0,\"data\":4111}", "unexpected JSON: data: expected text, found a number at line 1 column 4"),
            ("{\"data\":4111,\"code\":0}", "unexpected JSON: data: expected text, found a number at line 1 column 4"),
            ("{\"code\":true}", "unexpected JSON: code: expected a whole number, found a boolean"),
            (&deep, "unexpected JSON: data: expected text, found an array at line 1 column 1"),
        ] {
            assert_eq!(read_answer(body).unwrap_err().to_string(), text);
        }
        assert_eq!(
            read_bytes(200, b"{\"code\":0,\"data\":\"\xff\"}").unwrap_err().to_string(),
            "the answer is not UTF-8"
        );
        assert!(read_bytes(307, br#"{"code":0,"data":"x"}"#).is_err());
        assert!(read_bytes(502, br#"{"code":0,"data":"x"}"#).is_err());
    }
}
