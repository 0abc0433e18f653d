//! The hosted card page.

use keysecure::CardDetail;
use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::prelude::*;

use crate::arguments::{CardNo, ClientAccessToken, ExtraFields, Nonce, Origin, ParentOrigin};
use crate::client::Client;
use crate::secrets::{CardSecrets, ClientToken};

/// The calls for the hosted card page: `client.pci`.
#[pyclass(frozen, module = "keysecure")]
pub struct Pci(pub Py<Client>);

#[pymethods]
impl Pci {
    /// Returns a token for the hosted card page. Code 1013: PCI display is not enabled for the merchant.
    fn client_token(&self, py: Python<'_>, card_no: CardNo) -> PyResult<ClientToken> {
        self.0.get().run(py, move |client| client.pci().client_token(&card_no.0)).map(ClientToken)
    }

    /// Makes the call of the hosted card page itself (inferred); a merchant's server does not need it.
    ///
    /// `origin` is that of the hosted page, `parent_origin` that of the merchant's page around it, `nonce` text that was
    /// never used before, `extra` a dict of further fields of the body.
    #[pyo3(signature = (*, client_access_token, origin, nonce, parent_origin=None, extra=None))]
    fn card_detail(
        &self,
        py: Python<'_>,
        client_access_token: ClientAccessToken,
        origin: Origin,
        nonce: Nonce,
        parent_origin: Option<ParentOrigin>,
        extra: Option<ExtraFields>,
    ) -> PyResult<CardSecrets> {
        let request = CardDetail {
            client_access_token: client_access_token.0,
            origin: origin.0,
            parent_origin: parent_origin.map(|origin| origin.0).unwrap_or_default(),
            nonce: nonce.0,
            extra: extra.map(|fields| fields.0).unwrap_or_default(),
        };
        self.0.get().run(py, move |client| client.pci().card_detail(&request)).map(CardSecrets)
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.0)
    }
}
