//! What the workers of a fleet share: the access token, the record of attempts, and the webhooks that were accepted.

mod attempts;
mod replays;
mod tokens;

use std::fmt;
use std::sync::Arc;

use keysecure::StoreUnavailable;

use crate::convert::{CallbackFailure, Result};
use crate::warnings;

pub use attempts::{Acquired, AttemptStart, AttemptStore, PastAttempt};
pub use replays::ReplayStore;
pub use tokens::{StoredToken, TokenStore};

/// What clients and verifiers share: access tokens, the record of attempts on merchant references, and webhooks.
///
/// The `ensure` calls need one. See the core's `Store` for which to choose.
#[derive(uniffi::Object)]
#[uniffi::export(Debug)]
pub struct Store(pub(crate) keysecure::Store);

#[uniffi::export]
impl Store {
    /// In the memory of this process, one for all that call this. For a process that is the only one that works on its
    /// merchant references: each waits for `settle`, unless it is given as never sent.
    #[uniffi::constructor]
    pub fn memory() -> Self {
        warnings::begin();
        Self(keysecure::Store::memory())
    }

    /// In a directory that only its user can enter (mode 0700), on a local file system: for the processes of one user on
    /// one machine. Unix only.
    #[uniffi::constructor]
    pub fn file(directory: String) -> Result<Self> {
        warnings::begin();
        #[cfg(unix)]
        return Ok(Self(keysecure::Store::file(directory)?));
        #[cfg(not(unix))]
        return Self::parse(format!("file:{directory}"));
    }

    /// In a Redis, for workers on several machines: `redis://HOST/` or `redis+unix://PATH`. The access token is stored there
    /// and sent there in the clear, so the way to it must be private: this library has no TLS for Redis.
    #[uniffi::constructor]
    pub fn redis(url: String) -> Result<Self> {
        if !url.starts_with("redis") {
            return Err(keysecure::FfiError::invalid_input("url", "must begin with redis:// or redis+unix://"));
        }
        Self::parse(url)
    }

    /// From a text: `memory`, `file:DIRECTORY` or the URL of a Redis.
    #[uniffi::constructor]
    pub fn parse(text: String) -> Result<Self> {
        warnings::begin();
        Ok(Self(text.parse()?))
    }

    /// In stores of the merchant's. One that throws cannot be reached.
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

/// What a store that throws is to the core. What it threw is logged, because nobody else sees it.
fn unavailable(method: &str) -> impl FnOnce(CallbackFailure) -> StoreUnavailable {
    move |failure| {
        log::warn!(target: "keysecure", "{method} of a store threw {failure}");
        StoreUnavailable
    }
}
