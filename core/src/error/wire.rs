//! The error as the relay writes it and the app reads it (`docs/relay.md`).

use std::time::Duration;

use serde_json::Value;

use super::message::cut;
use super::{Error, ErrorKind, Outcome, TransportFault};
use crate::redact::scrub;

impl Error {
    /// Writes the parts of the error that concern an app: neither the operation nor the attempts, which are the relay's own.
    #[cfg(any(test, feature = "platform"))]
    pub(crate) fn to_wire(&self) -> String {
        let inner = &*self.0;
        serde_json::json!({
            "kind": inner.kind.as_str(),
            "outcome": inner.outcome.as_str(),
            "text": inner.detail,
            "code": inner.code,
            "msg": inner.msg,
            "field": inner.field,
            "retry_after_ms": inner.retry_after.map(|wait| u64::try_from(wait.as_millis()).unwrap_or(u64::MAX)),
            "transport_fault": inner.fault.map(TransportFault::as_str),
            "of_tap": inner.is_about_reference,
        })
        .to_string()
    }

    /// Reads an error that [`to_wire`](Self::to_wire) wrote. `None` if it does not say what happened to the operation: then
    /// the response is not a relay's.
    pub(crate) fn from_wire(json: &str) -> Option<Self> {
        let value: Value = serde_json::from_str(json).ok()?;
        let text = |name: &str| value.get(name).and_then(Value::as_str);
        // A relay of a later version may have kinds that this one does not know; its outcomes are the same.
        let kind = text("kind")?;
        let kind = ErrorKind::ALL.into_iter().find(|known| known.as_str() == kind).unwrap_or(ErrorKind::Api);
        let outcome = text("outcome")?;
        let outcome = Outcome::ALL.into_iter().find(|known| known.as_str() == outcome)?;
        let mut error = Self::with_kind(kind, outcome, scrub(text("text").unwrap_or("the relay refused")).into_owned());
        error.0.code = value.get("code").and_then(Value::as_i64);
        error.0.msg = text("msg").map(|msg| cut(scrub(msg).into_owned()));
        error.0.field = text("field").map(|field| cut(scrub(field).into_owned()));
        let wait = value.get("retry_after_ms").and_then(Value::as_u64);
        error.0.retry_after = wait.map(|wait| Duration::from_millis(wait.min(u64::from(u32::MAX))));
        error.0.fault = text("transport_fault")
            .and_then(|fault| TransportFault::ALL.into_iter().find(|known| known.as_str() == fault));
        error.0.is_about_reference = value.get("of_tap").and_then(Value::as_bool).unwrap_or(false);
        Some(error)
    }

    /// Declares that the outcome is that of the merchant reference, whoever sent it.
    pub(crate) fn about_reference(mut self) -> Self {
        self.0.is_about_reference = true;
        self
    }

    /// Whether the outcome is that of the merchant reference, rather than of one request with it.
    pub(crate) fn is_about_reference(&self) -> bool {
        self.0.is_about_reference
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_arrives_as_it_was_written() {
        let errors = [
            Error::api(4005, "the card is frozen", Outcome::Rejected)
                .with_retry_after(Some(Duration::from_millis(1500))),
            Error::invalid_input("amount", "must be positive"),
            Error::store_unavailable(Outcome::NotSent),
            Error::timeout(Outcome::Unknown, "not settled by the deadline"),
            Error::timeout(Outcome::Unknown, "not settled by the deadline").about_reference(),
        ];
        for error in errors {
            assert_eq!(Error::from_wire(&error.to_wire()).unwrap(), error);
        }
    }

    #[test]
    fn the_operation_and_the_attempts_of_the_relay_stay_there() {
        let error = Error::api(1001, "busy", Outcome::Unknown).in_call("accounts.transfer", 3).with_status(500);
        let read = Error::from_wire(&error.to_wire()).unwrap();
        assert_eq!((read.operation(), read.attempts(), read.http_status()), (None, 0, None));
    }

    #[test]
    fn an_error_without_an_outcome_is_none() {
        for json in [
            "",
            "null",
            "[]",
            "{}",
            r#"{"kind":"not_found"}"#,
            r#"{"outcome":"rejected"}"#,
            r#"{"kind":"not_found","outcome":"refused"}"#,
            r#"{"kind":1,"outcome":"rejected"}"#,
        ] {
            assert_eq!(Error::from_wire(json), None, "{json}");
        }
        let later = Error::from_wire(r#"{"kind":"new","outcome":"not_sent","text":"4111111111111111"}"#).unwrap();
        assert_eq!((later.kind(), later.outcome()), (ErrorKind::Api, Outcome::NotSent));
        assert!(!later.to_string().contains("4111111111111111"));
    }
}
