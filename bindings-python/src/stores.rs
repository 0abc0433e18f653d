//! Stores that workers share: access tokens, and callbacks that were accepted.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use keysecure::{ReplayStore, StoreLock, StoreUnavailable, StoredToken, TokenStore};
use pyo3::prelude::*;

use crate::errors::config;
use crate::process::PerProcess;
use crate::values::Given;

/// The store of a client that was given none: its own token, so that a forked child can go on with it.
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

/// An access token that the clients of one process share: `Client(..., token_store=store)`.
///
/// It keeps clients of one merchant in one process from voiding each other's token. A forked child begins with an empty
/// one; for several processes use `FileStore`.
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

/// Remembers the callbacks that one process accepted: `WebhookVerifier(..., replay_guard=store)`.
///
/// At most `capacity` of them; a full store forgets the oldest, which are the next to be refused by their age anyway.
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

/// Access tokens and accepted callbacks in a directory, for all processes of one user on one machine (Unix).
///
/// The directory is made when it is missing and must be the user's alone (mode 0700), on a local file system. The token
/// lies there in a file of mode 0600.
#[pyclass(frozen, module = "keysecure")]
pub struct FileStore {
    directory: PathBuf,
    #[cfg(unix)]
    store: PerProcess<Arc<keysecure::FileStore>>,
}

#[cfg(unix)]
impl FileStore {
    fn open(directory: &Path) -> PyResult<Arc<keysecure::FileStore>> {
        Ok(Arc::new(keysecure::FileStore::open(directory)?))
    }

    fn current(&self, py: Python<'_>) -> PyResult<Arc<keysecure::FileStore>> {
        self.store.get(py, |_| Self::open(&self.directory))
    }
}

#[pymethods]
impl FileStore {
    #[new]
    #[cfg(unix)]
    fn new(directory: PathBuf) -> PyResult<Self> {
        let store = PerProcess::new(Self::open(&directory)?);
        Ok(Self { directory, store })
    }

    #[new]
    #[cfg(not(unix))]
    fn new(py: Python<'_>, directory: PathBuf) -> PyResult<Self> {
        let _ = Self { directory };
        Err(config(py, "FileStore needs a Unix system"))
    }

    fn __repr__(&self) -> String {
        format!("FileStore('{}')", self.directory.display())
    }
}

/// This process's part of the store that a client was given.
pub fn token_store(value: Given<'_, '_>) -> PyResult<Arc<dyn TokenStore>> {
    let py = value.py();
    if let Ok(memory) = value.cast::<MemoryTokenStore>() {
        return Ok(memory.get().0.get(py, |_| Ok(Arc::default()))?);
    }
    #[cfg(unix)]
    if let Ok(file) = value.cast::<FileStore>() {
        return Ok(file.get().current(py)?);
    }
    Err(config(py, "token_store must be a MemoryTokenStore or a FileStore"))
}

/// This process's part of the store that a verifier was given, if it is one of these.
pub fn replay_store(value: Given<'_, '_>) -> PyResult<Option<Arc<dyn ReplayStore>>> {
    let py = value.py();
    if let Ok(memory) = value.cast::<MemoryReplayStore>() {
        let memory = memory.get();
        return Ok(Some(memory.store.get(py, |_| Ok(Arc::new(keysecure::MemoryReplayStore::new(memory.capacity))))?));
    }
    #[cfg(unix)]
    if let Ok(file) = value.cast::<FileStore>() {
        return Ok(Some(file.get().current(py)?));
    }
    Ok(None)
}
