//! The merchant's function that receives the record of each request.

use std::time::Duration;

use keysecure::{Denial, ErrorDetails, Outcome};

use crate::authorize::HookFailure;

/// The record of one request. It holds no secret.
#[derive(Debug, Clone, uniffi::Record)]
pub struct AuditRecord {
    /// The session, as the scope names it.
    pub session: Option<String>,
    /// The cardholder of the scope.
    pub cardholder_no: Option<String>,
    /// The operation.
    pub operation: Option<String>,
    /// Why the request was denied.
    pub denial: Option<Denial>,
    /// The outcome of the error that the app received.
    pub outcome: Option<Outcome>,
    /// The error with all that the app does not see.
    pub error: Option<ErrorDetails>,
    /// The number that the request is about.
    pub subject: Option<String>,
    /// The tap of a mutation.
    pub tap: Option<String>,
    /// HTTP status of the response.
    pub http_status: i32,
    /// Time from the arrival of the request to its response.
    pub duration: Duration,
}

impl From<&keysecure::AuditRecord> for AuditRecord {
    fn from(record: &keysecure::AuditRecord) -> Self {
        Self {
            session: record.session.clone(),
            cardholder_no: record.cardholder_no.clone(),
            operation: record.operation.map(str::to_owned),
            denial: record.denial,
            outcome: record.outcome,
            error: record.error.as_ref().map(ErrorDetails::from),
            subject: record.subject.clone(),
            tap: record.tap.clone(),
            http_status: i32::from(record.http_status),
            duration: record.duration,
        }
    }
}

/// Receives the records.
#[uniffi::export(foreign)]
pub trait AuditSink: Send + Sync {
    /// Receives one record. What it throws is logged by its type.
    fn record(&self, record: AuditRecord) -> Result<(), HookFailure>;
}

keysecure_ffi::in_c_order!(UniFfiTraitVtableAuditSink: record);

/// Passes a record on.
pub(crate) fn pass(sink: &dyn AuditSink, record: &keysecure::AuditRecord) {
    if let Err(failure) = sink.record(AuditRecord::from(record)) {
        log::error!(target: "keysecure", "relay: audit threw {failure}");
    }
}
