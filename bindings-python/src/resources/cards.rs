//! Cards, packages and BINs.

use keysecure::{ActivateCard, ApplyCard, ListBins, ListCards, ListPackages, SetPin};
use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::prelude::*;

use crate::arguments::{
    AddressInfo, AppliedType, CardBinNo, CardCvv, CardLastNo, CardNo, CardPin, CardUniqueNo, CardholderNo, Deadline,
    End, EnsureOnStoreFailure, NewStatus, PackageNo, PackageType, PageNumber, PageSize, Settle, Since, Start, Tap,
};
use crate::client::Client;
use crate::ensured::{self, Ensured};
use crate::pager::{Page, Pager};
use crate::secrets::CardSecrets;

/// The calls on cards: `client.cards`.
#[pyclass(frozen, module = "keysecure")]
pub struct Cards(pub Py<Client>);

fn application(
    cardholder_no: CardholderNo,
    card_unique_no: CardUniqueNo,
    card_type: AppliedType,
    package_no: Option<PackageNo>,
    card_bin_no: Option<CardBinNo>,
    address_info: Option<AddressInfo>,
) -> ApplyCard {
    ApplyCard {
        cardholder_no: cardholder_no.0,
        card_unique_no: card_unique_no.0,
        card_type: card_type.0,
        package_no: package_no.map(|no| no.0),
        card_bin_no: card_bin_no.map(|no| no.0),
        address_info: address_info.map(|address| address.0),
    }
}

fn query(
    start: Start,
    end: End,
    cardholder_no: Option<CardholderNo>,
    card_unique_no: Option<CardUniqueNo>,
    card_no: Option<CardNo>,
) -> ListCards {
    let mut query = ListCards::between(start.0, end.0);
    query.cardholder_no = cardholder_no.map(|no| no.0);
    query.card_unique_no = card_unique_no.map(|no| no.0);
    query.card_no = card_no.map(|no| no.0);
    query
}

fn package_filter(r#type: Option<PackageType>, package_no: Option<PackageNo>) -> ListPackages {
    ListPackages { r#type: r#type.map(|kind| kind.0), package_no: package_no.map(|no| no.0) }
}

fn bin_filter(card_bin_no: Option<CardBinNo>) -> ListBins {
    ListBins { card_bin_no: card_bin_no.map(|no| no.0) }
}

/// The calls on cards, for a tap if there is one.
fn tapped<'a>(client: &'a keysecure::Client, tap: Option<&'a Tap>) -> keysecure::Cards<'a> {
    let cards = client.cards();
    tap.map_or(cards, |tap| cards.with_tap(&tap.0))
}

#[pymethods]
impl Cards {
    /// Applies for a card. The response confirms the application, not that the card is issued.
    ///
    /// `card_unique_no` is the merchant reference, `card_type` `"Virtual"` or `"Physical"`. Credit mode needs `package_no`,
    /// authorization mode `card_bin_no`. A physical card needs `address_info`, an `Address` or a dict.
    #[pyo3(signature = (*, cardholder_no, card_unique_no, card_type, package_no=None, card_bin_no=None, address_info=None))]
    fn apply(
        &self,
        py: Python<'_>,
        cardholder_no: CardholderNo,
        card_unique_no: CardUniqueNo,
        card_type: AppliedType,
        package_no: Option<PackageNo>,
        card_bin_no: Option<CardBinNo>,
        address_info: Option<AddressInfo>,
    ) -> PyResult<keysecure::CardApplied> {
        let request = application(cardholder_no, card_unique_no, card_type, package_no, card_bin_no, address_info);
        self.0.get().run(py, move |client| client.cards().apply(&request))
    }

    /// Applies for a card exactly once, whatever happened before. The merchant reference is `card_unique_no`.
    ///
    /// The client needs a `store`, which records each attempt before it is sent and leases the reference to one worker;
    /// without one this is a `ConfigError`. A reference that was never sent is sent at once. One that may have been sent is
    /// looked up first, and sent only when it is provably absent. Call it again after any error: that is safe.
    ///
    /// `settle`: seconds after the last attempt before "not found" counts as absence (default 10, or 120 over a proxy).
    /// `deadline`: the most seconds that the call takes, more than `settle`; an `InvalidInputError` otherwise (default 60, or
    /// 180 over a proxy). `since`: the earliest time at
    /// which the reference may have been sent, a datetime with a time zone or a date, which begins in the client's
    /// `timezone` (default: 90 days ago); not in the future. `first_attempt=True` states that the reference was never sent before (default
    /// `False`). `on_store_failure`, when the store cannot be reached: `"reject"` (default) fails with outcome `not_sent`;
    /// `"accept"` continues with the memory of this process alone, while another worker may do the same.
    #[pyo3(
        signature = (
            *, cardholder_no, card_unique_no, card_type, package_no=None, card_bin_no=None, address_info=None,
            deadline=None, settle=None, since=None, first_attempt=None, on_store_failure=None, never_sent=None,
        ),
        text_signature = "($self, *, cardholder_no, card_unique_no, card_type, package_no=None, card_bin_no=None, \
            address_info=None, deadline=None, settle=None, since=None, first_attempt=False, \
            on_store_failure='reject')",
    )]
    fn ensure_card(
        &self,
        py: Python<'_>,
        cardholder_no: CardholderNo,
        card_unique_no: CardUniqueNo,
        card_type: AppliedType,
        package_no: Option<PackageNo>,
        card_bin_no: Option<CardBinNo>,
        address_info: Option<AddressInfo>,
        deadline: Option<Deadline>,
        settle: Option<Settle>,
        since: Option<Since>,
        first_attempt: Option<bool>,
        on_store_failure: Option<EnsureOnStoreFailure>,
        never_sent: Option<bool>,
    ) -> PyResult<Ensured> {
        let request = application(cardholder_no, card_unique_no, card_type, package_no, card_bin_no, address_info);
        let options = ensured::options(py, deadline, settle, since, first_attempt, on_store_failure, never_sent)?;
        let ensured = self.0.get().run(py, move |client| client.cards().ensure_card(&request, &options))?;
        Ensured::of(py, ensured)
    }

    /// Iterates over all cards of a time window of any length (by application time), newest first, page by page.
    ///
    /// `start` and `end`, both included, are datetimes with a time zone, or dates. A date is the whole day in the client's
    /// `timezone` (UTC+8 unless it is set), whatever the time zone of this machine is: see `Client` before you use
    /// `date.today()`. A `start` that has not begun there is an `InvalidInputError`.
    #[pyo3(signature = (*, start, end, cardholder_no=None, card_unique_no=None, card_no=None))]
    fn list(
        &self,
        py: Python<'_>,
        start: Start,
        end: End,
        cardholder_no: Option<CardholderNo>,
        card_unique_no: Option<CardUniqueNo>,
        card_no: Option<CardNo>,
    ) -> PyResult<Pager> {
        let query = query(start, end, cardholder_no, card_unique_no, card_no);
        Ok(Pager::of(self.0.clone_ref(py), self.0.get().core(py)?.cards().list(&query)?))
    }

    /// Returns one page of the cards of a window of at most 90 days.
    ///
    /// `page` counts from 0; `size` is at most 100 rows.
    #[pyo3(signature = (*, start, end, page, size, cardholder_no=None, card_unique_no=None, card_no=None))]
    fn list_page(
        &self,
        py: Python<'_>,
        start: Start,
        end: End,
        page: PageNumber,
        size: PageSize,
        cardholder_no: Option<CardholderNo>,
        card_unique_no: Option<CardUniqueNo>,
        card_no: Option<CardNo>,
    ) -> PyResult<Page> {
        let query = query(start, end, cardholder_no, card_unique_no, card_no);
        Page::of(py, self.0.get().run(py, move |client| client.cards().list_page(&query, page.0, size.0))?)
    }

    /// Returns one card, with its fees and limits.
    fn get(&self, py: Python<'_>, card_no: CardNo) -> PyResult<keysecure::Card> {
        self.0.get().run(py, move |client| client.cards().get(&card_no.0))
    }

    /// Returns the PAN, CVV and expiry of an activated card. Code 1013: PCI display is not enabled for the merchant.
    fn private_info(&self, py: Python<'_>, card_no: CardNo) -> PyResult<CardSecrets> {
        self.0.get().run(py, move |client| client.cards().private_info(&card_no.0)).map(CardSecrets)
    }

    /// Activates a physical card in status `ToActivate`.
    ///
    /// `cvv` is the plain CVV, three digits; it is encrypted before it is sent. `card_last_no` are the last four digits of
    /// the PAN.
    ///
    /// `tap`: one action of the user of an app; see `freeze`.
    #[pyo3(signature = (*, card_no, cardholder_no, cvv, card_last_no, tap=None))]
    fn activate(
        &self,
        py: Python<'_>,
        card_no: CardNo,
        cardholder_no: CardholderNo,
        cvv: CardCvv,
        card_last_no: CardLastNo,
        tap: Option<Tap>,
    ) -> PyResult<()> {
        let request = ActivateCard {
            card_no: card_no.0,
            cardholder_no: cardholder_no.0,
            cvv: cvv.0,
            card_last_no: card_last_no.0,
        };
        self.0.get().run(py, move |client| tapped(client, tap.as_ref()).activate(&request))
    }

    /// Sets the status of a card to `"Frozen"`, `"Activated"` or `"Delete"`. Code 4005: the present status does not allow
    /// it.
    ///
    /// `tap`: one action of the user of an app; see `freeze`.
    #[pyo3(signature = (*, card_no, status, tap=None))]
    fn update_status(&self, py: Python<'_>, card_no: CardNo, status: NewStatus, tap: Option<Tap>) -> PyResult<()> {
        self.0.get().run(py, move |client| tapped(client, tap.as_ref()).update_status(&card_no.0, status.0))
    }

    /// Freezes an activated card; `unfreeze` activates it again.
    ///
    /// `tap`: one action of the user of an app, which a relay carries out once, however often it is sent. 1 to 64 characters of
    /// printable ASCII without spaces, chosen when the user acts and kept until the result is known. Without it each call makes
    /// one. For a client of a relay only. A `ConflictError`: the tap belongs to another request, or what became of it is not
    /// known. The `outcome` of an error is that of this call, not of an earlier one with the tap.
    #[pyo3(signature = (card_no, *, tap=None))]
    fn freeze(&self, py: Python<'_>, card_no: CardNo, tap: Option<Tap>) -> PyResult<()> {
        self.0.get().run(py, move |client| tapped(client, tap.as_ref()).freeze(&card_no.0))
    }

    /// Activates a frozen card again.
    ///
    /// `tap`: one action of the user of an app; see `freeze`.
    #[pyo3(signature = (card_no, *, tap=None))]
    fn unfreeze(&self, py: Python<'_>, card_no: CardNo, tap: Option<Tap>) -> PyResult<()> {
        self.0.get().run(py, move |client| tapped(client, tap.as_ref()).unfreeze(&card_no.0))
    }

    /// Deletes a card. This cannot be undone.
    ///
    /// `tap`: one action of the user of an app; see `freeze`.
    #[pyo3(signature = (card_no, *, tap=None))]
    fn delete(&self, py: Python<'_>, card_no: CardNo, tap: Option<Tap>) -> PyResult<()> {
        self.0.get().run(py, move |client| tapped(client, tap.as_ref()).delete(&card_no.0))
    }

    /// Sets the PIN of a physical, activated card.
    ///
    /// `pin` is the plain PIN, six digits, no three neighbours identical, rising or falling by one; it is encrypted before
    /// it is sent.
    ///
    /// `tap`: one action of the user of an app; see `freeze`.
    #[pyo3(signature = (*, card_no, cardholder_no, pin, tap=None))]
    fn set_pin(
        &self,
        py: Python<'_>,
        card_no: CardNo,
        cardholder_no: CardholderNo,
        pin: CardPin,
        tap: Option<Tap>,
    ) -> PyResult<()> {
        let request = SetPin { card_no: card_no.0, cardholder_no: cardholder_no.0, pin: pin.0 };
        self.0.get().run(py, move |client| tapped(client, tap.as_ref()).set_pin(&request))
    }

    /// Iterates over the packages from which cards are opened in credit mode, page by page.
    ///
    /// `type` is `"Virtual"` or `"Physical"`.
    #[pyo3(signature = (*, r#type=None, package_no=None))]
    fn packages(&self, py: Python<'_>, r#type: Option<PackageType>, package_no: Option<PackageNo>) -> PyResult<Pager> {
        let filter = package_filter(r#type, package_no);
        Ok(Pager::of(self.0.clone_ref(py), self.0.get().core(py)?.cards().packages(&filter)))
    }

    /// Returns one page of the packages.
    ///
    /// `page` counts from 0; `size` is at most 100 rows.
    #[pyo3(signature = (*, page, size, r#type=None, package_no=None))]
    fn packages_page(
        &self,
        py: Python<'_>,
        page: PageNumber,
        size: PageSize,
        r#type: Option<PackageType>,
        package_no: Option<PackageNo>,
    ) -> PyResult<Page> {
        let filter = package_filter(r#type, package_no);
        Page::of(py, self.0.get().run(py, move |client| client.cards().packages_page(&filter, page.0, size.0))?)
    }

    /// Iterates over the BINs from which cards are opened in authorization mode, page by page.
    #[pyo3(signature = (card_bin_no=None))]
    fn bins(&self, py: Python<'_>, card_bin_no: Option<CardBinNo>) -> PyResult<Pager> {
        let filter = bin_filter(card_bin_no);
        Ok(Pager::of(self.0.clone_ref(py), self.0.get().core(py)?.cards().bins(&filter)))
    }

    /// Returns one page of the BINs.
    ///
    /// `page` counts from 0; `size` is at most 100 rows.
    #[pyo3(signature = (*, page, size, card_bin_no=None))]
    fn bins_page(
        &self,
        py: Python<'_>,
        page: PageNumber,
        size: PageSize,
        card_bin_no: Option<CardBinNo>,
    ) -> PyResult<Page> {
        let filter = bin_filter(card_bin_no);
        Page::of(py, self.0.get().run(py, move |client| client.cards().bins_page(&filter, page.0, size.0))?)
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.0)
    }
}
