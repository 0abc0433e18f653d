//! The access token of a client that does not share it.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use keysecure::{StoreLock, StoreUnavailable, StoredToken, TokenStore};

/// The token store of a client without one, so that a forked child can use its parent's token.
#[derive(Default)]
pub struct OwnToken(Mutex<Option<StoredToken>>);

impl OwnToken {
    /// Copies the store without waiting: in a forked child the lock may stay locked for ever.
    pub fn inherited(&self) -> Self {
        Self(Mutex::new(self.0.try_lock().ok().and_then(|token| token.clone())))
    }
}

impl TokenStore for OwnToken {
    fn load(&self, _: &str, _: Duration) -> Result<Option<StoredToken>, StoreUnavailable> {
        Ok(self.0.lock().unwrap_or_else(PoisonError::into_inner).clone())
    }

    fn save(&self, _: &str, token: &StoredToken, _: Duration) -> Result<(), StoreUnavailable> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(token.clone());
        Ok(())
    }

    /// One thread of a client calls it at a time, and no other client has this store.
    fn try_lock(&self, _: &str, _: Duration) -> Result<Option<StoreLock>, StoreUnavailable> {
        Ok(Some(StoreLock::new(|_| ())))
    }
}
