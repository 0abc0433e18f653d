//! The handle by which resources make calls: the engine, and the limit on the calls.

use std::fmt;
use std::sync::Arc;

use super::operation::Operation;
use serde::ser::SerializeMap;

use super::{Call, Engine, Limit};
use crate::codec::{Body, DecimalFormat, Decode, to_bytes};
use crate::error::Error;
use crate::secrets::{CardSecrets, Secret};
use crate::settings::Access;
use crate::validate;

/// A handle of an engine with a limit on the calls that are made through it.
#[derive(Clone)]
pub(crate) struct Caller {
    pub engine: Arc<Engine>,
    pub limit: Limit,
}

impl Caller {
    /// Creates a handle without a limit.
    pub(crate) fn new(engine: Engine) -> Self {
        Self { engine: Arc::new(engine), limit: Limit::default() }
    }

    /// The same engine with a limit on its calls.
    pub(crate) fn limited(&self, limit: Limit) -> Self {
        Self { engine: Arc::clone(&self.engine), limit }
    }

    /// Makes a GET with `number` as the variable of the path; `accept` checks or converts the data, and its error becomes the
    /// call's.
    pub(crate) fn get<T: Decode, U>(
        &self,
        operation: &'static Operation,
        field: &str,
        number: &str,
        accept: impl FnOnce(T) -> Result<U, Error>,
    ) -> Result<U, Error> {
        validate::path_number(field, number)?;
        if self.engine.settings.is_relayed() {
            return self.post(operation, &Number { field, number }, accept);
        }
        let (before, variable) = operation.path.split_once('{').unwrap_or((operation.path, ""));
        let after = variable.split_once('}').map_or("", |(_, after)| after);
        let path = [before, number, after].concat();
        self.engine.execute(&Call::new(operation, &path, &[]), self.limit, accept)
    }

    /// Makes a POST; `accept` checks or converts the data.
    pub(crate) fn post<T: Decode, U>(
        &self,
        operation: &'static Operation,
        body: &impl Body,
        accept: impl FnOnce(T) -> Result<U, Error>,
    ) -> Result<U, Error> {
        self.post_tap(operation, body, None, accept)
    }

    /// Makes a POST that a relay carries out once for its `tap`.
    pub(crate) fn post_tap<T: Decode, U>(
        &self,
        operation: &'static Operation,
        body: &impl Body,
        tap: Option<&str>,
        accept: impl FnOnce(T) -> Result<U, Error>,
    ) -> Result<U, Error> {
        if let Some(tap) = tap {
            self.check_tap(tap)?;
        }
        let body = to_bytes(body, DecimalFormat::String)?;
        let call = Call { tap, ..Call::new(operation, operation.path, &body) };
        self.engine.execute(&call, self.limit, accept)
    }

    fn check_tap(&self, tap: &str) -> Result<(), Error> {
        if !self.engine.settings.is_relayed() {
            let rule = "is for a client of a relay: the platform cannot tell that a change is sent again";
            return Err(Error::invalid_input("tap", rule));
        }
        validate::tap("tap", tap)
    }

    /// A CVV or PIN as a request body holds it: encrypted for the platform, plain for a relay, which encrypts it.
    pub(crate) fn sealed(&self, plain: &Secret) -> Result<Secret, Error> {
        match &self.engine.settings.access {
            Access::Direct(credentials) => Ok(credentials.cipher.encrypt(plain.expose())?.into()),
            Access::Relay(_) => Ok(plain.clone()),
        }
    }

    /// Makes a GET whose data are the private information of a card: encrypted by the platform, plain from a relay.
    pub(crate) fn get_card_secrets(&self, operation: &'static Operation, card_no: &str) -> Result<CardSecrets, Error> {
        match &self.engine.settings.access {
            Access::Direct(credentials) => self.get(operation, "card_no", card_no, |encrypted: String| {
                let plain = credentials.cipher.decrypt(&encrypted)?;
                // Text that does not have the form of card secrets was decrypted with a wrong key.
                CardSecrets::from_json(plain.expose()).map_err(|_| Error::decrypt())
            }),
            Access::Relay(_) => self.get(operation, "card_no", card_no, Ok),
        }
    }
}

/// Body of a request to a relay that has one number.
struct Number<'a> {
    field: &'a str,
    number: &'a str,
}

impl Body for Number<'_> {
    fn fields<S: SerializeMap>(&self, map: &mut S, _: DecimalFormat) -> Result<(), S::Error> {
        map.serialize_entry(self.field, self.number)
    }
}

impl fmt::Debug for Caller {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.engine.fmt(formatter)
    }
}
