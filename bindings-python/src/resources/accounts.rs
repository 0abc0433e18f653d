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
    /// `Decimal`, an int or a str. Use `ensure_transfer`, which is safe to call again; this call is never sent again while its
    /// outcome is unknown.
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

    /// Makes sure that a transfer is made exactly once, whatever happened before. Its reference is `transfer_unique_no`.
    ///
    /// The client needs a `store`, which records each attempt before it is sent and lets one worker at a time work on a
    /// reference: without one this is a `ConfigError`. A reference that no worker ever sent is sent at once. One that may have
    /// been sent is looked up first, and sent only when it is provably absent: not found `settle` seconds after the last
    /// attempt (10, or 120 over a proxy). `deadline` bounds all of it (60 s, or 180). `since` is since when it may have been
    /// sent (the last 90 days). `first_attempt=True` says that the reference is new. `on_store_failure`: `"reject"`, the default,
    /// fails with outcome `not_sent` when the store cannot be reached; `"accept"` continues with this process's memory alone,
    /// while another worker may do the same.
    ///
    /// A transfer with the same reference but another cardholder, type or amount is a `ConflictError`.
    #[pyo3(
        signature = (
            *, cardholder_no, transfer_unique_no, r#type, amount, deadline=None, settle=None, since=None, first_attempt=false, on_store_failure=None,
        ),
        text_signature = "($self, *, cardholder_no, transfer_unique_no, type, amount, deadline=None, settle=None, \
            since=None, first_attempt=False, on_store_failure='reject')",
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
        first_attempt: bool,
        on_store_failure: Option<Given<'_, '_>>,
    ) -> PyResult<Ensured> {
        let request = transfer(cardholder_no, transfer_unique_no, r#type, amount)?;
        let options = ensured::options(deadline, settle, since, first_attempt, on_store_failure)?;
        let ensured = self.0.get().run(py, move |client| client.accounts().ensure_transfer(&request, &options))?;
        Ensured::of(py, ensured)
    }

    /// The balances of a cardholder.
    fn get(&self, py: Python<'_>, cardholder_no: Given<'_, '_>) -> PyResult<keysecure::AccountInfo> {
        let cardholder_no = text("cardholder_no", cardholder_no)?;
        self.0.get().run(py, move |client| client.accounts().get(&cardholder_no))
    }

    /// All transfers of a span of any length, lazily and newest first. Both ends are included; a date
    /// means the whole day in the client's `timezone`.
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
