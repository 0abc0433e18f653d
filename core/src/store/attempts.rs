//! The record of attempts on merchant references.

use std::time::Duration;

use super::StoreUnavailable;

/// Remembers which merchant references were sent, and leases each to one worker at a time.
///
/// A `reference` is an opaque text without spaces of at most 128 characters: a digest of the platform, the merchant, the
/// operation and the `*_unique_no`. It is no secret.
///
/// The order of calls on one reference is [`acquire`](Self::acquire), then for each attempt [`begin`](Self::begin) before
/// its first byte leaves and [`finish`](Self::finish) after it ended, then [`release`](Self::release). Records are kept for
/// good: a reference that was sent long ago must not look new. `within` is how long the caller can wait at most.
pub trait AttemptStore: Send + Sync {
    /// Leases a reference for `lease` and returns what is recorded of it; `Acquired::Busy` when another worker has it. It
    /// never waits for that worker. A store whose leases may end early also returns `Busy` while an attempt without an end
    /// still has time.
    ///
    /// The lease ends with [`release`](Self::release), and also when its holder is gone: a store either knows that
    /// (a lock of the kernel's) or lets `lease` run out.
    fn acquire(&self, reference: &str, lease: Duration, within: Duration) -> Result<Acquired, StoreUnavailable>;

    /// Records durably that an attempt begins, which lasts `lasts` at most, and extends the lease by `lease` from now.
    /// Returns `false`, and records nothing, when the lease is no longer this worker's.
    fn begin(&self, attempt: &AttemptStart<'_>, within: Duration) -> Result<bool, StoreUnavailable>;

    /// Records how the last attempt of this lease ended, also when the lease is no longer this worker's. When another
    /// worker has begun a later attempt, only `AttemptEnd::Done` is recorded: the end of the earlier attempt says nothing
    /// about the later one.
    fn finish(
        &self,
        reference: &str,
        lease_id: &str,
        end: AttemptEnd,
        within: Duration,
    ) -> Result<(), StoreUnavailable>;

    /// Ends the lease.
    fn release(&self, reference: &str, lease_id: &str, within: Duration) -> Result<(), StoreUnavailable>;
}

/// What [`AttemptStore::acquire`] returns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Acquired {
    /// Another worker has the reference.
    Busy,
    /// The reference is leased to the caller.
    Leased {
        /// Names the lease in later calls.
        lease_id: String,
        /// The last attempt on the reference; `None` for one that was never sent.
        last_attempt: Option<PastAttempt>,
        /// How long the store has been recording. Only an older store can tell that a reference is new.
        store_age: Duration,
    },
}

/// The last recorded attempt on a reference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PastAttempt {
    /// How long ago it ended, on the store's own clock. For one without an end: how long ago it must have ended at the
    /// latest, by the end of its time or of its worker, whichever the store knows to be earlier; zero if in doubt.
    pub ended: Duration,
    /// How it ended; `None` when that was not recorded, as after a crash.
    pub end: Option<AttemptEnd>,
}

/// How an attempt ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
pub enum AttemptEnd {
    /// The platform did it.
    Done,
    /// The platform did not do it: it was not sent, or refused.
    NotDone,
    /// It may have been done.
    Unknown,
}

/// An attempt that is about to be sent.
#[derive(Debug, Clone, Copy)]
pub struct AttemptStart<'a> {
    /// The leased reference.
    pub reference: &'a str,
    /// From [`Acquired::Leased`].
    pub lease_id: &'a str,
    /// The operation, such as `accounts.transfer`.
    pub operation: &'static str,
    /// The most time that the attempt takes.
    pub lasts: Duration,
    /// How much longer the lease is needed, from now.
    pub lease: Duration,
}
