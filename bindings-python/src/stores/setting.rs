//! The setting `store` of a client and of a verifier.

use std::sync::Arc;

use keysecure::Store;
use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyString;

use super::classes::{self, FileStore, MemoryReplayStore, MemoryStore, RedisStore};
use super::own::{Offers, Own};
use crate::errors::config;
use crate::values::FromArgument;

/// The purpose of a store.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Access tokens and attempts.
    Client,
    /// Webhooks and decisions on purchases.
    Verifier,
}

/// A store as it was passed in, which a forked child opens again.
pub enum Setting {
    /// A store of this package.
    Ready(Py<PyAny>),
    /// One that is written in Python. The clients and verifiers of the core share this one reference, which `traverse`
    /// shows: so it must not be that of another object.
    Own(Arc<Own>, Offers),
}

impl Setting {
    /// Reads an argument: a store of this package, text, or an object with the methods of a store.
    pub fn of(name: &str, given: &Bound<'_, PyAny>, purpose: Purpose) -> PyResult<Self> {
        let py = given.py();
        let store = if given.is_instance_of::<PyString>() {
            let text = String::read(name, given).map_err(|mismatch| mismatch.of_setting(py, name))?;
            named(py, name, &text)?
        } else {
            given.clone().unbind()
        };
        match classes::here(store.bind(py))? {
            Some(here) => {
                let fits = match purpose {
                    Purpose::Client => here.token_store().is_some(),
                    Purpose::Verifier => here.replay_store().is_some(),
                };
                if !fits {
                    let class = given.get_type().name()?;
                    return Err(config(py, &format!("{name} cannot be a {class}: it stores other data")));
                }
                Ok(Self::Ready(store))
            }
            None => Ok(Self::Own(Arc::new(Own(store)), Offers::of(name, given, purpose)?)),
        }
    }

    /// Creates a store in memory for one verifier.
    pub fn memory(py: Python<'_>) -> PyResult<Self> {
        Ok(Self::Ready(Py::new(py, MemoryReplayStore::new(100_000))?.into_any()))
    }

    /// Returns the store as this process uses it.
    pub fn here(&self, py: Python<'_>) -> PyResult<Store> {
        match self {
            Self::Own(own, offers) => Ok(own.clone().offering(*offers)),
            Self::Ready(store) => Ok(classes::here(store.bind(py))?.unwrap_or_default()),
        }
    }

    /// Whether its calls may take long: it is not in the memory of this process.
    pub fn waits(&self, py: Python<'_>) -> bool {
        let Self::Ready(store) = self else { return true };
        let store = store.bind(py);
        !(store.is_instance_of::<MemoryStore>() || store.is_instance_of::<MemoryReplayStore>())
    }

    /// The same store, for another object.
    pub fn clone_ref(&self, py: Python<'_>) -> Self {
        match self {
            Self::Ready(store) => Self::Ready(store.clone_ref(py)),
            Self::Own(own, offers) => Self::Own(Arc::new(Own(own.0.clone_ref(py))), *offers),
        }
    }

    /// Shows the store to Python's garbage collector.
    pub fn traverse(&self, visit: &PyVisit<'_>) -> Result<(), PyTraverseError> {
        match self {
            Self::Ready(store) => visit.call(store),
            Self::Own(own, _) => visit.call(&own.0),
        }
    }
}

/// Opens the store that a text names. The text may hold a password: no error repeats it.
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
