//! `pci/card/detail`, the call of the hosted card page.

use serde::ser::SerializeMap;

use crate::check;
use crate::client::{Client, to_bytes};
use crate::engine::Call;
use crate::engine::operation;
use crate::error::Error;
use crate::model::{Body, Encode, Money, Write};
use crate::secrets::{CardSecrets, Secret};
use crate::values::json::Extra;

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
    fn fields<S: SerializeMap>(&self, map: &mut S, money: Money) -> Result<(), S::Error> {
        map.serialize_entry("client_access_token", &Write(&self.client_access_token, money))?;
        map.serialize_entry("nonce", &self.nonce)?;
        if !self.parent_origin.is_absent() {
            map.serialize_entry("parent_origin", &self.parent_origin)?;
        }
        self.extra.iter().try_for_each(|(name, value)| map.serialize_entry(name, value))
    }
}

/// Makes the call as a browser would: without the merchant's headers, with those of a fetch from the page itself.
pub(crate) fn card_detail(client: &Client, request: &CardDetail) -> Result<CardSecrets, Error> {
    check::required("client_access_token", request.client_access_token.expose())?;
    check::required("nonce", &request.nonce)?;
    check::header_text("origin", &request.origin)?;
    let body = to_bytes(request, Money::Text)?;
    let headers = [
        ("Origin", request.origin.as_str()),
        ("Sec-Fetch-Site", "same-origin"),
        ("Sec-Fetch-Mode", "cors"),
        ("Sec-Fetch-Dest", "empty"),
    ];
    let operation = operation::PCI_CARD_DETAIL;
    client.run(&Call { headers: &headers, ..Call::new(operation, operation.path, &body) })
}
