//! The hosted card page.

use keysecure::{CardDetail, Client, Extra};

use crate::convert::Result;
use crate::secrets::{CardSecrets, ClientToken};

/// The calls for the hosted card page.
#[derive(Debug, uniffi::Object)]
pub struct Pci(pub(crate) Client);

#[uniffi::export]
impl Pci {
    /// A token that lets the hosted card page show one card, once.
    pub fn client_token(&self, card_no: String) -> Result<ClientToken> {
        Ok(self.0.pci().client_token(&card_no)?.into())
    }

    /// What the hosted card page itself calls. Its body is inferred: see the core's `CardDetail`.
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
