//! The hosted card page.

use std::time::Duration;

use keysecure::{CardDetail, Client, Extra};

use crate::convert::Result;
use crate::secrets::{CardSecrets, ClientToken};

/// Calls for the hosted card page.
#[derive(Debug, uniffi::Object)]
pub struct Pci(pub(crate) Client);

#[uniffi::export]
impl Pci {
    /// The same calls for a call that has already waited so long for a thread: the time counts into its timeout or
    /// deadline.
    #[must_use]
    pub fn after_waiting(&self, waited: Duration) -> Self {
        Self(self.0.after_waiting(waited))
    }

    /// Returns a one-time token for the hosted card page. Code 1013 means that PCI display is not enabled for the
    /// merchant.
    pub fn client_token(&self, card_no: String) -> Result<ClientToken> {
        Ok(self.0.pci().client_token(&card_no)?.into())
    }

    /// Returns the secrets of a card, as the hosted card page does. A merchant's server does not need this call. The
    /// format of its request body is inferred, not documented.
    #[uniffi::method(default(extra = "{}"))]
    pub fn card_detail(
        &self,
        client_access_token: String,
        origin: String,
        parent_origin: String,
        nonce: String,
        extra: Extra,
    ) -> Result<CardSecrets> {
        let client_access_token = client_access_token.into();
        let request = CardDetail { client_access_token, origin, parent_origin, nonce, extra };
        Ok(self.0.pci().card_detail(&request)?.into())
    }
}
