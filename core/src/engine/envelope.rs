//! The platform's envelope: `{"code": number, "msg": string, "data": ...}`.

use serde::de::{Deserializer, MapAccess};
use serde_json::value::RawValue;

use crate::error::Error;
use crate::model::{Decode, Fields, at, from_json, or_missing, read_object, skip, value};

/// An answer of the platform.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Envelope<T> {
    /// Code 0.
    Data(T),
    /// Any other code.
    Refused { code: i64, msg: String },
}

/// Reads an answer. Whatever is no envelope is an error that repeats nothing of it.
pub(super) fn read<T: Decode>(http_status: u16, body: &[u8]) -> Result<Envelope<T>, Error> {
    match from_json(text_of(http_status, body)?).map_err(|error| Error::unreadable(&error))? {
        Envelope::Data(_) if !(200..300).contains(&http_status) => {
            Err(Error::invalid_response("the answer says success under an HTTP error status"))
        }
        envelope => Ok(envelope),
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

impl<T: Decode> Decode for Envelope<T> {
    const EXPECTED: &'static str = "an object";

    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        read_object(deserializer, Partial { code: None, msg: None, data: None, early: None })
    }
}

struct Partial<T> {
    code: Option<i64>,
    msg: Option<String>,
    data: Option<T>,
    /// `data` in front of `code`: kept as text until the code is known.
    early: Option<Box<RawValue>>,
}

impl<T: Decode> Fields for Partial<T> {
    type Whole = Envelope<T>;

    fn field<'de, A: MapAccess<'de>>(&mut self, name: &str, map: &mut A) -> Result<(), A::Error> {
        match (name, self.code) {
            ("code", _) => self.code = Some(value(map)?),
            ("msg", _) => self.msg = value(map)?,
            ("data", Some(0)) => self.data = Some(value(map)?),
            ("data", None) => self.early = Some(map.next_value()?),
            _ => skip(map)?,
        }
        Ok(())
    }

    fn finish<E: serde::de::Error>(self) -> Result<Envelope<T>, E> {
        let code = or_missing("code", self.code)?;
        if code != 0 {
            return Ok(Envelope::Refused { code, msg: self.msg.unwrap_or_default() });
        }
        let data = match self.early {
            Some(raw) => Some(from_json(raw.get()).map_err(|error| at(format_args!("data"), &E::custom(error)))?),
            None => self.data,
        };
        or_missing("data", data).map(Envelope::Data)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_text(body: &str) -> Result<Envelope<String>, Error> {
        read(200, body.as_bytes())
    }

    #[test]
    fn success_and_refusal_are_read_in_any_order_of_keys() {
        for body in [
            r#"{"code":0,"msg":"ok","data":"x"}"#,
            r#"{"data":"x","new":[1],"msg":null,"code":0}"#,
            r#" {"code":"0","data":"x"} "#,
        ] {
            assert_eq!(read_text(body).unwrap(), Envelope::Data("x".to_owned()));
        }
        for body in [
            r#"{"code":2002,"msg":"no"}"#,
            r#"{"data":{"any":1},"msg":"no","code":2002}"#,
            r#"{"code":2002,"data":7,"msg":"no"}"#,
        ] {
            assert_eq!(read_text(body).unwrap(), Envelope::Refused { code: 2002, msg: "no".to_owned() });
        }
    }

    #[test]
    fn what_is_no_envelope_is_a_typed_error_that_repeats_nothing() {
        let deep = format!("{{\"code\":0,\"data\":{}{}}}", "[".repeat(100_000), "]".repeat(100_000));
        for (body, text) in [
            ("", "the answer is not a JSON object"),
            ("<html>4111111111111111</html>", "the answer is not a JSON object"),
            ("[1]", "the answer is not a JSON object"),
            ("{\"code\":0,\"data\":\"x\"", "unexpected JSON: EOF while parsing an object at line 1 column 20"),
            ("{}", "unexpected JSON: code: is missing at line 1 column 2"),
            ("{\"code\":0}", "unexpected JSON: data: is missing at line 1 column 10"),
            ("{\"code\":0,\"data\":null}", "unexpected JSON: data: expected text, found null at line 1 column 21"),
            ("{\"code\":0,\"data\":4111}", "unexpected JSON: data: expected text, found a number at line 1 column 21"),
            ("{\"data\":4111,\"code\":0}", "unexpected JSON: data: expected text, found a number at line 1 column 4"),
            ("{\"code\":true}", "unexpected JSON: code: expected a whole number, found a boolean at line 1 column 13"),
            (&deep, "unexpected JSON: data: expected text, found an array at line 1 column 18"),
        ] {
            assert_eq!(read_text(body).unwrap_err().to_string(), text);
        }
        assert_eq!(
            read::<String>(200, b"{\"code\":0,\"data\":\"\xff\"}").unwrap_err().to_string(),
            "the answer is not UTF-8"
        );
        assert!(read::<String>(307, br#"{"code":0,"data":"x"}"#).is_err());
        assert!(read::<String>(502, br#"{"code":0,"data":"x"}"#).is_err());
    }
}
