//! The client: the entry point of every call.

use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use crate::clock::Clock;
use crate::codec::json::{Extra, Json};
use crate::doctor::{self, Report};
use crate::engine::operation;
use crate::engine::{Call, Caller, Engine};
use crate::error::Error;
#[cfg(feature = "platform")]
use crate::probe::{self, ProbeOptions, ProbeReport};
use crate::resources::{Accounts, Cardholders, Cards, Consumptions, Pci, Simulation};
use crate::secrets::Secret;
use crate::transport::Method;
use crate::webhook::WebhookVerifier;

/// Blocking client for the KeySecure merchant card API.
///
/// The client fetches and renews the access token, follows the platform's clock, and sends a request again only if that
/// cannot carry out an operation twice. Any number of threads may share one client. Cloning is cheap: clones share
/// connections, the access token and all settings.
///
/// # Examples
///
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let sandbox = keysecure_sandbox::Sandbox::start()?;
/// # let (api_key, api_secret, url) = (sandbox.api_key(), sandbox.api_secret(), sandbox.base_url());
/// # let card_no = sandbox.seed_virtual_card(&sandbox.seed_approved_cardholder())?;
/// use std::time::Duration;
///
/// use keysecure::Client;
///
/// let client = Client::builder(api_key, api_secret)
///     .base_url(url) // default: the platform's sandbox
///     .timeout(Duration::from_secs(10))
///     .build()?;
/// let card = client.cards().get(&card_no)?;
/// println!("{}", card.status);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Client {
    caller: Caller,
}

impl Client {
    /// Returns the calls on cardholders.
    pub fn cardholders(&self) -> Cardholders<'_> {
        Cardholders(&self.caller)
    }

    /// Returns the calls on cards, packages and BINs.
    pub fn cards(&self) -> Cards<'_> {
        Cards::new(&self.caller)
    }

    /// Returns the calls on consumptions: purchases, ATM withdrawals, fees, reversals and refunds.
    pub fn consumptions(&self) -> Consumptions<'_> {
        Consumptions(&self.caller)
    }

    /// Returns the calls on balances and transfers (credit mode).
    pub fn accounts(&self) -> Accounts<'_> {
        Accounts(&self.caller)
    }

    /// Returns the calls for the hosted card page.
    pub fn pci(&self) -> Pci<'_> {
        Pci(&self.caller)
    }

    /// Returns the calls that simulate purchases. They are refused in production.
    pub fn simulation(&self) -> Simulation<'_> {
        Simulation(&self.caller)
    }

    /// Returns the current access token, for diagnosis. Fetches one only if the client has none.
    ///
    /// All other calls fetch and renew the token themselves.
    ///
    /// # Errors
    ///
    /// Kind [`Authentication`](crate::ErrorKind::Authentication) or [`Permission`](crate::ErrorKind::Permission) if the
    /// platform refuses the Api-Key or this machine's address.
    pub fn access_token(&self) -> Result<AccessToken, Error> {
        let held = self.caller.engine.access_token(self.caller.limit)?;
        Ok(AccessToken { secret: held.secret.clone(), expires_at: held.expires_at })
    }

    /// Checks an integration: clock, reachability, Api-Key, IP whitelist, access token and mode.
    ///
    /// With the number of an activated card it also checks PCI display and the AES settings. The checks only read; they may
    /// fetch an access token. Errors of the calls become results of the report, with advice.
    ///
    /// # Examples
    ///
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let sandbox = keysecure_sandbox::Sandbox::start()?;
    /// # let builder = keysecure::Client::builder(sandbox.api_key(), sandbox.api_secret());
    /// # let client = builder.base_url(sandbox.base_url()).build()?;
    /// # let card_no = sandbox.seed_virtual_card(&sandbox.seed_approved_cardholder())?;
    /// use keysecure::{Check, CheckStatus};
    ///
    /// let report = client.doctor(Some(&card_no));
    /// println!("{report}");
    /// assert!(report.is_healthy());
    /// assert_eq!(report.get(Check::Clock).map(|result| result.status), Some(CheckStatus::Pass));
    /// # Ok(())
    /// # }
    /// ```
    pub fn doctor(&self, card_no: Option<&str>) -> Report {
        doctor::run_checks(&self.caller, card_no)
    }

    /// Examines what the platform's documentation leaves open, in the platform's sandbox environment: each
    /// [`Inference`](crate::Inference) is confirmed, refuted or not seen, and the report names the settings that follow.
    ///
    /// It reads, looks up random references, and makes requests that are refused before acting; it simulates a purchase only if
    /// [`simulate`](crate::ProbeOptions::simulate) is set. It fetches access tokens, which may invalidate those of other
    /// processes. The report holds no value of a person or a card, no key and no token; `docs/probe.md` in the repository
    /// describes it.
    ///
    /// # Errors
    ///
    /// Kind [`Config`](crate::ErrorKind::Config) in production and for a client of a [relay](Self::relay). Errors of the call
    /// that fetches the first access token. Errors of other calls become findings.
    ///
    /// # Examples
    ///
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let sandbox = keysecure_sandbox::Sandbox::start()?;
    /// # let builder = keysecure::Client::builder(sandbox.api_key(), sandbox.api_secret());
    /// # let client = builder.base_url(sandbox.base_url()).build()?;
    /// # let card_no = sandbox.seed_virtual_card(&sandbox.seed_approved_cardholder())?;
    /// use keysecure::{Inference, ProbeOptions, Verdict};
    ///
    /// let report = client.probe(&ProbeOptions { card_no: Some(card_no), ..ProbeOptions::default() })?;
    /// println!("{report}");
    /// assert_eq!(report.get(Inference::AesKey).map(|finding| finding.verdict), Some(Verdict::Confirmed));
    /// # Ok(())
    /// # }
    /// ```
    #[cfg(feature = "platform")]
    pub fn probe(&self, options: &ProbeOptions) -> Result<ProbeReport, Error> {
        probe::run(&self.caller, options)
    }

    /// Makes any call of the platform and returns the `data` of its response as JSON.
    ///
    /// `path` is the part after `/open-api`, such as `/v1/card/list`. The call has the same headers, retry rules and errors as
    /// the typed calls. A POST to a path that this version does not know is treated as a mutation: it is not sent again while
    /// its outcome is unknown. Paths below `/v1/simulate` are refused in production. The body is sent byte for byte as the
    /// [`Json`] holds it. A mutation with a merchant reference is recorded in the attempt store, as by its typed call.
    ///
    /// # Errors
    ///
    /// Kind [`InvalidInput`](crate::ErrorKind::InvalidInput) if the path begins with `/open-api` or has a query, a space or a dot
    /// segment, or a GET has a body.
    ///
    /// # Examples
    ///
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let sandbox = keysecure_sandbox::Sandbox::start()?;
    /// # let builder = keysecure::Client::builder(sandbox.api_key(), sandbox.api_secret());
    /// # let client = builder.base_url(sandbox.base_url()).build()?;
    /// use keysecure::{Json, Method};
    ///
    /// let body = Json::new(r#"{"page":0,"size":10}"#)?;
    /// let data = client.call(Method::Post, "/v1/card/package/list", Some(&body))?;
    /// assert!(data.as_str().starts_with(r#"{"list":["#));
    /// # Ok(())
    /// # }
    /// ```
    pub fn call(&self, method: Method, path: &str, body: Option<&Json>) -> Result<Json, Error> {
        self.caller.engine.settings.credentials()?;
        if path == "/open-api" || path.starts_with("/open-api/") {
            return Err(Error::invalid_input("path", "must be the part after /open-api: leave out /open-api"));
        }
        let plain = path.bytes().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'?' | b'#' | b'\\'));
        let operation = operation::for_raw_call(method, path).filter(|_| plain && path.starts_with('/'));
        let Some(operation) = operation else {
            return Err(Error::invalid_input("path", "must start with / and hold no query, space or dot segment"));
        };
        let body = match (method, body) {
            (Method::Get, Some(_)) => return Err(Error::invalid_input("body", "must be absent from a GET")),
            (Method::Get, None) => "",
            (Method::Post, body) => body.map_or("{}", Json::as_str),
        };
        let reference = operation.reference_field().and_then(|field| {
            let reference = Extra::from_json(body).ok()?.get(field)?.clone();
            // A JSON number is the text of its digits, as in a list row.
            Some(reference.parse().unwrap_or_else(|_| reference.as_str().to_owned()))
        });
        let call = Call { reference: reference.as_deref(), ..Call::new(operation, path, body.as_bytes()) };
        self.caller.engine.execute(&call, self.caller.limit, Ok)
    }

    /// Creates a verifier of this merchant's webhooks, with the client's [`app_id`](crate::ClientBuilder::app_id), by default the
    /// Api-Key, and its apiSecret.
    ///
    /// It uses [`platform_clock`](Self::platform_clock).
    ///
    /// # Errors
    ///
    /// Kind [`Config`](crate::ErrorKind::Config) for a client of a [relay](Self::relay), which has no credentials.
    ///
    /// # Examples
    ///
    /// ```
    /// use keysecure::Client;
    ///
    /// let client = Client::builder("my-api-key", "my-api-secret-16").app_id("my-app-id").build()?;
    /// let verifier = client.webhook_verifier()?;
    ///
    /// // While the secret is being replaced:
    /// let verifier = verifier.secrets(["my-api-secret-16", "the-former-secret"])?;
    /// # Ok::<(), keysecure::Error>(())
    /// ```
    pub fn webhook_verifier(&self) -> Result<WebhookVerifier, Error> {
        let credentials = self.caller.engine.settings.credentials()?;
        let app_id = credentials.app_id.as_deref().unwrap_or(credentials.api_key.expose());
        Ok(WebhookVerifier::for_merchant(credentials.signer, app_id, &credentials.api_secret)
            .clock(self.platform_clock()))
    }

    /// Returns the platform's clock, as the client learned it from responses: at most two seconds behind.
    ///
    /// It is the client's own clock until the first response, and again, until the next response, after that clock was set or
    /// the machine slept. Its waits are those of the client's clock.
    pub fn platform_clock(&self) -> Arc<dyn Clock> {
        self.caller.engine.platform_clock()
    }

    /// Closes the client and all its clones.
    ///
    /// Connections are closed, and later calls fail with kind [`Config`](crate::ErrorKind::Config). Calls in progress are
    /// aborted; the outcome of a mutation among them is [`Unknown`](crate::Outcome::Unknown).
    pub fn close(&self) {
        self.caller.engine.close();
    }

    /// The same client for one call that has already waited so long, for a thread of a language binding: the time counts into
    /// its timeout or deadline.
    #[cfg(feature = "uniffi")]
    #[doc(hidden)]
    #[must_use]
    pub fn after_waiting(&self, waited: std::time::Duration) -> Self {
        let limit = crate::engine::Limit { waited, ..self.caller.limit };
        Self { caller: self.caller.limited(limit) }
    }

    /// The deadline of an `ensure_*` call without one of its own, over the transport of this client.
    #[cfg(feature = "uniffi")]
    #[doc(hidden)]
    pub fn default_ensure_deadline(&self) -> std::time::Duration {
        crate::ensure::default_deadline(self.caller.engine.aborts_on_failure())
    }

    /// The address of the platform, for the text of a client in a language binding.
    #[cfg(feature = "uniffi")]
    #[doc(hidden)]
    pub fn base_url(&self) -> &str {
        self.caller.engine.base_url()
    }

    pub(crate) fn new(engine: Engine) -> Self {
        Self { caller: Caller::new(engine) }
    }

    /// The handle for calls of the relay.
    #[cfg(feature = "platform")]
    pub(crate) fn caller(&self) -> &Caller {
        &self.caller
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.caller.engine.fmt(formatter)
    }
}

/// Access token with its time of expiry. Its `Debug` output hides the token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessToken {
    secret: Secret,
    expires_at: SystemTime,
}

impl AccessToken {
    /// Returns the token.
    pub fn expose(&self) -> &str {
        self.secret.expose()
    }

    /// Returns when the token expires, on the platform's clock.
    pub fn expires_at(&self) -> SystemTime {
        self.expires_at
    }
}
