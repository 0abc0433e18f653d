//! What a verifier gives for a callback.

use std::time::{Instant, SystemTime};

use keysecure::{Event, Rejection};
use pyo3::IntoPyObjectExt;
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;

use super::unknown::UnknownEvent;
use crate::errors::{instead, internal};

/// A callback whose signature is valid.
#[pyclass(frozen, eq, module = "keysecure")]
pub struct VerifiedWebhook {
    pub core: keysecure::VerifiedWebhook,
    at: SystemTime,
    event: PyOnceLock<Py<PyAny>>,
}

impl VerifiedWebhook {
    pub fn new(core: keysecure::VerifiedWebhook) -> Self {
        Self { core, at: SystemTime::now(), event: PyOnceLock::new() }
    }

    /// Whether somebody waits for a decision.
    pub fn is_purchase(&self) -> bool {
        matches!(self.core.event, Event::Auth { .. })
    }
}

impl PartialEq for VerifiedWebhook {
    fn eq(&self, other: &Self) -> bool {
        self.core == other.core
    }
}

#[pymethods]
impl VerifiedWebhook {
    /// The platform's id of the callback. It is not signed: do not build on it alone.
    #[getter]
    fn id(&self) -> &str {
        &self.core.id
    }

    /// The platform's name of the action, such as `"Consumption"`. It is not signed, but the data is checked against it.
    #[getter]
    fn action(&self) -> &str {
        match &self.core.event {
            Event::Auth { .. } => "Auth",
            Event::Consumption { .. } => "Consumption",
            Event::CardUpdate { .. } => "Card_update",
            Event::Unknown { action, .. } => action,
            // The core may learn of an event before this face does.
            _ => "",
        }
    }

    /// What it says: an `AuthEvent`, a `ConsumptionEvent`, a `CardUpdateEvent` or an `UnknownEvent`.
    #[getter]
    pub fn event(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        self.event.get_or_try_init(py, || event_object(py, self.core.event.clone())).map(|event| event.clone_ref(py))
    }

    /// When the platform says that it sent it.
    #[getter]
    fn sent_at(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        // A verifier of any age takes years that Python's calendar does not have.
        let ours = || keysecure::Error::from(Rejection::BadTimestamp).into();
        self.core.sent_at.into_py_any(py).map_err(|raised| instead(py, raised, ours))
    }

    /// When it was verified.
    #[getter]
    fn received_at(&self) -> SystemTime {
        self.at
    }

    /// When the answer to an `Auth` callback must have left, on the scale of `time.monotonic()`.
    #[getter]
    fn answer_before(&self, py: Python<'_>) -> PyResult<f64> {
        static MONOTONIC: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
        let now: f64 = MONOTONIC.import(py, "time", "monotonic")?.call0()?.extract()?;
        Ok(now + self.time_left())
    }

    /// Seconds left to answer an `Auth` callback, as far as this machine can tell; below zero when it is too late.
    #[getter]
    fn time_left(&self) -> f64 {
        let (before, now) = (self.core.answer_before(), Instant::now());
        before.saturating_duration_since(now).as_secs_f64() - now.saturating_duration_since(before).as_secs_f64()
    }

    /// Which of the verifier's secrets signed it, counted from 0.
    #[getter]
    fn secret(&self) -> usize {
        self.core.secret
    }

    /// Which canonical form was signed, such as `"fastjson1/hash"`.
    #[getter]
    fn form(&self) -> String {
        form_text(self.core.form)
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        Ok(format!("Received(event={})", self.event(py)?.bind(py).repr()?))
    }

    /// Refused: its deadline means nothing elsewhere.
    fn __reduce__(&self) -> PyResult<()> {
        Err(PyTypeError::new_err("Received does not become a pickle or a copy; take its event, which does"))
    }
}

/// A proof that a signature is valid, without a look at what it says.
#[pyclass(frozen, eq, module = "keysecure")]
#[derive(PartialEq, Eq)]
pub struct SignatureMatch(pub keysecure::SignatureMatch);

#[pymethods]
impl SignatureMatch {
    /// Which of the verifier's secrets signed it, counted from 0.
    #[getter]
    fn secret(&self) -> usize {
        self.0.secret
    }

    /// Which canonical form was signed, such as `"fastjson1/hash"`.
    #[getter]
    fn form(&self) -> String {
        form_text(self.0.form)
    }

    fn __repr__(&self) -> String {
        format!("Verified(secret={}, form='{}')", self.0.secret, self.form())
    }
}

fn form_text(form: keysecure::CanonicalForm) -> String {
    format!("{:?}/{:?}", form.writer, form.order).to_ascii_lowercase()
}

/// An event as Python has it.
pub fn event_object(py: Python<'_>, event: Event) -> PyResult<Py<PyAny>> {
    match event {
        Event::Auth { data } => data.into_py_any(py),
        Event::Consumption { data } => data.into_py_any(py),
        Event::CardUpdate { data } => data.into_py_any(py),
        Event::Unknown { action, data } => UnknownEvent::new(action, data).into_py_any(py),
        _ => Err(internal(py)),
    }
}
