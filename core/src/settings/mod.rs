//! The settings of a client.

pub(crate) mod base_url;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::crypto::{Cipher, Signer};
use crate::error::{Error, Peer};
use crate::named_enum::named_enum;
use crate::secrets::Secret;
use crate::session::Session;
use crate::values::civil::UtcOffset;

named_enum! {
    /// Environment of the platform.
    #[derive(Default)]
    pub enum Environment {
        /// The platform's sandbox: `https://sandbox-openplatform.keysecure.io`.
        #[default]
        Sandbox = "sandbox",
        /// Production: `https://openplatform.keysecure.io`. Simulation calls are refused.
        Production = "production",
    }
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

    /// Parses `sandbox` or `production`.
    fn from_str(text: &str) -> Result<Self, Error> {
        let named = Self::ALL.into_iter().find(|environment| environment.as_str() == text);
        named.ok_or_else(|| Error::config("environment must be sandbox or production"))
    }
}

named_enum! {
    /// Language of the platform's messages in errors.
    #[derive(Default)]
    pub enum Language {
        /// English (`en_US`).
        #[default]
        English = "en_US",
        /// Chinese (`zh_CN`).
        Chinese = "zh_CN",
    }
}

impl std::str::FromStr for Language {
    type Err = Error;

    /// Parses `en_US` or `zh_CN`.
    fn from_str(text: &str) -> Result<Self, Error> {
        let named = Self::ALL.into_iter().find(|language| language.as_str() == text);
        named.ok_or_else(|| Error::config("language must be en_US or zh_CN"))
    }
}

/// The way to the platform.
pub(crate) enum Access {
    /// Straight to it, with the merchant's credentials.
    Direct(Credentials),
    /// Through the merchant's own server, which has the credentials.
    Relay(Arc<dyn Session>),
}

/// The merchant's credentials.
pub(crate) struct Credentials {
    pub api_key: Secret,
    /// Kept for the doctor, which tries other AES schemes with it.
    pub api_secret: Secret,
    /// The app id of webhooks, when it is not the Api-Key.
    pub app_id: Option<String>,
    pub cipher: Cipher,
    pub signer: Signer,
}

/// The checked settings of a client.
pub(crate) struct Settings {
    pub access: Access,
    pub environment: Environment,
    /// Scheme, host, port and path, without a trailing slash: of the platform, or of the relay.
    pub base_url: String,
    /// The addresses that errors name.
    pub peer: Peer,
    pub timeout: Duration,
    pub connect_timeout: Duration,
    pub max_retries: u32,
    pub language: Language,
    pub timezone: UtcOffset,
    pub timezone_text: String,
}

impl Settings {
    /// The credentials. Through a relay there are none, and the error says so.
    pub(crate) fn credentials(&self) -> Result<&Credentials, Error> {
        match &self.access {
            Access::Direct(credentials) => Ok(credentials),
            Access::Relay(_) => Err(Error::config(NO_CREDENTIALS)),
        }
    }

    pub(crate) fn is_relayed(&self) -> bool {
        matches!(self.access, Access::Relay(_))
    }
}

/// Error text of what a client of a relay cannot do.
const NO_CREDENTIALS: &str =
    "a client of a relay has no credentials: do this on the server, where the merchant's client is";

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

/// Checks that the key can be a header value, so that no call can fail because of it.
pub(crate) fn check_api_key(key: &str) -> Result<(), Error> {
    match key {
        "" => Err(Error::config("api_key must not be empty")),
        key if key.bytes().all(|byte| byte.is_ascii_graphic()) => Ok(()),
        _ => Err(Error::config("api_key must be printable ASCII without spaces or line ends")),
    }
}

/// Checks the app id of webhooks.
pub(crate) fn check_app_id(app_id: &str) -> Result<(), Error> {
    if app_id.is_empty() {
        return Err(Error::config("app_id must not be empty"));
    }
    check_no_stray_characters("app_id", app_id)
}

/// Checks that a secret or an app id has no characters that copying it from a file or a page adds: every signature, and all
/// card data, would be wrong without a sign of the cause.
pub(crate) fn check_no_stray_characters(setting: &str, text: &str) -> Result<(), Error> {
    let has_stray = text.trim() != text || text.contains(|char: char| char.is_control() || char == '\u{feff}');
    if has_stray {
        return Err(Error::config(format!(
            "{setting} must have no line ends, tabs or other control characters, no spaces at the ends and no byte order mark"
        )));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_api_key_cannot_break_out_of_its_header() {
        assert!(check_api_key("ak_live-123").is_ok());
        for key in ["", "a b", "a\r\nX: y", "schlüssel"] {
            let error = check_api_key(key).unwrap_err();
            assert!(key.is_empty() || !error.to_string().contains(key));
        }
    }
}
