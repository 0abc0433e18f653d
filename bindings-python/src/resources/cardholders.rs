//! Cardholders and the verification of their identity.

use keysecure::{ApplyCardholder, ListCardholders};
use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::prelude::*;

use crate::arguments::{
    CardholderNo, CardholderUniqueNo, Deadline, End, EnsureOnStoreFailure, PageNumber, PageSize, Settle, Since, Start,
    SumsubShareToken,
};
use crate::client::Client;
use crate::ensured::{self, Ensured};
use crate::pager::{Page, Pager};

/// The calls on cardholders: `client.cardholders`.
#[pyclass(frozen, module = "keysecure")]
pub struct Cardholders(pub Py<Client>);

fn query(
    start: Start,
    end: End,
    cardholder_no: Option<CardholderNo>,
    cardholder_unique_no: Option<CardholderUniqueNo>,
) -> ListCardholders {
    let mut query = ListCardholders::between(start.0, end.0);
    query.cardholder_no = cardholder_no.map(|no| no.0);
    query.cardholder_unique_no = cardholder_unique_no.map(|no| no.0);
    query
}

#[pymethods]
impl Cardholders {
    /// Applies for a cardholder, or updates the one with `cardholder_no`.
    ///
    /// `cardholder_unique_no` is the merchant reference, `sumsub_share_token` the token of the identity check. Codes: 2001
    /// exists already, 2003 verified already, 2006 no KYC information, 2011 the merchant reference does not match.
    #[pyo3(signature = (*, cardholder_unique_no, sumsub_share_token, cardholder_no=None))]
    fn apply(
        &self,
        py: Python<'_>,
        cardholder_unique_no: CardholderUniqueNo,
        sumsub_share_token: SumsubShareToken,
        cardholder_no: Option<CardholderNo>,
    ) -> PyResult<keysecure::CardholderApplied> {
        let request = ApplyCardholder {
            cardholder_unique_no: cardholder_unique_no.0,
            sumsub_share_token: sumsub_share_token.0,
            cardholder_no: cardholder_no.map(|no| no.0),
        };
        self.0.get().run(py, move |client| client.cardholders().apply(&request))
    }

    /// Applies for a cardholder exactly once, whatever happened before. The merchant reference is `cardholder_unique_no`.
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
            *, cardholder_unique_no, sumsub_share_token, deadline=None, settle=None, since=None, first_attempt=None,
            on_store_failure=None, never_sent=None,
        ),
        text_signature = "($self, *, cardholder_unique_no, sumsub_share_token, deadline=None, settle=None, since=None, \
            first_attempt=False, on_store_failure='reject')",
    )]
    fn ensure_cardholder(
        &self,
        py: Python<'_>,
        cardholder_unique_no: CardholderUniqueNo,
        sumsub_share_token: SumsubShareToken,
        deadline: Option<Deadline>,
        settle: Option<Settle>,
        since: Option<Since>,
        first_attempt: Option<bool>,
        on_store_failure: Option<EnsureOnStoreFailure>,
        never_sent: Option<bool>,
    ) -> PyResult<Ensured> {
        let request = ApplyCardholder {
            cardholder_unique_no: cardholder_unique_no.0,
            sumsub_share_token: sumsub_share_token.0,
            cardholder_no: None,
        };
        let options = ensured::options(py, deadline, settle, since, first_attempt, on_store_failure, never_sent)?;
        let ensured = self.0.get().run(py, move |client| client.cardholders().ensure_cardholder(&request, &options))?;
        Ensured::of(py, ensured)
    }

    /// Iterates over all cardholders of a time window of any length (by application time), newest first, page by page.
    ///
    /// `start` and `end`, both included, are datetimes with a time zone, or dates. A date is the whole day in the client's
    /// `timezone` (UTC+8 unless it is set), whatever the time zone of this machine is: see `Client` before you use
    /// `date.today()`. A `start` that has not begun there is an `InvalidInputError`.
    #[pyo3(signature = (*, start, end, cardholder_no=None, cardholder_unique_no=None))]
    fn list(
        &self,
        py: Python<'_>,
        start: Start,
        end: End,
        cardholder_no: Option<CardholderNo>,
        cardholder_unique_no: Option<CardholderUniqueNo>,
    ) -> PyResult<Pager> {
        let query = query(start, end, cardholder_no, cardholder_unique_no);
        Ok(Pager::of(self.0.clone_ref(py), self.0.get().core(py)?.cardholders().list(&query)?))
    }

    /// Returns one page of the cardholders of a window of at most 90 days.
    ///
    /// `page` counts from 0; `size` is at most 100 rows.
    #[pyo3(signature = (*, start, end, page, size, cardholder_no=None, cardholder_unique_no=None))]
    fn list_page(
        &self,
        py: Python<'_>,
        start: Start,
        end: End,
        page: PageNumber,
        size: PageSize,
        cardholder_no: Option<CardholderNo>,
        cardholder_unique_no: Option<CardholderUniqueNo>,
    ) -> PyResult<Page> {
        let query = query(start, end, cardholder_no, cardholder_unique_no);
        Page::of(py, self.0.get().run(py, move |client| client.cardholders().list_page(&query, page.0, size.0))?)
    }

    /// Returns one cardholder, with balance and cards. Code 2002: does not exist.
    fn get(&self, py: Python<'_>, cardholder_no: CardholderNo) -> PyResult<keysecure::Cardholder> {
        self.0.get().run(py, move |client| client.cardholders().get(&cardholder_no.0))
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.0)
    }
}
