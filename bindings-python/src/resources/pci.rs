//! The hosted card page.

use keysecure::CardDetail;
use pyo3::prelude::*;

use crate::client::Client;
use crate::secrets::{CardSecrets, ClientToken};
use crate::values::{Given, extra, optional_text, text};

/// The calls for the hosted card page: `client.pci`.
#[pyclass(frozen, module = "keysecure")]
pub struct Pci(pub Py<Client>);

#[pymethods]
impl Pci {
    /// A token for the hosted card page. Code 1013: PCI display is not enabled for the merchant.
    fn client_token(&self, py: Python<'_>, card_no: Given<'_, '_>) -> PyResult<ClientToken> {
        let card_no = text("card_no", card_no)?;
        self.0.get().run(py, move |client| client.pci().client_token(&card_no)).map(ClientToken)
    }

    /// What the hosted card page itself calls; a merchant's server has no need of it. Inferred from the error codes.
    ///
    /// `origin` is that of the hosted page, `parent_origin` that of the merchant's page around it, `nonce` a text never
    /// used before, `extra` a dict of further fields of the body.
    #[pyo3(signature = (*, client_access_token, origin, nonce, parent_origin=None, extra=None))]
    fn card_detail(
        &self,
        py: Python<'_>,
        client_access_token: Given<'_, '_>,
        origin: Given<'_, '_>,
        nonce: Given<'_, '_>,
        parent_origin: Option<Given<'_, '_>>,
        extra: Option<Given<'_, '_>>,
    ) -> PyResult<CardSecrets> {
        let request = CardDetail {
            client_access_token: text("client_access_token", client_access_token)?.into(),
            origin: text("origin", origin)?,
            parent_origin: optional_text("parent_origin", parent_origin)?.unwrap_or_default(),
            nonce: text("nonce", nonce)?,
            extra: self::extra(extra)?,
        };
        self.0.get().run(py, move |client| client.pci().card_detail(&request)).map(CardSecrets)
    }
}
