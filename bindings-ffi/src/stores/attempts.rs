//! The record of attempts in a store of the merchant's.

use std::sync::Arc;
use std::time::Duration;

use keysecure::{AttemptEnd, StoreUnavailable};

use super::unavailable;
use crate::convert::{CallbackFailure, Result};

/// Remembers which merchant references were sent, and leases each to one worker at a time.
///
/// A `reference` is an opaque text without spaces of at most 128 characters, and no secret. The order of calls on one
/// reference is `acquire`, then for each attempt `begin` before its first byte leaves and `finish` after it ended, then
/// `release`. Records are kept for good: a reference that was sent long ago must not look new. `within` is how long the
/// caller can wait at most.
///
/// One that throws cannot be reached: the `ensure` calls then fail before they send anything, unless `on_store_failure` says otherwise.
#[uniffi::export(foreign)]
pub trait AttemptStore: Send + Sync {
    /// Leases a reference for `lease` and returns what is recorded of it; `Busy` when another worker has it. It does not
    /// wait for that worker. It must be atomic: of two calls at once, at most one gets the lease. It also returns `Busy`
    /// while an attempt without an end still has time.
    ///
    /// The lease ends with `release`, or when `lease` is over.
    fn acquire(&self, reference: String, lease: Duration, within: Duration) -> Result<Acquired, CallbackFailure>;

    /// Records durably that an attempt begins, and extends the lease by `attempt.lease` from now. Returns `false`, and
    /// records nothing, when the lease is no longer this worker's.
    fn begin(&self, attempt: AttemptStart, within: Duration) -> Result<bool, CallbackFailure>;

    /// Records how the last attempt of this lease ended, also when the lease is no longer this worker's. When another
    /// worker has begun a later attempt, only `Done` is recorded: the end of the earlier attempt says nothing about the
    /// later one.
    fn finish(
        &self,
        reference: String,
        lease_id: String,
        end: AttemptEnd,
        within: Duration,
    ) -> Result<(), CallbackFailure>;

    /// Ends the lease, if it is still this worker's.
    fn release(&self, reference: String, lease_id: String, within: Duration) -> Result<(), CallbackFailure>;
}

/// What `AttemptStore.acquire` returns.
#[derive(Debug, Clone, uniffi::Enum)]
pub enum Acquired {
    /// Another worker has the reference.
    Busy,
    /// The reference is leased to the caller.
    Leased {
        /// Names the lease in later calls. No other lease has this name.
        lease_id: String,
        /// The last attempt on the reference; null for one that was never sent.
        last_attempt: Option<PastAttempt>,
        /// How long the store has been recording without a gap. Only an older store can tell that a reference is new; zero
        /// when it may have lost records.
        store_age: Duration,
    },
}

/// The last recorded attempt on a reference.
#[derive(Debug, Clone, Copy, uniffi::Record)]
pub struct PastAttempt {
    /// How long ago it ended, on the store's own clock. For one without an end: how long ago its time was over
    /// (`begin` plus `lasts`); zero if in doubt.
    pub ended: Duration,
    /// How it ended; null when that was not recorded, as after a crash.
    pub end: Option<AttemptEnd>,
}

/// An attempt that is about to be sent.
#[derive(Debug, Clone, uniffi::Record)]
pub struct AttemptStart {
    /// The leased reference.
    pub reference: String,
    /// From `Acquired.Leased`.
    pub lease_id: String,
    /// The operation, such as `accounts.transfer`.
    pub operation: String,
    /// The most time that the attempt takes.
    pub lasts: Duration,
    /// How much longer the lease is needed, from now.
    pub lease: Duration,
}

pub(super) struct Foreign(pub Arc<dyn AttemptStore>);

impl keysecure::AttemptStore for Foreign {
    fn acquire(
        &self,
        reference: &str,
        lease: Duration,
        within: Duration,
    ) -> Result<keysecure::Acquired, StoreUnavailable> {
        let acquired = self.0.acquire(reference.to_owned(), lease, within).map_err(unavailable("acquire"))?;
        Ok(match acquired {
            Acquired::Busy => keysecure::Acquired::Busy,
            Acquired::Leased { lease_id, last_attempt, store_age } => keysecure::Acquired::Leased {
                lease_id,
                last_attempt: last_attempt.map(|past| keysecure::PastAttempt { ended: past.ended, end: past.end }),
                store_age,
            },
        })
    }

    fn begin(&self, attempt: &keysecure::AttemptStart<'_>, within: Duration) -> Result<bool, StoreUnavailable> {
        let attempt = AttemptStart {
            reference: attempt.reference.to_owned(),
            lease_id: attempt.lease_id.to_owned(),
            operation: attempt.operation.to_owned(),
            lasts: attempt.lasts,
            lease: attempt.lease,
        };
        self.0.begin(attempt, within).map_err(unavailable("begin"))
    }

    fn finish(
        &self,
        reference: &str,
        lease_id: &str,
        end: AttemptEnd,
        within: Duration,
    ) -> Result<(), StoreUnavailable> {
        self.0.finish(reference.to_owned(), lease_id.to_owned(), end, within).map_err(unavailable("finish"))
    }

    fn release(&self, reference: &str, lease_id: &str, within: Duration) -> Result<(), StoreUnavailable> {
        self.0.release(reference.to_owned(), lease_id.to_owned(), within).map_err(unavailable("release"))
    }
}
