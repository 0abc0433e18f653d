//! The verifier.

use std::sync::Arc;
use std::time::Duration;

use keysecure::OnStoreFailure;
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyDelta, PyDict, PyString};

use super::claim::Claim;
use super::headers::Headers;
use super::received::{SignatureMatch, VerifiedWebhook, event_object};
use super::{raw_body, run};
use crate::errors::config;
use crate::process::PerProcess;
use crate::settings;
use crate::stores::{Setting, Use};
use crate::values::{Given, instant};

/// A larger body is read without the GIL; a smaller one takes less time than letting go of it.
const LARGE: usize = 4 * 1024;
/// The largest body that a verifier may be set to look at.
const LARGEST: u32 = 1024 * 1024;

/// Verifies the platform's webhooks. It needs no client and is safe to share among threads.
///
/// `app_id` is the Api-Key and the current one of `secrets` the apiSecret (both inferred); give several secrets, as a
/// list, while one is replaced. `tolerance` is how far the timestamp may be from this machine's clock, either way: seconds
/// or a timedelta; zero means exact. `max_body` is the largest body to look at, in bytes (64 KiB, at most 1 MiB).
///
/// `store` rejects what was accepted before and keeps the decision on each purchase: `"memory"`, `"file:/var/lib/shop"`,
/// `"redis://host"`, a `MemoryStore`, a `FileStore`, a `RedisStore`, a `MemoryReplayStore`, or an object of your own with the
/// methods of `keysecure.stores.ReplayStore`. Share one among all workers: give it what the client has. What an object of your
/// own raises is logged, by its type and place, and counts as an outage; `when_unavailable` says what happens then: `"reject"`
/// or `"accept"`. `replay_guard` is the old name; `True` there means a memory of this process.
#[pyclass(frozen, module = "keysecure")]
pub struct WebhookVerifier {
    core: PerProcess<Arc<keysecure::WebhookVerifier>>,
    store: Option<Setting>,
    waits: bool,
    when_unavailable: OnStoreFailure,
    max_body: usize,
}

impl WebhookVerifier {
    fn make(
        py: Python<'_>,
        core: keysecure::WebhookVerifier,
        store: Option<Setting>,
        when_unavailable: OnStoreFailure,
        max_body: usize,
    ) -> PyResult<Self> {
        let core = guarded(py, core, store.as_ref(), when_unavailable)?.max_body(max_body);
        let waits = store.as_ref().is_some_and(|store| store.waits(py));
        Ok(Self { core: PerProcess::new(Arc::new(core)), store, waits, when_unavailable, max_body })
    }

    /// This process's verifier.
    fn here(&self, py: Python<'_>) -> PyResult<Arc<keysecure::WebhookVerifier>> {
        self.core.get(py, |parents| {
            guarded(py, (**parents).clone(), self.store.as_ref(), self.when_unavailable).map(Arc::new)
        })
    }
}

/// A verifier of the core with this process's part of the store.
fn guarded(
    py: Python<'_>,
    core: keysecure::WebhookVerifier,
    store: Option<&Setting>,
    when_unavailable: OnStoreFailure,
) -> PyResult<keysecure::WebhookVerifier> {
    let replays = store.map(|store| store.here(py)).transpose()?.and_then(|store| store.replay_store());
    Ok(replays.map_or(core.clone(), |replays| core.replay_guard(replays, when_unavailable)))
}

/// The settings `store` and `replay_guard`.
fn store_setting(
    py: Python<'_>,
    store: Option<Given<'_, '_>>,
    replay_guard: Option<Given<'_, '_>>,
) -> PyResult<Option<Setting>> {
    match (store, replay_guard) {
        (Some(store), None) => Setting::of("store", store, Use::Verifier).map(Some),
        (None, Some(guard)) => match guard.cast::<PyBool>() {
            Ok(wanted) => wanted.is_true().then(|| Setting::memory(py)).transpose(),
            Err(_) => Setting::of("replay_guard", guard, Use::Verifier).map(Some),
        },
        (Some(_), Some(_)) => Err(config(py, "replay_guard is the old name of store: give one of them")),
        (None, None) => Ok(None),
    }
}

#[pymethods]
impl WebhookVerifier {
    #[new]
    #[pyo3(
        signature = (
            app_id, secrets, *, tolerance=None, store=None, replay_guard=None, when_unavailable=None, max_body=None,
        ),
        text_signature = "(app_id, secrets, *, tolerance=300.0, store=None, replay_guard=None, \
            when_unavailable='reject', max_body=65536)",
    )]
    fn new(
        app_id: Given<'_, '_>,
        secrets: Given<'_, '_>,
        tolerance: Option<Given<'_, '_>>,
        store: Option<Given<'_, '_>>,
        replay_guard: Option<Given<'_, '_>>,
        when_unavailable: Option<Given<'_, '_>>,
        max_body: Option<Given<'_, '_>>,
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
                None | Some("reject") => OnStoreFailure::Reject,
                Some("accept") => OnStoreFailure::Accept,
                Some(_) => return Err(config(py, "when_unavailable must be reject or accept")),
            };
        let mut core = keysecure::WebhookVerifier::new(app_id, secrets)?;
        if let Some(tolerance) = tolerance {
            core = core.tolerance(duration(tolerance)?);
        }
        let max_body = max_body.map_or(Ok(65_536), |bytes| settings::count("max_body", bytes))?.min(LARGEST) as usize;
        Self::make(py, core, store_setting(py, store, replay_guard)?, when_unavailable, max_body)
    }

    /// The same verifier, taking callbacks of any age, which lets old ones be played again: for looking at stored
    /// callbacks only.
    fn ignore_timestamp(&self, py: Python<'_>) -> PyResult<Self> {
        let core = (*self.here(py)?).clone().ignore_timestamp();
        Self::make(py, core, self.store.as_ref().map(|store| store.clone_ref(py)), self.when_unavailable, self.max_body)
    }

    /// Verifies a callback and types what it says.
    ///
    /// `headers` is a mapping or an iterable of pairs, names and values as str or bytes (a list for a header that came
    /// several times), found without regard to case; `body` the raw body as bytes, before any parsing. Whatever a sender
    /// can make of them ends in a `VerifiedWebhook` or a `WebhookError`.
    fn verify(&self, py: Python<'_>, headers: Given<'_, '_>, body: Given<'_, '_>) -> PyResult<VerifiedWebhook> {
        let (headers, body, core) = (Headers::of(headers)?, raw_body(body)?, self.here(py)?);
        let long = self.waits || body.len() > LARGE;
        run(py, long, || core.verify(headers.pairs(), &body)).map(VerifiedWebhook::new)
    }

    /// Verifies the signature and the age only: no look at the action, no typing, no replay guard.
    fn verify_signature(
        &self,
        py: Python<'_>,
        headers: Given<'_, '_>,
        body: Given<'_, '_>,
    ) -> PyResult<SignatureMatch> {
        let (headers, body, core) = (Headers::of(headers)?, raw_body(body)?, self.here(py)?);
        run(py, body.len() > LARGE, || core.verify_signature(headers.pairs(), &body)).map(SignatureMatch)
    }

    /// Verifies a callback as `verify` does and claims it: a `Claim`, for a `with` block that handles it. So it is handled
    /// once however often it comes, and again when it could not be handled.
    ///
    /// A `WebhookError` with `rejection` `"replayed"` means that it was handled before: answer it with
    /// `verifier.reply_duplicate(body)`. `"in_progress"` means that another worker handles it at this moment: answer with an error, so that it comes again.
    /// Without a store every webhook is new.
    fn claim(&self, py: Python<'_>, headers: Given<'_, '_>, body: Given<'_, '_>) -> PyResult<Claim> {
        let (headers, body, core) = (Headers::of(headers)?, raw_body(body)?, self.here(py)?);
        let long = self.waits || body.len() > LARGE;
        let (received, claim) = run(py, long, || core.claim(headers.pairs(), &body))?;
        Claim::new(py, VerifiedWebhook::new(received), claim, self.waits)
    }

    /// The exact body to answer a webhook with that was accepted before (`rejection` is `"replayed"`): a purchase gets its first
    /// reply again, everything else is accepted.
    ///
    /// While that reply is being made, this waits for it, 0.6 seconds at most. A purchase without one is declined.
    fn reply_duplicate(&self, py: Python<'_>, body: Given<'_, '_>) -> PyResult<Vec<u8>> {
        let (body, core) = (raw_body(body)?, self.here(py)?);
        run(py, true, || Ok(core.reply_duplicate(&body))).map(String::into_bytes)
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

    /// The largest body to look at.
    #[getter]
    fn _max_body(&self) -> usize {
        self.max_body
    }

    /// Whether a verification may have to wait for the store.
    #[getter]
    fn _may_wait(&self) -> bool {
        self.waits
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
