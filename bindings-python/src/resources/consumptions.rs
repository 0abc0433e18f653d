//! Consumptions: purchases, cash withdrawals, fees, reversals and refunds.

use keysecure::ListConsumptions;
use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::prelude::*;

use crate::arguments::{CardNo, CardholderNo, ConsumeNo, End, PageNumber, PageSize, Start};
use crate::client::Client;
use crate::pager::{Page, Pager};

/// The calls on consumptions: `client.consumptions`.
#[pyclass(frozen, module = "keysecure")]
pub struct Consumptions(pub Py<Client>);

fn query(
    start: Start,
    end: End,
    cardholder_no: Option<CardholderNo>,
    card_no: Option<CardNo>,
    consume_no: Option<ConsumeNo>,
) -> ListConsumptions {
    let mut query = ListConsumptions::between(start.0, end.0);
    query.cardholder_no = cardholder_no.map(|no| no.0);
    query.card_no = card_no.map(|no| no.0);
    query.consume_no = consume_no.map(|no| no.0);
    query
}

#[pymethods]
impl Consumptions {
    /// Returns one consumption, with its fees.
    fn get(&self, py: Python<'_>, consume_no: ConsumeNo) -> PyResult<keysecure::Consumption> {
        self.0.get().run(py, move |client| client.consumptions().get(&consume_no.0))
    }

    /// Iterates over all consumptions of a time window of any length, newest first, page by page.
    ///
    /// `start` and `end`, both included, are datetimes with a time zone, or dates. A date is the whole day in the client's
    /// `timezone` (UTC+8 unless it is set), whatever the time zone of this machine is: see `Client` before you use
    /// `date.today()`. A `start` that has not begun there is an `InvalidInputError`.
    #[pyo3(signature = (*, start, end, cardholder_no=None, card_no=None, consume_no=None))]
    fn list(
        &self,
        py: Python<'_>,
        start: Start,
        end: End,
        cardholder_no: Option<CardholderNo>,
        card_no: Option<CardNo>,
        consume_no: Option<ConsumeNo>,
    ) -> PyResult<Pager> {
        let query = query(start, end, cardholder_no, card_no, consume_no);
        Ok(Pager::of(self.0.clone_ref(py), self.0.get().core(py)?.consumptions().list(&query)?))
    }

    /// Returns one page of the consumptions of a window of at most 90 days.
    ///
    /// `page` counts from 0; `size` is at most 100 rows.
    #[pyo3(signature = (*, start, end, page, size, cardholder_no=None, card_no=None, consume_no=None))]
    fn list_page(
        &self,
        py: Python<'_>,
        start: Start,
        end: End,
        page: PageNumber,
        size: PageSize,
        cardholder_no: Option<CardholderNo>,
        card_no: Option<CardNo>,
        consume_no: Option<ConsumeNo>,
    ) -> PyResult<Page> {
        let query = query(start, end, cardholder_no, card_no, consume_no);
        Page::of(py, self.0.get().run(py, move |client| client.consumptions().list_page(&query, page.0, size.0))?)
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.0)
    }
}
