//! Stores in the memory of one process.

mod attempts;
mod quota;
mod replays;
mod tokens;

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use self::attempts::Attempts;
use self::quota::Quotas;
pub use self::replays::MemoryReplayStore;
pub use self::tokens::MemoryTokenStore;
use super::{
    Acquired, AttemptEnd, AttemptStart, AttemptStore, PastAttempt, QuotaStore, ReplayStore, Reservation, Reserved,
    StoreLock, StoreUnavailable, StoredToken, TokenStore,
};
use crate::values::per_process::PerProcess;

/// [`TokenStore`], [`AttemptStore`], [`ReplayStore`] and [`QuotaStore`] in the memory of one process. Clones share their
/// contents.
///
/// Use it if this process is the only one that works on its merchant references; use `FileStore` or `RedisStore` otherwise.
///
/// As an `AttemptStore` it cannot tell that a reference is new, because another process, or an earlier run of this one, may
/// have sent it: `ensure_*` calls wait for [`settle`](crate::EnsureOptions::settle) unless the reference is declared as a
/// [`first_attempt`](crate::EnsureOptions::first_attempt()). Records of attempts that ended more than a day ago may be dropped.
///
/// As a `QuotaStore` it counts what this process does, from its start: a restart resets every sum.
///
/// # Examples
///
/// ```
/// use keysecure::{Client, MemoryStore};
///
/// let store = MemoryStore::new();
/// let client = Client::builder("api-key", "api-secret-of-16").store(store.clone()).build()?;
/// # Ok::<(), keysecure::Error>(())
/// ```
#[derive(Clone, Default)]
pub struct MemoryStore(Arc<Inner>);

#[derive(Default)]
struct Inner {
    tokens: MemoryTokenStore,
    attempts: Mutex<Attempts>,
    replays: MemoryReplayStore,
    quotas: Mutex<Quotas>,
}

impl MemoryStore {
    /// Creates an empty store.
    pub fn new() -> Self {
        Self::default()
    }

    /// The shared store of this process. A forked child gets an empty one: threads that the child does not have may hold the
    /// locks of its parent's.
    pub(crate) fn for_this_process() -> Self {
        static STORE: OnceLock<PerProcess<MemoryStore>> = OnceLock::new();
        STORE.get_or_init(PerProcess::default).get(|_| Self::new()).clone()
    }

    /// Whether the reference is leased.
    pub(crate) fn is_leased(&self, reference: &str) -> bool {
        take(&self.0.attempts).is_leased(reference)
    }

    /// The last attempt on a reference, whether it is leased or not.
    pub(crate) fn last_attempt(&self, reference: &str) -> Option<PastAttempt> {
        take(&self.0.attempts).last_attempt(reference)
    }
}

impl TokenStore for MemoryStore {
    fn load(&self, slot: &str, within: Duration) -> Result<Option<StoredToken>, StoreUnavailable> {
        self.0.tokens.load(slot, within)
    }

    fn save(&self, slot: &str, token: &StoredToken, within: Duration) -> Result<(), StoreUnavailable> {
        self.0.tokens.save(slot, token, within)
    }

    fn try_lock(&self, slot: &str, within: Duration) -> Result<Option<StoreLock>, StoreUnavailable> {
        self.0.tokens.try_lock(slot, within)
    }
}

impl AttemptStore for MemoryStore {
    fn acquire(&self, reference: &str, lease: Duration, _: Duration) -> Result<Acquired, StoreUnavailable> {
        Ok(take(&self.0.attempts).acquire(reference, lease))
    }

    fn begin(&self, attempt: &AttemptStart<'_>, _: Duration) -> Result<bool, StoreUnavailable> {
        Ok(take(&self.0.attempts).begin(attempt))
    }

    fn finish(&self, reference: &str, lease_id: &str, end: AttemptEnd, _: Duration) -> Result<(), StoreUnavailable> {
        take(&self.0.attempts).finish(reference, lease_id, end);
        Ok(())
    }

    fn release(&self, reference: &str, lease_id: &str, _: Duration) -> Result<(), StoreUnavailable> {
        take(&self.0.attempts).release(reference, lease_id);
        Ok(())
    }
}

impl ReplayStore for MemoryStore {
    fn insert(&self, key: &str, value: &str, keep: Duration) -> Result<Option<String>, StoreUnavailable> {
        self.0.replays.insert(key, value, keep)
    }

    fn get(&self, key: &str) -> Result<Option<String>, StoreUnavailable> {
        self.0.replays.get(key)
    }

    fn remove(&self, key: &str) -> Result<(), StoreUnavailable> {
        self.0.replays.remove(key)
    }
}

impl QuotaStore for MemoryStore {
    fn reserve(&self, reservation: &Reservation<'_>, _: Duration) -> Result<Reserved, StoreUnavailable> {
        Ok(take(&self.0.quotas).reserve(reservation))
    }

    fn release(&self, key: &str, entry: &str, _: Duration) -> Result<(), StoreUnavailable> {
        take(&self.0.quotas).release(key, entry);
        Ok(())
    }
}

impl fmt::Debug for MemoryStore {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("MemoryStore")
    }
}

/// Locks a mutex that is held for a few instructions only.
fn take<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
