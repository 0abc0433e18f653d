//! Stores in the memory of one process.

mod attempts;
mod replays;
mod tokens;

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use self::attempts::Attempts;
pub use self::replays::MemoryReplayStore;
pub use self::tokens::MemoryTokenStore;
use super::{
    Acquired, AttemptEnd, AttemptStart, AttemptStore, PastAttempt, ReplayStore, StoreLock, StoreUnavailable,
    StoredToken, TokenStore,
};
use crate::values::per_process::PerProcess;

/// A [`TokenStore`], [`AttemptStore`] and [`ReplayStore`] in the memory of one process. Clones share it.
///
/// As an `AttemptStore` it cannot tell that a reference is new, because another process, or an earlier run of this one, may
/// have sent it: `ensure_*` wait `settle` for every reference that is not given as never sent. Records of attempts that ended
/// more than a day ago may be dropped.
///
/// It cannot tell two processes apart either. Use it when this process is the only one that works on its references; use
/// `FileStore` or `RedisStore` otherwise.
#[derive(Clone, Default)]
pub struct MemoryStore(Arc<Inner>);

#[derive(Default)]
struct Inner {
    tokens: MemoryTokenStore,
    attempts: Mutex<Attempts>,
    replays: MemoryReplayStore,
}

impl MemoryStore {
    /// Creates an empty store.
    pub fn new() -> Self {
        Self::default()
    }

    /// The one store of this process. A child of a fork gets an empty one: the locks of its parent's may be held by threads
    /// that the child does not have.
    pub(crate) fn for_this_process() -> Self {
        static STORE: OnceLock<PerProcess<MemoryStore>> = OnceLock::new();
        STORE.get_or_init(PerProcess::default).get(|_| Self::new()).clone()
    }

    /// Whether anybody has the lease of a reference.
    pub(crate) fn is_leased(&self, reference: &str) -> bool {
        take(&self.0.attempts).is_leased(reference)
    }

    /// The last attempt on a reference, whoever has its lease.
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

impl fmt::Debug for MemoryStore {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("MemoryStore")
    }
}

/// Held for a few instructions only.
fn take<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
