//! Access tokens in a store of the merchant's.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use keysecure::{StoreLock, StoreUnavailable};

use super::unavailable;
use crate::convert::{CallbackFailure, Result};

/// Keeps access tokens for several clients. A `slot` stands for one merchant at one platform; its name is 64 hexadecimal
/// digits and no secret. `within` is how long the caller can wait at most.
///
/// One that throws cannot be reached: the client then continues with a token that it shares with nobody.
#[uniffi::export(foreign)]
pub trait TokenStore: Send + Sync {
    /// Returns the token of a slot, if there is one; it need not be valid any more.
    fn load(&self, slot: String, within: Duration) -> Result<Option<StoredToken>, CallbackFailure>;

    /// Replaces the token of a slot. A reader at the same moment gets the old one or the new one, whole.
    fn save(&self, slot: String, token: StoredToken, within: Duration) -> Result<(), CallbackFailure>;

    /// Takes the lock of a slot and returns a name for this lock, which no other one has; null when another worker has it.
    /// It does not wait. The lock must end by itself some seconds after its holder is killed (10 s, say).
    fn try_lock(&self, slot: String, within: Duration) -> Result<Option<String>, CallbackFailure>;

    /// Ends the lock of that name, if it is still held.
    fn unlock(&self, slot: String, lock_id: String, within: Duration) -> Result<(), CallbackFailure>;
}

/// An access token as a store keeps it. It prints without the token.
#[derive(Clone, uniffi::Record)]
#[uniffi::export(Debug)]
pub struct StoredToken {
    /// The token itself, a secret.
    pub token: String,
    /// From then on a new one is fetched: on the platform's clock, in whole milliseconds.
    pub renew_at: SystemTime,
    /// When the platform ends it: on the platform's clock, in whole milliseconds.
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
        // What cannot stand in a header was never a token.
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
            // If it fails, the lock ends by itself.
            let _ = store.unlock(slot, lock_id, within).map_err(unavailable("unlock"));
        })))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};
    use std::time::{Duration, SystemTime};

    use keysecure::TokenStore as _;

    use super::{CallbackFailure, Foreign, Result, StoredToken, TokenStore};

    /// What a store in Kotlin or Swift is to Rust: it holds one token and notes which locks were ended.
    struct Shelf {
        token: &'static str,
        unlocked: Mutex<Vec<String>>,
    }

    impl TokenStore for Shelf {
        fn load(&self, _: String, _: Duration) -> Result<Option<StoredToken>, CallbackFailure> {
            let now = SystemTime::now();
            Ok(Some(StoredToken { token: self.token.to_owned(), renew_at: now, expires_at: now }))
        }

        fn save(&self, _: String, _: StoredToken, _: Duration) -> Result<(), CallbackFailure> {
            Err(CallbackFailure::Failed { what: "a.Class".to_owned() })
        }

        fn try_lock(&self, _: String, _: Duration) -> Result<Option<String>, CallbackFailure> {
            Ok(Some("mine".to_owned()))
        }

        fn unlock(&self, _: String, lock_id: String, _: Duration) -> Result<(), CallbackFailure> {
            self.unlocked.lock().unwrap().push(lock_id);
            Ok(())
        }
    }

    fn shelf(token: &'static str) -> Arc<Shelf> {
        Arc::new(Shelf { token, unlocked: Mutex::default() })
    }

    #[test]
    fn a_token_that_no_header_can_hold_is_none() {
        let within = Duration::from_secs(1);
        for (token, is_there) in
            [("t0ps3cret", true), ("", false), ("a b", false), ("a\r\nX: y", false), ("\u{e9}", false)]
        {
            let loaded = Foreign(shelf(token)).load("slot", within).unwrap();
            assert_eq!(loaded.is_some(), is_there, "{token:?}");
        }
    }

    #[test]
    fn a_lock_ends_by_its_name_and_a_store_that_throws_is_unavailable() {
        let (shelf, within) = (shelf("t"), Duration::from_secs(1));
        let store = Foreign(Arc::clone(&shelf) as Arc<dyn TokenStore>);
        store.try_lock("slot", within).unwrap().unwrap().release(within);
        drop(store.try_lock("slot", within).unwrap());
        assert_eq!(*shelf.unlocked.lock().unwrap(), ["mine", "mine"]);
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
