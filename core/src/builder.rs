//! The builder of a client. It checks every setting, so that no call can fail because of one.

mod access;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use self::access::AccessSettings;
use crate::client::Client;
use crate::clock::{Clock, MAX_DURATION, SystemClock};
use crate::crypto::AesSettings;
use crate::engine::Engine;
use crate::error::{Error, Peer};
use crate::observe::Observer;
use crate::secrets::Secret;
use crate::settings::base_url::{BaseUrl, authority, check_plain_host};
use crate::settings::{Environment, Language, Settings};
use crate::store::Store;
use crate::transport::Transport;
use crate::values::civil::UtcOffset;

/// Builder of a [`Client`], with its settings.
///
/// Created by [`Client::builder`] or [`from_env`](Self::from_env). Setters replace earlier values; [`build`](Self::build)
/// checks all of them.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
///
/// use keysecure::{Client, Environment, ErrorKind, Store};
///
/// // The default `aes` setting takes an apiSecret of 16, 24 or 32 bytes.
/// let client = Client::builder("api-key", "api-secret-of-16")
///     .environment(Environment::Production)
///     .timeout(Duration::from_secs(20))
///     .store(Store::memory())
///     .build()?;
///
/// let error = Client::builder("api-key", "").build().unwrap_err();
/// assert_eq!(error.kind(), ErrorKind::Config);
/// # Ok::<(), keysecure::Error>(())
/// ```
#[must_use]
pub struct ClientBuilder {
    access: AccessSettings,
    environment: Environment,
    base_url: Option<String>,
    app_id: Option<String>,
    plain_http: Vec<String>,
    aes: AesSettings,
    timeout: Duration,
    connect_timeout: Duration,
    max_retries: u32,
    language: Language,
    timezone: UtcOffset,
    proxy: Option<Secret>,
    ca_pem: Option<String>,
    transport: Option<Arc<dyn Transport>>,
    clock: Option<Arc<dyn Clock>>,
    observer: Option<Arc<dyn Observer>>,
    store: Store,
}

impl Client {
    /// Creates a builder with the merchant's credentials: the Api-Key and the apiSecret.
    ///
    /// See [`ClientBuilder`] for the settings and their defaults, and [`Client`] for an example.
    pub fn builder(api_key: impl Into<Secret>, api_secret: impl Into<Secret>) -> ClientBuilder {
        ClientBuilder::new(AccessSettings::Direct { api_key: api_key.into(), api_secret: api_secret.into() })
    }

    /// Creates a client from environment variables.
    ///
    /// | variable | value |
    /// |---|---|
    /// | `KEYSECURE_API_KEY`, `KEYSECURE_API_SECRET` | the credentials; required |
    /// | `KEYSECURE_ENVIRONMENT` | `sandbox` (default) or `production` |
    /// | `KEYSECURE_BASE_URL` | address to use instead of the environment's |
    /// | `KEYSECURE_APP_ID` | app id of webhooks, when it is not the Api-Key |
    /// | `KEYSECURE_PROXY` | URL of a proxy |
    /// | `KEYSECURE_CA_PEM` | root certificates in PEM form, or the path of a file with them |
    /// | `KEYSECURE_TIMEZONE` | such as `UTC+8`, the default |
    /// | `KEYSECURE_STORE` | `memory`, `file:DIRECTORY` or `redis://HOST`; see [`Store`](crate::Store) |
    ///
    /// Empty variables count as absent. [`ClientBuilder::from_env`] allows further settings.
    ///
    /// # Errors
    ///
    /// Kind [`Config`](crate::ErrorKind::Config) if a required variable is absent or a value is invalid. The error names the
    /// variable or setting, not its value.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// let client = keysecure::Client::from_env()?;
    /// # Ok::<(), keysecure::Error>(())
    /// ```
    pub fn from_env() -> Result<Self, Error> {
        ClientBuilder::from_env()?.build()
    }
}

impl ClientBuilder {
    fn new(access: AccessSettings) -> Self {
        Self {
            access,
            environment: Environment::Sandbox,
            base_url: None,
            app_id: None,
            plain_http: Vec::new(),
            aes: AesSettings::default(),
            timeout: Duration::from_secs(30),
            connect_timeout: Duration::from_secs(5),
            max_retries: 2,
            language: Language::default(),
            timezone: UtcOffset::default(),
            proxy: None,
            ca_pem: None,
            transport: None,
            clock: None,
            observer: None,
            store: Store::new(),
        }
    }

    /// Creates a builder with the credentials and settings of environment variables. [`Client::from_env`] lists them.
    ///
    /// # Errors
    ///
    /// Kind [`Config`](crate::ErrorKind::Config) if a required variable is absent or a value is invalid.
    pub fn from_env() -> Result<Self, Error> {
        let get = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        let need = |name: &str| get(name).map(Secret::from).ok_or_else(|| Error::config(format!("{name} is not set")));
        let (api_key, api_secret) = (need("KEYSECURE_API_KEY")?, need("KEYSECURE_API_SECRET")?);
        let mut builder = Self::new(AccessSettings::Direct { api_key, api_secret });
        if let Some(environment) = get("KEYSECURE_ENVIRONMENT") {
            builder.environment = environment.parse()?;
        }
        builder.base_url = get("KEYSECURE_BASE_URL");
        builder.app_id = get("KEYSECURE_APP_ID");
        builder.proxy = get("KEYSECURE_PROXY").map(Secret::from);
        builder.ca_pem = get("KEYSECURE_CA_PEM").map(ca_text).transpose()?;
        if let Some(timezone) = get("KEYSECURE_TIMEZONE") {
            builder.timezone = timezone.parse()?;
        }
        if let Some(store) = get("KEYSECURE_STORE") {
            builder.store = store.parse()?;
        }
        Ok(builder)
    }

    /// Sets the environment of the platform. Default: [`Environment::Sandbox`].
    pub fn environment(mut self, environment: Environment) -> Self {
        self.environment = environment;
        self
    }

    /// Sets the address of the platform, instead of the environment's.
    ///
    /// The scheme is `https`, or `http` for loopback addresses and the hosts of [`allow_plain_http`](Self::allow_plain_http).
    pub fn base_url(mut self, url: impl Into<String>) -> Self {
        self.base_url = Some(url.into());
        self
    }

    /// Sets the app id of webhooks, for [`Client::webhook_verifier`]. Default: the Api-Key (inferred).
    ///
    /// Set it if the merchant console shows an App ID that is not the Api-Key.
    pub fn app_id(mut self, app_id: impl Into<String>) -> Self {
        self.app_id = Some(app_id.into());
        self
    }

    /// Allows plain http to these hosts, named as in `base_url`. Default: none.
    ///
    /// For a sandbox in another container, for example. Everything in a call, secrets included, can be read on the network.
    /// [`build`](Self::build) refuses it with [`Environment::Production`].
    pub fn allow_plain_http<H: Into<String>>(mut self, hosts: impl IntoIterator<Item = H>) -> Self {
        self.plain_http = hosts.into_iter().map(Into::into).collect();
        self
    }

    /// Sets how card secrets are encrypted. Default: ECB, with the UTF-8 bytes of the apiSecret as key (inferred).
    ///
    /// [`Client::doctor`] finds the matching setting by decrypting a card's secrets.
    pub fn aes(mut self, aes: AesSettings) -> Self {
        self.aes = aes;
        self
    }

    /// Sets the time limit of one call, including all attempts and waits. Default: 30 s.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout.min(MAX_DURATION);
        self
    }

    /// Sets the time limit of establishing one connection. Default: 5 s.
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout.min(MAX_DURATION);
        self
    }

    /// Sets the maximum number of retries after a back-off, where a retry cannot carry out an operation twice. Default: 2.
    pub fn max_retries(mut self, retries: u32) -> Self {
        self.max_retries = retries;
        self
    }

    /// Sets the language of the platform's messages. Default: English.
    pub fn language(mut self, language: Language) -> Self {
        self.language = language;
        self
    }

    /// Sets the time zone of bare dates in list windows and in `since`. Default: UTC+8, the platform's.
    ///
    /// A [`Date`](crate::Date) is always the whole day in this zone, wherever the program runs. Today's date of a machine
    /// further east may not have begun here: as a start it is refused. Today's date of a machine further west may be over
    /// here: as an end it leaves out the newest rows. Set the zone from whose calendar the dates are taken, or give instants.
    pub fn timezone(mut self, timezone: UtcOffset) -> Self {
        self.timezone = timezone;
        self
    }

    /// Sets an http or https proxy, as a URL. Default: none; proxy variables of the environment are ignored.
    pub fn proxy(mut self, url: impl Into<Secret>) -> Self {
        self.proxy = Some(url.into());
        self
    }

    /// Sets the trusted root certificates in PEM form, instead of the built-in ones: for networks that inspect TLS.
    pub fn ca_pem(mut self, pem: impl Into<String>) -> Self {
        self.ca_pem = Some(pem.into());
        self
    }

    /// Sets an HTTP stack to use instead of the built-in one. `proxy` and `ca_pem` then have no effect.
    pub fn transport(mut self, transport: Arc<dyn Transport>) -> Self {
        self.transport = Some(transport);
        self
    }

    /// Sets a clock to use instead of the machine's, for tests.
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = Some(clock);
        self
    }

    /// Sets an observer, which is called after every attempt and call.
    pub fn observer(mut self, observer: Arc<dyn Observer>) -> Self {
        self.observer = Some(observer);
        self
    }

    /// Sets the store that this client shares with other workers, in this process or others. Default: none.
    ///
    /// It keeps access tokens and the record of attempts on merchant references, which the `ensure_*` calls require. See
    /// [`Store`]. A store that is unavailable fails `ensure_*` calls only.
    pub fn store(mut self, store: impl Into<Store>) -> Self {
        self.store = store.into();
        self
    }

    /// Checks all settings and creates the client. Nothing is sent.
    ///
    /// # Errors
    ///
    /// Kind [`Config`](crate::ErrorKind::Config) if a setting is invalid; the error names the setting.
    pub fn build(self) -> Result<Client, Error> {
        if self.timeout.is_zero() || self.connect_timeout.is_zero() {
            return Err(Error::config("timeout and connect_timeout must be longer than zero"));
        }
        let access = self.access()?;
        if self.environment == Environment::Production && !self.plain_http.is_empty() {
            return Err(Error::config("allow_plain_http is refused in production"));
        }
        self.plain_http.iter().try_for_each(|host| check_plain_host(host))?;
        let url = self.base_url.as_deref().unwrap_or(self.environment.base_url());
        let base_url = BaseUrl::parse(self.access.url_setting(), url, &self.plain_http)?;
        let clock = self.clock.unwrap_or_else(|| Arc::new(SystemClock::new()));
        let has_own_transport = self.transport.is_some();
        let transport = match self.transport {
            Some(transport) => transport,
            None => default_transport(&base_url, self.proxy.as_ref(), self.ca_pem.as_deref(), &clock)?,
        };
        // A custom transport has its own proxy, if any.
        let proxy = self.proxy.as_ref().filter(|_| !has_own_transport);
        let peer = Peer {
            host: authority(&base_url.text).to_owned(),
            proxy: proxy.map(|url| authority(url.expose()).to_owned()),
        };
        let settings = Settings {
            access,
            environment: self.environment,
            base_url: base_url.text,
            peer,
            timeout: self.timeout,
            connect_timeout: self.connect_timeout,
            max_retries: self.max_retries,
            language: self.language,
            timezone: self.timezone,
            timezone_text: self.timezone.to_string(),
        };
        Ok(Client::new(Engine::new(settings, transport, clock, self.observer, &self.store)))
    }
}

/// The PEM text itself, or the content of the file at that path.
fn ca_text(text_or_path: String) -> Result<String, Error> {
    if text_or_path.contains("-----BEGIN") {
        return Ok(text_or_path);
    }
    std::fs::read_to_string(&text_or_path).map_err(|error| {
        Error::config(format!(
            "KEYSECURE_CA_PEM is not PEM text, and no text file can be read at that path: {}",
            error.kind()
        ))
    })
}

#[cfg(feature = "http")]
fn default_transport(
    base_url: &BaseUrl,
    proxy: Option<&Secret>,
    ca_pem: Option<&str>,
    clock: &Arc<dyn Clock>,
) -> Result<Arc<dyn Transport>, Error> {
    Ok(Arc::new(crate::transport::HttpTransport::new(base_url, proxy.map(Secret::expose), ca_pem, clock)?))
}

#[cfg(not(feature = "http"))]
fn default_transport(
    _: &BaseUrl,
    _: Option<&Secret>,
    _: Option<&str>,
    _: &Arc<dyn Clock>,
) -> Result<Arc<dyn Transport>, Error> {
    Err(Error::config("this build has no HTTP transport: set one with transport, or enable the cargo feature http"))
}

impl fmt::Debug for ClientBuilder {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("ClientBuilder")
            .field("environment", &self.environment)
            .field("base_url", &self.base_url)
            .finish_non_exhaustive()
    }
}
