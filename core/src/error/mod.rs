//! The error type of every call.

mod create;
#[cfg(feature = "platform")]
mod for_app;
mod kind;
mod message;
#[cfg(feature = "python")]
pub(crate) mod python;
mod rejection;
mod transport;
mod wire;

use std::fmt;
use std::time::Duration;

use crate::redact::scrub;
pub use kind::{ErrorKind, Outcome};
pub use rejection::Rejection;
pub(crate) use transport::Peer;
pub use transport::{ConnectReason, Interrupted, ReceivedPart, TransportError, TransportFault};

/// Error of a call: its kind, its outcome and its details.
///
/// Its text contains no secret, no URL and no body; digits that look like a PAN are masked.
///
/// # Examples
///
/// Deciding how to react:
///
/// ```
/// use keysecure::{Error, ErrorKind, Outcome};
///
/// fn advice(error: &Error) -> &'static str {
///     match (error.outcome(), error.kind()) {
///         (Outcome::Unknown, _) => "look the operation up by its merchant reference",
///         (_, ErrorKind::InvalidInput | ErrorKind::Config) => "fix the program",
///         (_, ErrorKind::RateLimit) => "wait for `retry_after`, then send it again",
///         (Outcome::NotSent, _) => "send it again",
///         (Outcome::Rejected, _) => "read code, msg and field",
///     }
/// }
///
/// let error = keysecure::Client::builder("", "").build().unwrap_err();
/// assert_eq!(advice(&error), "fix the program");
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Error(Box<ErrorInner>);

#[derive(Clone, PartialEq, Eq)]
struct ErrorInner {
    kind: ErrorKind,
    outcome: Outcome,
    detail: String,
    code: Option<i64>,
    msg: Option<String>,
    field: Option<String>,
    http_status: Option<u16>,
    operation: Option<&'static str>,
    attempts: u32,
    retry_after: Option<Duration>,
    fault: Option<TransportFault>,
    /// A likely cause, with what to do about it.
    hint: Option<&'static str>,
    /// Whether the request was a read.
    is_read: bool,
    rejection: Option<Rejection>,
    /// Whether a relay says that the outcome is that of the merchant reference, whoever sent it.
    is_about_reference: bool,
}

impl Error {
    /// Returns the kind of the error.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// Returns whether the operation may have been carried out.
    ///
    /// # Examples
    ///
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let sandbox = keysecure_sandbox::Sandbox::start()?;
    /// # let builder = keysecure::Client::builder(sandbox.api_key(), sandbox.api_secret());
    /// # let client = builder.base_url(sandbox.base_url()).build()?;
    /// # let cardholder_no = sandbox.seed_approved_cardholder();
    /// use keysecure::{Outcome, Transfer, TransferType};
    /// use keysecure_sandbox::{Fault, FaultKind};
    ///
    /// // The sandbox carries out the transfer and closes the connection without a response.
    /// sandbox.fault(Fault::on("accounts.transfer", FaultKind::DropAfterCommit));
    /// let error = client
    ///     .accounts()
    ///     .transfer(&Transfer {
    ///         cardholder_no,
    ///         transfer_unique_no: "order-7-topup".into(),
    ///         r#type: TransferType::In,
    ///         amount: "25.00".parse()?,
    ///     })
    ///     .unwrap_err();
    /// assert_eq!(error.outcome(), Outcome::Unknown);
    /// # Ok(())
    /// # }
    /// ```
    pub fn outcome(&self) -> Outcome {
        self.0.outcome
    }

    /// Returns the code in the response (platform documentation, error codes). An undocumented code may come from a gateway
    /// in between.
    pub fn code(&self) -> Option<i64> {
        self.0.code
    }

    /// Returns the platform's message, cut at 2 KiB, with digits that look like a PAN masked.
    pub fn msg(&self) -> Option<&str> {
        self.0.msg.as_deref()
    }

    /// Returns the name of the invalid field or setting, as found by the client or by the platform.
    pub fn field(&self) -> Option<&str> {
        self.0.field.as_deref()
    }

    /// Returns the HTTP status, if there was a response.
    pub fn http_status(&self) -> Option<u16> {
        self.0.http_status
    }

    /// Returns the operation that failed, such as `accounts.transfer`. `None` for settings and values.
    pub fn operation(&self) -> Option<&'static str> {
        self.0.operation
    }

    /// Returns the number of attempts of the call's own request; 0 if it was never tried.
    pub fn attempts(&self) -> u32 {
        self.0.attempts
    }

    /// Returns the wait that the platform requested (`Retry-After`), if any.
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }

    /// Returns the fault of the exchange, if there was no response.
    pub fn transport_fault(&self) -> Option<TransportFault> {
        self.0.fault
    }

    /// Returns whether the request only reads, so that calling again is safe.
    #[cfg(feature = "uniffi")]
    pub(crate) fn is_read(&self) -> bool {
        self.0.is_read
    }

    /// Returns the reason why a webhook was rejected.
    pub fn rejection(&self) -> Option<Rejection> {
        self.0.rejection
    }
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = &*self.0;
        if let Some(operation) = inner.operation {
            write!(formatter, "{operation}: ")?;
        }
        formatter.write_str(&inner.detail)?;
        if inner.fault.is_some() {
            formatter.write_str(match inner.outcome {
                Outcome::NotSent => "; the request was not sent",
                Outcome::Rejected => "",
                Outcome::Unknown if inner.is_read => "; calling again is safe",
                Outcome::Unknown => "; the request may have been carried out",
            })?;
        }
        match inner.msg.as_deref() {
            Some("") | None => {}
            Some(msg) => write!(formatter, ": {msg}")?,
        }
        if let Some(hint) = inner.hint {
            write!(formatter, "; {hint}")?;
        }
        if inner.operation.is_some() {
            write!(formatter, " ({}, attempts: {}", inner.outcome, inner.attempts)?;
            match inner.http_status {
                Some(status) if status != 200 => write!(formatter, ", http status: {status})")?,
                _ => formatter.write_str(")")?,
            }
        }
        Ok(())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = &*self.0;
        formatter
            .debug_struct("Error")
            .field("kind", &inner.kind)
            .field("outcome", &inner.outcome)
            .field("operation", &inner.operation)
            .field("code", &inner.code.map(|code| scrub(&code.to_string()).into_owned()))
            .field("field", &inner.field)
            .field("http_status", &inner.http_status)
            .field("attempts", &inner.attempts)
            .field("text", &self.to_string())
            .finish()
    }
}

// `Display` is written by hand, without `thiserror`: most of its parts are there only when their field is.
impl std::error::Error for Error {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_texts_are_pinned() {
        let table = [
            (Error::config("api_key must not be empty"), "api_key must not be empty"),
            (Error::invalid_input("amount", "must be positive"), "amount must be positive"),
            (
                Error::api(2002, "cardholder does not exist", Outcome::Rejected)
                    .with_status(200)
                    .in_call("cards.apply", 1),
                "cards.apply: the platform refused with code 2002: cardholder does not exist (rejected, attempts: 1)",
            ),
            (
                Error::api(1001, "", Outcome::Unknown).with_status(500).in_call("accounts.transfer", 1),
                "accounts.transfer: the platform reports a system error, code 1001 (unknown, attempts: 1, http status: 500)",
            ),
            (
                Error::transport(TransportError::not_sent(TransportFault::Connect), None)
                    .in_call("accounts.transfer", 3),
                "accounts.transfer: the connection could not be made; the request was not sent (not_sent, attempts: 3)",
            ),
            (
                Error::transport(TransportError::maybe_sent(TransportFault::Closed), None)
                    .in_call("accounts.transfer", 1),
                "accounts.transfer: the connection broke; the request may have been carried out (unknown, attempts: 1)",
            ),
            (
                Error::transport(TransportError::maybe_sent(TransportFault::Closed), None)
                    .for_read(true)
                    .in_call("cards.get", 3),
                "cards.get: the connection broke; calling again is safe (unknown, attempts: 3)",
            ),
            (
                // The error of a lookup that ends an operation.
                Error::transport(TransportError::maybe_sent(TransportFault::Closed), None)
                    .for_read(true)
                    .with_outcome(Outcome::Unknown)
                    .in_call("accounts.transfer", 1),
                "accounts.transfer: the connection broke; the request may have been carried out (unknown, attempts: 1)",
            ),
            (
                Error::api(1007, "expired", Outcome::Rejected).with_hint("set a store").in_call("cards.get", 2),
                "cards.get: the platform refused with code 1007: expired; set a store (rejected, attempts: 2)",
            ),
            (
                Error::timeout(Outcome::NotSent, "no time left").in_call("cards.get", 0),
                "cards.get: no time left (not_sent, attempts: 0)",
            ),
            (
                Error::invalid_response("the response is not JSON").with_status(502).in_call("cards.get", 3),
                "cards.get: the response is not JSON (unknown, attempts: 3, http status: 502)",
            ),
            (
                Error::transport(TransportError::maybe_sent(TransportFault::Timeout), None).while_fetching_token(
                    "cards.apply",
                    0,
                    false,
                ),
                "cards.apply: no access token: time ran out; the request was not sent (not_sent, attempts: 0)",
            ),
            (
                Error::transport(TransportError::not_sent(TransportFault::Connect), None).while_fetching_token(
                    "cards.apply",
                    1,
                    true,
                ),
                "cards.apply: no access token: the connection could not be made (rejected, attempts: 1)",
            ),
            (
                Error::transport(TransportError::not_sent(TransportFault::Connect), None)
                    .with_outcome(Outcome::Unknown)
                    .in_call("cards.apply", 2),
                "cards.apply: the connection could not be made; the request may have been carried out \
                 (unknown, attempts: 2)",
            ),
            (
                Error::undocumented(504, "upstream request timeout", 504)
                    .with_status(504)
                    .in_call("accounts.transfer", 1),
                "accounts.transfer: the response has code 504, which the platform does not document: upstream request \
                 timeout (unknown, attempts: 1, http status: 504)",
            ),
            (
                Error::unauthorized().with_status(401).in_call("cards.get", 2),
                "cards.get: HTTP 401 without a code: the Api-Key or the access token was refused (rejected, attempts: 2, \
                 http status: 401)",
            ),
            (
                Error::forbidden().with_status(403).in_call("cards.get", 1),
                "cards.get: HTTP 403 without a code: this machine's address may be missing from the IP whitelist of the \
                 Api-Key, or a gateway in between refused the request (unknown, attempts: 1, http status: 403)",
            ),
            (
                Error::result_false().with_status(200).in_call("cards.set_pin", 1),
                "cards.set_pin: the platform responded with result = false (rejected, attempts: 1)",
            ),
            (Error::decrypt(), "card data could not be decrypted; check the aes setting and the apiSecret"),
        ];
        for (error, text) in table {
            assert_eq!(error.to_string(), text);
        }
    }

    #[test]
    fn the_platforms_text_is_scrubbed_in_both_forms() {
        let error = Error::api(1004, "card_no 4111111111111111 is wrong", Outcome::Rejected);
        assert_eq!(error.msg(), Some("card_no 411111******1111 is wrong"));
        assert!(!format!("{error} {error:?}").contains("4111111111111111"));
    }
}
