//! The verifier.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use keysecure::WhenUnavailable;
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyDelta, PyDict, PyString};

use super::claim::Claim;
use super::guard::{Guard, check_raised};
use super::headers::Headers;
use super::raw_body;
use super::received::{Received, Verified, event_object};
use crate::errors::{config, internal};
use crate::process::PerProcess;
use crate::settings;
use crate::values::{Given, instant};

/// A larger body is read without the GIL; a smaller one takes less time than letting go of it.
const LARGE: usize = 16 * 1024;

/// Verifies the platform's callbacks. It needs no client and is safe to share among threads.
///
/// `app_id` is the Api-Key and the current one of `secrets` the apiSecret (both inferred); give several secrets, as a
/// list, while one is replaced. `tolerance` is how far the timestamp may be from this machine's clock, either way: seconds
/// or a timedelta; zero means exact.
///
/// `replay_guard` rejects what was accepted before: `True` for the memory of this process, a `MemoryReplayStore`, a
/// `FileStore`, or any object with a method `insert(key: str, keep_seconds: float) -> bool` that remembers a key and says
/// atomically whether it is new. `claim` and the adapters also need `contains(key) -> bool` and `remove(key)`. What such an
/// object raises is logged by its type and counts as an outage; `when_unavailable` says what happens then: `"reject"` or
/// `"accept"`.
#[pyclass(frozen, module = "keysecure")]
pub struct WebhookVerifier {
    core: PerProcess<Arc<keysecure::WebhookVerifier>>,
    guard: Option<Guard>,
    when_unavailable: WhenUnavailable,
}

impl WebhookVerifier {
    fn make(
        py: Python<'_>,
        core: keysecure::WebhookVerifier,
        guard: Option<Guard>,
        when_unavailable: WhenUnavailable,
    ) -> PyResult<Self> {
        let core = guarded(py, core, guard.as_ref(), when_unavailable)?;
        Ok(Self { core: PerProcess::new(Arc::new(core)), guard, when_unavailable })
    }

    /// This process's verifier.
    fn here(&self, py: Python<'_>) -> PyResult<Arc<keysecure::WebhookVerifier>> {
        self.core.get(py, |parents| {
            guarded(py, (**parents).clone(), self.guard.as_ref(), self.when_unavailable).map(Arc::new)
        })
    }

    fn waits(&self) -> bool {
        self.guard.as_ref().is_some_and(|guard| guard.waits)
    }

    fn claims(&self) -> bool {
        self.guard.as_ref().is_none_or(|guard| guard.claims)
    }
}

/// A verifier of the core with this process's part of the replay guard.
fn guarded(
    py: Python<'_>,
    core: keysecure::WebhookVerifier,
    guard: Option<&Guard>,
    when_unavailable: WhenUnavailable,
) -> PyResult<keysecure::WebhookVerifier> {
    let Some(guard) = guard else { return Ok(core) };
    Ok(core.replay_guard(guard.here(py)?, when_unavailable))
}

/// Runs the core, without the GIL when it may take long; a panic becomes an `InternalError`.
fn run<T: Send>(py: Python<'_>, long: bool, work: impl FnOnce() -> Result<T, keysecure::Error> + Send) -> PyResult<T> {
    let work = || catch_unwind(AssertUnwindSafe(work));
    let done = if long { py.detach(work) } else { work() };
    check_raised()?;
    match done {
        Ok(result) => Ok(result?),
        Err(_) => Err(internal(py)),
    }
}

#[pymethods]
impl WebhookVerifier {
    #[new]
    #[pyo3(
        signature = (app_id, secrets, *, tolerance=None, replay_guard=None, when_unavailable=None),
        text_signature = "(app_id, secrets, *, tolerance=300.0, replay_guard=None, when_unavailable='reject')",
    )]
    fn new(
        app_id: Given<'_, '_>,
        secrets: Given<'_, '_>,
        tolerance: Option<Given<'_, '_>>,
        replay_guard: Option<Given<'_, '_>>,
        when_unavailable: Option<Given<'_, '_>>,
    ) -> PyResult<Self> {
        let py = app_id.py();
        let app_id = settings::text("app_id", app_id)?;
        let secrets = if secrets.is_instance_of::<PyString>() {
            vec![settings::text("secrets", secrets)?]
        } else {
            let wrong = |_| config(py, "secrets must be a str or an iterable of str");
            let secrets = secrets.try_iter().map_err(wrong)?;
            secrets.map(|secret| settings::text("secrets", &secret?)).collect::<PyResult<Vec<_>>>()?
        };
        let when_unavailable =
            match when_unavailable.map(|value| settings::text("when_unavailable", value)).transpose()?.as_deref() {
                None | Some("reject") => WhenUnavailable::Reject,
                Some("accept") => WhenUnavailable::Accept,
                Some(_) => return Err(config(py, "when_unavailable must be reject or accept")),
            };
        let mut core = keysecure::WebhookVerifier::new(app_id, secrets)?;
        if let Some(tolerance) = tolerance {
            core = core.tolerance(duration(tolerance)?);
        }
        Self::make(py, core, Guard::of(replay_guard)?, when_unavailable)
    }

    /// The same verifier, taking callbacks of any age, which lets old ones be played again: for looking at stored
    /// callbacks only.
    fn accepting_any_age(&self, py: Python<'_>) -> PyResult<Self> {
        let core = (*self.here(py)?).clone().accepting_any_age();
        Self::make(py, core, self.guard.as_ref().map(|guard| guard.clone_ref(py)), self.when_unavailable)
    }

    /// Verifies a callback and types what it says.
    ///
    /// `headers` is a mapping or an iterable of pairs, names and values as str or bytes (a list for a header that came
    /// several times), found without regard to case; `body` the raw body as bytes, before any parsing. Whatever a sender
    /// can make of them ends in a `Received` or a `WebhookError`.
    fn verify(&self, py: Python<'_>, headers: Given<'_, '_>, body: Given<'_, '_>) -> PyResult<Received> {
        let (headers, body, core) = (Headers::of(headers)?, raw_body(body)?, self.here(py)?);
        let long = self.waits() || body.len() > LARGE;
        run(py, long, || core.verify(headers.pairs(), &body)).map(Received::new)
    }

    /// Verifies the signature and the age only: no look at the action, no typing, no replay guard.
    fn verify_signature(&self, py: Python<'_>, headers: Given<'_, '_>, body: Given<'_, '_>) -> PyResult<Verified> {
        let (headers, body, core) = (Headers::of(headers)?, raw_body(body)?, self.here(py)?);
        run(py, body.len() > LARGE, || core.verify_signature(headers.pairs(), &body)).map(Verified)
    }

    /// Verifies a callback as `verify` does and claims it: a `Claim`, for a `with` block that handles it. So it is handled
    /// once however often it comes, and again when it could not be handled.
    ///
    /// A `WebhookError` with `rejection` `"replayed"` means that it was handled before: answer it with `reply_again(body)`.
    /// `"in_progress"` means that another worker handles it at this moment: answer with an error, so that it comes again.
    /// Without a replay guard every callback is new.
    fn claim(&self, py: Python<'_>, headers: Given<'_, '_>, body: Given<'_, '_>) -> PyResult<Claim> {
        if !self.claims() {
            return Err(config(py, "to claim callbacks the replay guard needs contains(key) and remove(key) as well"));
        }
        let (headers, body, core) = (Headers::of(headers)?, raw_body(body)?, self.here(py)?);
        let long = self.waits() || body.len() > LARGE;
        let (received, claim) = run(py, long, || core.claim(headers.pairs(), &body))?;
        Claim::new(py, Received::new(received), claim, self.waits())
    }

    /// Types a callback **without verifying it**: for stored callbacks and tests. Anybody may have sent it.
    #[staticmethod]
    fn parse_unverified(py: Python<'_>, body: Given<'_, '_>) -> PyResult<Py<PyAny>> {
        let body = raw_body(body)?;
        event_object(py, run(py, body.len() > LARGE, || keysecure::WebhookVerifier::parse_unverified(&body))?)
    }

    /// The headers that the platform would send with this body, signed with the first secret: for tests. `timestamp` is
    /// an aware datetime.
    fn sign_for_tests<'py>(
        &self,
        py: Python<'py>,
        timestamp: Given<'_, 'py>,
        body: Given<'_, 'py>,
    ) -> PyResult<Bound<'py, PyDict>> {
        let at = instant("timestamp", timestamp)?;
        let headers = PyDict::new(py);
        for (name, value) in self.here(py)?.sign_for_tests(at, &raw_body(body)?)? {
            headers.set_item(name, value)?;
        }
        Ok(headers)
    }

    /// Whether a verification may have to wait for the replay guard.
    #[getter]
    fn _may_wait(&self) -> bool {
        self.waits()
    }

    /// Whether `claim` can be used.
    #[getter]
    fn _can_claim(&self) -> bool {
        self.claims()
    }

    fn __repr__(&self) -> &'static str {
        "<keysecure.WebhookVerifier>"
    }

    /// Refused: a pickle would carry the secrets.
    fn __reduce__(&self) -> PyResult<()> {
        let reason =
            "WebhookVerifier holds secrets and does not become a pickle or a copy; make one where it is needed";
        Err(PyTypeError::new_err(reason))
    }
}

/// The setting `tolerance`.
fn duration(value: Given<'_, '_>) -> PyResult<Duration> {
    let wrong = || config(value.py(), "tolerance must be a number of seconds or a timedelta, zero or more");
    if value.is_instance_of::<PyDelta>() {
        return value.extract().map_err(|_| wrong());
    }
    crate::values::seconds("tolerance", value).map_err(|_| wrong())
}
