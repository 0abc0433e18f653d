//! The way to the platform: the merchant's credentials, or a relay.

use std::sync::Arc;

use super::ClientBuilder;
use crate::client::Client;
use crate::crypto::{AesSettings, Cipher, Signer};
use crate::error::Error;
use crate::secrets::Secret;
use crate::session::Session;
use crate::settings::{Access, Credentials, Environment, check_api_key, check_app_id, check_no_stray_characters};

/// The way to the platform, before it is checked.
pub(super) enum AccessSettings {
    Direct { api_key: Secret, api_secret: Secret },
    Relay(Arc<dyn Session>),
}

impl AccessSettings {
    /// Name of the setting that holds the base URL.
    pub(super) fn url_setting(&self) -> &'static str {
        match self {
            Self::Direct { .. } => "base_url",
            Self::Relay(_) => "url",
        }
    }
}

impl ClientBuilder {
    /// Checks the credentials, or that none of their settings is given to a client of a relay.
    pub(super) fn access(&self) -> Result<Access, Error> {
        let (api_key, api_secret) = match &self.access {
            AccessSettings::Direct { api_key, api_secret } => (api_key, api_secret),
            AccessSettings::Relay(session) => {
                for (setting, is_set) in [
                    ("environment", self.environment != Environment::default()),
                    ("app_id", self.app_id.is_some()),
                    ("aes", self.aes != AesSettings::default()),
                    ("store", self.store.token_store().is_some() || self.store.attempt_store().is_some()),
                ] {
                    if is_set {
                        return Err(Error::config(format!(
                            "{setting} belongs to the relay, on the server: leave it out"
                        )));
                    }
                }
                return Ok(Access::Relay(Arc::clone(session)));
            }
        };
        check_api_key(api_key.expose())?;
        if api_secret.expose().is_empty() {
            return Err(Error::config("api_secret must not be empty"));
        }
        check_no_stray_characters("api_secret", api_secret.expose())?;
        self.app_id.as_deref().map_or(Ok(()), check_app_id)?;
        Ok(Access::Direct(Credentials {
            api_key: api_key.clone(),
            api_secret: api_secret.clone(),
            app_id: self.app_id.clone(),
            cipher: Cipher::new(self.aes, api_secret.expose())?,
            signer: Signer::new()?,
        }))
    }
}

impl Client {
    /// Creates a builder of a client that calls through the merchant's own relay, for apps.
    ///
    /// An app must not hold the apiSecret, and the platform refuses calls from addresses that it does not know. The merchant's
    /// server runs a [`Relay`](crate::Relay), which authenticates the user's session and makes the call. The client has the
    /// same resources, models and errors; what no relay serves is an error of kind [`Config`](crate::ErrorKind::Config).
    ///
    /// `url` is the address of the relay: `https`, or `http` to loopback. `session` returns the token of the user's session
    /// with that server; see [`Session`].
    ///
    /// The `ensure_*` calls need no store here: the relay has one. `settle`, `since` and `on_store_failure` are its own.
    /// A request that never reached the relay leaves such a call [`Unknown`](crate::Outcome::Unknown), unless it is the
    /// `first_attempt`: an earlier one may have been carried out.
    ///
    /// # Examples
    ///
    /// ```
    /// use keysecure::{Client, Secret};
    ///
    /// let session = |_refused: bool| Ok(Secret::from("session-token-of-this-user"));
    /// let client = Client::relay("https://api.shop.example/keysecure", session).build()?;
    /// # Ok::<(), keysecure::Error>(())
    /// ```
    pub fn relay(url: impl Into<String>, session: impl Session + 'static) -> ClientBuilder {
        ClientBuilder { base_url: Some(url.into()), ..ClientBuilder::new(AccessSettings::Relay(Arc::new(session))) }
    }
}
