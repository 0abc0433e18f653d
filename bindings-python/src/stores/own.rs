//! Stores that are written in Python. What they raise is logged, by its type and place, and counts as an outage.

use std::cell::RefCell;
use std::sync::Arc;
use std::time::Duration;

use keysecure::{
    Acquired, AttemptEnd, AttemptStart, AttemptStore, PastAttempt, ReplayStore, Store, StoreLock, StoreUnavailable,
    StoredToken, TokenStore,
};
use pyo3::call::PyCallArgs;
use pyo3::exceptions::PyException;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyBytes, PyString};

use super::setting::Use;
use crate::attach::attach;
use crate::blocking;
use crate::errors::config;
use crate::log;
use crate::values::Given;

const TOKENS: [&str; 4] = ["load", "save", "try_lock", "unlock"];
const ATTEMPTS: [&str; 4] = ["acquire", "begin", "finish", "release"];
const REPLAYS: [&str; 3] = ["insert", "get", "remove"];

/// What an object keeps, as its methods say.
#[derive(Clone, Copy)]
pub struct Offers {
    tokens: bool,
    attempts: bool,
    replays: bool,
}

impl Offers {
    pub fn of(name: &str, store: Given<'_, '_>, used: Use) -> PyResult<Self> {
        let py = store.py();
        let all = |methods: &[&str]| -> PyResult<bool> {
            for method in methods {
                if !store.getattr_opt(*method)?.is_some_and(|found| found.is_callable()) {
                    return Ok(false);
                }
            }
            Ok(true)
        };
        let offers = Self { tokens: all(&TOKENS)?, attempts: all(&ATTEMPTS)?, replays: all(&REPLAYS)? };
        let (fits, classes, sets) = match used {
            Use::Client => (
                offers.tokens || offers.attempts,
                "a MemoryStore, a FileStore, a RedisStore",
                "those of a TokenStore (load, save, try_lock, unlock) or an AttemptStore (acquire, begin, finish, release)",
            ),
            Use::Verifier => (
                offers.replays,
                "a MemoryStore, a MemoryReplayStore, a FileStore, a RedisStore",
                "those of a ReplayStore (insert, get, remove)",
            ),
        };
        if !fits {
            let texts = "a text (\"memory\", \"file:DIRECTORY\", \"redis://HOST\")";
            let own = format!("an object with methods: {sets}; see keysecure.stores");
            return Err(config(py, &format!("{name} must be {classes}, {texts}, or {own}")));
        }
        let used = [(offers.tokens, &TOKENS[..]), (offers.attempts, &ATTEMPTS), (offers.replays, &REPLAYS)];
        for method in used.iter().filter(|(used, _)| *used).flat_map(|(_, methods)| *methods) {
            let is_async = py.import("inspect")?.call_method1("iscoroutinefunction", (store.getattr(*method)?,))?;
            if is_async.is_truthy()? {
                return Err(config(py, &format!("{name} must not be asynchronous: its method {method} is")));
            }
        }
        Ok(offers)
    }
}

/// A store of somebody's own.
pub struct Own(pub Py<PyAny>);

impl Own {
    pub fn offering(self: Arc<Self>, offers: Offers) -> Store {
        let mut store = Store::new();
        if offers.tokens {
            store = store.tokens(self.clone());
        }
        if offers.attempts {
            store = store.attempts(self.clone());
        }
        if offers.replays {
            store = store.replays(self);
        }
        store
    }

    /// Calls a method and reads what it returns.
    fn ask<T>(
        &self,
        method: &str,
        args: impl for<'py> PyCallArgs<'py>,
        read: impl FnOnce(Given<'_, '_>) -> PyResult<T>,
    ) -> Result<T, StoreUnavailable> {
        let asked = attach(|py| self.try_ask(py, method, args, read));
        asked.flatten().ok_or(StoreUnavailable)
    }

    fn try_ask<T>(
        &self,
        py: Python<'_>,
        method: &str,
        args: impl for<'py> PyCallArgs<'py>,
        read: impl FnOnce(Given<'_, '_>) -> PyResult<T>,
    ) -> Option<T> {
        let what = format!("the method {method} of the store");
        match self.0.bind(py).call_method1(method, args) {
            Ok(returned) => {
                let value = read(&returned).ok();
                if value.is_none() {
                    wrong_type(&returned, &what).unwrap_or_else(|raised| raised.write_unraisable(py, None));
                }
                value
            }
            Err(raised) if raised.is_instance_of::<PyException>(py) => {
                log::failed(py, &what, &raised);
                None
            }
            Err(raised) => {
                keep_raised(raised);
                None
            }
        }
    }
}

/// What is wrong with it is its type: the value may be a secret.
fn wrong_type(returned: Given<'_, '_>, what: &str) -> PyResult<()> {
    let py = returned.py();
    if let Some(close) = returned.getattr_opt(intern!(py, "close"))?
        && returned.hasattr(intern!(py, "__await__"))?
    {
        // A coroutine that nobody awaits would warn of itself.
        close.call0()?;
    }
    log::error(py, &format!("{what} returned a wrong value, of type {}", returned.get_type().name()?))
}

thread_local! {
    /// What a store raised that is no outage of it: Ctrl-C, or an exit.
    static RAISED: RefCell<Option<PyErr>> = const { RefCell::new(None) };
}

fn keep_raised(raised: PyErr) {
    // Within a call of the client everything that waits ends.
    if let Some(raised) = blocking::interrupt(raised) {
        RAISED.set(Some(raised));
    }
}

/// Raises what a store raised on this thread and the core knows nothing of.
pub fn check_raised() -> PyResult<()> {
    RAISED.take().map_or(Ok(()), Err)
}

/// Whatever it is, but for a coroutine, which did nothing yet.
fn nothing(value: Given<'_, '_>) -> PyResult<()> {
    if value.hasattr(intern!(value.py(), "__await__"))? {
        return Err(pyo3::exceptions::PyTypeError::new_err("a coroutine"));
    }
    Ok(())
}

/// A text, or its bytes: some clients of databases return those.
fn text(value: Given<'_, '_>) -> PyResult<String> {
    match value.cast::<PyBytes>() {
        Ok(bytes) => Ok(String::from_utf8_lossy(bytes.as_bytes()).into_owned()),
        Err(_) => Ok(value.cast::<PyString>()?.to_str()?.to_owned()),
    }
}

fn optional_text(value: Given<'_, '_>) -> PyResult<Option<String>> {
    if value.is_none() { Ok(None) } else { text(value).map(Some) }
}

fn seconds(value: &Bound<'_, PyAny>) -> PyResult<Duration> {
    // A clock may have been set back.
    let seconds = value.extract::<f64>()?.max(0.0);
    Duration::try_from_secs_f64(seconds).map_err(|_| pyo3::exceptions::PyValueError::new_err("no time"))
}

fn token(value: Given<'_, '_>) -> PyResult<Option<StoredToken>> {
    // A line that was cut or trimmed is no token: one is fetched.
    Ok(optional_text(value)?.and_then(|line| StoredToken::from_line(&format!("{}\n", line.trim_end()))))
}

impl TokenStore for Own {
    fn load(&self, slot: &str, within: Duration) -> Result<Option<StoredToken>, StoreUnavailable> {
        self.ask("load", (slot, within.as_secs_f64()), token)
    }

    fn save(&self, slot: &str, token: &StoredToken, within: Duration) -> Result<(), StoreUnavailable> {
        let line = token.expose_as_line();
        self.ask("save", (slot, line.trim_end(), within.as_secs_f64()), nothing)
    }

    fn try_lock(&self, slot: &str, within: Duration) -> Result<Option<StoreLock>, StoreUnavailable> {
        let Some(lock_id) = self.ask("try_lock", (slot, within.as_secs_f64()), optional_text)? else { return Ok(None) };
        let store = attach(|py| Self(self.0.clone_ref(py))).ok_or(StoreUnavailable)?;
        let slot = slot.to_owned();
        Ok(Some(StoreLock::new(move |within| {
            // If it fails, the lock ends with its time.
            let _ = store.ask("unlock", (slot, lock_id, within.as_secs_f64()), nothing);
        })))
    }
}

fn leased(value: Given<'_, '_>) -> PyResult<Acquired> {
    if value.is_none() {
        return Ok(Acquired::Busy);
    }
    let py = value.py();
    let last = value.getattr(intern!(py, "last_attempt"))?;
    Ok(Acquired::Leased {
        lease_id: text(&value.getattr(intern!(py, "lease_id"))?)?,
        store_age: seconds(&value.getattr(intern!(py, "store_age"))?)?,
        last_attempt: if last.is_none() { None } else { Some(past(&last)?) },
    })
}

fn past(value: Given<'_, '_>) -> PyResult<PastAttempt> {
    let py = value.py();
    let end = optional_text(&value.getattr(intern!(py, "end"))?)?;
    // An end that is not known here proves nothing.
    let end = end.map(|end| [AttemptEnd::Done, AttemptEnd::NotDone].into_iter().find(|known| name(*known) == end));
    let ended = seconds(&value.getattr(intern!(py, "ended_ago"))?)?;
    Ok(PastAttempt { ended, end: end.map(|end| end.unwrap_or(AttemptEnd::Unknown)) })
}

fn name(end: AttemptEnd) -> &'static str {
    match end {
        AttemptEnd::Done => "done",
        AttemptEnd::NotDone => "not_done",
        AttemptEnd::Unknown => "unknown",
    }
}

impl AttemptStore for Own {
    fn acquire(&self, reference: &str, lease: Duration, within: Duration) -> Result<Acquired, StoreUnavailable> {
        self.ask("acquire", (reference, lease.as_secs_f64(), within.as_secs_f64()), leased)
    }

    fn begin(&self, attempt: &AttemptStart<'_>, within: Duration) -> Result<bool, StoreUnavailable> {
        let (lasts, lease) = (attempt.lasts.as_secs_f64(), attempt.lease.as_secs_f64());
        let args = (attempt.reference, attempt.lease_id, attempt.operation, lasts, lease, within.as_secs_f64());
        self.ask("begin", args, |begun| Ok(begun.cast::<PyBool>()?.is_true()))
    }

    fn finish(
        &self,
        reference: &str,
        lease_id: &str,
        end: AttemptEnd,
        within: Duration,
    ) -> Result<(), StoreUnavailable> {
        self.ask("finish", (reference, lease_id, name(end), within.as_secs_f64()), nothing)
    }

    fn release(&self, reference: &str, lease_id: &str, within: Duration) -> Result<(), StoreUnavailable> {
        self.ask("release", (reference, lease_id, within.as_secs_f64()), nothing)
    }
}

/// Stands before each value, so that none is empty: a store that takes an empty text for none would let replays in.
const MARK: &str = "=";

fn marked(value: Given<'_, '_>) -> PyResult<Option<String>> {
    Ok(optional_text(value)?.map(|value| value.strip_prefix(MARK).unwrap_or(&value).to_owned()))
}

impl ReplayStore for Own {
    fn insert(&self, key: &str, value: &str, keep: Duration) -> Result<Option<String>, StoreUnavailable> {
        self.ask("insert", (key, format!("{MARK}{value}"), keep.as_secs_f64()), marked)
    }

    fn get(&self, key: &str) -> Result<Option<String>, StoreUnavailable> {
        self.ask("get", (key,), marked)
    }

    fn remove(&self, key: &str) -> Result<(), StoreUnavailable> {
        self.ask("remove", (key,), nothing)
    }
}
