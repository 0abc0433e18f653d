//! The error type of every call.

mod rejection;
mod transport;

use std::fmt;
use std::time::Duration;

use crate::redact::scrub;
pub use rejection::Rejection;
pub use transport::{ConnectReason, Interrupted, TransportError, TransportFault};

/// Whether the operation of a failed call may have been carried out.
///
/// Read it before sending a mutation again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
pub enum Outcome {
    /// No complete request can have reached the platform, now or later. Sending it again is safe.
    NotSent,
    /// The platform responded that it did not carry out the operation.
    Rejected,
    /// The operation may have been carried out. Look it up by its merchant reference before sending it again.
    Unknown,
}

impl Outcome {
    /// Returns `not_sent`, `rejected` or `unknown`: the name in every language binding.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NotSent => "not_sent",
            Self::Rejected => "rejected",
            Self::Unknown => "unknown",
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.as_str())
    }
}

/// Kind of an error. New kinds may be added.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
#[non_exhaustive]
pub enum ErrorKind {
    /// A setting of the client is invalid, or the client is closed.
    Config,
    /// An argument is invalid; nothing was sent.
    InvalidInput,
    /// The network or the attempt store failed.
    Transport,
    /// A time limit was exceeded: of the call, of connecting, or of waiting for the access token.
    Timeout,
    /// The Api-Key or the access token was refused: codes 1002, 1006, 1007, 1008, 1010, 1011, or HTTP 401 without a code.
    Authentication,
    /// Not allowed for this merchant or from this address: codes 1003, 1012, 1013, 1021, 1022, or HTTP 403 without a code.
    Permission,
    /// Too many requests: code 1009.
    RateLimit,
    /// The cardholder does not exist: code 2002.
    NotFound,
    /// The state of the cardholder or card does not allow the operation: codes 2003, 2004, 2005, 4005.
    State,
    /// The merchant reference belongs to another target, or another worker is using it.
    Conflict,
    /// Any other code in the response, from the platform or a gateway. The code and the outcome of the error say more.
    Api,
    /// The response does not have the documented form.
    InvalidResponse,
    /// A webhook was rejected. The rejection of the error says why.
    Webhook,
    /// Card data could not be decrypted: usually the AES setting or the apiSecret is wrong.
    Decrypt,
}

impl ErrorKind {
    /// Returns the name of the kind in every language binding, such as `invalid_input`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Config => "config",
            Self::InvalidInput => "invalid_input",
            Self::Transport => "transport",
            Self::Timeout => "timeout",
            Self::Authentication => "authentication",
            Self::Permission => "permission",
            Self::RateLimit => "rate_limit",
            Self::NotFound => "not_found",
            Self::State => "state",
            Self::Conflict => "conflict",
            Self::Api => "api",
            Self::InvalidResponse => "invalid_response",
            Self::Webhook => "webhook",
            Self::Decrypt => "decrypt",
        }
    }

    /// The kind of a refusal with this code.
    pub(crate) fn from_code(code: i64) -> Self {
        match code {
            1002 | 1006..=1008 | 1010 | 1011 => Self::Authentication,
            1003 | 1012 | 1013 | 1021 | 1022 => Self::Permission,
            1009 => Self::RateLimit,
            2002 => Self::NotFound,
            2003..=2005 | 4005 => Self::State,
            _ => Self::Api,
        }
    }
}

/// Error of a call: its kind, its outcome and its details.
///
/// Its text contains no secret, no URL and no body; digits that look like a PAN are masked.
///
/// # Examples
///
/// Deciding what to do:
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
    rejection: Option<Rejection>,
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

    /// Returns the wait that the platform asked for (`Retry-After`), if any.
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }

    /// Returns the fault of the exchange, if there was no response.
    pub fn transport_fault(&self) -> Option<TransportFault> {
        self.0.fault
    }

    /// Returns why a webhook was rejected.
    pub fn rejection(&self) -> Option<Rejection> {
        self.0.rejection
    }

    fn new(kind: ErrorKind, outcome: Outcome, detail: impl Into<String>) -> Self {
        Self(Box::new(ErrorInner {
            kind,
            outcome,
            detail: cut(detail.into()),
            code: None,
            msg: None,
            field: None,
            http_status: None,
            operation: None,
            attempts: 0,
            retry_after: None,
            fault: None,
            rejection: None,
        }))
    }

    pub(crate) fn config(detail: impl Into<String>) -> Self {
        Self::new(ErrorKind::Config, Outcome::NotSent, detail)
    }

    /// An argument that breaks a rule; neither part may repeat the value.
    pub(crate) fn invalid_input(field: &str, rule: &str) -> Self {
        let mut error = Self::new(ErrorKind::InvalidInput, Outcome::NotSent, format!("{field} {rule}"));
        error.0.field = Some(field.to_owned());
        error
    }

    pub(crate) fn timeout(outcome: Outcome, detail: impl Into<String>) -> Self {
        Self::new(ErrorKind::Timeout, outcome, detail)
    }

    /// The moment by which a request had to begin has passed.
    pub(crate) fn too_late() -> Self {
        Self::timeout(Outcome::NotSent, "the request could not begin in time and was not sent")
    }

    /// The attempt store could not be reached.
    pub(crate) fn store_unavailable(outcome: Outcome) -> Self {
        let detail = "the attempt store cannot be reached; calling again later is safe";
        let mut error = Self::new(ErrorKind::Transport, outcome, detail);
        error.0.fault = Some(TransportFault::Store);
        error
    }

    pub(crate) fn decrypt() -> Self {
        // One text for every cause: which step failed would help an attacker more than a merchant.
        let detail = "card data could not be decrypted; check the aes setting and the apiSecret";
        Self::new(ErrorKind::Decrypt, Outcome::Unknown, detail)
    }

    pub(crate) fn invalid_response(detail: impl Into<String>) -> Self {
        Self::new(ErrorKind::InvalidResponse, Outcome::Unknown, detail)
    }

    /// JSON that does not have the form of a model.
    pub(crate) fn unreadable(error: &serde_json::Error) -> Self {
        Self::invalid_response(scrub(&format!("unexpected JSON: {error}")))
    }

    pub(crate) fn transport(error: TransportError) -> Self {
        let outcome = if error.may_have_been_sent { Outcome::Unknown } else { Outcome::NotSent };
        let kind = match error.fault {
            TransportFault::Timeout => ErrorKind::Timeout,
            TransportFault::TooLarge | TransportFault::Protocol => ErrorKind::InvalidResponse,
            _ => ErrorKind::Transport,
        };
        let fault = error.fault;
        // Whether the request was sent is said by the outcome, which may change on the way.
        let mut error = Self::new(kind, outcome, error.cause());
        error.0.fault = Some(fault);
        error
    }

    /// A code of the platform.
    pub(crate) fn api(code: i64, msg: &str, outcome: Outcome) -> Self {
        let detail = match outcome {
            Outcome::Unknown => format!("the platform reports a system error, code {code}"),
            Outcome::Rejected | Outcome::NotSent => format!("the platform refused with code {code}"),
        };
        Self::from_response(ErrorKind::from_code(code), outcome, &detail, code, msg)
    }

    /// A code that is none of the platform's, as far as its documentation says.
    pub(crate) fn undocumented(code: i64, msg: &str, http_status: u16) -> Self {
        let detail = format!("the response has code {code}, which the platform does not document");
        let kind = match http_status {
            401 => ErrorKind::Authentication,
            403 => ErrorKind::Permission,
            _ => ErrorKind::Api,
        };
        Self::from_response(kind, Outcome::Unknown, &detail, code, msg)
    }

    fn from_response(kind: ErrorKind, outcome: Outcome, detail: &str, code: i64, msg: &str) -> Self {
        // A PAN that is cut in two would not be found any more.
        let msg = cut(scrub(msg).into_owned());
        let mut error = Self::new(kind, outcome, scrub(detail));
        error.0.field = if names_a_field(code) { field_in(&msg).map(str::to_owned) } else { None };
        error.0.code = Some(code);
        error.0.msg = Some(msg);
        error
    }

    /// HTTP 401 without a code: refused before anything was done.
    pub(crate) fn unauthorized() -> Self {
        let detail = "HTTP 401 without a code: the Api-Key or the access token was refused";
        Self::new(ErrorKind::Authentication, Outcome::Rejected, detail)
    }

    /// HTTP 403 without a code: from the platform's own door or from any gateway in between.
    pub(crate) fn forbidden() -> Self {
        let detail = "HTTP 403 without a code: this machine's address may be missing from the IP whitelist of the \
                      Api-Key, or a gateway in between refused the request";
        Self::new(ErrorKind::Permission, Outcome::Unknown, detail)
    }

    /// `{"result": false}`: the platform took the request and says that it did not do it.
    pub(crate) fn result_false() -> Self {
        Self::new(ErrorKind::Api, Outcome::Rejected, "the platform answered result = false")
    }

    /// An error that no single answer stands behind.
    pub(crate) fn with_kind(kind: ErrorKind, outcome: Outcome, detail: impl Into<String>) -> Self {
        Self::new(kind, outcome, detail)
    }

    pub(crate) fn with_outcome(mut self, outcome: Outcome) -> Self {
        self.0.outcome = outcome;
        self
    }

    pub(crate) fn with_status(mut self, status: u16) -> Self {
        self.0.http_status = Some(status);
        self
    }

    pub(crate) fn with_retry_after(mut self, wait: Option<Duration>) -> Self {
        self.0.retry_after = wait;
        self
    }

    pub(crate) fn in_call(mut self, operation: &'static str, attempts: u32) -> Self {
        self.0.operation = Some(operation);
        self.0.attempts = attempts;
        self
    }

    /// The token could not be had, so `operation` was not done, whatever became of the token request. `refused` says that
    /// the platform refused an earlier attempt for its token.
    pub(crate) fn while_fetching_token(mut self, operation: &'static str, attempts: u32, refused: bool) -> Self {
        self.0.detail = format!("no access token: {}", self.0.detail);
        if refused {
            self.0.outcome = Outcome::Rejected;
        } else if self.0.outcome == Outcome::Unknown {
            self.0.outcome = Outcome::NotSent;
        }
        self.in_call(operation, attempts)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let facts = &*self.0;
        if let Some(operation) = facts.operation {
            write!(formatter, "{operation}: ")?;
        }
        formatter.write_str(&facts.detail)?;
        if facts.fault.is_some() {
            formatter.write_str(match facts.outcome {
                Outcome::NotSent => "; the request was not sent",
                Outcome::Rejected => "",
                Outcome::Unknown => "; the request may have been carried out",
            })?;
        }
        match facts.msg.as_deref() {
            Some("") | None => {}
            Some(msg) => write!(formatter, ": {msg}")?,
        }
        if facts.operation.is_some() {
            write!(formatter, " ({}, attempts: {}", facts.outcome, facts.attempts)?;
            match facts.http_status {
                Some(status) if status != 200 => write!(formatter, ", http status: {status})")?,
                _ => formatter.write_str(")")?,
            }
        }
        Ok(())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let facts = &*self.0;
        formatter
            .debug_struct("Error")
            .field("kind", &facts.kind)
            .field("outcome", &facts.outcome)
            .field("operation", &facts.operation)
            .field("code", &facts.code.map(|code| scrub(&code.to_string()).into_owned()))
            .field("field", &facts.field)
            .field("http_status", &facts.http_status)
            .field("attempts", &facts.attempts)
            .field("text", &self.to_string())
            .finish()
    }
}

impl std::error::Error for Error {}

/// A wait outside of an exchange was interrupted: nothing of the call is on its way.
impl From<Interrupted> for Error {
    fn from(_: Interrupted) -> Self {
        Self::transport(TransportError::not_sent(TransportFault::Interrupted))
    }
}

impl From<Rejection> for Error {
    fn from(rejection: Rejection) -> Self {
        let mut error = Self::new(ErrorKind::Webhook, Outcome::Rejected, format!("callback rejected: {rejection}"));
        error.0.rejection = Some(rejection);
        error
    }
}

/// The most bytes of a text that an error keeps.
const LONGEST_TEXT: usize = 2048;

/// The start of a text, cut between two characters.
fn cut(mut text: String) -> String {
    if text.len() > LONGEST_TEXT {
        let end = (0..=LONGEST_TEXT).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
        text.truncate(end);
        text.shrink_to_fit();
    }
    text
}

/// The codes whose message carries the name of a field (platform documentation, error codes).
fn names_a_field(code: i64) -> bool {
    matches!(code, 1004 | 2007..=2010 | 4010)
}

/// Field names of the platform that are one word, and so look like any other word of a message.
const ONE_WORD_FIELDS: [&str; 14] = [
    "balance", "city", "country", "cvv", "nonce", "page", "phone", "pin", "size", "state", "status", "type", "amount",
    "time",
];

/// The field in a message: the first word in snake case, else a one-word field at either end.
fn field_in(msg: &str) -> Option<&str> {
    let words = || {
        msg.split(|letter: char| !(letter.is_ascii_alphanumeric() || letter == '_' || letter == '.'))
            .map(|word| word.trim_matches('.'))
            .filter(|word| !word.is_empty())
    };
    let lower = |word: &&str| !word.bytes().any(|byte| byte.is_ascii_uppercase());
    let snake = words().find(|word| lower(word) && word.trim_matches('_').contains('_'));
    snake.or_else(|| words().next().into_iter().chain(words().next_back()).find(|word| ONE_WORD_FIELDS.contains(word)))
}

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
                Error::transport(TransportError::not_sent(TransportFault::Connect)).in_call("accounts.transfer", 3),
                "accounts.transfer: the connection could not be made; the request was not sent (not_sent, attempts: 3)",
            ),
            (
                Error::transport(TransportError::maybe_sent(TransportFault::Closed)).in_call("accounts.transfer", 1),
                "accounts.transfer: the connection broke; the request may have been carried out (unknown, attempts: 1)",
            ),
            (
                Error::timeout(Outcome::NotSent, "no time left").in_call("cards.get", 0),
                "cards.get: no time left (not_sent, attempts: 0)",
            ),
            (
                Error::invalid_response("the answer is not JSON").with_status(502).in_call("cards.get", 3),
                "cards.get: the answer is not JSON (unknown, attempts: 3, http status: 502)",
            ),
            (
                Error::transport(TransportError::maybe_sent(TransportFault::Timeout)).while_fetching_token(
                    "cards.apply",
                    0,
                    false,
                ),
                "cards.apply: no access token: time ran out; the request was not sent (not_sent, attempts: 0)",
            ),
            (
                Error::transport(TransportError::not_sent(TransportFault::Connect)).while_fetching_token(
                    "cards.apply",
                    1,
                    true,
                ),
                "cards.apply: no access token: the connection could not be made (rejected, attempts: 1)",
            ),
            (
                Error::transport(TransportError::not_sent(TransportFault::Connect))
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
                "cards.set_pin: the platform answered result = false (rejected, attempts: 1)",
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

    #[test]
    fn texts_are_cut_between_two_characters_and_after_the_scrub() {
        let error = Error::api(1004, &"号".repeat(1 << 20), Outcome::Rejected);
        assert_eq!(error.msg().unwrap().len(), 2046);
        // The PAN would be cut behind its 14th digit, and what is left of it is no PAN.
        let pan = format!("{}4111111111111111", "x".repeat(LONGEST_TEXT - 14));
        for error in [Error::api(3001, &pan, Outcome::Rejected), Error::undocumented(504, &pan, 504)] {
            assert_eq!(error.msg().unwrap().len(), LONGEST_TEXT);
            assert!(error.msg().unwrap().ends_with("x411111******11"), "{error}");
        }
        let detail = Error::invalid_response("x".repeat(1 << 20)).to_string();
        assert_eq!(detail.len(), LONGEST_TEXT);
    }

    #[test]
    fn the_field_is_found_before_or_behind_the_description() {
        for (msg, field) in [
            ("card_unique_no must not be empty", Some("card_unique_no")),
            ("Invalid parameter: address_info.city", Some("address_info.city")),
            ("parameter error [postal_code]", Some("postal_code")),
            ("cvv invalid", Some("cvv")),
            ("参数错误 pin", Some("pin")),
            ("invalid parameter", None),
            ("", None),
        ] {
            assert_eq!(field_in(msg), field, "{msg}");
        }
        assert_eq!(Error::api(2002, "cardholder_no unknown", Outcome::Rejected).field(), None);
    }

    #[test]
    fn kinds_follow_the_codes() {
        for (kind, codes) in [
            (ErrorKind::Authentication, &[1002, 1006, 1007, 1008, 1010, 1011][..]),
            (ErrorKind::Permission, &[1003, 1012, 1013, 1021, 1022]),
            (ErrorKind::RateLimit, &[1009]),
            (ErrorKind::NotFound, &[2002]),
            (ErrorKind::State, &[2003, 2004, 2005, 4005]),
            (ErrorKind::Api, &[1001, 1004, 1005, 1014, 2001, 2006, 3001, 4016, 99999, -1]),
        ] {
            assert!(codes.iter().all(|code| ErrorKind::from_code(*code) == kind), "{kind:?}");
        }
    }
}
