//! The client: what a caller holds.

use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use serde::ser::{Serialize, SerializeMap, Serializer};
use zeroize::Zeroizing;

use crate::builder::ClientBuilder;
use crate::check;
use crate::doctor::{self, Report};
use crate::engine::operation::{self, Operation};
use crate::engine::{Call, Engine, Limit};
use crate::error::Error;
use crate::inferred::Simulation;
use crate::model::{Body, Decode, Money};
use crate::resources::{Accounts, Cardholders, Cards, Consumptions, Pci, Referenced, identifier};
use crate::secrets::Secret;
use crate::transport::Method;
use crate::values::json::{Extra, Json};

/// A blocking client of the platform.
///
/// Cloning it is cheap and shares everything; any number of threads may use one client. It fetches and renews the access
/// token by itself, learns the platform's clock, and sends a request again only when that cannot do a thing twice.
#[derive(Clone)]
pub struct Client {
    pub(crate) engine: Arc<Engine>,
    limit: Limit,
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
        Cardholders(self)
    }

    /// Cards, packages and BINs.
    pub fn cards(&self) -> Cards<'_> {
        Cards(self)
    }

    /// Purchases, fees, reversals and refunds.
    pub fn consumptions(&self) -> Consumptions<'_> {
        Consumptions(self)
    }

    /// Balances and transfers (credit mode).
    pub fn accounts(&self) -> Accounts<'_> {
        Accounts(self)
    }

    /// The hosted card page.
    pub fn pci(&self) -> Pci<'_> {
        Pci(self)
    }

    /// Simulated purchases; refused in production.
    pub fn simulation(&self) -> Simulation<'_> {
        Simulation(self)
    }

    /// The access token in use, for diagnosis; one is fetched only when there is none. Every other call takes care of
    /// the token by itself.
    pub fn access_token(&self) -> Result<AccessToken, Error> {
        let held = self.engine.access_token()?;
        Ok(AccessToken { secret: held.secret.clone(), expires_at: held.expires_at })
    }

    /// Finds out what is wrong with an integration: clock, reachability, Api-Key, whitelist, token, mode and, with the
    /// number of an activated card, PCI display and the AES scheme. Nothing is changed at the platform.
    pub fn doctor(&self, card_no: Option<&str>) -> Report {
        doctor::examine(self, card_no)
    }

    /// Makes any call of the platform, with its headers, rules and errors: JSON in, `data` as JSON out.
    ///
    /// `path` starts behind `/open-api`, such as `/v1/card/list`. A POST on a path that this version does not know is
    /// treated as a mutation: it is not sent again when its outcome is unknown. Everything below `/v1/simulate` is refused
    /// in production. The body goes out byte for byte as the [`Json`] holds it. A mutation that carries a merchant reference
    /// is recorded in the store of attempts, as by its own method.
    pub fn call(&self, method: Method, path: &str, body: Option<&Json>) -> Result<Json, Error> {
        let plain = path.bytes().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'?' | b'#' | b'\\'));
        let operation = operation::of_raw_call(method, path).filter(|_| plain && path.starts_with('/'));
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
        self.run(&Call { reference: reference.as_deref(), ..Call::new(operation, path, body.as_bytes()) })
    }

    /// Ends the client and all its clones: its connections are closed, and every later call is an error. Calls under way are
    /// broken off; of a mutation among them nobody knows whether it was done (outcome `unknown`).
    pub fn close(&self) {
        self.engine.close();
    }

    pub(crate) fn new(engine: Engine) -> Self {
        Self { engine: Arc::new(engine), limit: Limit::default() }
    }

    /// The same client with a limit on its calls.
    pub(crate) fn limited(&self, limit: Limit) -> Self {
        Self { engine: Arc::clone(&self.engine), limit }
    }

    /// GET, with the path's variable filled in, whose data must still be accepted.
    pub(crate) fn get_with<T: Decode, U>(
        &self,
        operation: &'static Operation,
        field: &str,
        number: &str,
        accept: impl Fn(T) -> Result<U, Error>,
    ) -> Result<U, Error> {
        check::path_number(field, number)?;
        let (before, variable) = operation.path.split_once('{').unwrap_or((operation.path, ""));
        let after = variable.split_once('}').map_or("", |(_, after)| after);
        let path = [before, number, after].concat();
        self.engine.run(&Call::new(operation, &path, &[]), self.limit, accept)
    }

    /// POST whose data must still be accepted.
    pub(crate) fn post_with<T: Decode, U>(
        &self,
        operation: &'static Operation,
        body: &impl Body,
        accept: impl Fn(T) -> Result<U, Error>,
    ) -> Result<U, Error> {
        let body = to_bytes(body, Money::Text)?;
        self.engine.run(&Call::new(operation, operation.path, &body), self.limit, accept)
    }

    /// POST of a mutation that carries a merchant reference. Its response must hold the platform's number and, when it
    /// echoes a reference, the one that was sent: any other response belongs to another request.
    pub(crate) fn post_referenced<T: Referenced>(
        &self,
        operation: &'static Operation,
        reference: &str,
        body: &impl Body,
    ) -> Result<T, Error> {
        let body = to_bytes(body, Money::Text)?;
        let call = Call { reference: Some(reference), ..Call::new(operation, operation.path, &body) };
        self.engine.run(&call, self.limit, |response: T| {
            identifier(T::NUMBER, response.number())?;
            if response.echo().is_some_and(|echo| Some(echo) != call.reference) {
                return Err(Error::invalid_response(format!("{} in the response is not the one sent", T::REFERENCE)));
            }
            Ok(response)
        })
    }

    /// Any call, ready made.
    pub(crate) fn run<T: Decode>(&self, call: &Call<'_>) -> Result<T, Error> {
        self.run_with(call, Ok)
    }

    /// Any call whose data must still be accepted.
    pub(crate) fn run_with<T: Decode, U>(
        &self,
        call: &Call<'_>,
        accept: impl Fn(T) -> Result<U, Error>,
    ) -> Result<U, Error> {
        self.engine.run(call, self.limit, accept)
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.engine.fmt(formatter)
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

/// Writes a body; the bytes are wiped when dropped.
pub(crate) fn to_bytes(body: &impl Body, money: Money) -> Result<Zeroizing<Vec<u8>>, Error> {
    struct Whole<'a, B>(&'a B, Money);
    impl<B: Body> Serialize for Whole<'_, B> {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            let mut map = serializer.serialize_map(None)?;
            self.0.fields(&mut map, self.1)?;
            map.end()
        }
    }
    let bytes = serde_json::to_vec(&Whole(body, money)).map_err(|_| Error::invalid_input("body", "is not JSON"))?;
    Ok(Zeroizing::new(bytes))
}
