//! Claims: handling a webhook once, and again when that failed.

use std::process;
use std::sync::{Mutex, PoisonError};

use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::prelude::*;

use super::run_logging;
use super::verified::VerifiedWebhook;
use crate::hub;
use crate::log;
use crate::pool::Pool;

/// The exclusive right to handle a webhook, from `WebhookVerifier.claim`:
///
///     with verifier.claim(headers, body) as received:
///         handle(received.event)
///
/// When the block ends without an exception the webhook is recorded as handled; when it raises, the claim is released and the
/// next delivery is new. So a webhook is handled at least once; handlers should be harmless when run twice. The claims of a
/// worker that is killed end after a minute (in a `FileStore` after up to two). `Auth` webhooks are recorded at once: the
/// platform does not wait for a second reply to a purchase.
#[pyclass(frozen, module = "keysecure")]
pub struct Claim {
    received: Py<VerifiedWebhook>,
    held: Mutex<Option<keysecure::Claim>>,
    process: u32,
    waits: bool,
}

impl Claim {
    pub fn new(py: Python<'_>, received: VerifiedWebhook, claim: keysecure::Claim, waits: bool) -> PyResult<Self> {
        let received = Py::new(py, received)?;
        Ok(Self { received, held: Mutex::new(Some(claim)), process: process::id(), waits })
    }

    /// Takes the claim out, once. The lock is not held longer than that.
    fn take(&self) -> Option<keysecure::Claim> {
        let claim = self.held.lock().unwrap_or_else(PoisonError::into_inner).take();
        if self.process == process::id() {
            return claim;
        }
        // A forked child has a copy of its parent's claim, which the parent releases.
        std::mem::forget(claim);
        None
    }

    /// Ends a claim, without the GIL if the store may wait.
    fn end<T: Send + 'static>(
        &self,
        py: Python<'_>,
        work: impl FnOnce(keysecure::Claim) -> T + Send + 'static,
    ) -> PyResult<Option<T>> {
        let Some(claim) = self.take() else { return Ok(None) };
        let wanted = log::wanted(py)?;
        let hub = if self.waits { hub::here(py)? } else { None };
        match hub {
            Some(hub) => hub::wait(&hub, Pool::Webhooks, wanted, move || Ok(work(claim))).map(Some),
            None => run_logging(py, wanted, self.waits, || Ok(work(claim))).map(Some),
        }
    }
}

#[pymethods]
impl Claim {
    /// The verified webhook.
    #[getter]
    fn received(&self, py: Python<'_>) -> Py<VerifiedWebhook> {
        self.received.clone_ref(py)
    }

    /// Records the webhook as handled and ends the claim. Returns `False` when the store could not be reached: the webhook was
    /// handled, so accept it; a replay of it would be handled again.
    fn finish(&self, py: Python<'_>) -> PyResult<bool> {
        Ok(self.end(py, |claim| claim.finish().is_ok())?.unwrap_or(true))
    }

    /// Ends the claim without recording the webhook: the next delivery is new. An exception in the `with` block does the same.
    fn release(&self, py: Python<'_>) -> PyResult<()> {
        self.end(py, drop).map(|_| ())
    }

    fn __enter__(&self, py: Python<'_>) -> Py<VerifiedWebhook> {
        self.received.clone_ref(py)
    }

    fn __exit__(
        &self,
        py: Python<'_>,
        exc_type: &Bound<'_, PyAny>,
        _exc_value: &Bound<'_, PyAny>,
        _traceback: &Bound<'_, PyAny>,
    ) -> PyResult<()> {
        if exc_type.is_none() { self.finish(py).map(|_| ()) } else { self.release(py) }
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.received)
    }

    /// Without the event: receivers log from frames that hold a claim.
    fn __repr__(&self) -> &'static str {
        "<keysecure.Claim>"
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        drop(self.take());
    }
}
