//! Access tokens in a store of the merchant's.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use keysecure::{StoreLock, StoreUnavailable};

use super::unavailable;
use crate::convert::{ForeignFailure, Result};

/// Stores the access tokens that several clients share. A `slot` identifies one merchant on one platform; it is 64
/// hexadecimal digits and not secret. `within` is how long the caller can wait.
///
/// A store that throws counts as unavailable: the client then continues with its own token.
#[uniffi::export(foreign)]
pub trait TokenStore: Send + Sync {
    /// Returns the token of a slot, or null. It may have expired.
    fn load(&self, slot: String, within: Duration) -> Result<Option<StoredToken>, ForeignFailure>;

    /// Replaces the token of a slot, atomically.
    fn save(&self, slot: String, token: StoredToken, within: Duration) -> Result<(), ForeignFailure>;

    /// Takes the lock of a slot and returns a unique id for it; null when another worker holds the lock. Does not wait
    /// for the lock. The lock must expire some seconds after its holder was killed, 10 s for example.
    fn try_lock(&self, slot: String, within: Duration) -> Result<Option<String>, ForeignFailure>;

    /// Releases the lock with this id, if it is still held.
    fn unlock(&self, slot: String, lock_id: String, within: Duration) -> Result<(), ForeignFailure>;
}

crate::tables::in_c_order!(UniFfiTraitVtableTokenStore: load, save, try_lock, unlock);

/// An access token in a store. Prints masked.
#[derive(Clone, uniffi::Record)]
#[uniffi::export(Debug)]
pub struct StoredToken {
    /// The token, a secret.
    pub token: String,
    /// When a new token is fetched: on the platform's clock, in whole milliseconds.
    pub renew_at: SystemTime,
    /// When the token expires: on the platform's clock, in whole milliseconds.
    pub expires_at: SystemTime,
}

impl fmt::Debug for StoredToken {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("StoredToken").field("expires_at", &self.expires_at).finish_non_exhaustive()
    }
}

pub(super) struct Foreign(pub Arc<dyn TokenStore>);

impl keysecure::TokenStore for Foreign {
    fn load(&self, slot: &str, within: Duration) -> Result<Option<keysecure::StoredToken>, StoreUnavailable> {
        let stored = self.0.load(slot.to_owned(), within).map_err(unavailable("load"))?;
        // A text that is not valid in a header is not a token.
        let stored = stored
            .filter(|stored| !stored.token.is_empty() && stored.token.bytes().all(|byte| byte.is_ascii_graphic()));
        Ok(stored.map(|stored| keysecure::StoredToken::new(stored.token, stored.renew_at, stored.expires_at)))
    }

    fn save(&self, slot: &str, token: &keysecure::StoredToken, within: Duration) -> Result<(), StoreUnavailable> {
        let token = StoredToken {
            token: token.secret().expose().to_owned(),
            renew_at: token.renew_at(),
            expires_at: token.expires_at(),
        };
        self.0.save(slot.to_owned(), token, within).map_err(unavailable("save"))
    }

    fn try_lock(&self, slot: &str, within: Duration) -> Result<Option<StoreLock>, StoreUnavailable> {
        let Some(lock_id) = self.0.try_lock(slot.to_owned(), within).map_err(unavailable("try_lock"))? else {
            return Ok(None);
        };
        let (store, slot) = (Arc::clone(&self.0), slot.to_owned());
        Ok(Some(StoreLock::new(move |within| {
            // If it fails, the lock expires.
            let _ = store.unlock(slot, lock_id, within).map_err(unavailable("unlock"));
        })))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};
    use std::time::{Duration, SystemTime};

    use keysecure::TokenStore as _;

    use super::{Foreign, ForeignFailure, Result, StoredToken, TokenStore};

    /// A store as Kotlin or Swift implements it: holds one token and records the released locks.
    struct TestStore {
        token: &'static str,
        unlocked: Mutex<Vec<String>>,
    }

    impl TokenStore for TestStore {
        fn load(&self, _: String, _: Duration) -> Result<Option<StoredToken>, ForeignFailure> {
            let now = SystemTime::now();
            Ok(Some(StoredToken { token: self.token.to_owned(), renew_at: now, expires_at: now }))
        }

        fn save(&self, _: String, _: StoredToken, _: Duration) -> Result<(), ForeignFailure> {
            Err(ForeignFailure::Failed { what: "a.Class".to_owned() })
        }

        fn try_lock(&self, _: String, _: Duration) -> Result<Option<String>, ForeignFailure> {
            Ok(Some("mine".to_owned()))
        }

        fn unlock(&self, _: String, lock_id: String, _: Duration) -> Result<(), ForeignFailure> {
            self.unlocked.lock().unwrap().push(lock_id);
            Ok(())
        }
    }

    fn test_store(token: &'static str) -> Arc<TestStore> {
        Arc::new(TestStore { token, unlocked: Mutex::default() })
    }

    #[test]
    fn a_token_that_no_header_can_hold_is_none() {
        let within = Duration::from_secs(1);
        for (token, is_there) in
            [("t0ps3cret", true), ("", false), ("a b", false), ("a\r\nX: y", false), ("\u{e9}", false)]
        {
            let loaded = Foreign(test_store(token)).load("slot", within).unwrap();
            assert_eq!(loaded.is_some(), is_there, "{token:?}");
        }
    }

    #[test]
    fn a_lock_ends_by_its_name_and_a_store_that_throws_is_unavailable() {
        let (test_store, within) = (test_store("t"), Duration::from_secs(1));
        let store = Foreign(Arc::clone(&test_store) as Arc<dyn TokenStore>);
        store.try_lock("slot", within).unwrap().unwrap().release(within);
        drop(store.try_lock("slot", within).unwrap());
        assert_eq!(*test_store.unlocked.lock().unwrap(), ["mine", "mine"]);
        let token = store.load("slot", within).unwrap().unwrap();
        assert!(store.save("slot", &token, within).is_err());
    }

    #[test]
    fn a_stored_token_prints_without_it() {
        let now = SystemTime::now();
        let token = StoredToken { token: "t0ps3cret".to_owned(), renew_at: now, expires_at: now };
        assert!(!format!("{token:?}").contains("t0ps3cret"));
    }
}
