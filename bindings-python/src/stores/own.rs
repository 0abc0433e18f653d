//! Stores that are written in Python. Their exceptions are logged, by type and place, and count as an outage.

use std::sync::Arc;
use std::time::Duration;

use keysecure::{
    Acquired, AttemptEnd, AttemptStart, AttemptStore, PastAttempt, QuotaStore, ReplayStore, Reservation, Reserved,
    Store, StoreLock, StoreUnavailable, StoredToken, TokenStore,
};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyBytes, PyString, PyTuple};

use super::setting::Purpose;
use crate::attach::attach;
use crate::errors::config;
use crate::foreign;
use crate::hub;

const TOKENS: [&str; 4] = ["load", "save", "try_lock", "unlock"];
const ATTEMPTS: [&str; 4] = ["acquire", "begin", "finish", "release"];
const REPLAYS: [&str; 3] = ["insert", "get", "remove"];
/// Not `release`, as in Rust: one object may be an attempt store too.
const QUOTA: [&str; 2] = ["reserve", "give_back"];

/// The protocols that an object has the methods of.
#[derive(Clone, Copy)]
#[allow(clippy::struct_excessive_bools)] // one for each protocol
pub struct Offers {
    tokens: bool,
    attempts: bool,
    replays: bool,
    quota: bool,
}

impl Offers {
    pub fn of(name: &str, store: &Bound<'_, PyAny>, purpose: Purpose) -> PyResult<Self> {
        let py = store.py();
        let all = |methods: &[&str]| -> PyResult<bool> {
            for method in methods {
                if !store.getattr_opt(*method)?.is_some_and(|found| found.is_callable()) {
                    return Ok(false);
                }
            }
            Ok(true)
        };
        let offers =
            Self { tokens: all(&TOKENS)?, attempts: all(&ATTEMPTS)?, replays: all(&REPLAYS)?, quota: all(&QUOTA)? };
        let (fits, classes, sets) = match purpose {
            Purpose::Client => (
                offers.tokens || offers.attempts,
                "a MemoryStore, a FileStore, a RedisStore",
                "those of a TokenStore (load, save, try_lock, unlock) or an AttemptStore (acquire, begin, finish, release)",
            ),
            Purpose::Verifier => (
                offers.replays,
                "a MemoryStore, a MemoryReplayStore, a FileStore, a RedisStore",
                "those of a ReplayStore (insert, get, remove)",
            ),
        };
        if !fits {
            let texts = "text (\"memory\", \"file:DIRECTORY\", \"redis://HOST\")";
            let own = format!("an object with methods: {sets}; see keysecure.stores");
            return Err(config(py, &format!("{name} must be {classes}, {texts}, or {own}")));
        }
        let required = [
            (offers.tokens, &TOKENS[..]),
            (offers.attempts, &ATTEMPTS),
            (offers.replays, &REPLAYS),
            (offers.quota, &QUOTA),
        ];
        for method in required.iter().filter(|(offered, _)| *offered).flat_map(|(_, methods)| *methods) {
            let is_async = py.import("inspect")?.call_method1("iscoroutinefunction", (store.getattr(*method)?,))?;
            if is_async.is_truthy()? {
                return Err(config(py, &format!("{name} must not be asynchronous: its method {method} is")));
            }
        }
        Ok(offers)
    }
}

/// A store that is written in Python.
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
        if offers.quota {
            store = store.quota(self.clone());
        }
        if offers.replays {
            store = store.replays(self);
        }
        store
    }

    /// Calls a method and converts its return value.
    fn call<T>(
        &self,
        method: &str,
        args: impl for<'py> IntoPyObject<'py, Target = PyTuple, Output = Bound<'py, PyTuple>>,
        read: impl FnOnce(&Bound<'_, PyAny>) -> PyResult<T>,
    ) -> Result<T, StoreUnavailable> {
        let returned = attach(|py| self.try_call(py, method, args, read));
        returned.flatten().ok_or(StoreUnavailable)
    }

    fn try_call<T>(
        &self,
        py: Python<'_>,
        method: &str,
        args: impl for<'py> IntoPyObject<'py, Target = PyTuple, Output = Bound<'py, PyTuple>>,
        read: impl FnOnce(&Bound<'_, PyAny>) -> PyResult<T>,
    ) -> Option<T> {
        let what = format!("the method {method} of the store");
        let call = || hub::call(&self.0.bind(py).getattr(method)?, args.into_pyobject(py).map_err(Into::into)?);
        foreign::call(py, &what, call, read).ok()
    }
}

/// Accepts any value but a coroutine, which did not run.
fn nothing(value: &Bound<'_, PyAny>) -> PyResult<()> {
    if value.hasattr(intern!(value.py(), "__await__"))? {
        return Err(pyo3::exceptions::PyTypeError::new_err("a coroutine"));
    }
    Ok(())
}

/// Text, also as bytes: some database clients return those.
fn text(value: &Bound<'_, PyAny>) -> PyResult<String> {
    match value.cast::<PyBytes>() {
        Ok(bytes) => Ok(String::from_utf8_lossy(bytes.as_bytes()).into_owned()),
        Err(_) => Ok(value.cast::<PyString>()?.to_str()?.to_owned()),
    }
}

fn optional_text(value: &Bound<'_, PyAny>) -> PyResult<Option<String>> {
    if value.is_none() { Ok(None) } else { text(value).map(Some) }
}

fn seconds(value: &Bound<'_, PyAny>) -> PyResult<Duration> {
    // A clock may have been set back.
    let seconds = value.extract::<f64>()?.max(0.0);
    Duration::try_from_secs_f64(seconds).map_err(|_| pyo3::exceptions::PyValueError::new_err("no time"))
}

fn token(value: &Bound<'_, PyAny>) -> PyResult<Option<StoredToken>> {
    // A line that was cut or trimmed is no token: another one is fetched.
    Ok(optional_text(value)?.and_then(|line| StoredToken::from_line(&format!("{}\n", line.trim_end()))))
}

impl TokenStore for Own {
    fn load(&self, slot: &str, within: Duration) -> Result<Option<StoredToken>, StoreUnavailable> {
        self.call("load", (slot, within.as_secs_f64()), token)
    }

    fn save(&self, slot: &str, token: &StoredToken, within: Duration) -> Result<(), StoreUnavailable> {
        let line = token.expose_as_line();
        self.call("save", (slot, line.trim_end(), within.as_secs_f64()), nothing)
    }

    fn try_lock(&self, slot: &str, within: Duration) -> Result<Option<StoreLock>, StoreUnavailable> {
        let Some(lock_id) = self.call("try_lock", (slot, within.as_secs_f64()), optional_text)? else {
            return Ok(None);
        };
        let store = attach(|py| Self(self.0.clone_ref(py))).ok_or(StoreUnavailable)?;
        let slot = slot.to_owned();
        Ok(Some(StoreLock::new(move |within| {
            // If it fails, the lock ends when its time is over.
            let _ = store.call("unlock", (slot, lock_id, within.as_secs_f64()), nothing);
        })))
    }
}

fn leased(value: &Bound<'_, PyAny>) -> PyResult<Acquired> {
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

fn past(value: &Bound<'_, PyAny>) -> PyResult<PastAttempt> {
    let py = value.py();
    let end = optional_text(&value.getattr(intern!(py, "end"))?)?;
    // An end that this version does not know proves nothing.
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
        self.call("acquire", (reference, lease.as_secs_f64(), within.as_secs_f64()), leased)
    }

    fn begin(&self, attempt: &AttemptStart<'_>, within: Duration) -> Result<bool, StoreUnavailable> {
        let (lasts, lease) = (attempt.lasts.as_secs_f64(), attempt.lease.as_secs_f64());
        let args = (attempt.reference, attempt.lease_id, attempt.operation, lasts, lease, within.as_secs_f64());
        self.call("begin", args, |begun| Ok(begun.cast::<PyBool>()?.is_true()))
    }

    fn finish(
        &self,
        reference: &str,
        lease_id: &str,
        end: AttemptEnd,
        within: Duration,
    ) -> Result<(), StoreUnavailable> {
        self.call("finish", (reference, lease_id, name(end), within.as_secs_f64()), nothing)
    }

    fn release(&self, reference: &str, lease_id: &str, within: Duration) -> Result<(), StoreUnavailable> {
        self.call("release", (reference, lease_id, within.as_secs_f64()), nothing)
    }
}

fn reserved(value: &Bound<'_, PyAny>) -> PyResult<Reserved> {
    match &*text(value)? {
        "new" => Ok(Reserved::New),
        "repeated" => Ok(Reserved::Repeated),
        "exceeded" => Ok(Reserved::Exceeded),
        _ => Err(pyo3::exceptions::PyValueError::new_err("not new, repeated or exceeded")),
    }
}

impl QuotaStore for Own {
    fn reserve(&self, reservation: &Reservation<'_>, within: Duration) -> Result<Reserved, StoreUnavailable> {
        let Reservation { key, entry, amount, limit, keep } = *reservation;
        self.call("reserve", (key, entry, amount, limit, keep.as_secs_f64(), within.as_secs_f64()), reserved)
    }

    fn release(&self, key: &str, entry: &str, within: Duration) -> Result<(), StoreUnavailable> {
        self.call("give_back", (key, entry, within.as_secs_f64()), nothing)
    }
}

/// The prefix of each value, so that none is empty: a store that takes empty text for no value would accept replays.
const VALUE_PREFIX: &str = "=";

fn without_prefix(value: &Bound<'_, PyAny>) -> PyResult<Option<String>> {
    Ok(optional_text(value)?.map(|value| value.strip_prefix(VALUE_PREFIX).unwrap_or(&value).to_owned()))
}

impl ReplayStore for Own {
    fn insert(&self, key: &str, value: &str, keep: Duration) -> Result<Option<String>, StoreUnavailable> {
        self.call("insert", (key, format!("{VALUE_PREFIX}{value}"), keep.as_secs_f64()), without_prefix)
    }

    fn get(&self, key: &str) -> Result<Option<String>, StoreUnavailable> {
        self.call("get", (key,), without_prefix)
    }

    fn remove(&self, key: &str) -> Result<(), StoreUnavailable> {
        self.call("remove", (key,), nothing)
    }
}
