//! Request bodies, read field by field. Every error names the field.

use std::borrow::Cow;
use std::collections::BTreeMap;

use rust_decimal::Decimal;
use serde_json::value::RawValue;

use super::codes::Refusal;
use crate::money;

/// The fields of a JSON object, not yet parsed. Values stay text, so that no number passes through a float.
#[derive(Debug, Clone, Default)]
pub(crate) struct Body<'a> {
    fields: BTreeMap<String, &'a RawValue>,
    /// The path of the object in the body, such as `address_info`; empty for the body itself.
    path: String,
}

/// The maximum length of a merchant reference, in characters.
pub(crate) const UNIQUE_NO_LENGTH: usize = 64;

impl<'a> Body<'a> {
    /// Parses a request body.
    pub(crate) fn parse(bytes: &'a [u8]) -> Result<Self, Refusal> {
        serde_json::from_slice(bytes)
            .map(|fields| Self { fields, path: String::new() })
            .map_err(|_| Refusal::parameter("body", "must be a JSON object"))
    }

    /// The field's text; `None` if it is absent, null or empty.
    pub(crate) fn text(&self, field: &'static str) -> Result<Option<String>, Refusal> {
        let Some(raw) = self.present(field) else {
            return Ok(None);
        };
        serde_json::from_str::<String>(raw)
            .map(|text| Some(text).filter(|text| !text.is_empty()))
            .map_err(|_| self.parameter_error(field, "must be a string"))
    }

    /// Whether the field is present and not null.
    pub(crate) fn has(&self, field: &str) -> bool {
        self.present(field).is_some()
    }

    /// The field's text, which must not be empty.
    pub(crate) fn required(&self, field: &'static str) -> Result<String, Refusal> {
        self.text(field)?.ok_or_else(|| self.parameter_error(field, "is required"))
    }

    /// A merchant reference.
    pub(crate) fn unique_no(&self, field: &'static str) -> Result<String, Refusal> {
        let text = self.required(field)?;
        if text.chars().count() > UNIQUE_NO_LENGTH {
            return Err(self.parameter_error(field, "must be at most 64 characters"));
        }
        Ok(text)
    }

    /// The value of an enum; `None` if the field is absent.
    pub(crate) fn optional_enum<T>(
        &self,
        field: &'static str,
        parse: fn(&str) -> Option<T>,
    ) -> Result<Option<T>, Refusal> {
        self.text(field)?
            .map(|text| parse(&text).ok_or_else(|| self.parameter_error(field, "is not a valid value")))
            .transpose()
    }

    /// The value of a required enum field.
    pub(crate) fn required_enum<T>(&self, field: &'static str, parse: fn(&str) -> Option<T>) -> Result<T, Refusal> {
        self.optional_enum(field, parse)?.ok_or_else(|| self.parameter_error(field, "is required"))
    }

    /// A non-negative JSON integer; `None` if the field is absent.
    pub(crate) fn count(&self, field: &'static str) -> Result<Option<u32>, Refusal> {
        let Some(raw) = self.present(field) else {
            return Ok(None);
        };
        raw.parse().map(Some).map_err(|_| self.parameter_error(field, "must be a non-negative integer"))
    }

    /// A time in Unix milliseconds, as a number or as text.
    pub(crate) fn time_ms(&self, field: &'static str) -> Result<Option<i64>, Refusal> {
        let Some(raw) = self.present(field) else {
            return Ok(None);
        };
        unquoted(raw)
            .filter(|text| text.len() == 13)
            .and_then(|text| text.parse().ok())
            .map(Some)
            .ok_or_else(|| self.parameter_error(field, "must be a time in Unix milliseconds"))
    }

    /// A positive amount of money, as text.
    pub(crate) fn required_amount_text(&self, field: &'static str) -> Result<Decimal, Refusal> {
        money::parse(&self.required(field)?).map_err(|detail| self.parameter_error(field, detail))
    }

    /// A positive amount of money, as a number or as text; `None` if it is absent.
    pub(crate) fn amount(&self, field: &'static str) -> Result<Option<Decimal>, Refusal> {
        let Some(raw) = self.present(field) else {
            return Ok(None);
        };
        unquoted(raw)
            .ok_or("must be a decimal number")
            .and_then(|text| money::parse(&text))
            .map(Some)
            .map_err(|detail| self.parameter_error(field, detail))
    }

    /// A required positive amount of money, as a number or as text.
    pub(crate) fn required_amount(&self, field: &'static str) -> Result<Decimal, Refusal> {
        self.amount(field)?.ok_or_else(|| self.parameter_error(field, "is required"))
    }

    /// An amount of money that may be zero, as a number or as text.
    pub(crate) fn required_fee(&self, field: &'static str) -> Result<Decimal, Refusal> {
        let text = self.present(field).ok_or_else(|| self.parameter_error(field, "is required"))?;
        unquoted(text)
            .ok_or("must be a decimal number")
            .and_then(|text| money::parse_fee(&text))
            .map_err(|detail| self.parameter_error(field, detail))
    }

    /// A nested object; `None` if the field is absent.
    pub(crate) fn object(&self, field: &'static str) -> Result<Option<Body<'a>>, Refusal> {
        let Some(raw) = self.present(field) else {
            return Ok(None);
        };
        serde_json::from_str(raw)
            .map(|fields| Some(Body { fields, path: self.name(field).into_owned() }))
            .map_err(|_| self.parameter_error(field, "must be an object"))
    }

    /// A list of objects; empty if the field is absent.
    pub(crate) fn objects(&self, field: &'static str) -> Result<Vec<Body<'a>>, Refusal> {
        let Some(raw) = self.present(field) else {
            return Ok(Vec::new());
        };
        serde_json::from_str::<Vec<BTreeMap<String, &'a RawValue>>>(raw)
            .map(|list| {
                let path = self.name(field);
                let items = list.into_iter().enumerate();
                items.map(|(at, fields)| Body { fields, path: format!("{path}[{at}]") }).collect()
            })
            .map_err(|_| self.parameter_error(field, "must be a list of objects"))
    }

    /// A refusal with code 1004 that names the field and the rule that it breaks.
    pub(crate) fn parameter_error(&self, field: &'static str, detail: &'static str) -> Refusal {
        Refusal::parameter(self.name(field), detail)
    }

    /// The field's name as the platform writes it, with dots for nested fields: `address_info.city`.
    fn name(&self, field: &'static str) -> Cow<'static, str> {
        if self.path.is_empty() { field.into() } else { format!("{}.{field}", self.path).into() }
    }

    fn present(&self, field: &str) -> Option<&'a str> {
        self.fields.get(field).map(|raw| raw.get()).filter(|raw| *raw != "null")
    }
}

/// The text of a JSON string or number.
fn unquoted(raw: &str) -> Option<String> {
    match raw.as_bytes().first() {
        Some(b'"') => serde_json::from_str(raw).ok(),
        Some(b'-' | b'0'..=b'9') => Some(raw.to_owned()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(refusal: &Refusal) -> String {
        refusal.message(super::super::codes::Language::English)
    }

    #[test]
    fn a_number_keeps_its_digits() {
        let body = Body::parse(br#"{"a": 0.10, "b": "0.10", "c": 123456789012.34}"#).unwrap();
        assert_eq!(Decimal::new(10, 2), body.required_amount("a").unwrap());
        assert_eq!(Decimal::new(10, 2), body.required_amount("b").unwrap());
        assert_eq!(Decimal::new(12_345_678_901_234, 2), body.required_amount("c").unwrap());
    }

    #[test]
    fn errors_name_the_field() {
        let body = Body::parse(br#"{"a": 1, "b": {}, "n": null, "e": ""}"#).unwrap();
        for (refusal, part) in [
            (body.required("a").unwrap_err(), "a "),
            (body.required("n").unwrap_err(), "is required"),
            (body.required("e").unwrap_err(), "is required"),
            (body.count("b").unwrap_err(), "b "),
            (body.required_amount_text("a").unwrap_err(), "must be a string"),
            (body.objects("b").unwrap_err(), "list of objects"),
        ] {
            assert!(message(&refusal).contains(part), "{}", message(&refusal));
            assert_eq!(1004, refusal.code);
        }
    }

    #[test]
    fn nested_fields_are_dotted() {
        let body = Body::parse(br#"{"a": {"b": {}, "c": 1}, "l": [{"d": "x"}, {}]}"#).unwrap();
        let nested = body.object("a").unwrap().unwrap();
        assert_eq!("a.c invalid parameter: must be a string", message(&nested.required("c").unwrap_err()));
        let deeper = nested.object("b").unwrap().unwrap();
        assert_eq!("a.b.e invalid parameter: is required", message(&deeper.required("e").unwrap_err()));
        let items = body.objects("l").unwrap();
        assert_eq!("l[1].d invalid parameter: is required", message(&items[1].required("d").unwrap_err()));
    }

    #[test]
    fn hostile_bodies_are_refused() {
        let deep = format!("{{\"a\":{}{}}}", "[".repeat(100_000), "]".repeat(100_000));
        let body = Body::parse(deep.as_bytes()).unwrap();
        assert!(body.required("a").is_err());
        assert!(body.objects("a").is_err());
        for bad in [&b""[..], b"[]", b"1", b"{", b"{\"a\":\"\xff\"}", b"{\"a\":1}x"] {
            assert!(Body::parse(bad).is_err(), "{bad:?}");
        }
    }
}
