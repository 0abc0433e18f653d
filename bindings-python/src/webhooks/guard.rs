//! Replay guards: the stores of this package, and any object of Python's with the same methods.

use std::cell::RefCell;
use std::sync::Arc;
use std::time::Duration;

use keysecure::{ReplayStore, StoreUnavailable};
use pyo3::exceptions::PyException;
use pyo3::prelude::*;
use pyo3::types::PyBool;

use crate::errors::config;
use crate::log;
use crate::stores::{self, MemoryReplayStore};
use crate::values::Given;

/// What a verifier remembers callbacks in.
pub struct Guard {
    store: Py<PyAny>,
    /// Whether asking it may take long: it is not the memory of this process.
    pub waits: bool,
    /// Whether it offers what a claim needs.
    pub claims: bool,
}

impl Guard {
    /// Of the argument `replay_guard`: a store, `True` for one in memory, or none.
    pub fn of(given: Option<Given<'_, '_>>) -> PyResult<Option<Self>> {
        let Some(given) = given else { return Ok(None) };
        let py = given.py();
        if let Ok(wanted) = given.cast::<PyBool>() {
            let store = || Py::new(py, MemoryReplayStore::new(100_000));
            let memory = wanted.is_true().then(store).transpose()?;
            return Ok(memory.map(|store| Self { store: store.into_any(), waits: false, claims: true }));
        }
        let store = given.clone().unbind();
        if stores::replay_store(given)?.is_some() {
            let waits = !given.is_instance_of::<MemoryReplayStore>();
            return Ok(Some(Self { store, waits, claims: true }));
        }
        let offers =
            |method: &str| given.getattr_opt(method).map(|found| found.is_some_and(|found| found.is_callable()));
        if !(offers("insert")? && offers("get")? && offers("remove")?) {
            let kinds = "True, a MemoryReplayStore, a FileStore or an object with the methods insert(key, value, keep_seconds), get(key) and remove(key)";
            return Err(config(py, &format!("replay_guard must be {kinds}")));
        }
        Ok(Some(Self { store, waits: true, claims: true }))
    }

    /// The same one, for another verifier.
    pub fn clone_ref(&self, py: Python<'_>) -> Self {
        Self { store: self.store.clone_ref(py), ..*self }
    }

    /// This process's part of it.
    pub fn here(&self, py: Python<'_>) -> PyResult<Arc<dyn ReplayStore>> {
        let native = stores::replay_store(self.store.bind(py))?;
        Ok(native.unwrap_or_else(|| Arc::new(Foreign(self.store.clone_ref(py)))))
    }
}

/// A store written in Python: `insert(key, value, keep_seconds) -> str | None`, `get(key) -> str | None`, `remove(key)`.
struct Foreign(Py<PyAny>);

thread_local! {
    /// What a store raised that is no outage of it: Ctrl-C, or an exit.
    static RAISED: RefCell<Option<PyErr>> = const { RefCell::new(None) };
}

/// Raises what a store raised on this thread and the core knows nothing of.
pub fn check_raised() -> PyResult<()> {
    RAISED.take().map_or(Ok(()), Err)
}

impl Foreign {
    fn ask<T>(&self, call: impl FnOnce(&Bound<'_, PyAny>) -> PyResult<T>) -> Result<T, StoreUnavailable> {
        let answer = Python::try_attach(|py| {
            call(self.0.bind(py)).map_err(|error| {
                if error.is_instance_of::<PyException>(py) {
                    log::failed(py, "the replay guard", &error);
                } else {
                    RAISED.set(Some(error));
                }
            })
        });
        answer.and_then(Result::ok).ok_or(StoreUnavailable)
    }
}

impl ReplayStore for Foreign {
    fn insert(&self, key: &str, value: &str, keep: Duration) -> Result<Option<String>, StoreUnavailable> {
        self.ask(|store| store.call_method1("insert", (key, value, keep.as_secs_f64()))?.extract())
    }

    fn get(&self, key: &str) -> Result<Option<String>, StoreUnavailable> {
        self.ask(|store| store.call_method1("get", (key,))?.extract())
    }

    fn remove(&self, key: &str) -> Result<(), StoreUnavailable> {
        self.ask(|store| store.call_method1("remove", (key,)).map(|_| ()))
    }
}
