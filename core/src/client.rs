//! The client: what a caller holds.

use std::fmt;
use std::time::SystemTime;

use crate::builder::ClientBuilder;
use crate::codec::json::{Extra, Json};
use crate::doctor::{self, Report};
use crate::engine::operation;
use crate::engine::{Call, Caller, Engine};
use crate::error::Error;
use crate::resources::{Accounts, Cardholders, Cards, Consumptions, Pci, Simulation};
use crate::secrets::Secret;
use crate::transport::Method;

/// A blocking client of the platform.
///
/// Cloning it is cheap and shares everything; any number of threads may use one client. It fetches and renews the access
/// token by itself, learns the platform's clock, and sends a request again only when that cannot do a thing twice.
#[derive(Clone)]
pub struct Client {
    caller: Caller,
}

impl Client {
    /// Begins a client with the merchant's credentials.
    pub fn builder(api_key: impl Into<Secret>, api_secret: impl Into<Secret>) -> ClientBuilder {
        ClientBuilder::new(api_key.into(), api_secret.into())
    }

    /// A client from `KEYSECURE_API_KEY`, `KEYSECURE_API_SECRET` and, when set, `KEYSECURE_ENVIRONMENT` (`sandbox` or
    /// `production`), `KEYSECURE_BASE_URL`, `KEYSECURE_PROXY`, `KEYSECURE_CA_PEM` (the text, or a file's path),
    /// `KEYSECURE_TIMEZONE` and `KEYSECURE_STORE` (see [`Store`](crate::Store)). They are read now, not when the program
    /// starts.
    pub fn from_env() -> Result<Self, Error> {
        ClientBuilder::from_env()?.build()
    }

    /// Cardholders and their verification.
    pub fn cardholders(&self) -> Cardholders<'_> {
        Cardholders(&self.caller)
    }

    /// Cards, packages and BINs.
    pub fn cards(&self) -> Cards<'_> {
        Cards(&self.caller)
    }

    /// Purchases, fees, reversals and refunds.
    pub fn consumptions(&self) -> Consumptions<'_> {
        Consumptions(&self.caller)
    }

    /// Balances and transfers (credit mode).
    pub fn accounts(&self) -> Accounts<'_> {
        Accounts(&self.caller)
    }

    /// The hosted card page.
    pub fn pci(&self) -> Pci<'_> {
        Pci(&self.caller)
    }

    /// Simulated purchases; refused in production.
    pub fn simulation(&self) -> Simulation<'_> {
        Simulation(&self.caller)
    }

    /// The access token in use, for diagnosis; one is fetched only when there is none. Every other call takes care of
    /// the token by itself.
    pub fn access_token(&self) -> Result<AccessToken, Error> {
        let held = self.caller.engine.access_token()?;
        Ok(AccessToken { secret: held.secret.clone(), expires_at: held.expires_at })
    }

    /// Finds out what is wrong with an integration: clock, reachability, Api-Key, whitelist, token, mode and, with the
    /// number of an activated card, PCI display and the AES scheme. Nothing is changed at the platform.
    pub fn doctor(&self, card_no: Option<&str>) -> Report {
        doctor::run_checks(&self.caller, card_no)
    }

    /// Makes any call of the platform, with its headers, rules and errors: JSON in, `data` as JSON out.
    ///
    /// `path` starts behind `/open-api`, such as `/v1/card/list`. A POST on a path that this version does not know is
    /// treated as a mutation: it is not sent again when its outcome is unknown. Everything below `/v1/simulate` is refused
    /// in production. The body goes out byte for byte as the [`Json`] holds it. A mutation that carries a merchant reference
    /// is recorded in the store of attempts, as by its own method.
    pub fn call(&self, method: Method, path: &str, body: Option<&Json>) -> Result<Json, Error> {
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
            // A number counts as its digits, as in a row.
            Some(reference.parse().unwrap_or_else(|_| reference.as_str().to_owned()))
        });
        self.caller.run(&Call { reference: reference.as_deref(), ..Call::new(operation, path, body.as_bytes()) })
    }

    /// Ends the client and all its clones: its connections are closed, and every later call is an error. Calls under way are
    /// broken off; of a mutation among them nobody knows whether it was done (outcome `unknown`).
    pub fn close(&self) {
        self.caller.engine.close();
    }

    pub(crate) fn new(engine: Engine) -> Self {
        Self { caller: Caller::new(engine) }
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.caller.engine.fmt(formatter)
    }
}

/// An access token and its end. It prints without the token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessToken {
    secret: Secret,
    expires_at: SystemTime,
}

impl AccessToken {
    /// The token itself.
    pub fn expose(&self) -> &str {
        self.secret.expose()
    }

    /// When the platform ends it.
    pub fn expires_at(&self) -> SystemTime {
        self.expires_at
    }
}
