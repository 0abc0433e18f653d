//! What the workers of a fleet share: the access token, and the callbacks that were accepted.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use keysecure::{MemoryReplayStore, MemoryTokenStore, StoreUnavailable};

use crate::convert::{CallbackFailure, Result, count};

/// Keeps the access token for several clients.
#[derive(uniffi::Object)]
pub struct TokenStore(pub(crate) Arc<dyn keysecure::TokenStore>);

#[uniffi::export]
impl TokenStore {
    /// For the clients of one process.
    #[uniffi::constructor]
    pub fn memory() -> Self {
        Self(Arc::new(MemoryTokenStore::new()))
    }

    /// For the processes of one user on one machine, in a directory of the user's alone. Unix only.
    #[uniffi::constructor]
    pub fn file(directory: String) -> Result<Self> {
        #[cfg(unix)]
        return Ok(Self(Arc::new(keysecure::FileStore::open(directory)?)));
        #[cfg(not(unix))]
        return Err(no_files(directory));
    }
}

impl fmt::Debug for TokenStore {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("TokenStore")
    }
}

/// Remembers the callbacks that were accepted, so that one that comes twice is told.
#[derive(uniffi::Object)]
pub struct ReplayStore(pub(crate) Arc<dyn keysecure::ReplayStore>);

#[uniffi::export]
impl ReplayStore {
    /// In the memory of one process, at most so many callbacks.
    #[uniffi::constructor]
    pub fn memory(capacity: i32) -> Result<Self> {
        let capacity = usize::try_from(count("capacity", capacity)?).unwrap_or(usize::MAX);
        Ok(Self(Arc::new(MemoryReplayStore::new(capacity))))
    }

    /// For the processes of one user on one machine, in a directory of the user's alone. Unix only.
    #[uniffi::constructor]
    pub fn file(directory: String) -> Result<Self> {
        #[cfg(unix)]
        return Ok(Self(Arc::new(keysecure::FileStore::open(directory)?)));
        #[cfg(not(unix))]
        return Err(no_files(directory));
    }

    /// In a database of the merchant's.
    #[uniffi::constructor]
    pub fn own(memory: Arc<dyn ReplayMemory>) -> Self {
        Self(Arc::new(Foreign(memory)))
    }
}

impl fmt::Debug for ReplayStore {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("ReplayStore")
    }
}

/// A memory of callbacks that the merchant brings. One that throws cannot be asked: see `WebhookOptions`.
#[uniffi::export(foreign)]
pub trait ReplayMemory: Send + Sync {
    /// Stores `value` under `key` for `keep`, unless the key is present: then returns the value that is there. It must be
    /// atomic: of two calls at once, exactly one gets null.
    fn insert(&self, key: String, value: String, keep: Duration) -> Result<Option<String>, CallbackFailure>;

    /// Returns the value of `key`, if the key is present.
    fn get(&self, key: String) -> Result<Option<String>, CallbackFailure>;

    /// Removes `key`, if it is present.
    fn remove(&self, key: String) -> Result<(), CallbackFailure>;
}

struct Foreign(Arc<dyn ReplayMemory>);

impl keysecure::ReplayStore for Foreign {
    fn insert(&self, key: &str, value: &str, keep: Duration) -> Result<Option<String>, StoreUnavailable> {
        self.0.insert(key.to_owned(), value.to_owned(), keep).map_err(|CallbackFailure::Failed| StoreUnavailable)
    }

    fn get(&self, key: &str) -> Result<Option<String>, StoreUnavailable> {
        self.0.get(key.to_owned()).map_err(|CallbackFailure::Failed| StoreUnavailable)
    }

    fn remove(&self, key: &str) -> Result<(), StoreUnavailable> {
        self.0.remove(key.to_owned()).map_err(|CallbackFailure::Failed| StoreUnavailable)
    }
}

/// A store in files needs the locks of Unix.
#[cfg(not(unix))]
fn no_files(_: String) -> keysecure::FfiError {
    keysecure::FfiError::refused("directory", "cannot hold a store on this system: its locks are Unix's")
}
