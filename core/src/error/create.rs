//! Constructors of errors, one for each cause.

use std::time::Duration;

use super::message::{cut, field_in, names_a_field};
use super::{Error, ErrorInner, ErrorKind, Interrupted, Outcome, Peer, Rejection, TransportError, TransportFault};
use crate::redact::scrub;

/// How the text of an error begins whose call had no access token.
pub(super) const NO_TOKEN: &str = "no access token: ";

impl Error {
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
            hint: None,
            is_read: false,
            rejection: None,
            is_about_reference: false,
        }))
    }

    pub(crate) fn config(detail: impl Into<String>) -> Self {
        Self::new(ErrorKind::Config, Outcome::NotSent, detail)
    }

    /// Creates the error of an argument that breaks a rule; neither part may repeat the value.
    pub(crate) fn invalid_input(field: &str, rule: &str) -> Self {
        let mut error = Self::new(ErrorKind::InvalidInput, Outcome::NotSent, format!("{field} {rule}"));
        error.0.field = Some(field.to_owned());
        error
    }

    pub(crate) fn timeout(outcome: Outcome, detail: impl Into<String>) -> Self {
        Self::new(ErrorKind::Timeout, outcome, detail)
    }

    /// Creates the error of a request whose latest start time has passed.
    pub(crate) fn too_late() -> Self {
        Self::timeout(Outcome::NotSent, "the request could not begin in time and was not sent")
    }

    /// Creates the error of an unreachable attempt store.
    pub(crate) fn store_unavailable(outcome: Outcome) -> Self {
        let detail = "the attempt store cannot be reached; calling again later is safe";
        let mut error = Self::new(ErrorKind::Transport, outcome, detail);
        error.0.fault = Some(TransportFault::Store);
        error
    }

    pub(crate) fn decrypt() -> Self {
        // One text for every cause: the failed step would help an attacker more than a merchant.
        let detail = "card data could not be decrypted; check the aes setting and the apiSecret";
        Self::new(ErrorKind::Decrypt, Outcome::Unknown, detail)
    }

    pub(crate) fn invalid_response(detail: impl Into<String>) -> Self {
        Self::new(ErrorKind::InvalidResponse, Outcome::Unknown, detail)
    }

    /// Creates the error of JSON that does not have the form of a model.
    pub(crate) fn unreadable(error: &serde_json::Error) -> Self {
        Self::invalid_response(scrub(&format!("unexpected JSON: {error}")))
    }

    /// The same, of a text that the caller gave.
    pub(crate) fn unreadable_text(error: &serde_json::Error) -> Self {
        Self::invalid_input("text", &scrub(&format!("must be JSON of the object: {error}")))
    }

    /// Creates the error of an exchange. `peer` names the addresses that the text mentions.
    pub(crate) fn transport(error: TransportError, peer: Option<&Peer>) -> Self {
        let outcome = if error.may_have_been_sent { Outcome::Unknown } else { Outcome::NotSent };
        let kind = match error.fault {
            TransportFault::Timeout => ErrorKind::Timeout,
            TransportFault::TooLarge | TransportFault::Protocol => ErrorKind::InvalidResponse,
            _ => ErrorKind::Transport,
        };
        let fault = error.fault;
        // The outcome says whether the request was sent; it may change until the call returns.
        let mut error = Self::new(kind, outcome, error.cause(peer));
        error.0.fault = Some(fault);
        error
    }

    /// Creates the error of a documented code of the platform.
    pub(crate) fn api(code: i64, msg: &str, outcome: Outcome) -> Self {
        let detail = match outcome {
            Outcome::Unknown => format!("the platform reports a system error, code {code}"),
            Outcome::Rejected | Outcome::NotSent => format!("the platform refused with code {code}"),
        };
        Self::from_response(ErrorKind::from_code(code), outcome, &detail, code, msg)
    }

    /// Creates the error of a code that the platform does not document.
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
        // Scrubbed before it is cut: half a PAN would not be recognised.
        let msg = cut(scrub(msg).into_owned());
        let mut error = Self::new(kind, outcome, scrub(detail));
        error.0.field = if names_a_field(code) { field_in(&msg).map(str::to_owned) } else { None };
        error.0.code = Some(code);
        error.0.msg = Some(msg);
        error
    }

    /// Creates the error of HTTP 401 without a code: the request was refused before it had any effect.
    pub(crate) fn unauthorized() -> Self {
        let detail = "HTTP 401 without a code: the Api-Key or the access token was refused";
        Self::new(ErrorKind::Authentication, Outcome::Rejected, detail)
    }

    /// Creates the error of HTTP 403 without a code, from the platform or a gateway in between.
    pub(crate) fn forbidden() -> Self {
        let detail = "HTTP 403 without a code: this machine's address may be missing from the IP whitelist of the \
                      Api-Key, or a gateway in between refused the request";
        Self::new(ErrorKind::Permission, Outcome::Unknown, detail)
    }

    /// Creates the error of `{"result": false}`: the platform accepted the request but did not carry it out.
    pub(crate) fn result_false() -> Self {
        Self::new(ErrorKind::Api, Outcome::Rejected, "the platform responded with result = false")
    }

    /// Creates an error that no single response caused.
    pub(crate) fn with_kind(kind: ErrorKind, outcome: Outcome, detail: impl Into<String>) -> Self {
        Self::new(kind, outcome, detail)
    }

    /// Sets the outcome of an operation that this error ends; the error may be that of a read on its way.
    pub(crate) fn with_outcome(mut self, outcome: Outcome) -> Self {
        self.0.outcome = outcome;
        self.0.is_read = false;
        self
    }

    /// Records whether the request was a read, which cannot have changed anything.
    pub(crate) fn for_read(mut self, is_read: bool) -> Self {
        self.0.is_read = is_read;
        self
    }

    /// Adds a likely cause, with what to do about it.
    pub(crate) fn with_hint(mut self, hint: &'static str) -> Self {
        self.0.hint = Some(hint);
        self
    }

    /// Adds a hint unless there is one.
    pub(crate) fn or_hint(mut self, hint: &'static str) -> Self {
        self.0.hint.get_or_insert(hint);
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

    /// Turns the error of a token request into that of `operation`, which was not carried out, regardless of the outcome of the
    /// token request.
    /// `refused` says that the platform refused the token of an earlier attempt.
    pub(crate) fn while_fetching_token(mut self, operation: &'static str, attempts: u32, refused: bool) -> Self {
        self.0.detail = format!("{NO_TOKEN}{}", self.0.detail);
        if refused {
            self.0.outcome = Outcome::Rejected;
        } else if self.0.outcome == Outcome::Unknown {
            self.0.outcome = Outcome::NotSent;
        }
        self.in_call(operation, attempts)
    }
}

/// Converts the interruption of a wait outside an exchange: nothing of the call has been sent.
impl From<Interrupted> for Error {
    fn from(_: Interrupted) -> Self {
        Self::transport(TransportError::not_sent(TransportFault::Interrupted), None)
    }
}

impl Error {
    /// A webhook whose age, negative in the future, is beyond the tolerance. Both are in milliseconds.
    pub(crate) fn webhook_age(rejection: Rejection, age: i64, tolerance: i64) -> Self {
        let seconds = |millis: i64| millis.unsigned_abs().div_ceil(1000);
        let (age, tolerance) = (seconds(age), seconds(tolerance));
        Self::rejected(
            rejection,
            format!(
                "webhook rejected: {rejection}. It differs by {age} s, the tolerance is {tolerance} s; a verifier made by a \
                 client follows the platform's clock, once the client has made a call"
            ),
        )
    }

    fn rejected(rejection: Rejection, detail: String) -> Self {
        let mut error = Self::new(ErrorKind::Webhook, Outcome::Rejected, detail);
        error.0.rejection = Some(rejection);
        error
    }
}

impl From<Rejection> for Error {
    fn from(rejection: Rejection) -> Self {
        Self::rejected(rejection, format!("webhook rejected: {rejection}"))
    }
}
