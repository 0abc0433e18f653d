//! Verified webhooks and signatures.

use std::time::{Instant, SystemTime};

use keysecure::{Event, Rejection, python_time};
use pyo3::IntoPyObjectExt;
use pyo3::exceptions::PyTypeError;
use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;

use super::unknown::UnknownEvent;
use super::verifier::WebhookVerifier;
use crate::deprecated::deprecated;
use crate::errors::{internal, map_exception};

/// A webhook whose signature is valid.
#[pyclass(frozen, eq, module = "keysecure")]
pub struct VerifiedWebhook {
    pub core: keysecure::VerifiedWebhook,
    at: SystemTime,
    event: PyOnceLock<Py<PyAny>>,
    /// A store that is written in Python lives as long as its verifier does.
    verifier: Py<WebhookVerifier>,
}

impl VerifiedWebhook {
    /// A webhook that was verified at that time.
    pub fn new(core: keysecure::VerifiedWebhook, at: SystemTime, verifier: &Bound<'_, WebhookVerifier>) -> Self {
        Self { core, at, event: PyOnceLock::new(), verifier: verifier.clone().unbind() }
    }

    /// Whether the platform waits for a decision.
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
    /// The platform's id of the webhook. It is not signed: do not rely on it alone.
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
            // An event that this binding does not know yet.
            _ => "",
        }
    }

    /// The typed data: an `AuthEvent`, a `ConsumptionEvent`, a `CardUpdateEvent` or an `UnknownEvent`.
    #[getter]
    pub fn event(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        self.event.get_or_try_init(py, || event_object(py, self.core.event.clone())).map(|event| event.clone_ref(py))
    }

    /// The time of sending, from the signed timestamp.
    #[getter]
    fn sent_at(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        // A verifier that ignores the timestamp accepts years that Python's calendar does not have.
        let ours = || keysecure::Error::from(Rejection::BadTimestamp).into();
        python_time(py, self.core.sent_at).map(Bound::unbind).map_err(|raised| map_exception(py, raised, ours))
    }

    /// The time of verification, by the clock of the verifier.
    #[getter]
    fn received_at<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        python_time(py, self.at)
    }

    /// The deadline of the reply to an `Auth` webhook, on the scale of `time.monotonic()`.
    #[getter]
    fn reply_before(&self, py: Python<'_>) -> PyResult<f64> {
        static MONOTONIC: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
        let now: f64 = MONOTONIC.import(py, "time", "monotonic")?.call0()?.extract()?;
        Ok(now + self.time_left())
    }

    /// Deprecated: use `reply_before`.
    #[getter]
    fn answer_before(&self, py: Python<'_>) -> PyResult<f64> {
        deprecated(py, c"VerifiedWebhook.answer_before is deprecated: use reply_before")?;
        self.reply_before(py)
    }

    /// Seconds left to reply to an `Auth` webhook, by the clock of this machine; below zero when it is too late.
    #[getter]
    fn time_left(&self) -> f64 {
        let (before, now) = (self.core.reply_before(), Instant::now());
        before.saturating_duration_since(now).as_secs_f64() - now.saturating_duration_since(before).as_secs_f64()
    }

    /// The index of the verifier's secret that signed it, from 0.
    #[getter]
    fn secret_index(&self) -> usize {
        self.core.secret_index
    }

    /// Deprecated: use `secret_index`.
    #[getter]
    fn secret(&self, py: Python<'_>) -> PyResult<usize> {
        deprecated(py, c"VerifiedWebhook.secret is deprecated: use secret_index")?;
        Ok(self.core.secret_index)
    }

    /// The canonical form that was signed, such as `"fastjson1/hash"`.
    #[getter]
    fn form(&self) -> String {
        form_text(self.core.form)
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        Ok(format!("VerifiedWebhook(event={})", self.event(py)?.bind(py).repr()?))
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.verifier)
    }

    /// Refused: its deadline means nothing elsewhere.
    fn __reduce__(&self) -> PyResult<()> {
        Err(PyTypeError::new_err("VerifiedWebhook does not become a pickle or a copy; use its event, which does"))
    }
}

/// Proof that a signature is valid; the data is not typed.
#[pyclass(frozen, eq, module = "keysecure")]
#[derive(PartialEq, Eq)]
pub struct SignatureMatch(pub keysecure::SignatureMatch);

#[pymethods]
impl SignatureMatch {
    /// The index of the verifier's secret that signed it, from 0.
    #[getter]
    fn secret_index(&self) -> usize {
        self.0.secret_index
    }

    /// Deprecated: use `secret_index`.
    #[getter]
    fn secret(&self, py: Python<'_>) -> PyResult<usize> {
        deprecated(py, c"SignatureMatch.secret is deprecated: use secret_index")?;
        Ok(self.0.secret_index)
    }

    /// The canonical form that was signed, such as `"fastjson1/hash"`.
    #[getter]
    fn form(&self) -> String {
        form_text(self.0.form)
    }

    fn __repr__(&self) -> String {
        format!("SignatureMatch(secret_index={}, form='{}')", self.0.secret_index, self.form())
    }
}

fn form_text(form: keysecure::CanonicalForm) -> String {
    format!("{:?}/{:?}", form.writer, form.order).to_ascii_lowercase()
}

/// The Python object of an event.
pub fn event_object(py: Python<'_>, event: Event) -> PyResult<Py<PyAny>> {
    match event {
        Event::Auth { data } => data.into_py_any(py),
        Event::Consumption { data } => data.into_py_any(py),
        Event::CardUpdate { data } => data.into_py_any(py),
        Event::Unknown { action, data } => UnknownEvent::new(action, data).into_py_any(py),
        _ => Err(internal(py)),
    }
}
