//! The verifier of webhooks.

use std::sync::Arc;
use std::time::Duration;

use ::log::LevelFilter;
use keysecure::{Clock, OnStoreFailure, SystemClock};
use pyo3::exceptions::PyTypeError;
use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyDict, PyType};

use super::claim::Claim;
use super::headers::Headers;
use super::verified::{SignatureMatch, VerifiedWebhook, event_object};
use super::{RawBody, run, run_logging};
use crate::arguments::{
    AppId, ClockSetting, DeprecatedOnStoreFailure, MaxBody, Timestamp, Tolerance, VerifierOnStoreFailure,
    WebhookSecrets,
};
use crate::client::Client;
use crate::clock::OwnClock;
use crate::deprecated::deprecated;
use crate::errors::config;
use crate::hub;
use crate::log;
use crate::pool::Pool;
use crate::process::PerProcess;
use crate::settings::variable_of_environment;
use crate::stores::{Purpose, Setting};

/// A larger body is verified without the GIL; a smaller one takes less time than releasing it.
const LARGE_BODY: usize = 4 * 1024;
/// The largest value of `max_body`.
const MAX_BODY: u32 = 1024 * 1024;

/// Verifies the platform's webhooks. It needs no client and is safe to share among threads.
///
/// `app_id` is the Api-Key and the current one of `secrets` the apiSecret (both inferred); pass several secrets, as a
/// list, while one is replaced. `tolerance` is how far the timestamp may be from this machine's clock, either way: seconds
/// (300) or a timedelta; zero means exact. `max_body` is the largest body that is read, in bytes (64 KiB, at most 1 MiB).
/// `clock` replaces this machine's clock: a function like `time.time`, which returns Unix seconds and is called for each
/// webhook; pass `clock=lambda: time.time()` with freezegun or time-machine. `Client.webhook_verifier()` makes a verifier with
/// the clock of the platform, as the client learned it.
///
/// `store` rejects webhooks that were accepted before and keeps the decision on each purchase: `"memory"`,
/// `"file:/var/lib/shop"`, `"redis://host"`, a `MemoryStore`, a `FileStore`, a `RedisStore`, a `MemoryReplayStore`, or an
/// object of your own with the methods of `keysecure.stores.ReplayStore`. Share one among all workers: the one of the client.
/// The exceptions of an object of your own are logged, by type and place, and count as an outage.
///
/// `on_store_failure`, when the store cannot be reached: `"reject"` (default) rejects the webhook, so that it comes again;
/// `"accept"` accepts it without the check. Deprecated names: `when_unavailable` of `on_store_failure`, `replay_guard` of
/// `store` (`True` there means the memory of this process).
#[pyclass(frozen, weakref, module = "keysecure")]
pub struct WebhookVerifier {
    here: PerProcess<Here>,
    clock: TimeSource,
    store: Option<Setting>,
    waits: bool,
    on_store_failure: OnStoreFailure,
    max_body: usize,
}

/// The part that belongs to one process.
#[derive(Clone)]
struct Here {
    core: Arc<keysecure::WebhookVerifier>,
    clock: Arc<dyn Clock>,
}

/// Where the time comes from.
enum TimeSource {
    Machine,
    Own(Arc<OwnClock>),
    /// The platform's clock, as the client learns it.
    Learned(Py<Client>),
}

impl TimeSource {
    /// The clock as this process uses it. It shows the present time.
    fn here(&self, py: Python<'_>) -> PyResult<Arc<dyn Clock>> {
        Ok(match self {
            Self::Machine => Arc::new(SystemClock::new()),
            Self::Own(clock) => clock.clone(),
            Self::Learned(client) => client.get().core(py)?.platform_clock(),
        })
    }

    /// Reads a clock that is written in Python.
    fn read(&self, py: Python<'_>) -> PyResult<()> {
        match self {
            Self::Machine => Ok(()),
            Self::Own(clock) => clock.read_now(py),
            Self::Learned(client) => client.get().read_clock(py),
        }
    }

    /// The same clock, for another object.
    fn clone_ref(&self, py: Python<'_>) -> Self {
        match self {
            Self::Machine => Self::Machine,
            Self::Own(clock) => Self::Own(Arc::new(clock.clone_ref(py))),
            Self::Learned(client) => Self::Learned(client.clone_ref(py)),
        }
    }
}

impl WebhookVerifier {
    fn make(
        py: Python<'_>,
        core: keysecure::WebhookVerifier,
        clock: TimeSource,
        store: Option<Setting>,
        on_store_failure: OnStoreFailure,
        max_body: usize,
    ) -> PyResult<Self> {
        let core = core.max_body(max_body);
        let here = PerProcess::new(Here::new(py, core, &clock, store.as_ref(), on_store_failure)?);
        let waits = store.as_ref().is_some_and(|store| store.waits(py));
        Ok(Self { here, clock, store, waits, on_store_failure, max_body })
    }

    /// Returns the verifier of this process. Its clock shows the present time.
    fn here(&self, py: Python<'_>) -> PyResult<Here> {
        self.clock.read(py)?;
        self.here.get(py, |parents| {
            Here::new(py, (*parents.core).clone(), &self.clock, self.store.as_ref(), self.on_store_failure)
        })
    }

    /// Runs a check that uses the store.
    fn check<T: Send + 'static>(
        &self,
        py: Python<'_>,
        core: Arc<keysecure::WebhookVerifier>,
        headers: Headers,
        body: RawBody<'_>,
        check: fn(&keysecure::WebhookVerifier, &Headers, &[u8]) -> Result<T, keysecure::Error>,
    ) -> PyResult<T> {
        let hub = if self.waits { hub::here(py)? } else { None };
        // Without a store there are only warnings.
        let wanted = if self.store.is_some() { log::wanted(py)? } else { LevelFilter::Warn };
        if let Some(hub) = hub {
            let body = body.to_vec();
            return hub::wait(&hub, Pool::Webhooks, wanted, move || check(&core, &headers, &body));
        }
        run_logging(py, wanted, self.waits || body.len() > LARGE_BODY, || check(&core, &headers, &body))
    }

    /// Whether it has a clock of its own.
    pub fn has_clock(&self) -> bool {
        !matches!(self.clock, TimeSource::Machine)
    }

    /// The same verifier with the platform's clock, as a client learns it.
    pub fn following(&self, client: &Bound<'_, Client>) -> PyResult<Self> {
        let (py, clock) = (client.py(), TimeSource::Learned(client.clone().unbind()));
        self.changed(py, (*self.here(py)?.core).clone(), clock)
    }

    /// The same verifier with another core and clock.
    fn changed(&self, py: Python<'_>, core: keysecure::WebhookVerifier, clock: TimeSource) -> PyResult<Self> {
        let store = self.store.as_ref().map(|store| store.clone_ref(py));
        Self::make(py, core, clock, store, self.on_store_failure, self.max_body)
    }
}

impl Here {
    fn new(
        py: Python<'_>,
        core: keysecure::WebhookVerifier,
        clock: &TimeSource,
        store: Option<&Setting>,
        on_store_failure: OnStoreFailure,
    ) -> PyResult<Self> {
        let clock = clock.here(py)?;
        let core = guarded(py, core, store, on_store_failure)?.clock(clock.clone());
        Ok(Self { core: Arc::new(core), clock })
    }
}

/// Adds the store, as this process uses it, to a verifier of the core.
fn guarded(
    py: Python<'_>,
    core: keysecure::WebhookVerifier,
    store: Option<&Setting>,
    on_store_failure: OnStoreFailure,
) -> PyResult<keysecure::WebhookVerifier> {
    let replays = store.map(|store| store.here(py)).transpose()?.and_then(|store| store.replay_store());
    Ok(replays.map_or(core.clone(), |replays| core.replay_guard(replays, on_store_failure)))
}

/// The settings `store` and `replay_guard`.
fn store_setting(
    py: Python<'_>,
    store: Option<&Bound<'_, PyAny>>,
    replay_guard: Option<&Bound<'_, PyAny>>,
) -> PyResult<Option<Setting>> {
    match (store, replay_guard) {
        (Some(store), None) => Setting::of("store", store, Purpose::Verifier).map(Some),
        (None, Some(guard)) => match guard.cast::<PyBool>() {
            Ok(wanted) => wanted.is_true().then(|| Setting::memory(py)).transpose(),
            Err(_) => Setting::of("replay_guard", guard, Purpose::Verifier).map(Some),
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
            app_id, secrets, *, tolerance=None, store=None, replay_guard=None, on_store_failure=None, max_body=None,
            when_unavailable=None, clock=None,
        ),
        text_signature = "(app_id, secrets, *, tolerance=300.0, store=None, replay_guard=None, \
            on_store_failure='reject', max_body=65536, clock=None)",
    )]
    fn new(
        py: Python<'_>,
        app_id: AppId,
        secrets: WebhookSecrets,
        tolerance: Option<Tolerance>,
        store: Option<&Bound<'_, PyAny>>,
        replay_guard: Option<&Bound<'_, PyAny>>,
        on_store_failure: Option<VerifierOnStoreFailure>,
        max_body: Option<MaxBody>,
        when_unavailable: Option<DeprecatedOnStoreFailure>,
        clock: Option<ClockSetting>,
    ) -> PyResult<Self> {
        if when_unavailable.is_some() {
            deprecated(py, c"when_unavailable is deprecated: use on_store_failure")?;
            if on_store_failure.is_some() {
                return Err(config(py, "when_unavailable is the old name of on_store_failure: give one of them"));
            }
        }
        let on_store_failure = on_store_failure.map(|choice| choice.0).or(when_unavailable.map(|choice| choice.0));
        let mut core = keysecure::WebhookVerifier::new(app_id.0, secrets.0.0)?;
        if let Some(tolerance) = tolerance {
            core = core.tolerance(tolerance.0.0);
        }
        let max_body = max_body.map_or(65_536, |bytes| bytes.0).min(MAX_BODY) as usize;
        let store = store_setting(py, store, replay_guard)?;
        let clock = clock.map_or(TimeSource::Machine, |clock| TimeSource::Own(Arc::new(clock.0)));
        Self::make(py, core, clock, store, on_store_failure.unwrap_or(OnStoreFailure::Reject), max_body)
    }

    /// Creates a verifier from the environment variables `KEYSECURE_APP_ID` (else `KEYSECURE_API_KEY`), `KEYSECURE_API_SECRET`
    /// and, when set, `KEYSECURE_STORE`, read now: the same ones as those of `Client.from_env`. Keyword arguments are those of
    /// `WebhookVerifier`; one that is not `None` overrides the environment, such as `secrets=[current, previous]`.
    #[classmethod]
    #[pyo3(signature = (**settings))]
    fn from_env<'py>(class: &Bound<'py, PyType>, settings: Option<&Bound<'py, PyDict>>) -> PyResult<Bound<'py, PyAny>> {
        let py = class.py();
        let found = PyDict::new(py);
        for (name, value) in [
            ("app_id", variable_of_environment("KEYSECURE_APP_ID").or(variable_of_environment("KEYSECURE_API_KEY"))),
            ("secrets", variable_of_environment("KEYSECURE_API_SECRET")),
            ("store", variable_of_environment("KEYSECURE_STORE")),
        ] {
            if let Some(value) = value {
                found.set_item(name, value)?;
            }
        }
        for (name, value) in settings.into_iter().flatten().filter(|(_, value)| !value.is_none()) {
            if name.eq("replay_guard")? && found.contains("store")? {
                found.del_item("store")?;
            }
            found.set_item(name, value)?;
        }
        for (name, missing) in [
            ("app_id", "neither KEYSECURE_APP_ID nor KEYSECURE_API_KEY is set"),
            ("secrets", "KEYSECURE_API_SECRET is not set"),
        ] {
            if !found.contains(name)? {
                return Err(config(py, missing));
            }
        }
        class.call((), Some(&found))
    }

    /// Returns the same verifier without the check of the timestamp. It accepts old webhooks again: use it to verify stored
    /// webhooks only.
    fn ignore_timestamp(&self, py: Python<'_>) -> PyResult<Self> {
        let core = (*self.here(py)?.core).clone().ignore_timestamp();
        self.changed(py, core, self.clock.clone_ref(py))
    }

    /// Verifies a webhook and types its data.
    ///
    /// `headers` is a mapping or an iterable of pairs, names and values as str or bytes (a list for a header that was sent
    /// several times); names are compared without regard to case. `body` is the raw body as bytes, before any parsing. Any
    /// input that a sender can make ends in a `VerifiedWebhook` or a `WebhookError`.
    fn verify(slf: &Bound<'_, Self>, headers: Headers, body: RawBody<'_>) -> PyResult<VerifiedWebhook> {
        let (py, verifier) = (slf.py(), slf.get());
        let Here { core, clock } = verifier.here(py)?;
        let received =
            verifier.check(py, core, headers, body, |core, headers, body| core.verify(headers.pairs(), body))?;
        Ok(VerifiedWebhook::new(received, clock.now(), slf))
    }

    /// Verifies the signature and the age only: the data is not typed, and the store is not used.
    fn verify_signature(&self, py: Python<'_>, headers: Headers, body: RawBody<'_>) -> PyResult<SignatureMatch> {
        let core = self.here(py)?.core;
        run(py, body.len() > LARGE_BODY, || core.verify_signature(headers.pairs(), &body)).map(SignatureMatch)
    }

    /// Verifies a webhook as `verify` does and claims it: returns a `Claim`, for a `with` block that handles it. The same
    /// request, with the same timestamp and signature, is handled once, and again when it could not be handled. A redelivery
    /// with a new timestamp and signature is another request and is handled again: check the number and the status in the event.
    ///
    /// A `WebhookError` with `rejection` `"replayed"` means that the same request was handled before: reply with
    /// `verifier.reply_duplicate(body)`. `"in_progress"` means that another worker handles it now: respond with an HTTP error,
    /// so that it is delivered again. Without a store every webhook is new.
    fn claim(slf: &Bound<'_, Self>, headers: Headers, body: RawBody<'_>) -> PyResult<Claim> {
        Self::claim_after(slf, headers, body, 0.0)
    }

    /// Claims a webhook whose request began to arrive `waited` seconds ago: the platform waits since then.
    #[pyo3(name = "_claim")]
    fn claim_after(slf: &Bound<'_, Self>, headers: Headers, body: RawBody<'_>, waited: f64) -> PyResult<Claim> {
        let (py, verifier) = (slf.py(), slf.get());
        let Here { core, clock } = verifier.here(py)?;
        let (mut received, claim) =
            verifier.check(py, core, headers, body, |core, headers, body| core.claim(headers.pairs(), body))?;
        let waited = Duration::try_from_secs_f64(waited).unwrap_or_default();
        received.received_at = received.received_at.checked_sub(waited).unwrap_or(received.received_at);
        Claim::new(py, VerifiedWebhook::new(received, clock.now(), slf), claim, verifier.waits)
    }

    /// Returns the exact body for a webhook that was accepted before (`rejection` is `"replayed"`): a purchase gets its first
    /// reply again, everything else is accepted.
    ///
    /// While another worker makes that reply, this waits for it, 0.6 seconds at most. A purchase without a reply is declined.
    fn reply_duplicate(&self, py: Python<'_>, body: RawBody<'_>) -> PyResult<Vec<u8>> {
        let (core, wanted) = (self.here(py)?.core, log::wanted(py)?);
        let reply = match hub::here(py)? {
            Some(hub) => {
                let body = body.to_vec();
                hub::wait(&hub, Pool::Webhooks, wanted, move || Ok(core.reply_duplicate(&body)))
            }
            None => run_logging(py, wanted, true, || Ok(core.reply_duplicate(&body))),
        };
        reply.map(String::into_bytes)
    }

    /// Types the data of a webhook **without verifying it**: for stored webhooks and tests. Anybody may have sent it.
    #[staticmethod]
    fn parse_unverified(py: Python<'_>, body: RawBody<'_>) -> PyResult<Py<PyAny>> {
        event_object(py, run(py, body.len() > LARGE_BODY, || keysecure::WebhookVerifier::parse_unverified(&body))?)
    }

    /// Returns the headers that the platform would send with this body, signed with the first secret: for tests. `timestamp`
    /// is a datetime with a time zone.
    fn sign_for_tests<'py>(
        &self,
        py: Python<'py>,
        timestamp: Timestamp,
        body: RawBody<'_>,
    ) -> PyResult<Bound<'py, PyDict>> {
        let headers = PyDict::new(py);
        for (name, value) in self.here(py)?.core.sign_for_tests(timestamp.0, &body)? {
            headers.set_item(name, value)?;
        }
        Ok(headers)
    }

    /// The largest body that is read, in bytes.
    #[getter]
    fn _max_body(&self) -> usize {
        self.max_body
    }

    /// Whether a verification may wait for the store.
    #[getter]
    fn _may_wait(&self) -> bool {
        self.waits
    }

    /// Deprecated: use `ignore_timestamp`.
    fn accepting_any_age(&self, py: Python<'_>) -> PyResult<Self> {
        deprecated(py, c"accepting_any_age is deprecated: use ignore_timestamp")?;
        self.ignore_timestamp(py)
    }

    /// Deprecated: use `reply_duplicate`.
    fn reply_again(&self, py: Python<'_>, body: RawBody<'_>) -> PyResult<Vec<u8>> {
        deprecated(py, c"reply_again is deprecated: use reply_duplicate")?;
        self.reply_duplicate(py, body)
    }

    fn __repr__(&self) -> &'static str {
        "<keysecure.WebhookVerifier>"
    }

    /// A clock or a store of one's own may refer to the verifier.
    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        match &self.clock {
            TimeSource::Machine => {}
            TimeSource::Own(clock) => visit.call(&clock.function)?,
            TimeSource::Learned(client) => visit.call(client)?,
        }
        self.store.iter().try_for_each(|store| store.traverse(&visit))
    }

    /// Refused: a pickle would carry the secrets.
    fn __reduce__(&self) -> PyResult<()> {
        let reason =
            "WebhookVerifier holds secrets and does not become a pickle or a copy; create one where it is needed";
        Err(PyTypeError::new_err(reason))
    }
}
