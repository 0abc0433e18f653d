//! The trait of attempt stores, with its types.

use std::time::Duration;

use super::StoreUnavailable;

/// Store that records which merchant references were sent, and leases each reference to one worker at a time.
///
/// A `reference` is an opaque string without spaces of at most 128 characters: a digest of the platform, the merchant, the
/// operation and the merchant reference. It is not a secret. `within` is the time limit of a method.
///
/// The client calls [`acquire`](Self::acquire), then for each attempt [`begin`](Self::begin) before its first byte is sent and
/// [`finish`](Self::finish) after it ended, then [`release`](Self::release). Records must be kept forever: a reference that was
/// sent long ago must not look new.
///
/// [`MemoryStore`](crate::MemoryStore), `FileStore` and `RedisStore` implement it.
pub trait AttemptStore: Send + Sync {
    /// Leases a reference for `lease` and returns its last attempt; [`Acquired::Busy`] if another worker holds it.
    ///
    /// It never waits for that worker. A store whose leases may end early also returns `Busy` while an attempt without a
    /// recorded end has time left. The lease ends with [`release`](Self::release), or when its holder is gone: a store
    /// either detects that (a kernel lock) or lets `lease` expire.
    ///
    /// # Errors
    ///
    /// [`StoreUnavailable`] if the store cannot be reached in time.
    fn acquire(&self, reference: &str, lease: Duration, within: Duration) -> Result<Acquired, StoreUnavailable>;

    /// Records durably that an attempt begins, and extends the lease.
    ///
    /// Returns `false`, and records nothing, if this worker no longer holds the lease.
    ///
    /// # Errors
    ///
    /// [`StoreUnavailable`] if the store cannot be reached in time.
    fn begin(&self, attempt: &AttemptStart<'_>, within: Duration) -> Result<bool, StoreUnavailable>;

    /// Records how the last attempt of this lease ended, even if this worker no longer holds the lease.
    ///
    /// If another worker has begun a later attempt, only [`AttemptEnd::Done`] is recorded: the end of the earlier attempt says
    /// nothing about the later one.
    ///
    /// # Errors
    ///
    /// [`StoreUnavailable`] if the store cannot be reached in time.
    fn finish(
        &self,
        reference: &str,
        lease_id: &str,
        end: AttemptEnd,
        within: Duration,
    ) -> Result<(), StoreUnavailable>;

    /// Ends the lease.
    ///
    /// # Errors
    ///
    /// [`StoreUnavailable`] if the store cannot be reached in time.
    fn release(&self, reference: &str, lease_id: &str, within: Duration) -> Result<(), StoreUnavailable>;
}

/// Result of [`AttemptStore::acquire`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Acquired {
    /// Another worker holds the lease.
    Busy,
    /// The reference is leased to the caller.
    Leased {
        /// Id of the lease, for later calls.
        lease_id: String,
        /// Last attempt on the reference; `None` if it was never sent.
        last_attempt: Option<PastAttempt>,
        /// Age of the store. A store younger than `settle` cannot tell that a reference is new.
        store_age: Duration,
    },
}

/// Last recorded attempt on a reference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PastAttempt {
    /// Time since its end, on the store's clock. Without a recorded end: the time since it must have ended at the latest,
    /// by its time limit or the end of its worker, whichever the store knows to be earlier; zero if in doubt.
    pub ended: Duration,
    /// How it ended; `None` if that was not recorded, for example after a crash.
    pub end: Option<AttemptEnd>,
}

/// End of an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
pub enum AttemptEnd {
    /// The platform carried out the operation.
    Done,
    /// The operation was not carried out: the request was not sent, or the platform refused it.
    NotDone,
    /// The operation may have been carried out.
    Unknown,
}

/// Attempt that is about to be sent.
#[derive(Debug, Clone, Copy)]
pub struct AttemptStart<'a> {
    /// The leased reference.
    pub reference: &'a str,
    /// Id of the lease, from [`Acquired::Leased`].
    pub lease_id: &'a str,
    /// The operation, such as `accounts.transfer`.
    pub operation: &'static str,
    /// Time limit of the attempt.
    pub lasts: Duration,
    /// Time for which the lease is needed from now on.
    pub lease: Duration,
}
