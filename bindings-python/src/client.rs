//! The client: what a caller holds.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use keysecure::{Error, Json, Method, Store};
use pyo3::exceptions::{PyDeprecationWarning, PyTypeError};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyType};

use crate::blocking::blocking;
use crate::doctor::Report;
use crate::errors::{config, instead, invalid_input, invalid_response};
use crate::json;
use crate::process::PerProcess;
use crate::resources::{Accounts, Cardholders, Cards, Consumptions, Pci, Simulation};
use crate::secrets::AccessToken;
use crate::settings::{self, Settings};
use crate::stores::{OwnToken, Setting, Use};
use crate::values::{self, Given};

/// A client of the platform: `Client(api_key, api_secret)`, used as it is, with `with`, or ended by `close()`.
///
/// It is cheap to keep, and any number of threads may use it. It fetches and renews the access token by itself, learns
/// the platform's clock, and sends a request again only when that cannot do a thing twice. After `os.fork()` a child goes
/// on with connections of its own. Times are in seconds.
///
/// `environment`: `"sandbox"` or `"production"`. `base_url`: another address than the environment's. `app_id`: what
/// callbacks are signed with, when it is not the Api-Key. `aes`: how the apiSecret becomes the AES key, one of `utf8`,
/// `hex`, `base64`, `md5`, `md5hex`, `sha256`, `sha1prng`, with `/cbc` behind it for CBC. `timeout`: the most time that
/// one call may take, with all its attempts. `connect_timeout`: the same for making one connection. `max_retries`: how
/// often a call is sent again where that cannot do a thing twice. `language`: of the platform's messages, `en_US` or
/// `zh_CN`. `timezone`: in which bare dates begin and end. `proxy`: an http or https proxy; none is taken from the
/// environment. `ca_pem`: the root certificates to trust instead of the built-in ones, in PEM form. `allow_plain_http`:
/// hosts of a `base_url` that plain http may go to although they are not this machine, by name (`["sandbox"]` in Docker
/// Compose); refused in production.
///
/// `store`: what this client shares with other workers: the access token, and the record of its attempts on merchant
/// references, which the `ensure_*` calls need. `"memory"`, when this process is the only one that works on its references;
/// `"file:/var/lib/shop"` for all processes of one user on one machine; `"redis://host"` for many machines; or a
/// `MemoryStore`, a `FileStore`, a `RedisStore`, or an object of your own (see `keysecure.stores`). `token_store` is its old
/// name and shares the token only.
#[pyclass(frozen, module = "keysecure")]
pub struct Client {
    settings: Settings,
    store: Option<SharedStore>,
    live: PerProcess<Live>,
    closed: AtomicBool,
}

/// The setting `store`, or its old name.
struct SharedStore {
    setting: Setting,
    tokens_only: bool,
}

impl SharedStore {
    fn of(store: Option<Given<'_, '_>>, token_store: Option<Given<'_, '_>>) -> PyResult<Option<Self>> {
        match (store, token_store) {
            (Some(store), None) => {
                Ok(Some(Self { setting: Setting::of("store", store, Use::Client)?, tokens_only: false }))
            }
            (None, Some(store)) => {
                let py = store.py();
                let category = py.get_type::<PyDeprecationWarning>();
                PyErr::warn(py, &category, c"token_store is deprecated: use store, which ensure_* calls need too", 1)?;
                Ok(Some(Self { setting: Setting::of("token_store", store, Use::Client)?, tokens_only: true }))
            }
            (Some(store), Some(_)) => Err(config(store.py(), "token_store is the old name of store: give one of them")),
            (None, None) => Ok(None),
        }
    }

    /// This process's part of it.
    fn here(&self, py: Python<'_>) -> PyResult<Store> {
        let store = self.setting.here(py)?;
        if !self.tokens_only {
            return Ok(store);
        }
        Ok(store.token_store().map_or_else(Store::new, |tokens| Store::new().tokens(tokens)))
    }
}

/// What belongs to one process.
#[derive(Clone)]
struct Live {
    client: keysecure::Client,
    /// The client's token, unless it shares one through a store.
    token: Arc<OwnToken>,
}

impl Client {
    /// Runs a call of the core without the GIL.
    pub fn run<T: Send + 'static>(
        &self,
        py: Python<'_>,
        work: impl FnOnce(&keysecure::Client) -> Result<T, Error> + Send + 'static,
    ) -> PyResult<T> {
        let client = self.core(py)?;
        blocking(py, move || work(&client))
    }

    /// This process's client of the core.
    pub fn core(&self, py: Python<'_>) -> PyResult<keysecure::Client> {
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

impl Live {
    fn start(py: Python<'_>, settings: &Settings, store: Option<&SharedStore>, token: OwnToken) -> PyResult<Self> {
        let token = Arc::new(token);
        let store = store.map_or_else(|| Ok(Store::new()), |store| store.here(py))?;
        let store = if store.token_store().is_some() { store } else { store.tokens(token.clone()) };
        Ok(Self { client: settings.build(store)?, token })
    }
}

#[pymethods]
impl Client {
    #[new]
    #[pyo3(
        signature = (
            api_key, api_secret, *, environment=None, base_url=None, app_id=None, aes=None, timeout=None,
            connect_timeout=None, max_retries=None, language=None, timezone=None, proxy=None, ca_pem=None,
            allow_plain_http=None, store=None, token_store=None,
        ),
        text_signature = "(api_key, api_secret, *, environment='sandbox', base_url=None, app_id=None, aes='utf8', \
            timeout=30.0, connect_timeout=5.0, max_retries=2, language='en_US', timezone='UTC+8', proxy=None, \
            ca_pem=None, allow_plain_http=(), store=None, token_store=None)",
    )]
    fn new(
        api_key: Given<'_, '_>,
        api_secret: Given<'_, '_>,
        environment: Option<Given<'_, '_>>,
        base_url: Option<Given<'_, '_>>,
        app_id: Option<Given<'_, '_>>,
        aes: Option<Given<'_, '_>>,
        timeout: Option<Given<'_, '_>>,
        connect_timeout: Option<Given<'_, '_>>,
        max_retries: Option<Given<'_, '_>>,
        language: Option<Given<'_, '_>>,
        timezone: Option<Given<'_, '_>>,
        proxy: Option<Given<'_, '_>>,
        ca_pem: Option<Given<'_, '_>>,
        allow_plain_http: Option<Given<'_, '_>>,
        store: Option<Given<'_, '_>>,
        token_store: Option<Given<'_, '_>>,
    ) -> PyResult<Self> {
        let settings = Settings {
            api_key: settings::text("api_key", api_key)?.into(),
            api_secret: settings::text("api_secret", api_secret)?.into(),
            environment: settings::word("environment", environment)?.unwrap_or_default(),
            base_url: settings::optional_text("base_url", base_url)?,
            app_id: settings::optional_text("app_id", app_id)?,
            aes: aes.map(settings::aes).transpose()?.unwrap_or_default(),
            timeout: settings::seconds("timeout", timeout, 30)?,
            connect_timeout: settings::seconds("connect_timeout", connect_timeout, 5)?,
            max_retries: max_retries.map_or(Ok(2), |value| settings::count("max_retries", value))?,
            language: settings::word("language", language)?.unwrap_or_default(),
            timezone: settings::word("timezone", timezone)?.unwrap_or_default(),
            proxy: settings::optional_text("proxy", proxy)?.map(Into::into),
            ca_pem: settings::pem(ca_pem)?,
            plain_http: settings::hosts(allow_plain_http)?,
        };
        let store = SharedStore::of(store, token_store)?;
        let live = PerProcess::new(Live::start(api_key.py(), &settings, store.as_ref(), OwnToken::default())?);
        Ok(Self { settings, store, live, closed: AtomicBool::new(false) })
    }

    /// A client from `KEYSECURE_API_KEY`, `KEYSECURE_API_SECRET` and, when set, `KEYSECURE_ENVIRONMENT`,
    /// `KEYSECURE_BASE_URL`, `KEYSECURE_APP_ID`, `KEYSECURE_PROXY`, `KEYSECURE_CA_PEM` (a PEM text or a file's path),
    /// `KEYSECURE_TIMEZONE` and `KEYSECURE_STORE`, read now. Keyword arguments are those of `Client` and win, unless they are
    /// `None`.
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

    /// Cardholders and their verification.
    #[getter]
    fn cardholders(slf: Py<Self>) -> Cardholders {
        Cardholders(slf)
    }

    /// Cards, packages and BINs.
    #[getter]
    fn cards(slf: Py<Self>) -> Cards {
        Cards(slf)
    }

    /// Purchases, fees, reversals and refunds.
    #[getter]
    fn consumptions(slf: Py<Self>) -> Consumptions {
        Consumptions(slf)
    }

    /// Balances and transfers (credit mode).
    #[getter]
    fn accounts(slf: Py<Self>) -> Accounts {
        Accounts(slf)
    }

    /// The hosted card page.
    #[getter]
    fn pci(slf: Py<Self>) -> Pci {
        Pci(slf)
    }

    /// Simulated purchases; refused in production.
    #[getter]
    fn simulation(slf: Py<Self>) -> Simulation {
        Simulation(slf)
    }

    /// The access token in use, for diagnosis; one is fetched only when there is none. Every other call takes care of
    /// the token by itself.
    fn access_token(&self, py: Python<'_>) -> PyResult<AccessToken> {
        self.run(py, keysecure::Client::access_token).map(AccessToken)
    }

    /// Finds out what is wrong with an integration: clock, reachability, Api-Key, whitelist, token, mode and, with the
    /// number of an activated card, PCI display and the AES scheme. Nothing is changed at the platform. `print()` it.
    #[pyo3(signature = (card_no=None))]
    fn doctor(&self, py: Python<'_>, card_no: Option<Given<'_, '_>>) -> PyResult<Report> {
        let card_no = values::optional_text("card_no", card_no)?;
        self.run(py, move |client| Ok(client.doctor(card_no.as_deref()))).map(Report)
    }

    /// Makes any call of the platform, with its headers, rules and errors: JSON-like values in, `data` out, numbers with
    /// a fraction as `Decimal`.
    ///
    /// The `body` is sent exactly: an int with all its digits, a `Decimal` as a text of plain digits (`"100"`, never
    /// `"1E+2"`), as the platform writes money. A float anywhere in it is refused, because it is not exact.
    ///
    /// `method` is `"GET"` or `"POST"`; `path` starts behind `/open-api`, such as `"/v1/card/list"`. A POST on a path
    /// that this version does not know is treated as a mutation: it is not sent again when its outcome is unknown.
    #[pyo3(signature = (method, path, body=None))]
    fn call<'py>(
        &self,
        py: Python<'py>,
        method: Given<'_, 'py>,
        path: Given<'_, 'py>,
        body: Option<Given<'_, 'py>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let method = match values::text("method", method)?.as_str() {
            "GET" => Method::Get,
            "POST" => Method::Post,
            _ => return Err(invalid_input(py, "method", "must be GET or POST")),
        };
        let path = values::text("path", path)?;
        let body = body.map(|body| json::to_json("body", body)).transpose()?;
        let data: Json = self.run(py, move |client| client.call(method, &path, body.as_ref()))?;
        // The call was made: what Python cannot hold must not hide that.
        let ours = || invalid_response(py, "the response holds what Python cannot hold");
        json::from_json(py, &data).map_err(|raised| instead(py, raised, ours))
    }

    /// A verifier of this merchant's webhooks: `app_id` (else the Api-Key) and the apiSecret of the client. Keyword
    /// arguments are those of `WebhookVerifier`.
    #[pyo3(signature = (**options))]
    fn webhook_verifier<'py>(
        &self,
        py: Python<'py>,
        options: Option<&Bound<'py, PyDict>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let app_id = self.settings.app_id.as_deref().unwrap_or_else(|| self.settings.api_key.expose());
        let secret = self.settings.api_secret.expose();
        py.get_type::<crate::webhooks::WebhookVerifier>().call((app_id, secret), options)
    }

    /// Ends the client: its connections are closed, and every later call is a `ConfigError`. Calls under way are broken
    /// off; of a mutation among them nobody knows whether it was done.
    fn close(&self, py: Python<'_>) -> PyResult<()> {
        self.closed.store(true, Ordering::Release);
        let client = self.core(py)?;
        py.detach(|| client.close());
        Ok(())
    }

    fn __enter__(slf: Py<Self>) -> Py<Self> {
        slf
    }

    #[pyo3(signature = (*_exception))]
    fn __exit__(&self, py: Python<'_>, _exception: Given<'_, '_>) -> PyResult<()> {
        self.close(py)
    }

    fn __repr__(&self) -> String {
        let environment = format!("{:?}", self.settings.environment).to_ascii_lowercase();
        let address = self.settings.base_url.as_ref().map(|url| format!(" at {url}")).unwrap_or_default();
        format!("<keysecure.Client of the {environment}{address}>")
    }

    /// Refused: a pickle would carry the apiSecret, and sockets cannot be carried.
    fn __reduce__(&self) -> PyResult<()> {
        Err(PyTypeError::new_err(
            "Client holds a secret and sockets and does not become a pickle or a copy; make one where it is needed",
        ))
    }
}
