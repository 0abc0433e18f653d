//! The settings of a client, kept so that a forked child can make a client of its own.

use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use keysecure::{AesSettings, CipherMode, Environment, Error, KeyScheme, Language, Secret, Store, UtcOffset};
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyBytes, PyDict, PyString};

use crate::blocking::SignalClock;
use crate::errors::config;
use crate::log::Collector;
use crate::values::Given;

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
}

impl Settings {
    /// A client of this process.
    pub fn build(&self, store: Store) -> Result<keysecure::Client, Error> {
        let mut builder = keysecure::Client::builder(self.api_key.clone(), self.api_secret.clone())
            .environment(self.environment)
            .aes(self.aes)
            .timeout(self.timeout)
            .connect_timeout(self.connect_timeout)
            .max_retries(self.max_retries)
            .language(self.language)
            .timezone(self.timezone)
            .clock(Arc::new(SignalClock::new()))
            .observer(Arc::new(Collector))
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

/// A setting that is a text.
pub fn text(name: &str, value: Given<'_, '_>) -> PyResult<String> {
    let py = value.py();
    let value = value.cast::<PyString>().map_err(|_| config(py, &format!("{name} must be a str")))?;
    value.to_str().map(str::to_owned).map_err(|_| config(py, &format!("{name} must be valid Unicode")))
}

/// A setting that is a text or `None`.
pub fn optional_text(name: &str, value: Option<Given<'_, '_>>) -> PyResult<Option<String>> {
    value.map(|value| text(name, value)).transpose()
}

/// A setting with a fixed set of words.
pub fn word<T: FromStr<Err = Error>>(name: &str, value: Option<Given<'_, '_>>) -> PyResult<Option<T>> {
    value.map(|value| Ok(text(name, value)?.parse()?)).transpose()
}

/// A setting in seconds.
pub fn seconds(name: &str, value: Option<Given<'_, '_>>, default: u64) -> PyResult<Duration> {
    let Some(value) = value else { return Ok(Duration::from_secs(default)) };
    let wrong = || config(value.py(), &format!("{name} must be a number of seconds, longer than zero"));
    if value.is_instance_of::<PyBool>() {
        return Err(wrong());
    }
    let seconds: f64 = value.extract().map_err(|_| wrong())?;
    match Duration::try_from_secs_f64(seconds) {
        Ok(duration) if !duration.is_zero() => Ok(duration),
        _ => Err(wrong()),
    }
}

/// A setting that is a whole number.
pub fn count(name: &str, value: Given<'_, '_>) -> PyResult<u32> {
    let wrong = || config(value.py(), &format!("{name} must be a whole number, zero or more"));
    if value.is_instance_of::<PyBool>() {
        return Err(wrong());
    }
    value.extract().map_err(|_| wrong())
}

/// The `aes` setting: a scheme such as `md5hex`, or with a mode behind it, `md5hex/cbc`.
pub fn aes(value: Given<'_, '_>) -> PyResult<AesSettings> {
    let text = text("aes", value)?;
    let (scheme, mode) = text.split_once('/').unwrap_or((&text, "ecb"));
    let scheme = KeyScheme::ALL.into_iter().find(|known| known.as_str() == scheme);
    let mode = [CipherMode::Ecb, CipherMode::Cbc].into_iter().find(|known| known.as_str() == mode);
    match (scheme, mode) {
        (Some(scheme), Some(mode)) => Ok(AesSettings { scheme, mode }),
        _ => Err(config(
            value.py(),
            "aes must be one of utf8, hex, base64, md5, md5hex, sha256, sha1prng, with /cbc behind it for CBC",
        )),
    }
}

/// Certificates in PEM form, as text or bytes.
pub fn pem(value: Option<Given<'_, '_>>) -> PyResult<Option<String>> {
    let Some(value) = value else { return Ok(None) };
    if let Ok(bytes) = value.cast::<PyBytes>() {
        return Ok(Some(String::from_utf8_lossy(bytes.as_bytes()).into_owned()));
    }
    text("ca_pem", value).map(Some)
}

/// The setting `allow_plain_http`.
pub fn hosts(value: Option<Given<'_, '_>>) -> PyResult<Vec<String>> {
    let Some(value) = value else { return Ok(Vec::new()) };
    let wrong = || config(value.py(), "allow_plain_http must be a list of host names");
    // A text is iterable, too.
    if value.is_instance_of::<PyString>() || value.is_instance_of::<PyBytes>() {
        return Err(wrong());
    }
    value.try_iter().map_err(|_| wrong())?.map(|host| text("allow_plain_http", &host?)).collect()
}

/// The settings that the environment names, as keyword arguments of `Client`.
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
        let Some(value) = std::env::var(variable).ok().filter(|value| !value.is_empty()) else { continue };
        if name == "ca_pem" && !value.contains("-----BEGIN") {
            let unreadable = |error: std::io::Error| {
                let why = format!("{variable} is no PEM text, and no file can be read at that path: {}", error.kind());
                config(py, &why)
            };
            found.set_item(name, PyBytes::new(py, &std::fs::read(&value).map_err(unreadable)?))?;
        } else {
            found.set_item(name, value)?;
        }
    }
    Ok(found)
}
