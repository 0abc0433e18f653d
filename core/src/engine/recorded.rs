//! The record of a mutation that carries a merchant reference.

use std::time::Duration;

use super::{Call, Engine, Limit};
use crate::error::{Error, ErrorKind, Outcome};
use crate::store::{AttemptEnd, Lease, StoreUnavailable};

/// The record of a mutation in progress. Empty for calls that are not recorded.
pub(super) struct Recording<'a> {
    engine: &'a Engine,
    lease: Option<Lease<'a>>,
    /// A record in the memory of this process, used while the store cannot be reached.
    in_memory: Option<InMemory<'a>>,
    deadline: Duration,
}

/// An attempt that is recorded in the memory of this process only.
struct InMemory<'a> {
    lease: Lease<'static>,
    operation: &'static str,
    reference: &'a str,
}

impl Engine {
    /// Leases the reference of a mutation and records that an attempt begins. A reference that another worker holds
    /// is an error, an unreachable store is not.
    pub(super) fn record<'a>(
        &'a self,
        call: &Call<'a>,
        limit: Limit,
        deadline: Duration,
    ) -> Result<Recording<'a>, Error> {
        let mut recording = Recording { engine: self, lease: None, in_memory: None, deadline };
        let (Some(log), Some(reference), false) = (&self.attempt_log, call.reference, limit.leased) else {
            return Ok(recording);
        };
        let (operation, left) = (call.operation.name, || deadline.saturating_sub(self.now()));
        let busy = || {
            let detail = "another worker is working on this reference; nothing was sent";
            Error::with_kind(ErrorKind::Conflict, Outcome::NotSent, detail).in_call(operation, 0)
        };
        if let Ok(lease) = log.acquire(operation, reference, left()) {
            let lease = recording.lease.insert(lease.ok_or_else(busy)?);
            // A reference that is recorded as done stays so, however this attempt ends.
            if lease.is_done() {
                return Ok(recording);
            }
            match lease.begin(left(), left()) {
                Ok(true) => return Ok(recording),
                Ok(false) => return Err(busy()),
                Err(StoreUnavailable) => {}
            }
        }
        let mut lease = log.acquire_in_memory(operation, reference, left()).ok_or_else(busy)?;
        if !lease.is_done() {
            let _ = lease.begin(left(), left());
        }
        recording.in_memory = Some(InMemory { lease, operation, reference });
        Ok(recording)
    }
}

impl Recording<'_> {
    /// Records how the call ended.
    pub(super) fn finish<T>(&mut self, result: &Result<T, Error>) {
        let end = end_of(result);
        if let Some(mut lease) = self.lease.take() {
            lease.finish(end, self.left());
            lease.release(self.left());
        }
        if let Some(InMemory { mut lease, operation, reference }) = self.in_memory.take() {
            lease.finish(end, self.left());
            lease.release(self.left());
            // If the store can be reached again, other processes learn of the attempt too.
            if let (AttemptEnd::Unknown, Some(log)) = (end, &self.engine.attempt_log) {
                log.record_late(operation, reference, self.left());
            }
        }
    }

    fn left(&self) -> Duration {
        self.deadline.saturating_sub(self.engine.now())
    }
}

/// The end to record for the result of a call.
pub(crate) fn end_of<T>(result: &Result<T, Error>) -> AttemptEnd {
    match result.as_ref().map_err(Error::outcome) {
        Ok(_) => AttemptEnd::Done,
        Err(Outcome::NotSent | Outcome::Rejected) => AttemptEnd::NotDone,
        Err(Outcome::Unknown) => AttemptEnd::Unknown,
    }
}
