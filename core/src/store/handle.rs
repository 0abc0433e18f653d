//! The handle of the stores that a client takes.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use super::{AttemptStore, MemoryStore, QuotaStore, TokenStore};
use crate::error::Error;
use crate::store::ReplayStore;

/// Handle of the stores of a client: access tokens, attempts on merchant references, webhooks, and sums with a limit.
///
/// [`MemoryStore`], `FileStore` and `RedisStore` provide all four. A string names one of them:
///
/// | store | use it when |
/// |---|---|
/// | `memory` | this process is the only one that works on its merchant references |
/// | `file:` | all workers are processes of one user on one machine |
/// | `redis:` | the workers are on several machines (cargo feature `redis`) |
///
/// # Examples
///
/// ```
/// use std::sync::Arc;
///
/// use keysecure::{Client, MemoryStore, OnStoreFailure, Store, WebhookVerifier};
///
/// // Or "file:/var/lib/shop/keysecure", or "redis://10.0.0.5/".
/// let store: Store = "memory".parse()?;
/// let client = Client::builder("api-key", "api-secret-of-16").store(store.clone()).build()?;
///
/// // The same store for webhooks:
/// let replays = store.replay_store().ok_or("no replay store")?;
/// let verifier = WebhookVerifier::new("api-key", ["api-secret-of-16"])?
///     .replay_guard(replays, OnStoreFailure::Reject);
///
/// // Other implementations, one by one:
/// let tokens = Arc::new(MemoryStore::new());
/// let attempts = Arc::new(MemoryStore::new());
/// let mixed = Store::new().tokens(tokens).attempts(attempts);
/// assert!(mixed.replay_store().is_none());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Default)]
pub struct Store {
    tokens: Option<Arc<dyn TokenStore>>,
    attempts: Option<Arc<dyn AttemptStore>>,
    replays: Option<Arc<dyn ReplayStore>>,
    quota: Option<Arc<dyn QuotaStore>>,
}

impl Store {
    /// Creates a handle without stores.
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns the store in the memory of this process. All handles that this function returns share it.
    pub fn memory() -> Self {
        MemoryStore::for_this_process().into()
    }

    /// Opens a store in a directory; see `FileStore`.
    ///
    /// # Errors
    ///
    /// Kind [`Config`](crate::ErrorKind::Config) if the directory cannot be used.
    #[cfg(any(unix, windows))]
    pub fn file(directory: impl Into<std::path::PathBuf>) -> Result<Self, Error> {
        super::FileStore::open(directory).map(Into::into)
    }

    /// Sets the store of access tokens.
    #[must_use]
    pub fn tokens(self, store: Arc<dyn TokenStore>) -> Self {
        Self { tokens: Some(store), ..self }
    }

    /// Sets the store of attempts.
    #[must_use]
    pub fn attempts(self, store: Arc<dyn AttemptStore>) -> Self {
        Self { attempts: Some(store), ..self }
    }

    /// Sets the store of webhooks. A client does not use it: pass [`replay_store`](Self::replay_store) to
    /// [`WebhookVerifier::replay_guard`](crate::WebhookVerifier::replay_guard).
    #[must_use]
    pub fn replays(self, store: Arc<dyn ReplayStore>) -> Self {
        Self { replays: Some(store), ..self }
    }

    /// Sets the store of sums, for the limits of a relay.
    #[must_use]
    pub fn quota(self, store: Arc<dyn QuotaStore>) -> Self {
        Self { quota: Some(store), ..self }
    }

    /// Returns the store of access tokens, if there is one.
    pub fn token_store(&self) -> Option<Arc<dyn TokenStore>> {
        self.tokens.clone()
    }

    /// Returns the store of attempts, if there is one.
    pub fn attempt_store(&self) -> Option<Arc<dyn AttemptStore>> {
        self.attempts.clone()
    }

    /// Returns the store of webhooks, if there is one.
    pub fn replay_store(&self) -> Option<Arc<dyn ReplayStore>> {
        self.replays.clone()
    }

    /// Returns the store of sums, if there is one.
    pub fn quota_store(&self) -> Option<Arc<dyn QuotaStore>> {
        self.quota.clone()
    }

    /// Creates a handle of one store that provides all four.
    fn from_all<S: TokenStore + AttemptStore + ReplayStore + QuotaStore + 'static>(store: Arc<S>) -> Self {
        Self {
            tokens: Some(store.clone()),
            attempts: Some(store.clone()),
            replays: Some(store.clone()),
            quota: Some(store),
        }
    }
}

impl From<MemoryStore> for Store {
    fn from(store: MemoryStore) -> Self {
        Self::from_all(Arc::new(store))
    }
}

#[cfg(any(unix, windows))]
impl From<super::FileStore> for Store {
    fn from(store: super::FileStore) -> Self {
        Self::from_all(Arc::new(store))
    }
}

#[cfg(any(unix, windows))]
impl From<Arc<super::FileStore>> for Store {
    fn from(store: Arc<super::FileStore>) -> Self {
        Self::from_all(store)
    }
}

#[cfg(feature = "redis")]
impl From<super::RedisStore> for Store {
    fn from(store: super::RedisStore) -> Self {
        Self::from_all(Arc::new(store))
    }
}

impl FromStr for Store {
    type Err = Error;

    /// Parses `memory`, `file:DIRECTORY`, or a URL that starts with `redis://`, `rediss://` or `redis+unix://`.
    ///
    /// Errors do not repeat the text, which may contain a password.
    fn from_str(text: &str) -> Result<Self, Error> {
        if text == "memory" {
            return Ok(Self::memory());
        }
        if let Some(directory) = text.strip_prefix("file:") {
            return open_file(directory);
        }
        if ["redis://", "rediss://", "redis+unix://"].iter().any(|scheme| text.starts_with(scheme)) {
            return open_redis(text);
        }
        Err(Error::config("store must be memory, file:DIRECTORY or redis://HOST"))
    }
}

fn open_file(directory: &str) -> Result<Store, Error> {
    let directory = path_of(directory, cfg!(windows));
    if directory.is_empty() {
        return Err(Error::config("store has no directory after file:"));
    }
    #[cfg(any(unix, windows))]
    return Store::file(directory);
    #[cfg(not(any(unix, windows)))]
    return Err(Error::config("this system has no file store"));
}

/// The path in `file:/var/lib/shop` and in the URL `file:///var/lib/shop`; on Windows in `file:C:\shop` and `file:///C:/shop`.
fn path_of(text: &str, on_windows: bool) -> &str {
    let path = text.strip_prefix("//").unwrap_or(text);
    match path.strip_prefix('/') {
        Some(drive) if on_windows && drive.as_bytes().get(1) == Some(&b':') => drive,
        _ => path,
    }
}

#[cfg(feature = "redis")]
fn open_redis(url: &str) -> Result<Store, Error> {
    super::RedisStore::open(url).map(Into::into)
}

#[cfg(not(feature = "redis"))]
fn open_redis(_: &str) -> Result<Store, Error> {
    Err(Error::config("this build has no Redis store: enable the cargo feature redis"))
}

impl fmt::Debug for Store {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Store")
            .field("tokens", &self.tokens.is_some())
            .field("attempts", &self.attempts.is_some())
            .field("replays", &self.replays.is_some())
            .field("quota", &self.quota.is_some())
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;

    #[test]
    fn a_text_names_a_store() {
        let store: Store = "memory".parse().unwrap();
        assert!(store.token_store().is_some() && store.attempt_store().is_some() && store.replay_store().is_some());
        assert!(store.quota_store().is_some());
        for text in ["", "Memory", "file:", "file://", "/var/lib", "http://host"] {
            assert_eq!(text.parse::<Store>().unwrap_err().kind(), ErrorKind::Config, "{text:?}");
        }
    }

    #[test]
    fn a_directory_may_be_a_path_or_a_url() {
        for (text, on_unix, on_windows) in [
            ("/var/lib/shop", "/var/lib/shop", "/var/lib/shop"),
            ("///var/lib/shop", "/var/lib/shop", "/var/lib/shop"),
            ("shop", "shop", "shop"),
            (r"C:\shop", r"C:\shop", r"C:\shop"),
            ("///C:/shop", "/C:/shop", "C:/shop"),
            ("//", "", ""),
        ] {
            assert_eq!((path_of(text, false), path_of(text, true)), (on_unix, on_windows), "{text}");
        }
    }

    #[test]
    fn no_error_shows_a_password() {
        for text in ["redis://:hunter2@host:port/", "rediss://:hunter2@host/", "postgres://:hunter2@host/"] {
            let error = text.parse::<Store>().unwrap_err();
            assert!(!format!("{error} {error:?}").contains("hunter2"));
        }
    }

    #[cfg(feature = "redis")]
    #[test]
    fn a_redis_url_that_cannot_be_used_says_why() {
        for (text, why) in [
            ("redis://host:port/", "give redis://"),
            ("rediss://host/", "rediss:// (TLS) is not built into this package"),
        ] {
            let error = text.parse::<Store>().unwrap_err().to_string();
            assert!(error.contains(why), "{text}: {error}");
        }
    }

    #[cfg(not(feature = "redis"))]
    #[test]
    fn a_build_without_redis_names_the_feature() {
        let error = "redis://127.0.0.1/".parse::<Store>().unwrap_err();
        assert!(error.to_string().contains("cargo feature redis"), "{error}");
    }
}
