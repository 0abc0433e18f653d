//! Balances and transfers, in credit mode.

use keysecure::{ListTransfers, Transfer};
use pyo3::prelude::*;

use crate::client::Client;
use crate::ensured::{self, Ensured};
use crate::lists::{List, Page};
use crate::values::{Given, count, decimal, optional_text, text, when};

/// The calls on accounts: `client.accounts`.
#[pyclass(frozen, module = "keysecure")]
pub struct Accounts(pub Py<Client>);

fn transfer(
    cardholder_no: Given<'_, '_>,
    transfer_unique_no: Given<'_, '_>,
    r#type: Given<'_, '_>,
    amount: Given<'_, '_>,
) -> PyResult<Transfer> {
    Ok(Transfer {
        cardholder_no: text("cardholder_no", cardholder_no)?,
        transfer_unique_no: text("transfer_unique_no", transfer_unique_no)?,
        r#type: text("type", r#type)?.into(),
        amount: decimal("amount", amount)?,
    })
}

fn query(
    start: Given<'_, '_>,
    end: Given<'_, '_>,
    cardholder_no: Option<Given<'_, '_>>,
    transfer_no: Option<Given<'_, '_>>,
    transfer_unique_no: Option<Given<'_, '_>>,
) -> PyResult<ListTransfers> {
    let mut query = ListTransfers::between(when("start", start)?, when("end", end)?);
    query.cardholder_no = optional_text("cardholder_no", cardholder_no)?;
    query.transfer_no = optional_text("transfer_no", transfer_no)?;
    query.transfer_unique_no = optional_text("transfer_unique_no", transfer_unique_no)?;
    Ok(query)
}

#[pymethods]
impl Accounts {
    /// Moves money: `type` `In` to the cardholder, `Out` back; `amount` in TUSDT, positive, at most 2 decimals, a
    /// `Decimal`, an int or a str. It is never sent again while its outcome is unknown: see `ensure_transfer`.
    #[pyo3(signature = (*, cardholder_no, transfer_unique_no, r#type, amount))]
    fn transfer(
        &self,
        py: Python<'_>,
        cardholder_no: Given<'_, '_>,
        transfer_unique_no: Given<'_, '_>,
        r#type: Given<'_, '_>,
        amount: Given<'_, '_>,
    ) -> PyResult<keysecure::TransferResult> {
        let request = transfer(cardholder_no, transfer_unique_no, r#type, amount)?;
        self.0.get().run(py, move |client| client.accounts().transfer(&request))
    }

    /// Makes sure that a transfer is made exactly once, whatever happened before.
    ///
    /// It looks the transfer up by `transfer_unique_no` and sends only when it is provably absent. `deadline` (60 s)
    /// bounds all of it; `settle` (10 s) is how long after an attempt the platform may still commit it; `since` is since
    /// when it may have been sent (the last 90 days); `never_sent=True` says that the number is new, so that nothing is
    /// waited for. A transfer with the same number but another cardholder, type or amount is a `ConflictError`.
    #[pyo3(
        signature = (
            *, cardholder_no, transfer_unique_no, r#type, amount, deadline=None, settle=None, since=None, never_sent=false,
        ),
        text_signature = "($self, *, cardholder_no, transfer_unique_no, type, amount, deadline=60.0, settle=10.0, \
            since=None, never_sent=False)",
    )]
    fn ensure_transfer(
        &self,
        py: Python<'_>,
        cardholder_no: Given<'_, '_>,
        transfer_unique_no: Given<'_, '_>,
        r#type: Given<'_, '_>,
        amount: Given<'_, '_>,
        deadline: Option<Given<'_, '_>>,
        settle: Option<Given<'_, '_>>,
        since: Option<Given<'_, '_>>,
        never_sent: bool,
    ) -> PyResult<Ensured> {
        let request = transfer(cardholder_no, transfer_unique_no, r#type, amount)?;
        let options = ensured::options(deadline, settle, since, never_sent)?;
        let ensured = self.0.get().run(py, move |client| client.accounts().ensure_transfer(&request, &options))?;
        Ensured::of(py, ensured)
    }

    /// The balances of a cardholder.
    fn get(&self, py: Python<'_>, cardholder_no: Given<'_, '_>) -> PyResult<keysecure::AccountInfo> {
        let cardholder_no = text("cardholder_no", cardholder_no)?;
        self.0.get().run(py, move |client| client.accounts().get(&cardholder_no))
    }

    /// All transfers of a span of any length, lazily. Both ends are included; a date means the whole day.
    #[pyo3(signature = (*, start, end, cardholder_no=None, transfer_no=None, transfer_unique_no=None))]
    fn transfers(
        &self,
        py: Python<'_>,
        start: Given<'_, '_>,
        end: Given<'_, '_>,
        cardholder_no: Option<Given<'_, '_>>,
        transfer_no: Option<Given<'_, '_>>,
        transfer_unique_no: Option<Given<'_, '_>>,
    ) -> PyResult<List> {
        let query = query(start, end, cardholder_no, transfer_no, transfer_unique_no)?;
        Ok(List::of(self.0.get().core(py)?.accounts().transfers(&query)?))
    }

    /// One page (0 is the first, at most 100 rows) of a window of at most 90 days.
    #[pyo3(signature = (*, start, end, page, size, cardholder_no=None, transfer_no=None, transfer_unique_no=None))]
    fn transfers_page(
        &self,
        py: Python<'_>,
        start: Given<'_, '_>,
        end: Given<'_, '_>,
        page: Given<'_, '_>,
        size: Given<'_, '_>,
        cardholder_no: Option<Given<'_, '_>>,
        transfer_no: Option<Given<'_, '_>>,
        transfer_unique_no: Option<Given<'_, '_>>,
    ) -> PyResult<Page> {
        let query = query(start, end, cardholder_no, transfer_no, transfer_unique_no)?;
        let (page, size) = (count("page", page)?, count("size", size)?);
        Page::of(py, self.0.get().run(py, move |client| client.accounts().transfers_page(&query, page, size))?)
    }
}
