//! What the workers of a fleet share: the access token, the record of attempts, and the webhooks that were accepted.

mod attempts;
mod replays;
mod tokens;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use keysecure::StoreUnavailable;

use crate::convert::{ForeignFailure, Result};
use crate::warnings;

pub use attempts::{Acquired, AttemptStart, AttemptStore, PastAttempt};
pub use replays::ReplayStore;
pub use tokens::{StoredToken, TokenStore};

/// Shares state between clients and webhook verifiers: access tokens, the records of attempts, and accepted webhooks.
/// The `ensure` calls need one.
///
/// `memory` is for a process that is the only one to work on its merchant references, `file` for the processes of one
/// user on one machine, `redis` for several machines, and `own` for a database of yours.
#[derive(uniffi::Object)]
#[uniffi::export(Debug)]
pub struct Store(pub(crate) keysecure::Store);

impl Store {
    /// Wraps a store of the core.
    #[must_use]
    pub fn from_core(store: keysecure::Store) -> Self {
        Self(store)
    }

    /// Returns the store of the core, for the relay of the JVM.
    #[must_use]
    pub fn core(&self) -> &keysecure::Store {
        &self.0
    }
}

#[uniffi::export]
impl Store {
    /// Returns the store in the memory of this process; always the same one. It does not know whether a merchant
    /// reference is new, so an `ensure` call waits for `settle`, unless it is a first attempt.
    #[uniffi::constructor]
    pub fn memory() -> Self {
        warnings::begin();
        Self(keysecure::Store::memory())
    }

    /// Returns a store in a directory on a local file system, for the processes of one user on one machine. Only its
    /// user may have access (mode 0700). Windows: nothing checks the permissions, which the directory inherits; choose
    /// one that other users cannot read, such as one below `%LOCALAPPDATA%`.
    #[uniffi::constructor]
    pub fn file(directory: String) -> Result<Self> {
        warnings::begin();
        Ok(Self(keysecure::Store::file(directory)?))
    }

    /// Returns a store in Redis, for workers on several machines: `redis://HOST/` or `redis+unix://PATH`. The access
    /// token is stored and sent unencrypted: the network to Redis must be private, because this library has no TLS for
    /// Redis. `timeout` limits one operation; default: 1 s.
    #[uniffi::constructor(default(timeout = None))]
    pub fn redis(url: String, timeout: Option<Duration>) -> Result<Self> {
        warnings::begin();
        if !url.starts_with("redis") {
            return Err(keysecure::FfiError::invalid_input("url", "must begin with redis:// or redis+unix://"));
        }
        #[cfg(feature = "redis")]
        if let Some(timeout) = timeout {
            return Ok(Self(keysecure::RedisStore::open(url)?.timeout(timeout).into()));
        }
        // Without the feature, no URL is accepted.
        #[cfg(not(feature = "redis"))]
        let _ = timeout;
        Self::parse(url)
    }

    /// Returns the store that a setting names: `memory`, `file:DIRECTORY` or a Redis URL.
    #[uniffi::constructor]
    pub fn parse(text: String) -> Result<Self> {
        warnings::begin();
        Ok(Self(text.parse()?))
    }

    /// Returns a store over your own implementations. One that throws counts as unavailable.
    #[uniffi::constructor(default(tokens = None, attempts = None, replays = None))]
    pub fn own(
        tokens: Option<Arc<dyn TokenStore>>,
        attempts: Option<Arc<dyn AttemptStore>>,
        replays: Option<Arc<dyn ReplayStore>>,
    ) -> Self {
        warnings::begin();
        let mut store = keysecure::Store::new();
        if let Some(tokens) = tokens {
            store = store.tokens(Arc::new(tokens::Foreign(tokens)));
        }
        if let Some(attempts) = attempts {
            store = store.attempts(Arc::new(attempts::Foreign(attempts)));
        }
        if let Some(replays) = replays {
            store = store.replays(Arc::new(replays::Foreign(replays)));
        }
        Self(store)
    }
}

impl fmt::Debug for Store {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

/// Converts an exception of a store to an error. The exception is logged, because nobody else sees it.
fn unavailable(method: &str) -> impl FnOnce(ForeignFailure) -> StoreUnavailable {
    move |failure| {
        log::warn!(target: "keysecure", "{method} of a store threw {failure}");
        StoreUnavailable
    }
}
