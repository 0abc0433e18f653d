//! The record of attempts in a store of the merchant's.

use std::sync::Arc;
use std::time::Duration;

use keysecure::{AttemptEnd, StoreUnavailable};

use super::unavailable;
use crate::convert::{ForeignFailure, Result};

/// Records which merchant references were sent, and leases each to one worker at a time.
///
/// A `reference` is an opaque text of at most 128 characters without spaces, and not secret. The order of calls for a
/// reference is `acquire`; for each attempt `begin` before its first byte is sent and `finish` after it ended; then
/// `release`. Keep records permanently: a reference that was sent long ago must not look new. `within` is how long the
/// caller can wait.
///
/// A store that throws counts as unavailable: the `ensure` calls then fail before they send anything, unless
/// `on_store_failure` says otherwise.
#[uniffi::export(foreign)]
pub trait AttemptStore: Send + Sync {
    /// Leases a reference for the duration `lease` and returns its record; `Busy` when another worker holds the lease,
    /// or while an attempt that has not finished may still be running. Does not wait for that worker. Must be atomic:
    /// of two concurrent calls, at most one gets the lease.
    ///
    /// The lease ends with `release` or after `lease`.
    fn acquire(&self, reference: String, lease: Duration, within: Duration) -> Result<Acquired, ForeignFailure>;

    /// Records durably that an attempt starts, and extends the lease to `attempt.lease` from now. Returns `false`, and
    /// records nothing, when the worker no longer holds the lease.
    fn begin(&self, attempt: AttemptStart, within: Duration) -> Result<bool, ForeignFailure>;

    /// Records how the last attempt of this lease ended, even when the worker no longer holds the lease. When another
    /// worker has started a later attempt, only `Done` is recorded: the end of the earlier attempt says nothing about
    /// the later one.
    fn finish(
        &self,
        reference: String,
        lease_id: String,
        end: AttemptEnd,
        within: Duration,
    ) -> Result<(), ForeignFailure>;

    /// Ends the lease, if the worker still holds it.
    fn release(&self, reference: String, lease_id: String, within: Duration) -> Result<(), ForeignFailure>;
}

crate::tables::in_c_order!(UniFfiTraitVtableAttemptStore: acquire, begin, finish, release);

/// The result of `AttemptStore.acquire`.
#[derive(Debug, Clone, uniffi::Enum)]
pub enum Acquired {
    /// Another worker holds the reference.
    Busy,
    /// The reference is leased to the caller.
    Leased {
        /// The unique id of the lease in later calls.
        lease_id: String,
        /// The last attempt on the reference; null when it was never sent.
        last_attempt: Option<PastAttempt>,
        /// How long the store has been recording without a gap. Only an older store knows that a reference is new;
        /// zero when it may have lost records.
        store_age: Duration,
    },
}

/// The last recorded attempt on a reference.
#[derive(Debug, Clone, Copy, uniffi::Record)]
pub struct PastAttempt {
    /// How long ago it ended, on the clock of the store. For an attempt without an end: how long ago its time was over
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
    /// The id of the lease, from `Acquired.Leased`.
    pub lease_id: String,
    /// The operation, such as `accounts.transfer`.
    pub operation: String,
    /// The maximum duration of the attempt.
    pub lasts: Duration,
    /// How long the lease is needed from now.
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
