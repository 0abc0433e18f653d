//! Callbacks: verifying, typing, answering.

use std::borrow::Cow;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::time::{Duration, SystemTime};

use keysecure::{Decision, Event, WhenUnavailable};
use pyo3::IntoPyObjectExt;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyByteArray, PyBytes, PyDict, PyMemoryView, PyString};

use crate::errors::{config, internal, invalid_input};
use crate::process::PerProcess;
use crate::values::{self, Given, optional_instant, seconds};
use crate::{log, settings, stores};

/// Verifies the platform's callbacks. It needs no client and is safe to share among threads.
///
/// `app_id` is the Api-Key and the current one of `secrets` the apiSecret (both inferred); give several secrets, as a
/// list, while one is replaced. `tolerance` is how far the timestamp may be from this machine's clock, either way, in
/// seconds; zero means exact. `replay_guard`, a `MemoryReplayStore` or a `FileStore`, rejects what was accepted before;
/// `when_unavailable` says what happens when it cannot be asked: `"reject"` or `"accept"`.
#[pyclass(frozen, module = "keysecure")]
pub struct WebhookVerifier {
    verifier: PerProcess<keysecure::WebhookVerifier>,
    replay_guard: Option<Py<PyAny>>,
    when_unavailable: WhenUnavailable,
}

impl WebhookVerifier {
    /// A verifier of the core with this process's part of the replay guard.
    fn guarded(
        verifier: keysecure::WebhookVerifier,
        replay_guard: Option<Given<'_, '_>>,
        when_unavailable: WhenUnavailable,
    ) -> PyResult<keysecure::WebhookVerifier> {
        let Some(guard) = replay_guard else { return Ok(verifier) };
        Ok(verifier.replay_guard(stores::replay_store(guard)?, when_unavailable))
    }

    fn here(&self, py: Python<'_>) -> PyResult<keysecure::WebhookVerifier> {
        self.verifier.get(py, |parents| {
            let guard = self.replay_guard.as_ref().map(|guard| guard.bind(py));
            Self::guarded(parents.clone(), guard, self.when_unavailable)
        })
    }
}

#[pymethods]
impl WebhookVerifier {
    #[new]
    #[pyo3(
        signature = (app_id, secrets, *, tolerance=None, replay_guard=None, when_unavailable=None),
        text_signature = "(app_id, secrets, *, tolerance=300, replay_guard=None, when_unavailable='reject')",
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
            match when_unavailable.map(|value| settings::text("when_unavailable", value)).transpose()? {
                None => WhenUnavailable::Reject,
                Some(word) if word == "reject" => WhenUnavailable::Reject,
                Some(word) if word == "accept" => WhenUnavailable::Accept,
                Some(_) => return Err(config(py, "when_unavailable must be reject or accept")),
            };
        let mut verifier = keysecure::WebhookVerifier::new(app_id, secrets)?;
        if let Some(tolerance) = tolerance {
            verifier = verifier.tolerance(seconds("tolerance", tolerance)?);
        }
        let verifier = Self::guarded(verifier, replay_guard, when_unavailable)?;
        Ok(Self {
            verifier: PerProcess::new(verifier),
            replay_guard: replay_guard.map(|guard| guard.clone().unbind()),
            when_unavailable,
        })
    }

    /// The same verifier, taking callbacks of any age, which lets old ones be played again: for looking at stored
    /// callbacks only.
    fn accepting_any_age(&self, py: Python<'_>) -> PyResult<Self> {
        Ok(Self {
            verifier: PerProcess::new(self.here(py)?.accepting_any_age()),
            replay_guard: self.replay_guard.as_ref().map(|guard| guard.clone_ref(py)),
            when_unavailable: self.when_unavailable,
        })
    }

    /// Verifies a callback and types what it says.
    ///
    /// `headers` is a mapping or an iterable of pairs, names and values as str or bytes, found without regard to case;
    /// `body` the raw body as bytes, before any parsing. Whatever a sender can make of them ends in a `Received` or a
    /// `WebhookError`.
    fn verify(&self, py: Python<'_>, headers: Given<'_, '_>, body: Given<'_, '_>) -> PyResult<Received> {
        let (headers, body, verifier) = (Headers::of(headers)?, raw(body)?, self.here(py)?);
        guarded(py, || verifier.verify(headers.pairs(), &body)).map(Received)
    }

    /// Verifies the signature and the age only: no look at the action, no typing, no replay guard.
    fn verify_signature(&self, py: Python<'_>, headers: Given<'_, '_>, body: Given<'_, '_>) -> PyResult<Verified> {
        let (headers, body, verifier) = (Headers::of(headers)?, raw(body)?, self.here(py)?);
        guarded(py, || verifier.verify_signature(headers.pairs(), &body)).map(Verified)
    }

    /// Types a callback **without verifying it**: for stored callbacks and tests. Anybody may have sent it.
    #[staticmethod]
    fn parse_unverified(py: Python<'_>, body: Given<'_, '_>) -> PyResult<Py<PyAny>> {
        let body = raw(body)?;
        event_object(py, &guarded(py, || keysecure::WebhookVerifier::parse_unverified(&body))?)
    }

    /// The headers that the platform would send with this body, signed with the first secret: for tests. `timestamp` is
    /// an aware datetime, now when left out.
    #[pyo3(signature = (body, *, timestamp=None))]
    fn sign_for_tests<'py>(
        &self,
        py: Python<'py>,
        body: Given<'_, 'py>,
        timestamp: Option<Given<'_, 'py>>,
    ) -> PyResult<Bound<'py, PyDict>> {
        let at = optional_instant("timestamp", timestamp)?.unwrap_or_else(SystemTime::now);
        let headers = PyDict::new(py);
        for (name, value) in self.here(py)?.sign_for_tests(at, &raw(body)?)? {
            headers.set_item(name, value)?;
        }
        Ok(headers)
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        Ok(format!("{:?}", self.here(py)?))
    }

    /// Refused: a pickle would carry the secrets.
    fn __reduce__(&self) -> PyResult<()> {
        let reason =
            "WebhookVerifier holds secrets and does not become a pickle or a copy; make one where it is needed";
        Err(pyo3::exceptions::PyTypeError::new_err(reason))
    }
}

/// Runs the core without the GIL; a panic becomes an `InternalError`.
fn guarded<T: Send>(py: Python<'_>, work: impl FnOnce() -> Result<T, keysecure::Error> + Send) -> PyResult<T> {
    match py.detach(|| catch_unwind(AssertUnwindSafe(work))) {
        Ok(result) => Ok(result?),
        Err(_) => Err(internal(py)),
    }
}

/// The headers that the core looks at, taken out of Python's.
struct Headers(Vec<(String, Vec<u8>)>);

impl Headers {
    fn of(given: Given<'_, '_>) -> PyResult<Self> {
        let py = given.py();
        let wrong = || invalid_input(py, "headers", "must be a mapping or an iterable of pairs, of str or bytes");
        let pairs = match given.getattr_opt("items")? {
            Some(items) => items.call0()?,
            None => given.clone(),
        };
        let mut headers = Vec::with_capacity(3);
        for pair in pairs.try_iter().map_err(|_| wrong())? {
            let (name, value): (Bound<'_, PyAny>, Bound<'_, PyAny>) = pair?.extract().map_err(|_| wrong())?;
            let name = if let Ok(name) = name.cast::<PyString>() {
                name.to_str().ok().filter(|name| is_ours(name)).map(str::to_owned)
            } else {
                let name = name.cast::<PyBytes>().map_err(|_| wrong())?;
                std::str::from_utf8(name.as_bytes()).ok().filter(|name| is_ours(name)).map(str::to_owned)
            };
            let Some(name) = name else { continue };
            let value = if let Ok(value) = value.cast::<PyString>() {
                // What is no Unicode is no ASCII either, and the core rejects that.
                value.to_str().map_or_else(|_| vec![0xff], |value| value.as_bytes().to_vec())
            } else {
                value.cast::<PyBytes>().map_err(|_| wrong())?.as_bytes().to_vec()
            };
            headers.push((name, value));
        }
        Ok(Self(headers))
    }

    fn pairs(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_slice()))
    }
}

fn is_ours(name: &str) -> bool {
    ["Timestamp", "Signature", "Sign-Version"].iter().any(|ours| name.eq_ignore_ascii_case(ours))
}

/// The bytes of a raw body.
fn raw<'a>(given: Given<'a, '_>) -> PyResult<Cow<'a, [u8]>> {
    if let Ok(bytes) = given.cast::<PyBytes>() {
        return Ok(Cow::Borrowed(bytes.as_bytes()));
    }
    if let Ok(bytes) = given.cast::<PyByteArray>() {
        return Ok(Cow::Owned(bytes.to_vec()));
    }
    if given.is_instance_of::<PyMemoryView>() {
        return Ok(Cow::Owned(given.call_method0("tobytes")?.cast::<PyBytes>()?.as_bytes().to_vec()));
    }
    Err(invalid_input(given.py(), "body", "must be bytes: the raw body, before anybody decoded or parsed it"))
}

/// A callback whose signature is valid.
#[pyclass(frozen, eq, module = "keysecure")]
#[derive(PartialEq, Eq)]
pub struct Received(keysecure::Received);

#[pymethods]
impl Received {
    /// The platform's id of the callback. It is not signed: do not build on it alone.
    #[getter]
    fn id(&self) -> &str {
        &self.0.id
    }

    /// What it says: an `AuthEvent`, a `ConsumptionEvent`, a `CardUpdateEvent` or an `UnknownEvent`.
    #[getter]
    fn event(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        event_object(py, &self.0.event)
    }

    /// When the platform says that it sent it.
    #[getter]
    fn sent_at(&self) -> SystemTime {
        self.0.sent_at
    }

    /// Which of the verifier's secrets signed it, counted from 0.
    #[getter]
    fn secret(&self) -> usize {
        self.0.secret
    }

    /// Which canonical form was signed, such as `"fastjson1/sorted"`.
    #[getter]
    fn form(&self) -> String {
        form_text(self.0.form)
    }

    /// Seconds left to answer an `Auth` callback, as far as this machine can tell; below zero when it is too late.
    #[getter]
    fn time_left(&self) -> f64 {
        let before = self.0.answer_before();
        let now = std::time::Instant::now();
        before.saturating_duration_since(now).as_secs_f64() - now.saturating_duration_since(before).as_secs_f64()
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        Ok(format!("Received(event={})", self.event(py)?.bind(py).repr()?))
    }
}

/// A proof that a signature is valid, without a look at what it says.
#[pyclass(frozen, eq, module = "keysecure")]
#[derive(PartialEq, Eq)]
pub struct Verified(keysecure::Verified);

#[pymethods]
impl Verified {
    /// Which of the verifier's secrets signed it, counted from 0.
    #[getter]
    fn secret(&self) -> usize {
        self.0.secret
    }

    /// Which canonical form was signed, such as `"fastjson1/sorted"`.
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

/// An action, or a form of its data, that this version does not know. Its signature is valid all the same.
#[pyclass(frozen, eq, hash, module = "keysecure")]
#[derive(PartialEq, Eq, Hash)]
pub struct UnknownEvent {
    /// The platform's name of the action.
    #[pyo3(get)]
    action: String,
    json: keysecure::Json,
}

#[pymethods]
impl UnknownEvent {
    /// Its data; numbers with a fraction as `Decimal`.
    #[getter]
    fn data<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        values::from_json(py, &self.json)
    }

    /// Its data as a dict with `action` and `data`.
    fn to_dict<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let dict = PyDict::new(py);
        dict.set_item("action", &self.action)?;
        dict.set_item("data", self.data(py)?)?;
        Ok(dict)
    }

    /// Its data as JSON, exactly as it came.
    fn to_json(&self) -> &str {
        self.json.as_str()
    }

    fn __repr__(&self) -> String {
        format!("UnknownEvent(action={:?}, data={:?})", self.action, self.json)
    }
}

fn event_object(py: Python<'_>, event: &Event) -> PyResult<Py<PyAny>> {
    match event {
        Event::Auth { data } => data.clone().into_py_any(py),
        Event::Consumption { data } => data.clone().into_py_any(py),
        Event::CardUpdate { data } => data.clone().into_py_any(py),
        Event::Unknown { action, data } => UnknownEvent { action: action.clone(), json: data.clone() }.into_py_any(py),
        // The core may learn of an event before this face does.
        _ => Err(internal(py)),
    }
}

/// The exact body to answer a callback with: `{"code":0,"message":""}`.
#[pyfunction]
pub fn reply_accept() -> String {
    keysecure::reply_accept()
}

/// The exact body to decline with; the platform requires a message.
#[pyfunction]
pub fn reply_decline(message: Given<'_, '_>) -> PyResult<String> {
    Ok(keysecure::reply_decline(&values::text("message", message)?)?)
}

/// Runs your decision on purchases and answers in time, whatever the decision does.
///
/// `decide(event)` gets an `AuthEvent` and returns `True` to approve, or `False` or a message to decline. It runs on a
/// thread of its own. The platform waits 800 ms; when `budget` seconds (0.6) after the verification there is no decision,
/// or it raised, the answer is `otherwise`: `True` to approve or, as by default, a message to decline with. A decision
/// that is late is not stopped; its result is dropped.
#[pyclass(frozen, module = "keysecure")]
pub struct Responder(keysecure::Responder);

#[pymethods]
impl Responder {
    #[new]
    #[pyo3(
        signature = (decide, *, otherwise=None, budget=None),
        text_signature = "(decide, *, otherwise='no decision in time', budget=0.6)",
    )]
    fn new(decide: Given<'_, '_>, otherwise: Option<Given<'_, '_>>, budget: Option<Given<'_, '_>>) -> PyResult<Self> {
        if !decide.is_callable() {
            return Err(invalid_input(decide.py(), "decide", "must be callable"));
        }
        let decide = decide.clone().unbind();
        let mut responder = keysecure::Responder::new(move |purchase| {
            let decided = Python::try_attach(|py| {
                let decision = purchase.clone().into_py_any(py).and_then(|event| decide.call1(py, (event,)));
                decision.and_then(|decision| self::decision(decision.bind(py))).map_err(|error| log::failed(py, error))
            });
            match decided {
                Some(Ok(decision)) => decision,
                // The core answers for a decision that was never made. Nothing is printed: it was logged.
                _ => resume_unwind(Box::new("no decision")),
            }
        });
        if let Some(otherwise) = otherwise {
            responder = responder.otherwise(decision(otherwise)?);
        }
        if let Some(budget) = budget {
            responder = responder.budget(seconds("budget", budget)?.min(Duration::from_millis(800)));
        }
        Ok(Self(responder))
    }

    /// The body to answer with. Anything but a purchase is accepted at once.
    fn respond(&self, py: Python<'_>, received: &Bound<'_, Received>) -> String {
        let (responder, received) = (&self.0, &received.get().0);
        py.detach(|| responder.respond(received))
    }

    fn __repr__(&self) -> &'static str {
        "<keysecure.Responder>"
    }
}

/// What a decision function returned.
fn decision(value: Given<'_, '_>) -> PyResult<Decision> {
    if let Ok(approve) = value.cast::<PyBool>() {
        return Ok(if approve.is_true() { Decision::Approve } else { Decision::Decline("declined".to_owned()) });
    }
    if value.is_instance_of::<PyString>() {
        return Ok(Decision::Decline(values::text("decision", value)?));
    }
    Err(invalid_input(value.py(), "decision", "must be True, False or a message to decline with"))
}
