//! What a client is told when it is built.

use std::fmt;
use std::time::Duration;

use crate::aes::Cipher;
use crate::error::Error;
use crate::secrets::Secret;
use crate::values::civil::Timezone;

/// Which platform a client talks to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
pub enum Environment {
    /// `https://sandbox-openplatform.keysecure.io`
    #[default]
    Sandbox,
    /// `https://openplatform.keysecure.io`; simulation is refused.
    Production,
}

impl Environment {
    pub(crate) fn base_url(self) -> &'static str {
        match self {
            Self::Sandbox => "https://sandbox-openplatform.keysecure.io",
            Self::Production => "https://openplatform.keysecure.io",
        }
    }
}

impl std::str::FromStr for Environment {
    type Err = Error;

    /// Reads `sandbox` or `production`.
    fn from_str(text: &str) -> Result<Self, Error> {
        match text {
            "sandbox" => Ok(Self::Sandbox),
            "production" => Ok(Self::Production),
            _ => Err(Error::config("environment must be sandbox or production")),
        }
    }
}

/// The language of the platform's messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
pub enum Language {
    /// `en_US`
    #[default]
    English,
    /// `zh_CN`
    Chinese,
}

impl Language {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::English => "en_US",
            Self::Chinese => "zh_CN",
        }
    }
}

impl std::str::FromStr for Language {
    type Err = Error;

    /// Reads `en_US` or `zh_CN`.
    fn from_str(text: &str) -> Result<Self, Error> {
        match text {
            "en_US" => Ok(Self::English),
            "zh_CN" => Ok(Self::Chinese),
            _ => Err(Error::config("language must be en_US or zh_CN")),
        }
    }
}

/// The checked settings of a client.
pub(crate) struct Settings {
    pub api_key: Secret,
    /// Kept for the doctor, who tries other AES schemes with it.
    pub api_secret: Secret,
    pub environment: Environment,
    /// Scheme, host and port, without a slash at the end.
    pub base_url: String,
    pub cipher: Cipher,
    pub timeout: Duration,
    pub connect_timeout: Duration,
    pub max_retries: u32,
    pub language: Language,
    pub timezone: Timezone,
    pub timezone_text: String,
}

impl fmt::Debug for Settings {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Client")
            .field("environment", &self.environment)
            .field("base_url", &self.base_url)
            .field("timeout", &self.timeout)
            .field("max_retries", &self.max_retries)
            .finish_non_exhaustive()
    }
}

/// Checks a base URL and takes the slash off its end: https, or http to a loopback address, without credentials, query
/// or fragment. The second value says whether it is https.
pub(crate) fn check_base_url(url: &str) -> Result<(String, bool), Error> {
    let wrong = |rule: &str| Error::config(format!("base_url {rule}"));
    let url = url.trim_end_matches('/');
    if !url.bytes().all(|byte| byte.is_ascii_graphic()) || url.contains(['?', '#', '@', '\\']) {
        return Err(wrong("must not contain credentials, a query, a fragment or spaces"));
    }
    if let Some(rest) = url.strip_prefix("https://") {
        return if host_of(rest).is_empty() { Err(wrong("has no host")) } else { Ok((url.to_owned(), true)) };
    }
    match url.strip_prefix("http://") {
        Some(rest) if is_loopback(host_of(rest)) => Ok((url.to_owned(), false)),
        Some(_) => Err(wrong("must be https; http is for loopback addresses only")),
        None => Err(wrong("must begin with https://")),
    }
}

/// The host of `host:port/path`.
fn host_of(rest: &str) -> &str {
    let authority = rest.split('/').next().unwrap_or_default();
    match authority.strip_prefix('[') {
        Some(v6) => v6.split(']').next().unwrap_or_default(),
        None => authority.split(':').next().unwrap_or_default(),
    }
}

fn is_loopback(host: &str) -> bool {
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// A header value must be printable ASCII; checked here, so that no call can fail of it.
pub(crate) fn check_api_key(key: &str) -> Result<(), Error> {
    match key {
        "" => Err(Error::config("api_key must not be empty")),
        key if key.bytes().all(|byte| byte.is_ascii_graphic()) => Ok(()),
        _ => Err(Error::config("api_key must be printable ASCII without spaces or line ends")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_http_goes_to_loopback_only() {
        for (url, https) in [
            ("https://openplatform.keysecure.io/", true),
            ("https://proxy.example:8443/keysecure", true),
            ("http://127.0.0.1:8080", false),
            ("http://127.9.9.9", false),
            ("http://localhost:1", false),
            ("http://[::1]:8080/", false),
        ] {
            assert_eq!(check_base_url(url).unwrap(), (url.trim_end_matches('/').to_owned(), https));
        }
        for url in [
            "",
            "openplatform.keysecure.io",
            "ftp://x",
            "https://",
            "http://openplatform.keysecure.io",
            "http://127.0.0.1.example.com",
            "http://localhost.example.com",
            "http://127.0.0.1@example.com",
            "http://[::2]",
            "https://user:pw@example.com",
            "https://example.com?x=1",
            "https://exa mple.com",
        ] {
            assert!(check_base_url(url).is_err(), "{url}");
        }
    }

    #[test]
    fn an_api_key_cannot_break_out_of_its_header() {
        assert!(check_api_key("ak_live-123").is_ok());
        for key in ["", "a b", "a\r\nX: y", "schlüssel"] {
            let error = check_api_key(key).unwrap_err();
            assert!(key.is_empty() || !error.to_string().contains(key));
        }
    }
}
