//! The observer of attempts and calls: a sink for logs and metrics.

use std::sync::Arc;
use std::time::Duration;

use keysecure::{ErrorKind, Outcome, TransportFault};

use crate::convert::ForeignFailure;

/// Receives a record of every attempt and every call, on the thread of the call; should return quickly. The records
/// hold no secrets, no paths and no card or cardholder numbers. Exceptions that it throws are ignored.
#[uniffi::export(foreign)]
pub trait Observer: Send + Sync {
    /// Called after every HTTP exchange. Exchanges that fetch a token have the operation `token`.
    fn attempt(&self, record: AttemptRecord) -> Result<(), ForeignFailure>;

    /// Called after every call, with the number of its attempts.
    fn call(&self, record: CallRecord) -> Result<(), ForeignFailure>;

    /// Called once when the token store becomes unavailable (`false`), and once when it is available again (`true`).
    fn token_store(&self, available: bool) -> Result<(), ForeignFailure>;

    /// Called once when the attempt store becomes unavailable (`false`), and once when it is available again (`true`).
    /// In between, `ensure` calls are refused and the attempts of other calls are recorded in memory only.
    fn attempt_store(&self, available: bool) -> Result<(), ForeignFailure>;
}

crate::tables::in_c_order!(UniFfiTraitVtableObserver: attempt, call, token_store, attempt_store);

/// One HTTP exchange.
#[derive(Debug, Clone, uniffi::Record)]
pub struct AttemptRecord {
    /// The call, such as `accounts.transfer`.
    pub operation: String,
    /// The number of the attempt, from 1.
    pub attempt: i32,
    /// The time from sending the request to the complete response.
    pub duration: Duration,
    /// The HTTP status; null when there was no response.
    pub http_status: Option<i32>,
    /// The platform's code, 0 for success; null when there was no response of the platform.
    pub code: Option<i64>,
    /// The outcome of the attempt; null for success.
    pub outcome: Option<Outcome>,
}

/// One call with all its attempts and waits.
#[derive(Debug, Clone, uniffi::Record)]
pub struct CallRecord {
    /// The call, such as `accounts.transfer`.
    pub operation: String,
    /// How often the call's request was sent or tried.
    pub attempts: i32,
    /// The duration of the call, with waits and token fetches.
    pub duration: Duration,
    /// The kind of the error; null for success.
    pub kind: Option<ErrorKind>,
    /// The platform's code of the error; null for success.
    pub code: Option<i64>,
    /// The outcome of the error; null for success.
    pub outcome: Option<Outcome>,
    /// Whether the call changes something on the platform.
    pub is_mutation: bool,
    /// The failure of the transport, if that is the cause of the error. `interrupted`: the caller cancelled the call.
    pub transport_fault: Option<TransportFault>,
}

/// Adapts a foreign observer to the core.
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
            is_mutation: record.is_mutation,
            transport_fault: record.transport_fault,
        });
    }

    fn token_store(&self, available: bool) {
        let _ = self.0.token_store(available);
    }

    fn attempt_store(&self, available: bool) {
        let _ = self.0.attempt_store(available);
    }
}
