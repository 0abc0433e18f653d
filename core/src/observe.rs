//! Seeing what the client does, without seeing any secret.

use std::fmt;
use std::time::Duration;

use crate::error::{Error, ErrorKind, Outcome};

/// Is told of every attempt and every call, for metrics and traces. It is called on the thread that makes the call and
/// should be quick. The records hold no secret, no path and no number of a card or cardholder.
///
/// The `log` facade gets the same attempts at debug level under the target `keysecure`.
pub trait Observer: Send + Sync {
    /// One HTTP exchange ended; those that fetch a token are reported under the operation `token`.
    fn attempt(&self, record: &AttemptRecord) {
        let _ = record;
    }

    /// One call ended, with all its attempts.
    fn call(&self, record: &CallRecord) {
        let _ = record;
    }

    /// The token store could not be reached (`false`): the client goes on with a token of its own; or it can be reached
    /// again (`true`). Told once each.
    fn token_store(&self, available: bool) {
        let _ = available;
    }

    /// Called once when the attempt store cannot be reached (`false`), and once when it can be reached again (`true`).
    /// Between the two, `ensure_*` calls are refused and the attempts of other calls are recorded in memory only.
    fn attempt_store(&self, available: bool) {
        let _ = available;
    }
}

/// One HTTP exchange.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct AttemptRecord {
    /// The call, such as `accounts.transfer`.
    pub operation: &'static str,
    /// 1 for the first.
    pub attempt: u32,
    /// From sending to the whole answer.
    pub duration: Duration,
    /// None when no answer came.
    pub http_status: Option<u16>,
    /// The platform's code, 0 for success; none when no answer of the platform came.
    pub code: Option<i64>,
    /// None for success.
    pub outcome: Option<Outcome>,
}

/// One call with all its attempts and waits.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct CallRecord {
    /// The call, such as `accounts.transfer`.
    pub operation: &'static str,
    /// How many times the call's own request was sent or tried.
    pub attempts: u32,
    /// From the first to the last moment, waits and token fetches included.
    pub duration: Duration,
    /// The kind of the error; none for success.
    pub kind: Option<ErrorKind>,
    /// The platform's code of the error; none for success.
    pub code: Option<i64>,
    /// What the error means; none for success.
    pub outcome: Option<Outcome>,
}

impl AttemptRecord {
    /// Notes that the attempt failed.
    pub(crate) fn fail(&mut self, error: &Error) {
        self.code = error.code();
        self.outcome = Some(error.outcome());
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
