//! The record of a mutation that carries a merchant reference.

use std::time::Duration;

use super::{Call, Engine, Limit};
use crate::error::{Error, ErrorKind, Outcome};
use crate::store::{AttemptEnd, Lease};

/// A mutation that is being recorded, or any call that is not.
pub(super) struct Recording<'a> {
    engine: &'a Engine,
    lease: Option<Lease<'a>>,
    deadline: Duration,
}

impl Engine {
    /// Leases the reference of a mutation and records that an attempt begins. A reference that another worker has is an
    /// error; a store that cannot be reached is none.
    pub(super) fn record(&self, call: &Call<'_>, limit: Limit, deadline: Duration) -> Result<Recording<'_>, Error> {
        let free = Recording { engine: self, lease: None, deadline };
        let (Some(log), Some(reference), false) = (&self.attempt_log, call.reference, limit.leased) else {
            return Ok(free);
        };
        let left = || deadline.saturating_sub(self.now());
        let Ok(lease) = log.acquire(call.operation.name, reference, left()) else { return Ok(free) };
        let busy = || {
            let detail = "another worker is working on this reference; nothing was sent";
            Error::of_kind(ErrorKind::Conflict, Outcome::NotSent, detail).in_call(call.operation.name, 0)
        };
        let mut lease = lease.ok_or_else(busy)?;
        // What is done stays done, whatever becomes of another attempt.
        if !lease.is_done() && lease.begin(left(), left()) == Ok(false) {
            return Err(busy());
        }
        Ok(Recording { lease: Some(lease), ..free })
    }
}

impl Recording<'_> {
    /// Records how the call ended.
    pub(super) fn finish<T>(&mut self, result: &Result<T, Error>) {
        if let Some(mut lease) = self.lease.take() {
            lease.finish(end_of(result), self.left());
            lease.release(self.left());
        }
    }

    fn left(&self) -> Duration {
        self.deadline.saturating_sub(self.engine.now())
    }
}

/// What the result of a call means for the record.
pub(crate) fn end_of<T>(result: &Result<T, Error>) -> AttemptEnd {
    match result.as_ref().map_err(Error::outcome) {
        Ok(_) => AttemptEnd::Done,
        Err(Outcome::NotSent | Outcome::Rejected) => AttemptEnd::NotDone,
        Err(Outcome::Unknown) => AttemptEnd::Unknown,
    }
}
