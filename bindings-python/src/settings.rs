//! The settings of a client, kept so that a forked child can create its own client.

use std::sync::Arc;
use std::time::Duration;

use keysecure::{AesSettings, Clock, Environment, Error, Language, Secret, Session as _, Store, UtcOffset};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict};

use crate::arguments::{
    AllowPlainHttp, CaPem, ClockSetting, ConnectTimeout, LanguageName, MaxRetries, Proxy, Timeout, Timezone,
};
use crate::blocking::SignalClock;
use crate::clock::OwnClock;
use crate::errors::config;
use crate::session::OwnSession;
use crate::values::Pem;

/// The way to the platform.
pub enum Access {
    Direct {
        api_key: Secret,
        api_secret: Secret,
        environment: Environment,
        base_url: Option<String>,
        app_id: Option<String>,
        aes: AesSettings,
    },
    /// The clients of the core share this one reference to the function, which Python's garbage collector is shown.
    Relay { url: String, session: Arc<OwnSession> },
}

/// Everything that a client is built from.
pub struct Settings {
    pub access: Access,
    pub timeout: Duration,
    pub connect_timeout: Duration,
    pub max_retries: u32,
    pub language: Language,
    pub timezone: UtcOffset,
    pub proxy: Option<Secret>,
    pub ca_pem: Option<String>,
    pub plain_http: Vec<String>,
    pub clock: Option<Arc<OwnClock>>,
}

impl Settings {
    /// The settings with the defaults of those that are left out.
    pub fn new(
        access: Access,
        timeout: Option<Timeout>,
        connect_timeout: Option<ConnectTimeout>,
        max_retries: Option<MaxRetries>,
        language: Option<LanguageName>,
        timezone: Option<Timezone>,
        proxy: Option<Proxy>,
        ca_pem: Option<CaPem>,
        allow_plain_http: Option<AllowPlainHttp>,
        clock: Option<ClockSetting>,
    ) -> Self {
        Self {
            access,
            timeout: timeout.map_or(Duration::from_secs(30), |timeout| timeout.0.0),
            connect_timeout: connect_timeout.map_or(Duration::from_secs(5), |timeout| timeout.0.0),
            max_retries: max_retries.map_or(2, |retries| retries.0),
            language: language.map(|language| language.0).unwrap_or_default(),
            timezone: timezone.map(|timezone| timezone.0).unwrap_or_default(),
            proxy: proxy.map(|url| url.0),
            ca_pem: ca_pem.map(|pem| pem.0.0),
            plain_http: allow_plain_http.map(|hosts| hosts.0.0).unwrap_or_default(),
            clock: clock.map(|clock| Arc::new(clock.0)),
        }
    }

    /// Builds a client for this process.
    pub fn build(&self, store: Store) -> Result<keysecure::Client, Error> {
        let clock: Arc<dyn Clock> = match &self.clock {
            Some(clock) => clock.clone(),
            None => Arc::new(SignalClock::new()),
        };
        let mut builder = match &self.access {
            Access::Direct { api_key, api_secret, environment, base_url, aes, .. } => {
                let builder = keysecure::Client::builder(api_key.clone(), api_secret.clone())
                    .environment(*environment)
                    .aes(*aes)
                    .store(store);
                match base_url {
                    Some(url) => builder.base_url(url.clone()),
                    None => builder,
                }
            }
            Access::Relay { url, session } => {
                let session = Arc::clone(session);
                keysecure::Client::relay(url.clone(), move |refused: bool| session.token(refused))
            }
        };
        builder = builder
            .timeout(self.timeout)
            .connect_timeout(self.connect_timeout)
            .max_retries(self.max_retries)
            .language(self.language)
            .timezone(self.timezone)
            .clock(clock)
            .allow_plain_http(self.plain_http.iter().cloned());
        if let Some(url) = &self.proxy {
            builder = builder.proxy(url.clone());
        }
        if let Some(pem) = &self.ca_pem {
            builder = builder.ca_pem(pem.clone());
        }
        builder.build()
    }
}

/// The value of an environment variable, if it has any.
pub fn variable_of_environment(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// The settings of the environment variables, as keyword arguments of `Client`.
pub fn from_environment(py: Python<'_>) -> PyResult<Bound<'_, PyDict>> {
    let found = PyDict::new(py);
    for (name, variable) in [
        ("api_key", "KEYSECURE_API_KEY"),
        ("api_secret", "KEYSECURE_API_SECRET"),
        ("environment", "KEYSECURE_ENVIRONMENT"),
        ("base_url", "KEYSECURE_BASE_URL"),
        ("app_id", "KEYSECURE_APP_ID"),
        ("proxy", "KEYSECURE_PROXY"),
        ("ca_pem", "KEYSECURE_CA_PEM"),
        ("timezone", "KEYSECURE_TIMEZONE"),
        ("store", "KEYSECURE_STORE"),
    ] {
        let Some(value) = variable_of_environment(variable) else { continue };
        if name == "ca_pem" {
            // Read here, so that an error names the variable.
            let pem = Pem::from_text(&value).map_err(|rule| config(py, &format!("{variable} {rule}")))?;
            found.set_item(name, PyBytes::new(py, pem.0.as_bytes()))?;
        } else {
            found.set_item(name, value)?;
        }
    }
    Ok(found)
}
