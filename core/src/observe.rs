//! Observation of attempts and calls, for metrics and traces. Records contain no secrets.

use std::fmt;
use std::time::Duration;

use log::kv::Value;
use log::{Level, Record};

use crate::error::{Error, ErrorKind, Outcome, TransportFault};
use crate::redact::scrub;

/// Receives a record of every attempt and every call, for metrics and traces.
///
/// Methods are called on the thread of the call and should return quickly. Records hold no secret, no path and no card or
/// cardholder number.
///
/// The `log` facade receives the same records with target `keysecure`, as text and as key-value fields: attempts at debug
/// level, calls at info level. A failed call has a higher level: error for a mutation with an unknown outcome; warn for
/// every other failed mutation, and for a read without a reply of the platform. A read that the platform refuses, such as the
/// details of a card that does not exist, stays at info level, and so does a call that its caller cancelled, unless it is a
/// mutation with an unknown outcome.
///
/// # Examples
///
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let sandbox = keysecure_sandbox::Sandbox::start()?;
/// use std::sync::Arc;
/// use std::sync::atomic::{AtomicU32, Ordering};
///
/// use keysecure::{CallRecord, Client, Observer};
///
/// #[derive(Default)]
/// struct FailedCalls(AtomicU32);
///
/// impl Observer for FailedCalls {
///     fn call(&self, record: &CallRecord) {
///         if record.outcome.is_some() {
///             self.0.fetch_add(1, Ordering::Relaxed);
///         }
///     }
/// }
///
/// let failed = Arc::new(FailedCalls::default());
/// let client = Client::builder(sandbox.api_key(), sandbox.api_secret())
///     .base_url(sandbox.base_url())
///     .observer(failed.clone())
///     .build()?;
/// assert!(client.cards().get("1").is_err());
/// assert_eq!(failed.0.load(Ordering::Relaxed), 1);
/// # Ok(())
/// # }
/// ```
pub trait Observer: Send + Sync {
    /// Called after every HTTP exchange. Exchanges that fetch a token have the operation `token`.
    fn attempt(&self, record: &AttemptRecord) {
        let _ = record;
    }

    /// Called after every call, with all its attempts.
    fn call(&self, record: &CallRecord) {
        let _ = record;
    }

    /// Called once when the token store becomes unavailable (`false`), and once when it is available again (`true`).
    /// Between the two, the client uses a token that it does not share.
    fn token_store(&self, available: bool) {
        let _ = available;
    }

    /// Called once when the attempt store becomes unavailable (`false`), and once when it is available again (`true`).
    /// Between the two, `ensure_*` calls are refused and the attempts of other calls are recorded in memory only.
    fn attempt_store(&self, available: bool) {
        let _ = available;
    }
}

/// Record of one HTTP exchange.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct AttemptRecord {
    /// Operation, such as `accounts.transfer`.
    pub operation: &'static str,
    /// Number of the attempt, starting with 1.
    pub attempt: u32,
    /// Time from the start of sending to the end of the response.
    pub duration: Duration,
    /// HTTP status; `None` without a response.
    pub http_status: Option<u16>,
    /// Code of the platform, 0 for success; `None` without a response of the platform.
    pub code: Option<i64>,
    /// Outcome; `None` for success.
    pub outcome: Option<Outcome>,
}

/// Record of one call with all its attempts and waits.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct CallRecord {
    /// Operation, such as `accounts.transfer`.
    pub operation: &'static str,
    /// Number of attempts of the call's own request. Token requests do not count.
    pub attempts: u32,
    /// Total time, including waits and token requests.
    pub duration: Duration,
    /// Kind of the error; `None` for success.
    pub kind: Option<ErrorKind>,
    /// Code of the platform in the error; `None` for success.
    pub code: Option<i64>,
    /// Outcome of the error; `None` for success.
    pub outcome: Option<Outcome>,
    /// Failure of the transport in the error, if that is its cause.
    /// [`Interrupted`](TransportFault::Interrupted): the caller cancelled the call.
    pub transport_fault: Option<TransportFault>,
    /// Whether the call changes something on the platform.
    pub is_mutation: bool,
}

impl AttemptRecord {
    /// Records that the attempt failed.
    pub(crate) fn fail(&mut self, error: &Error) {
        self.code = error.code();
        self.outcome = Some(error.outcome());
    }
}

impl AttemptRecord {
    /// Writes the record to the `log` facade.
    pub(crate) fn log(&self) {
        let fields = [
            ("operation", Value::from(self.operation)),
            ("attempt", self.attempt.into()),
            ("duration_ms", millis(self.duration).into()),
            ("http_status", optional(self.http_status)),
            ("code", optional(self.code)),
            ("outcome", optional(self.outcome.map(Outcome::as_str))),
        ];
        write(Level::Debug, &fields, format_args!("{self}"));
    }
}

impl CallRecord {
    pub(crate) fn new(
        operation: &'static str,
        is_mutation: bool,
        attempts: u32,
        duration: Duration,
        error: Option<&Error>,
    ) -> Self {
        Self {
            operation,
            attempts,
            duration,
            kind: error.map(Error::kind),
            code: error.and_then(Error::code),
            outcome: error.map(Error::outcome),
            transport_fault: error.and_then(Error::transport_fault),
            is_mutation,
        }
    }

    /// Writes the record of a call that is done after a request of unknown outcome to the `log` facade.
    pub(crate) fn log_settled(&self) {
        self.write(Level::Info, "a call is done, although the outcome of a request was unknown: ");
    }

    /// Writes the record to the `log` facade.
    pub(crate) fn log(&self) {
        let is_cancelled = self.transport_fault == Some(TransportFault::Interrupted);
        let (level, what) = match self.outcome {
            None => (Level::Info, ""),
            Some(Outcome::Unknown) if self.is_mutation && is_cancelled => {
                (Level::Error, "a call was cancelled, and what it did is unknown: ")
            }
            Some(Outcome::Unknown) if self.is_mutation => (Level::Error, "a call failed, and what it did is unknown: "),
            Some(_) if is_cancelled => (Level::Info, "a call was cancelled: "),
            // The caller asked, and this is the reply.
            Some(Outcome::Rejected) if !self.is_mutation => (Level::Info, ""),
            Some(_) => (Level::Warn, "a call failed: "),
        };
        self.write(level, what);
    }

    fn write(&self, level: Level, what: &str) {
        let fields = [
            ("operation", Value::from(self.operation)),
            ("attempts", self.attempts.into()),
            ("duration_ms", millis(self.duration).into()),
            ("code", optional(self.code)),
            ("error", optional(self.kind.map(ErrorKind::as_str))),
            ("outcome", optional(self.outcome.map(Outcome::as_str))),
        ];
        write(level, &fields, format_args!("{what}{self}"));
    }
}

/// Writes to the `log` facade that a call begins to wait, as an `ensure_*` call does until an attempt is settled.
pub(crate) fn log_wait(operation: &'static str, reference: &str, wait: Duration, reason: &str) {
    // A reference is the caller's text.
    let reference = scrub(reference);
    let fields = [
        ("operation", Value::from(operation)),
        ("reference", Value::from(&*reference)),
        ("wait_ms", millis(wait).into()),
        ("reason", reason.into()),
    ];
    let seconds = wait.as_secs_f64();
    let text = format_args!("a call waits {seconds:.1} s: operation={operation} reference={reference:?} ({reason})");
    write(Level::Info, &fields, text);
}

fn optional<'a, T: Into<Value<'a>>>(value: Option<T>) -> Value<'a> {
    value.map_or(Value::null(), Into::into)
}

/// A duration as milliseconds, for a field.
pub(crate) fn millis(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 1e6).round() / 1e3
}

/// Whether the `log` facade takes records of a level.
pub(crate) fn is_logged(level: Level) -> bool {
    log::log_enabled!(target: "keysecure", level)
}

/// Writes a record with fields to the `log` facade. Those whose value is null are absent.
pub(crate) fn write(level: Level, fields: &[(&str, Value<'_>)], text: fmt::Arguments<'_>) {
    if is_logged(level) {
        let record = Record::builder().level(level).target("keysecure").key_values(&fields).args(text).build();
        log::logger().log(&record);
    }
}

impl fmt::Display for AttemptRecord {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "operation={} attempt={} ms={}", self.operation, self.attempt, self.duration.as_millis())?;
        if let Some(status) = self.http_status {
            write!(formatter, " http_status={status}")?;
        }
        if let Some(code) = self.code {
            write!(formatter, " code={code}")?;
        }
        match self.outcome {
            Some(outcome) => write!(formatter, " outcome={outcome}"),
            None => Ok(()),
        }
    }
}

impl fmt::Display for CallRecord {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "operation={} attempts={} ms={}", self.operation, self.attempts, self.duration.as_millis())?;
        if let Some(code) = self.code {
            write!(formatter, " code={code}")?;
        }
        if let Some(kind) = self.kind {
            write!(formatter, " error={}", kind.as_str())?;
        }
        match self.outcome {
            Some(outcome) => write!(formatter, " outcome={outcome}"),
            None => Ok(()),
        }
    }
}
