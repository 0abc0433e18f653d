//! The stores of this package.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use keysecure::{EventBuffer, Secret, Store};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;

use crate::arguments::{RedisUrl, Timeout};
use crate::process::PerProcess;

/// Tokens, attempts and webhooks in the memory of this process: `Client(..., store="memory")`.
///
/// Use it when this process is the only one that works on its merchant references: it knows nothing of other processes, nor of
/// an earlier run. So the `ensure_*` calls wait `settle` for each reference without `first_attempt=True`. A forked child starts
/// with an empty store. `MemoryStore()` creates a separate store; the text `"memory"` names one that the whole process
/// shares.
#[pyclass(frozen, module = "keysecure")]
pub struct MemoryStore(PerProcess<keysecure::MemoryStore>);

#[pymethods]
impl MemoryStore {
    #[new]
    pub fn new() -> Self {
        Self(PerProcess::new(keysecure::MemoryStore::new()))
    }

    fn __repr__(&self) -> &'static str {
        "MemoryStore()"
    }
}

/// Tokens, attempts and webhooks in a directory, for all processes of one user on one machine (Unix).
///
/// The directory is created when it is missing. It must belong to the user alone (mode 0700) and be on a local file system.
/// Pass the store to `Client(store=...)` and to `WebhookVerifier(store=...)`. Keep the directory: a reference that was paid
/// long ago must not look new.
#[pyclass(frozen, module = "keysecure")]
pub struct FileStore {
    directory: PathBuf,
    #[cfg(unix)]
    store: PerProcess<Arc<keysecure::FileStore>>,
}

#[cfg(unix)]
fn open(directory: &std::path::Path) -> PyResult<Arc<keysecure::FileStore>> {
    Ok(Arc::new(keysecure::FileStore::open(directory)?))
}

#[pymethods]
impl FileStore {
    #[new]
    #[cfg(unix)]
    pub fn new(_py: Python<'_>, directory: PathBuf) -> PyResult<Self> {
        let store = PerProcess::new(open(&directory)?);
        Ok(Self { directory, store })
    }

    #[new]
    #[cfg(not(unix))]
    pub fn new(py: Python<'_>, directory: PathBuf) -> PyResult<Self> {
        let _ = Self { directory };
        Err(crate::errors::config(py, "FileStore needs a Unix system"))
    }

    fn __repr__(&self) -> String {
        format!("FileStore('{}')", self.directory.display())
    }
}

/// Tokens, attempts and webhooks in Redis, version 5 or later, for any number of machines.
///
/// `url` is `redis://:password@host:6379/0` or `redis+unix:///run/redis.sock`; there is no TLS: use a private network. The
/// constructor sends nothing. `timeout` is the most seconds that one operation takes (1.0). The record of attempts is as
/// durable as that Redis: use `appendonly yes`, `appendfsync always` and `maxmemory-policy noeviction`.
#[pyclass(frozen, module = "keysecure")]
pub struct RedisStore {
    #[cfg(feature = "redis")]
    settings: (Secret, Duration),
    #[cfg(feature = "redis")]
    store: PerProcess<keysecure::RedisStore>,
}

#[cfg(feature = "redis")]
fn connected((url, timeout): &(Secret, Duration)) -> PyResult<keysecure::RedisStore> {
    Ok(keysecure::RedisStore::open(url.clone())?.timeout(*timeout))
}

impl RedisStore {
    /// Creates a store with the default timeout.
    pub fn at(py: Python<'_>, url: String) -> PyResult<Self> {
        Self::open(py, url.into(), None)
    }

    #[cfg(feature = "redis")]
    fn open(_: Python<'_>, url: Secret, timeout: Option<Timeout>) -> PyResult<Self> {
        let settings = (url, timeout.map_or(Duration::from_secs(1), |timeout| timeout.0.0));
        let store = PerProcess::new(connected(&settings)?);
        Ok(Self { settings, store })
    }

    /// The buffer of a relay's events in this Redis.
    #[cfg(feature = "redis")]
    pub fn events(&self, py: Python<'_>) -> PyResult<EventBuffer> {
        Ok(self.store.get(py, |_| connected(&self.settings))?.into())
    }

    #[cfg(not(feature = "redis"))]
    pub fn events(&self, _: Python<'_>) -> PyResult<EventBuffer> {
        Ok(EventBuffer::memory())
    }

    #[cfg(not(feature = "redis"))]
    fn open(py: Python<'_>, _: Secret, _: Option<Timeout>) -> PyResult<Self> {
        let _ = Self {};
        Err(crate::errors::config(py, "this build has no Redis store: build it with the cargo feature redis"))
    }
}

#[pymethods]
impl RedisStore {
    #[new]
    #[pyo3(signature = (url, *, timeout=None), text_signature = "(url, *, timeout=1.0)")]
    fn new(py: Python<'_>, url: RedisUrl, timeout: Option<Timeout>) -> PyResult<Self> {
        Self::open(py, url.0, timeout)
    }

    fn __repr__(&self) -> &'static str {
        "<keysecure.RedisStore>"
    }

    /// Refused: a pickle would carry the password.
    fn __reduce__(&self) -> PyResult<()> {
        let reason =
            "RedisStore may hold a password and does not become a pickle or a copy; create one where it is needed";
        Err(PyTypeError::new_err(reason))
    }
}

/// An access token that the clients of one process share: `Client(..., store=store)`.
///
/// It keeps clients of one merchant in one process from invalidating each other's token, and nothing else: see `MemoryStore`.
#[pyclass(frozen, module = "keysecure")]
pub struct MemoryTokenStore(PerProcess<Arc<keysecure::MemoryTokenStore>>);

#[pymethods]
impl MemoryTokenStore {
    #[new]
    fn new() -> Self {
        Self(PerProcess::new(Arc::default()))
    }

    fn __repr__(&self) -> &'static str {
        "MemoryTokenStore()"
    }
}

/// A record of the webhooks that one process accepted: `WebhookVerifier(..., store=store)`.
///
/// It holds at most `capacity` webhooks; a full store forgets the oldest, which are the next to be refused by their age.
#[pyclass(frozen, module = "keysecure")]
pub struct MemoryReplayStore {
    capacity: usize,
    store: PerProcess<Arc<keysecure::MemoryReplayStore>>,
}

#[pymethods]
impl MemoryReplayStore {
    #[new]
    #[pyo3(signature = (*, capacity=100_000))]
    pub fn new(capacity: usize) -> Self {
        Self { capacity, store: PerProcess::new(Arc::new(keysecure::MemoryReplayStore::new(capacity))) }
    }

    fn __repr__(&self) -> String {
        format!("MemoryReplayStore(capacity={})", self.capacity)
    }
}

/// Returns a store as this process uses it, if it is one of these classes. In a forked child the first use opens it again.
pub fn here(value: &Bound<'_, PyAny>) -> PyResult<Option<Store>> {
    let py = value.py();
    if let Ok(memory) = value.cast::<MemoryStore>() {
        return Ok(Some(memory.get().0.get(py, |_| Ok(keysecure::MemoryStore::new()))?.into()));
    }
    #[cfg(unix)]
    if let Ok(file) = value.cast::<FileStore>() {
        let file = file.get();
        return Ok(Some(file.store.get(py, |_| open(&file.directory))?.into()));
    }
    #[cfg(feature = "redis")]
    if let Ok(redis) = value.cast::<RedisStore>() {
        let redis = redis.get();
        return Ok(Some(redis.store.get(py, |_| connected(&redis.settings))?.into()));
    }
    if let Ok(memory) = value.cast::<MemoryTokenStore>() {
        return Ok(Some(Store::new().tokens(memory.get().0.get(py, |_| Ok(Arc::default()))?)));
    }
    if let Ok(memory) = value.cast::<MemoryReplayStore>() {
        let memory = memory.get();
        let store = memory.store.get(py, |_| Ok(Arc::new(keysecure::MemoryReplayStore::new(memory.capacity))))?;
        return Ok(Some(Store::new().replays(store)));
    }
    Ok(None)
}
