//! Seeing what the client does: a sink for logs and metrics.

use std::sync::Arc;
use std::time::Duration;

use keysecure::{ErrorKind, Outcome};

use crate::convert::CallbackFailure;

/// Is told of every attempt and every call, on the thread that makes the call; it should be quick. The records hold no
/// secret, no path and no number of a card or cardholder. What it throws is dropped.
#[uniffi::export(foreign)]
pub trait Observer: Send + Sync {
    /// One HTTP exchange ended; those that fetch a token are reported under the operation `token`.
    fn attempt(&self, record: AttemptRecord) -> Result<(), CallbackFailure>;

    /// One call ended, with all its attempts.
    fn call(&self, record: CallRecord) -> Result<(), CallbackFailure>;

    /// The token store could not be reached (`false`), or can be reached again (`true`). Told once each.
    fn token_store(&self, available: bool) -> Result<(), CallbackFailure>;

    /// The attempt store could not be reached (`false`), or can be reached again (`true`). Called once each. Between the
    /// two, `ensure` calls are refused and the attempts of other calls are recorded in memory only.
    fn attempt_store(&self, available: bool) -> Result<(), CallbackFailure>;
}

/// One HTTP exchange.
#[derive(Debug, Clone, uniffi::Record)]
pub struct AttemptRecord {
    /// The call, such as `accounts.transfer`.
    pub operation: String,
    /// 1 for the first.
    pub attempt: i32,
    /// From sending to the whole answer.
    pub duration: Duration,
    /// None when no answer came.
    pub http_status: Option<i32>,
    /// The platform's code, 0 for success; none when no answer of the platform came.
    pub code: Option<i64>,
    /// None for success.
    pub outcome: Option<Outcome>,
}

/// One call with all its attempts and waits.
#[derive(Debug, Clone, uniffi::Record)]
pub struct CallRecord {
    /// The call, such as `accounts.transfer`.
    pub operation: String,
    /// How many times the call's own request was sent or tried.
    pub attempts: i32,
    /// From the first to the last moment, waits and token fetches included.
    pub duration: Duration,
    /// The kind of the error; none for success.
    pub kind: Option<ErrorKind>,
    /// The platform's code of the error; none for success.
    pub code: Option<i64>,
    /// What the error means; none for success.
    pub outcome: Option<Outcome>,
}

/// The core's view of a foreign observer.
pub(crate) struct Foreign(pub Arc<dyn Observer>);

impl keysecure::Observer for Foreign {
    fn attempt(&self, record: &keysecure::AttemptRecord) {
        let _ = self.0.attempt(AttemptRecord {
            operation: record.operation.to_owned(),
            attempt: i32::try_from(record.attempt).unwrap_or(i32::MAX),
            duration: record.duration,
            http_status: record.http_status.map(i32::from),
            code: record.code,
            outcome: record.outcome,
        });
    }

    fn call(&self, record: &keysecure::CallRecord) {
        let _ = self.0.call(CallRecord {
            operation: record.operation.to_owned(),
            attempts: i32::try_from(record.attempts).unwrap_or(i32::MAX),
            duration: record.duration,
            kind: record.kind,
            code: record.code,
            outcome: record.outcome,
        });
    }

    fn token_store(&self, available: bool) {
        let _ = self.0.token_store(available);
    }

    fn attempt_store(&self, available: bool) {
        let _ = self.0.attempt_store(available);
    }
}
