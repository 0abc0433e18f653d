//! The setting `store`: of a client, and of a verifier.

use std::sync::Arc;

use keysecure::Store;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyString;

use super::classes::{self, FileStore, MemoryReplayStore, MemoryStore, RedisStore};
use super::own::{Offers, Own};
use crate::errors::config;
use crate::settings;
use crate::values::Given;

/// What a store is to be used for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Use {
    /// Access tokens and attempts.
    Client,
    /// Webhooks and decisions on purchases.
    Verifier,
}

/// A store as it was given, which a forked child opens again.
pub struct Setting {
    store: Py<PyAny>,
    /// Set for one that is written in Python.
    own: Option<Offers>,
}

impl Setting {
    /// Of an argument of that name: a store of this package, a text, or an object with the methods of one.
    pub fn of(name: &str, given: Given<'_, '_>, used: Use) -> PyResult<Self> {
        let py = given.py();
        let store = match given.cast::<PyString>() {
            Ok(_) => named(py, name, &settings::text(name, given)?)?,
            Err(_) => given.clone().unbind(),
        };
        let own = match classes::here(store.bind(py))? {
            Some(store) => {
                let fits = match used {
                    Use::Client => store.token_store().is_some(),
                    Use::Verifier => store.replay_store().is_some(),
                };
                if !fits {
                    let class = given.get_type().name()?;
                    return Err(config(py, &format!("{name} cannot be a {class}: it keeps something else")));
                }
                None
            }
            None => Some(Offers::of(name, given, used)?),
        };
        Ok(Self { store, own })
    }

    /// A store in memory for one verifier.
    pub fn memory(py: Python<'_>) -> PyResult<Self> {
        Ok(Self { store: Py::new(py, MemoryReplayStore::new(100_000))?.into_any(), own: None })
    }

    /// This process's part of it.
    pub fn here(&self, py: Python<'_>) -> PyResult<Store> {
        let store = self.store.bind(py);
        match (self.own, classes::here(store)?) {
            (Some(offers), _) => Ok(Arc::new(Own(self.store.clone_ref(py))).offering(offers)),
            (None, here) => Ok(here.unwrap_or_default()),
        }
    }

    /// Whether asking it may take long: it is not in the memory of this process.
    pub fn waits(&self, py: Python<'_>) -> bool {
        let store = self.store.bind(py);
        !(store.is_instance_of::<MemoryStore>() || store.is_instance_of::<MemoryReplayStore>())
    }

    /// The same one, for another holder.
    pub fn clone_ref(&self, py: Python<'_>) -> Self {
        Self { store: self.store.clone_ref(py), own: self.own }
    }
}

/// The store that a text names. The text may hold a password: no error repeats it.
fn named(py: Python<'_>, name: &str, text: &str) -> PyResult<Py<PyAny>> {
    static MEMORY: PyOnceLock<Py<MemoryStore>> = PyOnceLock::new();
    if text == "memory" {
        let memory = MEMORY.get_or_try_init(py, || Py::new(py, MemoryStore::new()))?;
        return Ok(memory.clone_ref(py).into_any());
    }
    if let Some(directory) = text.strip_prefix("file:") {
        // Both `file:/var/lib/shop` and the URL `file:///var/lib/shop`.
        let directory = directory.strip_prefix("//").unwrap_or(directory);
        if !directory.is_empty() {
            return Ok(Py::new(py, FileStore::new(py, directory.into())?)?.into_any());
        }
    }
    if ["redis://", "rediss://", "redis+unix://"].iter().any(|scheme| text.starts_with(scheme)) {
        return Ok(Py::new(py, RedisStore::at(py, text.to_owned())?)?.into_any());
    }
    Err(config(py, &format!("{name} must be memory, file:DIRECTORY or redis://HOST")))
}
