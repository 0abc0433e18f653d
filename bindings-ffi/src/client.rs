//! The client and its settings.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use keysecure::{AesSettings, ClientBuilder, Environment, FfiError, Json, Language, Method, Report};

use crate::accounts::Accounts;
use crate::cardholders::Cardholders;
use crate::cards::Cards;
use crate::clock::{OwnClock, TimeSource};
use crate::consumptions::Consumptions;
use crate::convert::{Result, count};
use crate::http::{self, Transport};
use crate::interrupts::InterruptibleClock;
use crate::observer::{self, Observer};
use crate::pci::Pci;
use crate::secrets::AccessToken;
use crate::session::{self, Session};
use crate::simulation::Simulation;
use crate::stores::Store;
use crate::warnings;
use crate::webhook::{WebhookOptions, WebhookVerifier};

/// The settings of a client. All are optional.
#[derive(Clone, uniffi::Record)]
#[uniffi::export(Debug)]
pub struct ClientOptions {
    /// The platform to call. Default: the platform's sandbox.
    #[uniffi(default = None)]
    pub environment: Option<Environment>,
    /// Replaces the address of the environment: https, or http to loopback and to the hosts of `allow_plain_http`.
    #[uniffi(default = None)]
    pub base_url: Option<String>,
    /// How card secrets are encrypted. Default: the UTF-8 bytes of the apiSecret as the key, ECB.
    #[uniffi(default = None)]
    pub aes: Option<AesSettings>,
    /// Limits one call with all its attempts and waits. Default: 30 s.
    #[uniffi(default = None)]
    pub timeout: Option<Duration>,
    /// Limits the time to open a connection. Default: 5 s.
    #[uniffi(default = None)]
    pub connect_timeout: Option<Duration>,
    /// How often a call is sent again after a back-off, where that is safe. Default: 2.
    #[uniffi(default = None)]
    pub max_retries: Option<i32>,
    /// The language of the platform's messages. Default: English.
    #[uniffi(default = None)]
    pub language: Option<Language>,
    /// The offset in which dates without a time begin and end, such as `UTC+8`, `UTC` or `+08:00`. Default: `UTC+8`.
    #[uniffi(default = None)]
    pub timezone: Option<String>,
    /// The URL of an http or https proxy, which may hold a password. None is taken from the environment.
    #[uniffi(default = None)]
    pub proxy: Option<String>,
    /// The trusted root certificates in PEM format, in place of the built-in ones.
    #[uniffi(default = None)]
    pub ca_pem: Option<String>,
    /// Replaces the built-in HTTP stack. Configure proxy and certificates there instead of `proxy` and `ca_pem`.
    #[uniffi(default = None)]
    pub transport: Option<Arc<dyn Transport>>,
    /// Called after every attempt and every call.
    #[uniffi(default = None)]
    pub observer: Option<Arc<dyn Observer>>,
    /// Shares the access token and the attempt records with other workers. The `ensure` calls need it.
    #[uniffi(default = None)]
    pub store: Option<Arc<Store>>,
    /// Hosts other than this machine that plain http may be used for, such as a sandbox in another container.
    /// Everything that is sent to them can be read on the network. Refused in production.
    #[uniffi(default = [])]
    pub allow_plain_http: Vec<String>,
    /// The app id of webhooks, for `webhook_verifier`. Default: the Api-Key (inferred).
    #[uniffi(default = None)]
    pub app_id: Option<String>,
    /// A clock in place of this machine's, for tests and simulated time. It is used until the platform's clock is learned
    /// from the first response; time-outs and waits are not affected.
    #[uniffi(default = None)]
    pub clock: Option<Arc<dyn TimeSource>>,
}

impl fmt::Debug for ClientOptions {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("ClientOptions")
            .field("environment", &self.environment)
            .field("base_url", &self.base_url)
            .finish_non_exhaustive()
    }
}

impl ClientOptions {
    fn build(self, mut builder: ClientBuilder) -> Result<Client> {
        macro_rules! set {
            ($($name:ident),+) => { $( if let Some(value) = self.$name { builder = builder.$name(value); } )+ };
        }
        set!(environment, base_url, aes, timeout, connect_timeout, language, proxy, ca_pem, app_id);
        if let Some(retries) = self.max_retries {
            builder = builder.max_retries(count("max_retries", retries)?);
        }
        if let Some(zone) = self.timezone {
            builder = builder.timezone(zone.parse()?);
        }
        if let Some(transport) = self.transport {
            builder = builder.transport(Arc::new(http::Foreign(transport)));
        }
        if let Some(observer) = self.observer {
            builder = builder.observer(Arc::new(observer::Foreign(observer)));
        }
        if let Some(store) = self.store {
            builder = builder.store(store.0.clone());
        }
        if !self.allow_plain_http.is_empty() {
            builder = builder.allow_plain_http(self.allow_plain_http);
        }
        let builder = match self.clock {
            Some(source) => builder.clock(Arc::new(OwnClock::new(source)?)),
            None => builder.clock(Arc::new(InterruptibleClock::new())),
        };
        Ok(Client(builder.build()?))
    }
}

/// A blocking client of the platform. Any number of threads may share one.
#[derive(Debug, uniffi::Object)]
#[uniffi::export(Debug)]
pub struct Client(keysecure::Client);

impl Client {
    /// Returns the client of the core, for the relay of the JVM.
    #[must_use]
    pub fn core(&self) -> &keysecure::Client {
        &self.0
    }
}

#[uniffi::export]
impl Client {
    /// The same calls for a call that has already waited so long for a thread: the time counts into its timeout or
    /// deadline.
    #[must_use]
    pub fn after_waiting(&self, waited: Duration) -> Self {
        Self(self.0.after_waiting(waited))
    }

    /// The deadline of an `ensure` call without one of its own, over the transport of this client.
    pub fn default_ensure_deadline(&self) -> Duration {
        self.0.default_ensure_deadline()
    }

    /// The address of the platform, for the text of this client.
    pub fn base_url(&self) -> String {
        self.0.base_url().to_owned()
    }

    /// Creates a client with the merchant's credentials.
    #[uniffi::constructor]
    pub fn new(api_key: String, api_secret: String, options: ClientOptions) -> Result<Self> {
        warnings::begin();
        options.build(keysecure::Client::builder(api_key, api_secret))
    }

    /// Creates a client from `KEYSECURE_API_KEY`, `KEYSECURE_API_SECRET` and, when set, `KEYSECURE_ENVIRONMENT`,
    /// `KEYSECURE_BASE_URL`, `KEYSECURE_APP_ID`, `KEYSECURE_PROXY`, `KEYSECURE_CA_PEM` (PEM text or the path of a file),
    /// `KEYSECURE_TIMEZONE` and `KEYSECURE_STORE` (see `Store.parse`). `options` override them.
    #[uniffi::constructor]
    pub fn from_env(options: ClientOptions) -> Result<Self> {
        warnings::begin();
        options.build(ClientBuilder::from_env()?)
    }

    /// Creates a client that calls through the merchant's own relay, for apps, which must not hold the apiSecret. `url` is the
    /// address of the relay; `session` returns the token of the user's session with that server. Calls that no relay serves
    /// fail with kind `config`.
    #[uniffi::constructor]
    pub fn relay(url: String, session: Arc<dyn Session>, options: ClientOptions) -> Result<Self> {
        warnings::begin();
        if options.base_url.is_some() {
            return Err(FfiError::config("base_url must be absent: the url is the relay's"));
        }
        options.build(keysecure::Client::relay(url, session::Foreign(session)))
    }

    /// Cardholders and their identity verification.
    pub fn cardholders(&self) -> Cardholders {
        Cardholders(self.0.clone())
    }

    /// Cards, packages and BINs.
    pub fn cards(&self) -> Cards {
        Cards(self.0.clone())
    }

    /// Purchases, ATM withdrawals, fees, reversals and refunds.
    pub fn consumptions(&self) -> Consumptions {
        Consumptions(self.0.clone())
    }

    /// Balances and transfers, in credit mode.
    pub fn accounts(&self) -> Accounts {
        Accounts(self.0.clone())
    }

    /// The hosted card page.
    pub fn pci(&self) -> Pci {
        Pci(self.0.clone())
    }

    /// Simulated purchases and refunds. Refused in production.
    pub fn simulation(&self) -> Simulation {
        Simulation(self.0.clone())
    }

    /// Returns the access token in use, for diagnosis. Fetches one only when there is none.
    pub fn access_token(&self) -> Result<AccessToken> {
        Ok(self.0.access_token()?.into())
    }

    /// Checks an integration: reachability, clock, Api-Key, IP whitelist, token and mode; with an activated card also
    /// PCI display and the AES scheme. Changes nothing on the platform. Failures are in the report.
    #[uniffi::method(default(card_no = None))]
    pub fn doctor(&self, card_no: Option<String>) -> Report {
        self.0.doctor(card_no.as_deref())
    }

    /// Calls any endpoint of the platform. `path` is the path after `/open-api`, `body` a JSON text. Returns the
    /// `data` of the response as JSON, unmasked.
    #[uniffi::method(default(body = None))]
    pub fn call(&self, method: Method, path: String, body: Option<Json>) -> Result<Json> {
        Ok(self.0.call(method, &path, body.as_ref())?)
    }

    /// Creates a verifier of this merchant's webhooks, with the app id of this client, by default the Api-Key, and its
    /// apiSecret. `secrets` replaces the apiSecret: several during a rotation.
    ///
    /// Without a `clock` in the options it uses the platform's clock as this client learns it from responses, at most two
    /// seconds behind, and the clock of this client before the first response.
    #[uniffi::method(default(secrets = None))]
    pub fn webhook_verifier(&self, options: WebhookOptions, secrets: Option<Vec<String>>) -> Result<WebhookVerifier> {
        let verifier = self.0.webhook_verifier()?;
        let verifier = secrets.map_or(Ok(verifier.clone()), |secrets| verifier.secrets(secrets))?;
        options.applied_to(verifier, self.0.platform_clock())
    }

    /// Closes all connections. Later calls fail with an error of kind `config`. Calls in progress may fail, mutations
    /// among them with outcome `unknown`. It blocks only while a transport of your own closes its connections.
    pub fn shutdown(&self) {
        self.0.close();
    }
}
