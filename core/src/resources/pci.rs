//! The hosted card page: its token and its own call (platform documentation, PCI).

use serde::ser::SerializeMap;

use super::identifier;
use crate::codec::json::Extra;
use crate::codec::{Body, DecimalFormat, Encode, Write, model, to_bytes};
use crate::engine::operation;
use crate::engine::{Call, Caller};
use crate::error::Error;
use crate::secrets::{CardSecrets, Secret};
use crate::validate;

/// Calls for the hosted card page. Created by [`Client::pci`](crate::Client::pci).
#[derive(Debug, Clone, Copy)]
pub struct Pci<'a>(pub(crate) &'a Caller);

model! {
    /// One-time token with which the hosted card page shows one card. Its `Debug` output hides the token.
    pub secret struct ClientToken {
        client_access_token: Secret,
        expires_in: i64,
    }
}

impl ClientToken {
    /// Returns the token, for the hosted card page.
    pub fn expose(&self) -> &str {
        self.client_access_token.expose()
    }

    /// Returns how long the token is valid, in seconds.
    pub fn expires_in(&self) -> i64 {
        self.expires_in
    }
}

/// Request of the hosted card page for the secrets of a card. See [`Pci::card_detail`].
///
/// All fields are inferred from the platform's error codes: 1014 token invalid or used, 1015 parent page not whitelisted,
/// 1016 origin does not match, 1017 nonce used before, 1018 `Sec-Fetch-*` headers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CardDetail {
    /// One-time token, from [`Pci::client_token`](crate::Pci::client_token).
    pub client_access_token: Secret,
    /// Origin of the hosted card page, sent as the `Origin` header.
    pub origin: String,
    /// Origin of the merchant's page that embeds the hosted card page. An empty string is not sent.
    pub parent_origin: String,
    /// Nonce: a string that was never used before.
    pub nonce: String,
    /// Additional fields of the body.
    pub extra: Extra,
}

impl Body for CardDetail {
    fn fields<S: SerializeMap>(&self, map: &mut S, money: DecimalFormat) -> Result<(), S::Error> {
        map.serialize_entry("client_access_token", &Write(&self.client_access_token, money))?;
        map.serialize_entry("nonce", &self.nonce)?;
        if !self.parent_origin.is_absent() {
            map.serialize_entry("parent_origin", &self.parent_origin)?;
        }
        self.extra.iter().try_for_each(|(name, value)| map.serialize_entry(name, value))
    }
}

/// Sends the headers that a browser sends for a fetch from the hosted page, and none of the merchant's.
fn card_detail(caller: &Caller, request: &CardDetail) -> Result<CardSecrets, Error> {
    validate::required("client_access_token", request.client_access_token.expose())?;
    validate::required("nonce", &request.nonce)?;
    validate::header_text("origin", &request.origin)?;
    let body = to_bytes(request, DecimalFormat::String)?;
    let headers = [
        ("Origin", request.origin.as_str()),
        ("Sec-Fetch-Site", "same-origin"),
        ("Sec-Fetch-Mode", "cors"),
        ("Sec-Fetch-Dest", "empty"),
    ];
    let operation = operation::PCI_CARD_DETAIL;
    let call = Call { headers: &headers, ..Call::new(operation, operation.path, &body) };
    caller.engine.execute(&call, caller.limit, Ok)
}

impl Pci<'_> {
    /// Gets a one-time token with which the hosted card page shows a card.
    ///
    /// # Errors
    ///
    /// Kind [`Permission`](crate::ErrorKind::Permission) (code 1013) if PCI display is not enabled for the merchant.
    ///
    /// # Examples
    ///
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let sandbox = keysecure_sandbox::Sandbox::start()?;
    /// # let builder = keysecure::Client::builder(sandbox.api_key(), sandbox.api_secret());
    /// # let client = builder.base_url(sandbox.base_url()).build()?;
    /// # let card_no = sandbox.seed_virtual_card(&sandbox.seed_approved_cardholder())?;
    /// let token = client.pci().client_token(&card_no)?;
    /// println!("valid for {} s: {}", token.expires_in(), token.expose());
    /// # Ok(())
    /// # }
    /// ```
    pub fn client_token(&self, card_no: &str) -> Result<ClientToken, Error> {
        self.0.get(operation::PCI_CLIENT_TOKEN, "card_no", card_no, |token: ClientToken| {
            identifier("client_access_token", token.expose()).map(|()| token)
        })
    }

    /// Gets the secrets of a card with a one-time token, as the hosted card page does.
    ///
    /// The request and the response are inferred: see [`CardDetail`]. A merchant's server does not need this call;
    /// [`Cards::private_info`](crate::Cards::private_info) is for servers.
    ///
    /// # Errors
    ///
    /// Kind [`Api`](crate::ErrorKind::Api) with one of the codes 1014 to 1018 if the platform refuses the token, the origin,
    /// the nonce or the headers.
    pub fn card_detail(&self, request: &CardDetail) -> Result<CardSecrets, Error> {
        card_detail(self.0, request)
    }
}
