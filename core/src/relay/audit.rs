//! Records of what a relay was asked for and what it decided.

use std::fmt;
use std::time::Duration;

use log::Level;
use log::kv::Value;

use crate::error::{Error, Outcome};
use crate::named_enum::named_enum;
use crate::observe::{millis, write};

named_enum! {
    /// Reason why a relay denied a request before it made a call for it, or a call did not show the number as the cardholder's.
    #[non_exhaustive]
    pub enum Denial {
        /// `authorize` returned no scope, or one with a cardholder number that cannot be; or it panicked.
        Unauthorized = "unauthorized",
        /// The session made too many requests, or has too many event streams.
        RateLimited = "rate_limited",
        /// There is no such operation, or the request is no `POST`.
        UnknownOperation = "unknown_operation",
        /// The scope does not grant the operation.
        NotGranted = "not_granted",
        /// The request breaks a rule.
        InvalidRequest = "invalid_request",
        /// The body is too large.
        TooLarge = "too_large",
        /// A number does not exist, or belongs to another cardholder.
        NotOwned = "not_owned",
        /// A limit of the scope is exceeded, or the store that counts for it cannot be reached.
        LimitExceeded = "limit_exceeded",
        /// A change arrived after its `Expires-At`, or that is further ahead than any call lasts.
        Expired = "expired",
        /// The tap is in progress, its outcome is unknown, or it belongs to another request.
        TapConflict = "tap_conflict",
    }
}

/// Record of one request to a relay: who, what, allowed or why not, and the outcome. It holds no secret.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct AuditRecord {
    /// The session, as the scope names it. `None` without a scope.
    pub session: Option<String>,
    /// The cardholder of the scope.
    pub cardholder_no: Option<String>,
    /// The operation, such as `cards.get`. `None` if there is no such operation.
    pub operation: Option<&'static str>,
    /// Why the request was denied; `None` if it was allowed.
    pub denial: Option<Denial>,
    /// The outcome of the error that the app received; `None` for success.
    pub outcome: Option<Outcome>,
    /// The error with all that the app does not see, such as the reason why the platform refused the merchant's credentials.
    /// `None` for success.
    pub error: Option<Error>,
    /// The number that the request is about, such as a `card_no`. What looks like a PAN is masked unless the number is known to
    /// be the cardholder's.
    pub subject: Option<String>,
    /// The tap of a mutation.
    pub tap: Option<String>,
    /// HTTP status of the response.
    pub http_status: u16,
    /// Time from the arrival of the request to its response.
    pub duration: Duration,
}

impl AuditRecord {
    pub(super) fn log(&self) {
        let level = if self.error.is_none() { Level::Info } else { Level::Warn };
        let text = |value: Option<&'static str>| value.map_or(Value::null(), Value::from);
        let fields = [
            ("operation", text(self.operation)),
            ("session", self.session.as_deref().map_or(Value::null(), Value::from)),
            ("cardholder_no", self.cardholder_no.as_deref().map_or(Value::null(), Value::from)),
            ("denial", text(self.denial.map(Denial::as_str))),
            ("outcome", text(self.outcome.map(Outcome::as_str))),
            ("subject", self.subject.as_deref().map_or(Value::null(), Value::from)),
            ("tap", self.tap.as_deref().map_or(Value::null(), Value::from)),
            ("http_status", self.http_status.into()),
            ("duration_ms", millis(self.duration).into()),
        ];
        write(level, &fields, format_args!("{self}"));
    }
}

impl fmt::Display for AuditRecord {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match (self.denial, &self.error) {
            (Some(_), _) => "denied",
            (None, Some(_)) => "failed",
            (None, None) => "done",
        };
        let operation = self.operation.unwrap_or("(none)");
        write!(formatter, "relay: {what}: operation={operation} ms={}", self.duration.as_millis())?;
        if let Some(cardholder_no) = &self.cardholder_no {
            write!(formatter, " cardholder_no={cardholder_no:?}")?;
        }
        if let Some(denial) = self.denial {
            write!(formatter, " denial={}", denial.as_str())?;
        }
        match &self.error {
            Some(error) => write!(formatter, " outcome={} ({error})", error.outcome()),
            None => Ok(()),
        }
    }
}
