//! The access token of a client that shares it with nobody.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use keysecure::{StoreLock, StoreUnavailable, StoredToken, TokenStore};

/// The token store of a client that was given none, so that a forked child can go on with its parent's token.
#[derive(Default)]
pub struct OwnToken(Mutex<Option<StoredToken>>);

impl OwnToken {
    /// A copy that waits for nobody: for a forked child, in which the lock may stay held for ever.
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

    /// One thread of a client asks at a time, and nobody else has this store.
    fn try_lock(&self, _: &str, _: Duration) -> Result<Option<StoreLock>, StoreUnavailable> {
        Ok(Some(StoreLock::new(|_| ())))
    }
}
