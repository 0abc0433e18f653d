//! Balances and transfers, in credit mode.

use keysecure::{ListTransfers, Transfer};
use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::prelude::*;

use crate::arguments::{
    Amount, CardholderNo, Deadline, Direction, End, EnsureOnStoreFailure, PageNumber, PageSize, Settle, Since, Start,
    TransferNo, TransferUniqueNo,
};
use crate::client::Client;
use crate::ensured::{self, Ensured};
use crate::pager::{Page, Pager};

/// The calls on accounts: `client.accounts`.
#[pyclass(frozen, module = "keysecure")]
pub struct Accounts(pub Py<Client>);

fn transfer(
    cardholder_no: CardholderNo,
    transfer_unique_no: TransferUniqueNo,
    r#type: Direction,
    amount: Amount,
) -> Transfer {
    Transfer {
        cardholder_no: cardholder_no.0,
        transfer_unique_no: transfer_unique_no.0,
        r#type: r#type.0,
        amount: amount.0,
    }
}

fn query(
    start: Start,
    end: End,
    cardholder_no: Option<CardholderNo>,
    transfer_no: Option<TransferNo>,
    transfer_unique_no: Option<TransferUniqueNo>,
) -> ListTransfers {
    let mut query = ListTransfers::between(start.0, end.0);
    query.cardholder_no = cardholder_no.map(|no| no.0);
    query.transfer_no = transfer_no.map(|no| no.0);
    query.transfer_unique_no = transfer_unique_no.map(|no| no.0);
    query
}

#[pymethods]
impl Accounts {
    /// Transfers money between the merchant and a cardholder.
    ///
    /// `type` is `"In"` (to the cardholder) or `"Out"` (back to the merchant). `amount` is in TUSDT: a `Decimal`, an int or
    /// a str, positive, at most 2 decimals; a float is refused. The call is never sent again while its outcome is unknown:
    /// use `ensure_transfer`, which is safe to call again.
    #[pyo3(signature = (*, cardholder_no, transfer_unique_no, r#type, amount))]
    fn transfer(
        &self,
        py: Python<'_>,
        cardholder_no: CardholderNo,
        transfer_unique_no: TransferUniqueNo,
        r#type: Direction,
        amount: Amount,
    ) -> PyResult<keysecure::TransferResult> {
        let request = transfer(cardholder_no, transfer_unique_no, r#type, amount);
        self.0.get().run(py, move |client| client.accounts().transfer(&request))
    }

    /// Makes a transfer exactly once, whatever happened before. Its merchant reference is `transfer_unique_no`.
    ///
    /// A transfer with the same reference but another cardholder, type or amount is a `ConflictError`.
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
            *, cardholder_no, transfer_unique_no, r#type, amount, deadline=None, settle=None, since=None,
            first_attempt=None, on_store_failure=None, never_sent=None,
        ),
        text_signature = "($self, *, cardholder_no, transfer_unique_no, type, amount, deadline=None, settle=None, \
            since=None, first_attempt=False, on_store_failure='reject')",
    )]
    fn ensure_transfer(
        &self,
        py: Python<'_>,
        cardholder_no: CardholderNo,
        transfer_unique_no: TransferUniqueNo,
        r#type: Direction,
        amount: Amount,
        deadline: Option<Deadline>,
        settle: Option<Settle>,
        since: Option<Since>,
        first_attempt: Option<bool>,
        on_store_failure: Option<EnsureOnStoreFailure>,
        never_sent: Option<bool>,
    ) -> PyResult<Ensured> {
        let request = transfer(cardholder_no, transfer_unique_no, r#type, amount);
        let options = ensured::options(py, deadline, settle, since, first_attempt, on_store_failure, never_sent)?;
        let ensured = self.0.get().run(py, move |client| client.accounts().ensure_transfer(&request, &options))?;
        Ensured::of(py, ensured)
    }

    /// Returns the balances of a cardholder.
    fn get(&self, py: Python<'_>, cardholder_no: CardholderNo) -> PyResult<keysecure::AccountInfo> {
        self.0.get().run(py, move |client| client.accounts().get(&cardholder_no.0))
    }

    /// Iterates over all transfers of a time window of any length, newest first, page by page.
    ///
    /// `start` and `end`, both included, are datetimes with a time zone, or dates. A date is the whole day in the client's
    /// `timezone` (UTC+8 unless it is set), whatever the time zone of this machine is: see `Client` before you use
    /// `date.today()`. A `start` that has not begun there is an `InvalidInputError`.
    #[pyo3(signature = (*, start, end, cardholder_no=None, transfer_no=None, transfer_unique_no=None))]
    fn transfers(
        &self,
        py: Python<'_>,
        start: Start,
        end: End,
        cardholder_no: Option<CardholderNo>,
        transfer_no: Option<TransferNo>,
        transfer_unique_no: Option<TransferUniqueNo>,
    ) -> PyResult<Pager> {
        let query = query(start, end, cardholder_no, transfer_no, transfer_unique_no);
        Ok(Pager::of(self.0.clone_ref(py), self.0.get().core(py)?.accounts().transfers(&query)?))
    }

    /// Returns one page of the transfers of a window of at most 90 days.
    ///
    /// `page` counts from 0; `size` is at most 100 rows.
    #[pyo3(signature = (*, start, end, page, size, cardholder_no=None, transfer_no=None, transfer_unique_no=None))]
    fn transfers_page(
        &self,
        py: Python<'_>,
        start: Start,
        end: End,
        page: PageNumber,
        size: PageSize,
        cardholder_no: Option<CardholderNo>,
        transfer_no: Option<TransferNo>,
        transfer_unique_no: Option<TransferUniqueNo>,
    ) -> PyResult<Page> {
        let query = query(start, end, cardholder_no, transfer_no, transfer_unique_no);
        Page::of(py, self.0.get().run(py, move |client| client.accounts().transfers_page(&query, page.0, size.0))?)
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.0)
    }
}
