//! The settings of a client, kept so that a forked child can create its own client.

use std::sync::Arc;
use std::time::Duration;

use keysecure::{AesSettings, Clock, Environment, Error, Language, Secret, Store, UtcOffset};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict};

use crate::blocking::SignalClock;
use crate::clock::OwnClock;
use crate::errors::config;
use crate::values::Pem;

/// Everything that a client is built from.
pub struct Settings {
    pub api_key: Secret,
    pub api_secret: Secret,
    pub environment: Environment,
    pub base_url: Option<String>,
    pub app_id: Option<String>,
    pub aes: AesSettings,
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
    /// Builds a client for this process.
    pub fn build(&self, store: Store) -> Result<keysecure::Client, Error> {
        let clock: Arc<dyn Clock> = match &self.clock {
            Some(clock) => clock.clone(),
            None => Arc::new(SignalClock::new()),
        };
        let mut builder = keysecure::Client::builder(self.api_key.clone(), self.api_secret.clone())
            .environment(self.environment)
            .aes(self.aes)
            .timeout(self.timeout)
            .connect_timeout(self.connect_timeout)
            .max_retries(self.max_retries)
            .language(self.language)
            .timezone(self.timezone)
            .clock(clock)
            .allow_plain_http(self.plain_http.iter().cloned())
            .store(store);
        if let Some(url) = &self.base_url {
            builder = builder.base_url(url.clone());
        }
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
