//! Cards, packages and BINs.

use keysecure::{ActivateCard, ApplyCard, Cvv, ListBins, ListCards, ListPackages, Pin, SetPin};
use pyo3::prelude::*;

use crate::address;
use crate::client::Client;
use crate::ensured::{self, Ensured};
use crate::lists::{List, Page};
use crate::secrets::CardSecrets;
use crate::values::{Given, count, optional_text, text, when};

/// The calls on cards: `client.cards`.
#[pyclass(frozen, module = "keysecure")]
pub struct Cards(pub Py<Client>);

fn application(
    cardholder_no: Given<'_, '_>,
    card_unique_no: Given<'_, '_>,
    card_type: Given<'_, '_>,
    package_no: Option<Given<'_, '_>>,
    card_bin_no: Option<Given<'_, '_>>,
    address_info: Option<Given<'_, '_>>,
) -> PyResult<ApplyCard> {
    Ok(ApplyCard {
        cardholder_no: text("cardholder_no", cardholder_no)?,
        card_unique_no: text("card_unique_no", card_unique_no)?,
        card_type: text("card_type", card_type)?.into(),
        package_no: optional_text("package_no", package_no)?,
        card_bin_no: optional_text("card_bin_no", card_bin_no)?,
        address_info: address_info.map(address::of).transpose()?,
    })
}

fn query(
    start: Given<'_, '_>,
    end: Given<'_, '_>,
    cardholder_no: Option<Given<'_, '_>>,
    card_unique_no: Option<Given<'_, '_>>,
    card_no: Option<Given<'_, '_>>,
) -> PyResult<ListCards> {
    let mut query = ListCards::between(when("start", start)?, when("end", end)?);
    query.cardholder_no = optional_text("cardholder_no", cardholder_no)?;
    query.card_unique_no = optional_text("card_unique_no", card_unique_no)?;
    query.card_no = optional_text("card_no", card_no)?;
    Ok(query)
}

fn package_filter(r#type: Option<Given<'_, '_>>, package_no: Option<Given<'_, '_>>) -> PyResult<ListPackages> {
    Ok(ListPackages {
        r#type: optional_text("type", r#type)?.map(Into::into),
        package_no: optional_text("package_no", package_no)?,
    })
}

#[pymethods]
impl Cards {
    /// Applies for a card. The answer says that the platform took the application, not that the card was issued.
    ///
    /// `package_no` in credit mode, `card_bin_no` in authorization mode. `address_info`, an `Address` or a dict, is
    /// needed for a physical card.
    #[pyo3(signature = (*, cardholder_no, card_unique_no, card_type, package_no=None, card_bin_no=None, address_info=None))]
    fn apply(
        &self,
        py: Python<'_>,
        cardholder_no: Given<'_, '_>,
        card_unique_no: Given<'_, '_>,
        card_type: Given<'_, '_>,
        package_no: Option<Given<'_, '_>>,
        card_bin_no: Option<Given<'_, '_>>,
        address_info: Option<Given<'_, '_>>,
    ) -> PyResult<keysecure::CardApplied> {
        let request = application(cardholder_no, card_unique_no, card_type, package_no, card_bin_no, address_info)?;
        self.0.get().run(py, move |client| client.cards().apply(&request))
    }

    /// Makes sure that a card is applied for exactly once, whatever happened before. Its reference is `card_unique_no`.
    ///
    /// The client needs a `store`, which records each attempt before it is sent and lets one worker at a time work on a
    /// reference: without one this is a `ConfigError`. A reference that no worker ever sent is sent at once. One that may have
    /// been sent is looked up first, and sent only when it is provably absent: not found `settle` seconds after the last
    /// attempt (10, or 120 over a proxy). `deadline` bounds all of it (60 s, or 180). `since` is since when it may have been
    /// sent (the last 90 days). `first_attempt=True` says that the reference is new. `on_store_failure`: `"reject"`, the default,
    /// fails with outcome `not_sent` when the store cannot be reached; `"accept"` continues with this process's memory alone,
    /// while another worker may do the same.
    #[pyo3(
        signature = (
            *, cardholder_no, card_unique_no, card_type, package_no=None, card_bin_no=None, address_info=None, deadline=None, settle=None, since=None, first_attempt=false, on_store_failure=None,
        ),
        text_signature = "($self, *, cardholder_no, card_unique_no, card_type, package_no=None, card_bin_no=None, \
            address_info=None, deadline=None, settle=None, since=None, first_attempt=False, \
            on_store_failure='reject')",
    )]
    fn ensure_card(
        &self,
        py: Python<'_>,
        cardholder_no: Given<'_, '_>,
        card_unique_no: Given<'_, '_>,
        card_type: Given<'_, '_>,
        package_no: Option<Given<'_, '_>>,
        card_bin_no: Option<Given<'_, '_>>,
        address_info: Option<Given<'_, '_>>,
        deadline: Option<Given<'_, '_>>,
        settle: Option<Given<'_, '_>>,
        since: Option<Given<'_, '_>>,
        first_attempt: bool,
        on_store_failure: Option<Given<'_, '_>>,
    ) -> PyResult<Ensured> {
        let request = application(cardholder_no, card_unique_no, card_type, package_no, card_bin_no, address_info)?;
        let options = ensured::options(deadline, settle, since, first_attempt, on_store_failure)?;
        let ensured = self.0.get().run(py, move |client| client.cards().ensure_card(&request, &options))?;
        Ensured::of(py, ensured)
    }

    /// All cards applied for in a span of any length, lazily and newest first. Both ends are included; a date
    /// means the whole day in the client's `timezone`.
    #[pyo3(signature = (*, start, end, cardholder_no=None, card_unique_no=None, card_no=None))]
    fn list(
        &self,
        py: Python<'_>,
        start: Given<'_, '_>,
        end: Given<'_, '_>,
        cardholder_no: Option<Given<'_, '_>>,
        card_unique_no: Option<Given<'_, '_>>,
        card_no: Option<Given<'_, '_>>,
    ) -> PyResult<List> {
        let query = query(start, end, cardholder_no, card_unique_no, card_no)?;
        Ok(List::of(self.0.get().core(py)?.cards().list(&query)?))
    }

    /// One page (0 is the first, at most 100 rows) of a window of at most 90 days.
    #[pyo3(signature = (*, start, end, page, size, cardholder_no=None, card_unique_no=None, card_no=None))]
    fn list_page(
        &self,
        py: Python<'_>,
        start: Given<'_, '_>,
        end: Given<'_, '_>,
        page: Given<'_, '_>,
        size: Given<'_, '_>,
        cardholder_no: Option<Given<'_, '_>>,
        card_unique_no: Option<Given<'_, '_>>,
        card_no: Option<Given<'_, '_>>,
    ) -> PyResult<Page> {
        let query = query(start, end, cardholder_no, card_unique_no, card_no)?;
        let (page, size) = (count("page", page)?, count("size", size)?);
        Page::of(py, self.0.get().run(py, move |client| client.cards().list_page(&query, page, size))?)
    }

    /// One card, with its costs.
    fn get(&self, py: Python<'_>, card_no: Given<'_, '_>) -> PyResult<keysecure::Card> {
        let card_no = text("card_no", card_no)?;
        self.0.get().run(py, move |client| client.cards().get(&card_no))
    }

    /// The PAN, CVV and expiry of an activated card. Code 1013: PCI display is not enabled for the merchant.
    fn private_info(&self, py: Python<'_>, card_no: Given<'_, '_>) -> PyResult<CardSecrets> {
        let card_no = text("card_no", card_no)?;
        self.0.get().run(py, move |client| client.cards().private_info(&card_no)).map(CardSecrets)
    }

    /// Activates a physical card in status `ToActivate`. The CVV is given plain and encrypted before it is sent.
    #[pyo3(signature = (*, card_no, cardholder_no, cvv, card_last_no))]
    fn activate(
        &self,
        py: Python<'_>,
        card_no: Given<'_, '_>,
        cardholder_no: Given<'_, '_>,
        cvv: Given<'_, '_>,
        card_last_no: Given<'_, '_>,
    ) -> PyResult<()> {
        let request = ActivateCard {
            card_no: text("card_no", card_no)?,
            cardholder_no: text("cardholder_no", cardholder_no)?,
            cvv: Cvv::new(text("cvv", cvv)?)?,
            card_last_no: text("card_last_no", card_last_no)?,
        };
        self.0.get().run(py, move |client| client.cards().activate(&request))
    }

    /// Sets a card's status to `Frozen`, `Activated` or `Delete`. Code 4005: its status does not allow it.
    #[pyo3(signature = (*, card_no, status))]
    fn update_status(&self, py: Python<'_>, card_no: Given<'_, '_>, status: Given<'_, '_>) -> PyResult<()> {
        let (card_no, status) = (text("card_no", card_no)?, text("status", status)?);
        self.0.get().run(py, move |client| client.cards().update_status(&card_no, status))
    }

    /// Stops an activated card for a time.
    fn freeze(&self, py: Python<'_>, card_no: Given<'_, '_>) -> PyResult<()> {
        let card_no = text("card_no", card_no)?;
        self.0.get().run(py, move |client| client.cards().freeze(&card_no))
    }

    /// Lets a frozen card work again.
    fn unfreeze(&self, py: Python<'_>, card_no: Given<'_, '_>) -> PyResult<()> {
        let card_no = text("card_no", card_no)?;
        self.0.get().run(py, move |client| client.cards().unfreeze(&card_no))
    }

    /// Closes a card for good.
    fn delete(&self, py: Python<'_>, card_no: Given<'_, '_>) -> PyResult<()> {
        let card_no = text("card_no", card_no)?;
        self.0.get().run(py, move |client| client.cards().delete(&card_no))
    }

    /// Sets the PIN of a physical, activated card. The PIN is given plain, six digits, and encrypted before it is sent.
    #[pyo3(signature = (*, card_no, cardholder_no, pin))]
    fn set_pin(
        &self,
        py: Python<'_>,
        card_no: Given<'_, '_>,
        cardholder_no: Given<'_, '_>,
        pin: Given<'_, '_>,
    ) -> PyResult<()> {
        let request = SetPin {
            card_no: text("card_no", card_no)?,
            cardholder_no: text("cardholder_no", cardholder_no)?,
            pin: Pin::new(text("pin", pin)?)?,
        };
        self.0.get().run(py, move |client| client.cards().set_pin(&request))
    }

    /// The packages that cards are opened from in credit mode, lazily.
    #[pyo3(signature = (*, r#type=None, package_no=None))]
    fn packages(
        &self,
        py: Python<'_>,
        r#type: Option<Given<'_, '_>>,
        package_no: Option<Given<'_, '_>>,
    ) -> PyResult<List> {
        let filter = package_filter(r#type, package_no)?;
        Ok(List::of(self.0.get().core(py)?.cards().packages(&filter)))
    }

    /// One page (0 is the first, at most 100 rows) of the packages.
    #[pyo3(signature = (*, page, size, r#type=None, package_no=None))]
    fn packages_page(
        &self,
        py: Python<'_>,
        page: Given<'_, '_>,
        size: Given<'_, '_>,
        r#type: Option<Given<'_, '_>>,
        package_no: Option<Given<'_, '_>>,
    ) -> PyResult<Page> {
        let filter = package_filter(r#type, package_no)?;
        let (page, size) = (count("page", page)?, count("size", size)?);
        Page::of(py, self.0.get().run(py, move |client| client.cards().packages_page(&filter, page, size))?)
    }

    /// The BINs that cards are opened from in authorization mode, lazily.
    #[pyo3(signature = (card_bin_no=None))]
    fn bins(&self, py: Python<'_>, card_bin_no: Option<Given<'_, '_>>) -> PyResult<List> {
        let filter = ListBins { card_bin_no: optional_text("card_bin_no", card_bin_no)? };
        Ok(List::of(self.0.get().core(py)?.cards().bins(&filter)))
    }

    /// One page (0 is the first, at most 100 rows) of the BINs.
    #[pyo3(signature = (*, page, size, card_bin_no=None))]
    fn bins_page(
        &self,
        py: Python<'_>,
        page: Given<'_, '_>,
        size: Given<'_, '_>,
        card_bin_no: Option<Given<'_, '_>>,
    ) -> PyResult<Page> {
        let filter = ListBins { card_bin_no: optional_text("card_bin_no", card_bin_no)? };
        let (page, size) = (count("page", page)?, count("size", size)?);
        Page::of(py, self.0.get().run(py, move |client| client.cards().bins_page(&filter, page, size))?)
    }
}
