//! The client: what a caller holds.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use keysecure::{Environment, Error, Json, Method};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyType};

use crate::blocking::blocking;
use crate::errors::{self, config, invalid_input};
use crate::process::PerProcess;
use crate::resources::Cards;
use crate::settings::{self, Settings};
use crate::stores::{self, OwnToken};
use crate::values::{self, Given};

/// A client of the platform. It is cheap to keep and safe to share among threads, and after `os.fork()` a child goes on
/// with connections of its own.
#[pyclass(frozen, module = "keysecure")]
pub struct Client {
    settings: Settings,
    live: PerProcess<Live>,
    closed: AtomicBool,
}

/// What belongs to one process.
#[derive(Clone)]
struct Live {
    client: keysecure::Client,
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
            let live = Live::start(py, &self.settings, Arc::new(parents.token.inherited()))?;
            if self.closed.load(Ordering::Acquire) {
                live.client.close();
            }
            Ok(live)
        })?;
        Ok(live.client)
    }
}

impl Live {
    fn start(py: Python<'_>, settings: &Settings, token: Arc<OwnToken>) -> PyResult<Self> {
        let client = settings.build(token.clone()).map_err(|error| errors::to_python(py, &error))?;
        Ok(Self { client, token })
    }
}

#[pymethods]
impl Client {
    #[new]
    #[pyo3(signature = (
        api_key, api_secret, *, environment=None, base_url=None, app_id=None, aes=None, timeout=None,
        connect_timeout=None, max_retries=None, language=None, timezone=None, proxy=None, ca_pem=None,
    ))]
    fn new(
        py: Python<'_>,
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
    ) -> PyResult<Self> {
        let seconds = |name, value: Option<Given<'_, '_>>, default| {
            value.map_or(Ok(std::time::Duration::from_secs(default)), |value| settings::seconds(name, value))
        };
        let settings = Settings {
            api_key: settings::text("api_key", api_key)?.into(),
            api_secret: settings::text("api_secret", api_secret)?.into(),
            environment: environment.map_or(Ok(Environment::Sandbox), |value| settings::word("environment", value))?,
            base_url: settings::optional_text("base_url", base_url)?,
            app_id: settings::optional_text("app_id", app_id)?,
            aes: aes.map_or(Ok(keysecure::AesSettings::default()), settings::aes)?,
            timeout: seconds("timeout", timeout, 30)?,
            connect_timeout: seconds("connect_timeout", connect_timeout, 5)?,
            max_retries: max_retries.map_or(Ok(2), |value| settings::count("max_retries", value))?,
            language: language.map_or(Ok(keysecure::Language::default()), |value| settings::word("language", value))?,
            timezone: timezone.map_or(Ok(keysecure::Timezone::default()), |value| settings::word("timezone", value))?,
            proxy: settings::optional_text("proxy", proxy)?.map(Into::into),
            ca_pem: settings::pem(ca_pem)?,
        };
        let live = Live::start(py, &settings, stores::own())?;
        Ok(Self { settings, live: PerProcess::new(live), closed: AtomicBool::new(false) })
    }

    /// A client from `KEYSECURE_API_KEY`, `KEYSECURE_API_SECRET` and, when set, `KEYSECURE_ENVIRONMENT`,
    /// `KEYSECURE_BASE_URL` and `KEYSECURE_APP_ID`, read now. Keyword arguments are those of `Client` and win.
    #[classmethod]
    #[pyo3(signature = (**settings))]
    fn from_env<'py>(class: &Bound<'py, PyType>, settings: Option<&Bound<'py, PyDict>>) -> PyResult<Bound<'py, PyAny>> {
        let py = class.py();
        let found = settings::from_environment(py)?;
        if let Some(settings) = settings {
            found.update(settings.as_mapping())?;
        }
        for (name, variable) in [("api_key", "KEYSECURE_API_KEY"), ("api_secret", "KEYSECURE_API_SECRET")] {
            if !found.contains(name)? {
                return Err(config(py, &format!("{variable} is not set")));
            }
        }
        class.call((), Some(&found))
    }

    /// Cards, packages and BINs.
    #[getter]
    fn cards(slf: Py<Self>) -> Cards {
        Cards(slf)
    }

    /// Makes any call of the platform, with its headers, rules and errors: JSON-like values in, `data` out, numbers with
    /// a fraction as `Decimal`. `path` starts behind `/open-api`, such as `/v1/card/list`.
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
        let body = body.map(|body| values::to_json("body", body)).transpose()?;
        let data: Json = self.run(py, move |client| client.call(method, &path, body.as_ref()))?;
        values::from_json(py, &data)
    }

    /// Ends the client: idle connections are closed, and every later call is a `ConfigError`.
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

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        Ok(format!("{:?}", self.core(py)?))
    }
}
