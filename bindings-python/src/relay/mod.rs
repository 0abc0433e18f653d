//! The relay: serving apps that hold no secret.

mod events;
mod headers;
mod hooks;
mod scope;
mod stream;

use std::sync::Arc;
use std::time::Duration;

use keysecure::{Event, RelayRequest};
use pyo3::exceptions::PyTypeError;
use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use zeroize::Zeroizing;

pub use hooks::{Authorize, Plain};
pub use scope::Scope;
pub use stream::EventStream;

use crate::arguments::{
    AuditFunction, AuthorizeFunction, ConcurrentRequests, EventsKept, MaxRequestBytes, Mount, RequestsPerSecond,
    StreamLasts,
};
use crate::blocking::blocking;
use crate::client::Client;
use crate::errors::{config, invalid_input};
use crate::process::PerProcess;
use crate::webhooks::{RawBody, UnknownEvent, VerifiedWebhook};
use events::EventsSetting;
use headers::Headers;
use hooks::Hooks;

/// Serves apps that hold no secret, with the merchant's client: `Relay(client, authorize)`. See `keysecure.relay`.
///
/// `client` is a `keysecure.Client` with a `store`. `authorize(request)` is the merchant's own code: it reads the session of a
/// request (`request.bearer`, a cookie in `request.headers`, a client certificate in `request.context`) and returns the `Scope` of
/// the session, or `None` to refuse the request. An exception in it refuses the request too and is logged by type and place. It is
/// called for every request, on the thread of the request, so it should be fast. With `relay.asgi` it may be `async`.
///
/// `mount`: the path under which the server passes requests on, such as `"/relay"` for `/relay/v1/cards.get`; the root unless set.
/// `audit`: a plain function that gets an `AuditRecord` of each request, also of those that are refused; it should return soon, and its
/// exceptions are logged by type and place. `max_request_bytes`: the largest body of a request, at most 1 MiB.
/// `requests_per_second`: how many requests a session may make each second on average, in each process; at once it may make twice
/// as many. `concurrent_requests`: how many requests of a session are served at the same time. All sessions of a cardholder
/// together have three times these limits. `events`: where the events of cardholders are kept for apps that connect again, `"memory"` (default) or, when several
/// processes serve the relay, a `RedisStore` or its URL (`"redis://host"`): each app then gets what any of them publishes.
/// `events_kept`: how many events of each cardholder are kept, for one hour. `stream_lasts`: seconds after which a stream of events
/// ends, so that its session is authorized again.
///
/// A relay works in forked children too; each process has rate limits of its own, and events of its own unless they are in Redis.
#[pyclass(frozen, weakref, module = "keysecure")]
pub struct Relay {
    client: Py<Client>,
    /// The relays of the core share this one reference to the functions, which `__traverse__` shows.
    hooks: Arc<Hooks>,
    settings: Settings,
    live: PerProcess<keysecure::Relay>,
    /// Wakes the streams of events.
    watch: Py<PyAny>,
}

struct Settings {
    mount: String,
    max_request_bytes: usize,
    requests_per_second: u32,
    concurrent_requests: usize,
    events: EventsSetting,
    events_kept: usize,
    stream_lasts: Duration,
}

impl Settings {
    fn build(&self, py: Python<'_>, client: &keysecure::Client, hooks: &Arc<Hooks>) -> PyResult<keysecure::Relay> {
        let authorize = Arc::clone(hooks);
        let mut builder = keysecure::Relay::builder(client, move |request| authorize.authorize(request))
            .mount(&*self.mount)
            .max_request_bytes(self.max_request_bytes)
            .requests_per_second(self.requests_per_second)
            .concurrent_requests(self.concurrent_requests)
            .events(self.events.here(py)?)
            .events_kept(self.events_kept)
            .stream_lasts(self.stream_lasts);
        if hooks.has_audit() {
            let audit = Arc::clone(hooks);
            builder = builder.audit(move |record| audit.audit(record));
        }
        Ok(builder.build()?)
    }
}

/// A request, for a job on another thread.
struct Owned {
    method: String,
    path: String,
    headers: Headers,
    body: Zeroizing<Vec<u8>>,
    context: Option<Py<PyAny>>,
}

impl Owned {
    /// Passes the request to the core. Its functions get the context.
    fn pass<R>(self, to: impl FnOnce(&RelayRequest<'_>) -> R) -> R {
        let headers: Vec<(&str, &str)> = self.headers.pairs().collect();
        let request = RelayRequest { method: &self.method, path: &self.path, headers: &headers, body: &self.body };
        hooks::with_context(self.context, || to(&request))
    }
}

impl Relay {
    /// This process's relay of the core. The client's clock shows the present time.
    fn here(&self, py: Python<'_>) -> PyResult<keysecure::Relay> {
        let client = self.client.get().core(py)?;
        self.live.get(py, |_| self.settings.build(py, &client, &self.hooks))
    }
}

#[pymethods]
impl Relay {
    #[new]
    #[pyo3(
        signature = (
            client, authorize, *, mount=None, audit=None, max_request_bytes=None, requests_per_second=None,
            concurrent_requests=None, events=None, events_kept=None, stream_lasts=None,
        ),
        text_signature = "(client, authorize, *, mount='', audit=None, max_request_bytes=16384, requests_per_second=20, \
            concurrent_requests=16, events='memory', events_kept=100, stream_lasts=300.0)",
    )]
    fn new(
        client: &Bound<'_, PyAny>,
        authorize: AuthorizeFunction,
        mount: Option<Mount>,
        audit: Option<AuditFunction>,
        max_request_bytes: Option<MaxRequestBytes>,
        requests_per_second: Option<RequestsPerSecond>,
        concurrent_requests: Option<ConcurrentRequests>,
        events: Option<&Bound<'_, PyAny>>,
        events_kept: Option<EventsKept>,
        stream_lasts: Option<StreamLasts>,
    ) -> PyResult<Self> {
        let py = client.py();
        let Ok(client) = client.cast::<Client>() else {
            return Err(config(py, "client must be a keysecure.Client"));
        };
        let max_request_bytes = max_request_bytes.map_or(16 * 1024, |bytes| bytes.0);
        if !(1..=MAX_REQUEST_BYTES).contains(&max_request_bytes) {
            return Err(config(py, "max_request_bytes must be from 1 to 1048576"));
        }
        let size = |number: u32| usize::try_from(number).unwrap_or(usize::MAX);
        let settings = Settings {
            mount: mount.map(|mount| mount.0).unwrap_or_default(),
            max_request_bytes: size(max_request_bytes),
            requests_per_second: requests_per_second.map_or(20, |requests| requests.0),
            concurrent_requests: concurrent_requests.map_or(16, |requests| size(requests.0)),
            events: EventsSetting::of(py, events)?,
            events_kept: events_kept.map_or(100, |events| size(events.0)),
            stream_lasts: stream_lasts.map_or(Duration::from_secs(300), |time| time.0.0),
        };
        let hooks = Arc::new(Hooks::new(authorize.0, audit.map(|audit| audit.0)));
        let live = PerProcess::new(settings.build(py, &client.get().core(py)?, &hooks)?);
        let watch = py.import("keysecure.relay._watch")?.getattr("Watch")?.call0()?.unbind();
        Ok(Self { client: client.clone().unbind(), hooks, settings, live, watch })
    }

    /// Serves a request without a framework and returns the `RelayResponse`. It never raises for what an app sent.
    ///
    /// `method` in capital letters; `path` as it was received, not decoded, with its query if there is one; `headers`: all of them,
    /// as a mapping or as pairs; `body`: the raw bytes, of which no more than one byte more than `max_request_bytes` need to be
    /// read. `context` is passed on to `authorize` as `request.context`.
    ///
    /// It blocks for as long as its call takes, at most for the client's timeout, or the deadline of an exactly-once call (180 s).
    #[pyo3(signature = (method, path, headers, body=None, *, context=None))]
    #[pyo3(text_signature = "($self, method, path, headers, body=b'', *, context=None)")]
    fn handle<'py>(
        &self,
        py: Python<'py>,
        method: String,
        path: String,
        headers: Headers,
        body: Option<RawBody<'_>>,
        context: Option<Py<PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let relay = self.here(py)?;
        let body = Zeroizing::new(body.map(|body| body.to_vec()).unwrap_or_default());
        let request = Owned { method, path, headers, body, context };
        let response = blocking(py, move || Ok(request.pass(|request| relay.handle(request))))?;
        response_object(py, &response)
    }

    /// Whether a request is for the stream of events: a `GET` of exactly its path.
    fn is_events(&self, py: Python<'_>, method: &str, path: &str) -> PyResult<bool> {
        Ok(self.here(py)?.is_events(&RelayRequest { method, path, headers: &[], body: b"" }))
    }

    /// Opens the stream of a session's events: the webhooks that `publish` received for its cardholder. Returns an
    /// `EventStream`, or the `RelayResponse` when the request is refused.
    #[pyo3(signature = (path, headers, *, context=None))]
    fn events<'py>(
        &self,
        py: Python<'py>,
        path: String,
        headers: Headers,
        context: Option<Py<PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let relay = self.here(py)?;
        let request = Owned { method: "GET".into(), path, headers, body: Zeroizing::default(), context };
        match blocking(py, move || Ok(request.pass(|request| relay.events(request))))? {
            Ok(stream) => Ok(Bound::new(py, EventStream::new(stream))?.into_any()),
            Err(response) => response_object(py, &response),
        }
    }

    /// Passes a webhook on to the apps of its cardholder: a `VerifiedWebhook`, or the event in it. Call it from the handler of
    /// verified webhooks. Without `events` in Redis only streams of this process get it.
    ///
    /// A webhook that does not say whose it is is looked up by its card, which may take up to 5 seconds if the card was not used
    /// within the last minute: reply to purchases first. One whose cardholder cannot be found, and one of an unknown action, is
    /// dropped with a record in the log.
    fn publish(&self, py: Python<'_>, webhook: &Bound<'_, PyAny>) -> PyResult<()> {
        let event = event_of(webhook)?;
        let relay = self.here(py)?;
        blocking(py, move || {
            relay.publish(&event);
            Ok(())
        })?;
        self.watch.bind(py).call_method0(intern!(py, "wake")).map(|_| ())
    }

    /// The largest body of a request, in bytes.
    #[getter]
    fn max_request_bytes(&self) -> usize {
        self.settings.max_request_bytes
    }

    /// A WSGI application that serves this relay: mount it in Flask or Django, or pass it to any WSGI server.
    #[getter]
    fn wsgi<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        if slf.get().hooks.is_async() {
            return Err(config(slf.py(), "authorize must not be async with relay.wsgi: use relay.asgi"));
        }
        slf.py().import("keysecure.relay._wsgi")?.getattr("WsgiRelay")?.call1((slf,))
    }

    /// An ASGI application (on asyncio) that serves this relay: mount it in `FastAPI` or Starlette, or pass it to any ASGI server.
    /// Calls run in threads of their own; streams of events need none.
    #[getter]
    fn asgi<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        slf.py().import("keysecure.relay._asgi")?.getattr("AsgiRelay")?.call1((slf,))
    }

    #[getter]
    fn _watch(&self, py: Python<'_>) -> Py<PyAny> {
        self.watch.clone_ref(py)
    }

    #[getter]
    fn _mount(&self) -> &str {
        &self.settings.mount
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        Ok(format!("<keysecure.Relay of {}>", self.client.bind(py).repr()?))
    }

    /// The functions may refer to the relay.
    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.client)?;
        visit.call(&self.watch)?;
        self.hooks.traverse(&visit)
    }

    /// Refused: its client holds a secret and sockets.
    fn __reduce__(&self) -> PyResult<()> {
        Err(PyTypeError::new_err("Relay does not become a pickle or a copy; create one where it is needed"))
    }
}

/// The largest limit on the size of a request.
const MAX_REQUEST_BYTES: u32 = 1024 * 1024;

fn response_object<'py>(py: Python<'py>, response: &keysecure::RelayResponse) -> PyResult<Bound<'py, PyAny>> {
    let class = py.import("keysecure.relay._messages")?.getattr("RelayResponse")?;
    class.call1((response.status, response.headers.clone(), PyBytes::new(py, &response.body)))
}

fn event_of(webhook: &Bound<'_, PyAny>) -> PyResult<Event> {
    if let Ok(received) = webhook.cast::<VerifiedWebhook>() {
        return Ok(received.get().core.event.clone());
    }
    if let Ok(data) = webhook.cast::<keysecure::AuthEvent>() {
        return Ok(Event::Auth { data: data.get().clone() });
    }
    if let Ok(data) = webhook.cast::<keysecure::ConsumptionEvent>() {
        return Ok(Event::Consumption { data: data.get().clone() });
    }
    if let Ok(data) = webhook.cast::<keysecure::CardUpdateEvent>() {
        return Ok(Event::CardUpdate { data: data.get().clone() });
    }
    if let Ok(unknown) = webhook.cast::<UnknownEvent>() {
        return Ok(unknown.get().event());
    }
    Err(invalid_input(webhook.py(), "webhook", "must be a VerifiedWebhook or the event in it"))
}
