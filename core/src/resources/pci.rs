//! The hosted card page (platform documentation, PCI).

use serde::ser::SerializeMap;

use super::identifier;
use crate::codec::json::Extra;
use crate::codec::{Body, DecimalFormat, Encode, Write, model, to_bytes};
use crate::engine::operation;
use crate::engine::{Call, Caller};
use crate::error::Error;
use crate::secrets::{CardSecrets, Secret};
use crate::validate;

/// The calls for the hosted card page.
#[derive(Debug, Clone, Copy)]
pub struct Pci<'a>(pub(crate) &'a Caller);

model! {
    /// A token that lets the hosted card page show one card, once. It prints without the token and has no JSON form.
    pub secret struct ClientToken {
        client_access_token: Secret,
        expires_in: i64,
    }
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

/// What the hosted card page sends to show a card.
///
/// Inferred from the error codes: 1014 token invalid or used, 1015 parent page not whitelisted, 1016 origin does not
/// match, 1017 nonce used before, 1018 `Sec-Fetch-*` headers. A merchant's server has no need of this call.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CardDetail {
    /// The one-time token. See [`Pci::client_token`](crate::Pci::client_token).
    pub client_access_token: Secret,
    /// The origin of the hosted page, sent as the `Origin` header.
    pub origin: String,
    /// The origin of the merchant's page around it.
    pub parent_origin: String,
    /// A text never used before.
    pub nonce: String,
    /// Further fields of the body.
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

/// Makes the call as a browser would: without the merchant's headers, with those of a fetch from the page itself.
fn card_detail(caller: &Caller, request: &CardDetail) -> Result<CardSecrets, Error> {
    validate::required("client_access_token", request.client_access_token.expose())?;
    validate::required("nonce", &request.nonce)?;
    validate::header_text("origin", &request.origin)?;
    let body = to_bytes(request, DecimalFormat::Text)?;
    let headers = [
        ("Origin", request.origin.as_str()),
        ("Sec-Fetch-Site", "same-origin"),
        ("Sec-Fetch-Mode", "cors"),
        ("Sec-Fetch-Dest", "empty"),
    ];
    let operation = operation::PCI_CARD_DETAIL;
    caller.run(&Call { headers: &headers, ..Call::new(operation, operation.path, &body) })
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
        card_detail(self.0, request)
    }
}
