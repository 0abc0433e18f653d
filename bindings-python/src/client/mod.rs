//! The client.

mod live;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use keysecure::{Error, Json, ProbeOptions};
use pyo3::exceptions::PyTypeError;
use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyType};

use crate::arguments::{
    Aes, AllowPlainHttp, ApiKey, ApiSecret, AppId, BaseUrl, Body, CaPem, CardNo, ClockSetting, ConnectTimeout,
    EnvironmentName, HttpMethod, LanguageName, MaxRetries, Path, Proxy, RelayUrl, SessionSetting, Timeout, Timezone,
};
use crate::blocking::blocking;
use crate::doctor::Report;
use crate::errors::{config, invalid_response, map_exception};
use crate::json;
use crate::probe::{Captured, ProbeReport};
use crate::process::PerProcess;
use crate::resources::{Accounts, Cardholders, Cards, Consumptions, Pci, Simulation};
use crate::secrets::AccessToken;
use crate::settings::{self, Access, Settings};
use crate::stores::OwnToken;
use crate::webhooks::WebhookVerifier;
use live::{Live, SharedStore};

/// A client of the platform: `Client(api_key, api_secret)`, for use in a `with` block or until `close()`.
///
/// Keep one client and share it among threads. It fetches and renews the access token, learns the platform's clock, and
/// sends a request again only when that cannot do it twice. After `os.fork()` a child uses connections of its own.
///
/// `environment`: `"sandbox"` or `"production"`. `base_url`: another address than the environment's. `app_id`: the app id
/// that signs webhooks, when it is not the Api-Key. `aes`: how the apiSecret becomes the AES key, one of `utf8`, `hex`,
/// `base64`, `md5`, `md5hex`, `sha256`, `sha1prng`, with `/cbc` behind it for CBC. `timeout`: the most seconds that one
/// call takes, with all its attempts (30). `connect_timeout`: the most seconds for making one connection (5).
/// `max_retries`: how often a call is sent again where that cannot do it twice (2). `language`: of the platform's
/// messages, `en_US` or `zh_CN`. `timezone`: the zone in which dates begin and end, by default `UTC+8`, see below.
/// `proxy`: the URL of an http or https proxy; none is taken from the environment. `ca_pem`: the root certificates to
/// trust instead of the built-in ones: PEM as bytes or text (with `-----BEGIN`), or the path of a file, as text or as a path
/// object, which is read now; a `ConfigError` if it cannot be. `allow_plain_http`: names of hosts other than this machine to which
/// plain http may go (`["sandbox"]` in Docker Compose); refused in production.
///
/// `timezone` gives dates their meaning: `date(2026, 11, 26)` is the whole day in this zone. `date.today()` is the day in
/// the zone of the machine, which is another one for some hours of each day unless both zones agree. On a machine in UTC
/// from 16:00 on, `end=date.today()` is a day that is over in UTC+8: the list lacks the rows since, and a WARNING says so. On
/// a machine east of UTC+8 shortly after midnight, `start=date.today()` has not begun: an `InvalidInputError`. So set
/// `timezone="UTC"` on such a machine, or give datetimes with a time zone, which mean the same everywhere. Accepted are
/// offsets such as `"UTC+8"`, `"UTC"`, `"+05:30"`, `timezone.utc` and other objects of `datetime.timezone`, and a `ZoneInfo`
/// or its name such as `"Asia/Shanghai"`; a zone whose offset changes during the year (or did in the last five years) is a
/// `ConfigError`, because the platform takes one offset for a whole list.
///
/// `store`: what this client shares with other workers: the access token, and the record of its attempts on merchant
/// references, which the `ensure_*` calls need. `"memory"`, when this process is the only one that works on its references;
/// `"file:/var/lib/shop"` for all processes of one user on one machine; `"redis://host"` for many machines; or a
/// `MemoryStore`, a `FileStore`, a `RedisStore`, or an object of your own (see `keysecure.stores`). `token_store` is its
/// deprecated name and shares the token only.
///
/// `clock`, for tests: a function like `time.time`, which returns Unix seconds and is called as each call begins. Pass
/// `clock=lambda: time.time()` with freezegun or time-machine: `time.time` itself may be the real one, looked up before the
/// time was frozen. It is used until the platform's clock is learned from the first response; time-outs and waits are not
/// affected.
#[pyclass(frozen, weakref, module = "keysecure")]
pub struct Client {
    settings: Settings,
    store: Option<SharedStore>,
    live: PerProcess<Live>,
    closed: AtomicBool,
}

impl Client {
    fn start(py: Python<'_>, settings: Settings, store: Option<SharedStore>) -> PyResult<Self> {
        let live = PerProcess::new(Live::start(py, &settings, store.as_ref(), OwnToken::default())?);
        Ok(Self { settings, store, live, closed: AtomicBool::new(false) })
    }

    /// Runs a call of the core without the GIL.
    pub fn run<T: Send + 'static>(
        &self,
        py: Python<'_>,
        work: impl FnOnce(&keysecure::Client) -> Result<T, Error> + Send + 'static,
    ) -> PyResult<T> {
        let client = self.core(py)?;
        blocking(py, move || work(&client))
    }

    /// Reads a clock that is written in Python.
    pub fn read_clock(&self, py: Python<'_>) -> PyResult<()> {
        self.settings.clock.as_ref().map_or(Ok(()), |clock| clock.read_now(py))
    }

    /// This process's client of the core. Its clock shows the present time.
    pub fn core(&self, py: Python<'_>) -> PyResult<keysecure::Client> {
        self.read_clock(py)?;
        self.here(py)
    }

    fn here(&self, py: Python<'_>) -> PyResult<keysecure::Client> {
        let live = self.live.get(py, |parents| {
            let live = Live::start(py, &self.settings, self.store.as_ref(), parents.token.inherited())?;
            if self.closed.load(Ordering::Acquire) {
                live.client.close();
            }
            Ok(live)
        })?;
        Ok(live.client)
    }
}

#[pymethods]
impl Client {
    #[new]
    #[pyo3(
        signature = (
            api_key, api_secret, *, environment=None, base_url=None, app_id=None, aes=None, timeout=None,
            connect_timeout=None, max_retries=None, language=None, timezone=None, proxy=None, ca_pem=None,
            allow_plain_http=None, store=None, token_store=None, clock=None,
        ),
        text_signature = "(api_key, api_secret, *, environment='sandbox', base_url=None, app_id=None, aes='utf8', \
            timeout=30.0, connect_timeout=5.0, max_retries=2, language='en_US', timezone='UTC+8', proxy=None, \
            ca_pem=None, allow_plain_http=(), store=None, token_store=None, clock=None)",
    )]
    fn new(
        py: Python<'_>,
        api_key: ApiKey,
        api_secret: ApiSecret,
        environment: Option<EnvironmentName>,
        base_url: Option<BaseUrl>,
        app_id: Option<AppId>,
        aes: Option<Aes>,
        timeout: Option<Timeout>,
        connect_timeout: Option<ConnectTimeout>,
        max_retries: Option<MaxRetries>,
        language: Option<LanguageName>,
        timezone: Option<Timezone>,
        proxy: Option<Proxy>,
        ca_pem: Option<CaPem>,
        allow_plain_http: Option<AllowPlainHttp>,
        store: Option<&Bound<'_, PyAny>>,
        token_store: Option<&Bound<'_, PyAny>>,
        clock: Option<ClockSetting>,
    ) -> PyResult<Self> {
        if let Some(app_id) = &app_id {
            // A wrong app id is refused here, not when the first verifier is made.
            keysecure::WebhookVerifier::new(app_id.0.as_str(), [api_secret.0.clone()])?;
        }
        let access = Access::Direct {
            api_key: api_key.0,
            api_secret: api_secret.0,
            environment: environment.map(|environment| environment.0).unwrap_or_default(),
            base_url: base_url.map(|url| url.0),
            app_id: app_id.map(|id| id.0),
            aes: aes.map(|aes| aes.0).unwrap_or_default(),
        };
        let store = SharedStore::of(store, token_store)?;
        let settings = Settings::new(
            access,
            timeout,
            connect_timeout,
            max_retries,
            language,
            timezone,
            proxy,
            ca_pem,
            allow_plain_http,
            clock,
        );
        Self::start(py, settings, store)
    }

    /// Creates a client that calls through the merchant's own relay (`keysecure.relay`), as an app on a customer's phone does: it
    /// holds no apiSecret. The resources, models and errors are the same; `access_token`, `call`, `webhook_verifier`,
    /// `simulation` and applying for a cardholder are a `ConfigError`. The `ensure_*` calls need no store, the relay has one.
    ///
    /// `url`: the address of the relay, `https`, or `http` to this machine. `session`: a function that returns the token of the
    /// user's session with that server, a `str` of printable ASCII, or `None` when nobody is signed in, which is an
    /// `AuthenticationError` with outcome `not_sent`. It is called before each request, on the thread of the call, with
    /// `False`; with `True` when the relay refused the token before, once a call. So it should return a token that it keeps,
    /// and fetch another one for `True`. An exception in it is the cause of the `AuthenticationError`, and is logged by type
    /// and place. It must not be `async`. A token that never changes may be passed as a `str`.
    ///
    /// The other settings are those of `Client`.
    #[classmethod]
    #[pyo3(
        name = "relay",
        signature = (
            url, session, *, timeout=None, connect_timeout=None, max_retries=None, language=None, timezone=None,
            proxy=None, ca_pem=None, allow_plain_http=None, clock=None,
        ),
        text_signature = "($cls, url, session, *, timeout=30.0, connect_timeout=5.0, max_retries=2, language='en_US', \
            timezone='UTC+8', proxy=None, ca_pem=None, allow_plain_http=(), clock=None)",
    )]
    fn relay(
        class: &Bound<'_, PyType>,
        url: RelayUrl,
        session: SessionSetting,
        timeout: Option<Timeout>,
        connect_timeout: Option<ConnectTimeout>,
        max_retries: Option<MaxRetries>,
        language: Option<LanguageName>,
        timezone: Option<Timezone>,
        proxy: Option<Proxy>,
        ca_pem: Option<CaPem>,
        allow_plain_http: Option<AllowPlainHttp>,
        clock: Option<ClockSetting>,
    ) -> PyResult<Self> {
        let access = Access::Relay { url: url.0, session: Arc::new(session.0) };
        let settings = Settings::new(
            access,
            timeout,
            connect_timeout,
            max_retries,
            language,
            timezone,
            proxy,
            ca_pem,
            allow_plain_http,
            clock,
        );
        Self::start(class.py(), settings, None)
    }

    /// Creates a client from the environment variables `KEYSECURE_API_KEY`, `KEYSECURE_API_SECRET` and, when set, `KEYSECURE_ENVIRONMENT`,
    /// `KEYSECURE_BASE_URL`, `KEYSECURE_APP_ID`, `KEYSECURE_PROXY`, `KEYSECURE_CA_PEM` (a PEM text or a file's path),
    /// `KEYSECURE_TIMEZONE` and `KEYSECURE_STORE`, read now. Keyword arguments are those of `Client`; one that is not `None`
    /// overrides the environment.
    #[classmethod]
    #[pyo3(signature = (**settings))]
    fn from_env<'py>(class: &Bound<'py, PyType>, settings: Option<&Bound<'py, PyDict>>) -> PyResult<Bound<'py, PyAny>> {
        let py = class.py();
        let found = settings::from_environment(py)?;
        for (name, value) in settings.into_iter().flatten().filter(|(_, value)| !value.is_none()) {
            if name.eq("token_store")? && found.contains("store")? {
                found.del_item("store")?;
            }
            found.set_item(name, value)?;
        }
        for (name, variable) in [("api_key", "KEYSECURE_API_KEY"), ("api_secret", "KEYSECURE_API_SECRET")] {
            if !found.contains(name)? {
                return Err(config(py, &format!("{variable} is not set")));
            }
        }
        class.call((), Some(&found))
    }

    /// The calls on cardholders and their verification.
    #[getter]
    fn cardholders(slf: Py<Self>) -> Cardholders {
        Cardholders(slf)
    }

    /// The calls on cards, packages and BINs.
    #[getter]
    fn cards(slf: Py<Self>) -> Cards {
        Cards(slf)
    }

    /// The calls on consumptions: purchases, fees, reversals and refunds.
    #[getter]
    fn consumptions(slf: Py<Self>) -> Consumptions {
        Consumptions(slf)
    }

    /// The calls on balances and transfers (credit mode).
    #[getter]
    fn accounts(slf: Py<Self>) -> Accounts {
        Accounts(slf)
    }

    /// The calls of the hosted card page.
    #[getter]
    fn pci(slf: Py<Self>) -> Pci {
        Pci(slf)
    }

    /// The simulation calls; refused in production.
    #[getter]
    fn simulation(slf: Py<Self>) -> Simulation {
        Simulation(slf)
    }

    /// Returns the access token in use, for diagnosis; one is fetched only when there is none. All calls manage the token
    /// themselves.
    fn access_token(&self, py: Python<'_>) -> PyResult<AccessToken> {
        self.run(py, keysecure::Client::access_token).map(AccessToken)
    }

    /// Checks an integration: clock, reachability, Api-Key, IP whitelist, token, mode and, with the number of an activated
    /// card, PCI display and the AES scheme. Nothing is changed at the platform. `print()` the report.
    #[pyo3(signature = (card_no=None))]
    fn doctor(&self, py: Python<'_>, card_no: Option<CardNo>) -> PyResult<Report> {
        self.run(py, move |client| Ok(client.doctor(card_no.as_ref().map(|no| no.0.as_str())))).map(Report)
    }

    /// Examines what the platform's documentation leaves open, in the platform's sandbox environment. `print()` the report.
    ///
    /// It reads, looks up random references and makes requests that are refused before acting. With the number of an activated
    /// card it finds the AES scheme; with `webhook`, the headers and the body of a webhook as it was received, how webhooks are
    /// signed. `simulate=True` also simulates a purchase with the card. New access tokens are fetched, which may invalidate
    /// those of other processes. Refused in production.
    #[pyo3(signature = (card_no=None, *, webhook=None, simulate=false))]
    fn probe(
        &self,
        py: Python<'_>,
        card_no: Option<CardNo>,
        webhook: Option<Captured>,
        simulate: bool,
    ) -> PyResult<ProbeReport> {
        let options = ProbeOptions {
            card_no: card_no.map(|no| no.0.as_str().to_owned()),
            webhook: webhook.map(Into::into),
            simulate,
        };
        self.run(py, move |client| client.probe(&options)).map(ProbeReport)
    }

    /// Makes any call of the platform, with its headers, rules and errors. Takes JSON-like values and returns the `data` of
    /// the response, numbers with a fraction as `Decimal`.
    ///
    /// The `body` is sent exactly: an int with all its digits, a `Decimal` as text of plain digits (`"100"`, never
    /// `"1E+2"`), as the platform writes money. A float anywhere in it is refused, because it is not exact.
    ///
    /// `method` is `"GET"` or `"POST"`; `path` starts behind `/open-api`, such as `"/v1/card/list"`. A POST on a path
    /// that this version does not know is treated as a mutation: it is not sent again when its outcome is unknown.
    #[pyo3(signature = (method, path, body=None))]
    fn call<'py>(
        &self,
        py: Python<'py>,
        method: HttpMethod,
        path: Path,
        body: Option<Body>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let data: Json =
            self.run(py, move |client| client.call(method.0, &path.0, body.as_ref().map(|body| &body.0)))?;
        // The call was made: a value that Python cannot hold must not hide that.
        let ours = || invalid_response(py, "the response holds a value that Python cannot hold");
        json::from_json(py, &data).map_err(|raised| map_exception(py, raised, ours))
    }

    /// Creates a verifier of this merchant's webhooks, with the `app_id` (else the Api-Key) and the apiSecret of the client.
    /// Keyword arguments are those of `WebhookVerifier`, such as `secrets=[current, previous]`. Without `clock` it uses the
    /// platform's clock as this client learns it from responses, at most two seconds behind, and this machine's clock before the
    /// first response.
    #[pyo3(signature = (**options))]
    fn webhook_verifier<'py>(
        slf: &Bound<'py, Self>,
        options: Option<&Bound<'py, PyDict>>,
    ) -> PyResult<Bound<'py, WebhookVerifier>> {
        let py = slf.py();
        let given = PyDict::new(py);
        match &slf.get().settings.access {
            Access::Direct { api_key, api_secret, app_id, .. } => {
                given.set_item("app_id", app_id.as_deref().unwrap_or_else(|| api_key.expose()))?;
                given.set_item("secrets", api_secret.expose())?;
            }
            // It has no credentials: the core's error says so.
            Access::Relay { .. } => slf.get().core(py)?.webhook_verifier().map(|_| ())?,
        }
        for (name, value) in options.into_iter().flatten() {
            given.set_item(name, value)?;
        }
        let made = py.get_type::<WebhookVerifier>().call((), Some(&given))?;
        let verifier = made.cast_into::<WebhookVerifier>()?;
        if verifier.get().has_clock() { Ok(verifier) } else { Bound::new(py, verifier.get().following(slf)?) }
    }

    /// Closes the client and its connections. Every later call is a `ConfigError`. Calls in progress are aborted; a mutation
    /// among them has outcome `unknown`.
    fn close(&self, py: Python<'_>) -> PyResult<()> {
        self.closed.store(true, Ordering::Release);
        let client = self.here(py)?;
        py.detach(|| client.close());
        Ok(())
    }

    fn __enter__(slf: Py<Self>) -> Py<Self> {
        slf
    }

    #[pyo3(signature = (*_exception))]
    fn __exit__(&self, py: Python<'_>, _exception: &Bound<'_, PyAny>) -> PyResult<()> {
        self.close(py)
    }

    fn __repr__(&self) -> String {
        let (environment, address) = match &self.settings.access {
            Access::Direct { environment, base_url, .. } => {
                (format!("{environment:?}").to_ascii_lowercase(), base_url.as_ref())
            }
            Access::Relay { url, .. } => ("relay".to_owned(), Some(url)),
        };
        let address = address.map(|url| format!(" at {url}")).unwrap_or_default();
        format!("<keysecure.Client of the {environment}{address}>")
    }

    /// A clock, a store or a session of one's own may refer to the client.
    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        if let Access::Relay { session, .. } = &self.settings.access {
            session.traverse(&visit)?;
        }
        self.settings.clock.iter().try_for_each(|clock| visit.call(&clock.function))?;
        self.store.iter().try_for_each(|store| store.setting.traverse(&visit))
    }

    /// Refused: a pickle would carry the apiSecret, and sockets cannot be carried.
    fn __reduce__(&self) -> PyResult<()> {
        Err(PyTypeError::new_err(
            "Client holds a secret and sockets and does not become a pickle or a copy; create one where it is needed",
        ))
    }
}
