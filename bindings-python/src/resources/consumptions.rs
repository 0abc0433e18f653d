//! Consumptions: purchases, cash, fees, reversals and refunds.

use keysecure::ListConsumptions;
use pyo3::prelude::*;

use crate::client::Client;
use crate::lists::{List, Page};
use crate::values::{Given, count, optional_text, text, when};

/// The calls on consumptions: `client.consumptions`.
#[pyclass(frozen, module = "keysecure")]
pub struct Consumptions(pub Py<Client>);

fn query(
    start: Given<'_, '_>,
    end: Given<'_, '_>,
    cardholder_no: Option<Given<'_, '_>>,
    card_no: Option<Given<'_, '_>>,
    consume_no: Option<Given<'_, '_>>,
) -> PyResult<ListConsumptions> {
    let mut query = ListConsumptions::between(when("start", start)?, when("end", end)?);
    query.cardholder_no = optional_text("cardholder_no", cardholder_no)?;
    query.card_no = optional_text("card_no", card_no)?;
    query.consume_no = optional_text("consume_no", consume_no)?;
    Ok(query)
}

#[pymethods]
impl Consumptions {
    /// One consumption, with its fees.
    fn get(&self, py: Python<'_>, consume_no: Given<'_, '_>) -> PyResult<keysecure::Consumption> {
        let consume_no = text("consume_no", consume_no)?;
        self.0.get().run(py, move |client| client.consumptions().get(&consume_no))
    }

    /// All consumptions of a span of any length, lazily and newest first. Both ends are included; a date
    /// means the whole day in the client's `timezone`.
    #[pyo3(signature = (*, start, end, cardholder_no=None, card_no=None, consume_no=None))]
    fn list(
        &self,
        py: Python<'_>,
        start: Given<'_, '_>,
        end: Given<'_, '_>,
        cardholder_no: Option<Given<'_, '_>>,
        card_no: Option<Given<'_, '_>>,
        consume_no: Option<Given<'_, '_>>,
    ) -> PyResult<List> {
        let query = query(start, end, cardholder_no, card_no, consume_no)?;
        Ok(List::of(self.0.get().core(py)?.consumptions().list(&query)?))
    }

    /// One page (0 is the first, at most 100 rows) of a window of at most 90 days.
    #[pyo3(signature = (*, start, end, page, size, cardholder_no=None, card_no=None, consume_no=None))]
    fn list_page(
        &self,
        py: Python<'_>,
        start: Given<'_, '_>,
        end: Given<'_, '_>,
        page: Given<'_, '_>,
        size: Given<'_, '_>,
        cardholder_no: Option<Given<'_, '_>>,
        card_no: Option<Given<'_, '_>>,
        consume_no: Option<Given<'_, '_>>,
    ) -> PyResult<Page> {
        let query = query(start, end, cardholder_no, card_no, consume_no)?;
        let (page, size) = (count("page", page)?, count("size", size)?);
        Page::of(py, self.0.get().run(py, move |client| client.consumptions().list_page(&query, page, size))?)
    }
}
