//! Token store in the memory of one process.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::take;
use crate::store::{StoreLock, StoreUnavailable, StoredToken, TokenStore};

/// [`TokenStore`] in the memory of one process, for several clients of one merchant.
///
/// The threads and clones of a single client share its token without a store.
#[derive(Debug, Default)]
pub struct MemoryTokenStore {
    tokens: Mutex<HashMap<String, StoredToken>>,
    locked: Arc<Mutex<HashSet<String>>>,
}

impl MemoryTokenStore {
    /// Creates an empty store.
    pub fn new() -> Self {
        Self::default()
    }
}

impl TokenStore for MemoryTokenStore {
    fn load(&self, slot: &str, _: Duration) -> Result<Option<StoredToken>, StoreUnavailable> {
        Ok(take(&self.tokens).get(slot).cloned())
    }

    fn save(&self, slot: &str, token: &StoredToken, _: Duration) -> Result<(), StoreUnavailable> {
        take(&self.tokens).insert(slot.to_owned(), token.clone());
        Ok(())
    }

    fn try_lock(&self, slot: &str, _: Duration) -> Result<Option<StoreLock>, StoreUnavailable> {
        let slot = slot.to_owned();
        if !take(&self.locked).insert(slot.clone()) {
            return Ok(None);
        }
        let locked = Arc::clone(&self.locked);
        Ok(Some(StoreLock::new(move |_| {
            take(&locked).remove(&slot);
        })))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_is_exclusive_until_it_is_released_or_dropped() {
        let store = MemoryTokenStore::new();
        let lock = store.try_lock("a", Duration::ZERO).unwrap().unwrap();
        assert!(store.try_lock("a", Duration::ZERO).unwrap().is_none());
        assert!(store.try_lock("b", Duration::ZERO).unwrap().is_some());
        lock.release(Duration::ZERO);
        drop(store.try_lock("a", Duration::ZERO).unwrap().unwrap());
        assert!(store.try_lock("a", Duration::ZERO).unwrap().is_some());
    }
}
