//! The hosted card page (platform documentation, PCI).

use serde::de::{Deserializer, MapAccess};

use super::identifier;
use crate::client::Client;
use crate::engine::operation;
use crate::error::Error;
use crate::inferred::{self, CardDetail};
use crate::model::{Decode, Fields, or_missing, read_object, skip, value};
use crate::secrets::{CardSecrets, Secret};

/// The calls for the hosted card page.
#[derive(Debug, Clone, Copy)]
pub struct Pci<'a>(pub(crate) &'a Client);

/// A token that lets the hosted card page show one card, once. It prints without the token and has no JSON form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientToken {
    client_access_token: Secret,
    expires_in: i64,
}

impl ClientToken {
    /// The token itself, for the hosted page.
    pub fn expose(&self) -> &str {
        self.client_access_token.expose()
    }

    /// How long it is good, in seconds.
    pub fn expires_in(&self) -> i64 {
        self.expires_in
    }
}

impl Decode for ClientToken {
    const EXPECTED: &'static str = "an object";

    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        read_object(deserializer, Partial::default())
    }
}

#[derive(Default)]
struct Partial {
    client_access_token: Option<Secret>,
    expires_in: Option<i64>,
}

impl Fields for Partial {
    type Whole = ClientToken;

    fn field<'de, A: MapAccess<'de>>(&mut self, name: &str, map: &mut A) -> Result<(), A::Error> {
        match name {
            "client_access_token" => self.client_access_token = Some(value(map)?),
            "expires_in" => self.expires_in = Some(value(map)?),
            _ => skip(map)?,
        }
        Ok(())
    }

    fn finish<E: serde::de::Error>(self) -> Result<ClientToken, E> {
        Ok(ClientToken {
            client_access_token: or_missing("client_access_token", self.client_access_token)?,
            expires_in: or_missing("expires_in", self.expires_in)?,
        })
    }
}

impl Pci<'_> {
    /// A token for the hosted card page. Code 1013: PCI display is not enabled for the merchant.
    pub fn client_token(&self, card_no: &str) -> Result<ClientToken, Error> {
        self.0.get_with(operation::PCI_CLIENT_TOKEN, "card_no", card_no, |token: ClientToken| {
            identifier("client_access_token", token.expose()).map(|()| token)
        })
    }

    /// What the hosted card page itself calls. Inferred: see [`CardDetail`].
    pub fn card_detail(&self, request: &CardDetail) -> Result<CardSecrets, Error> {
        inferred::card_detail(self.0, request)
    }
}
