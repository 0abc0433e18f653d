//! Cardholders and the verification of their identity.

use keysecure::{ApplyCardholder, ListCardholders};
use pyo3::prelude::*;

use crate::client::Client;
use crate::ensured::{self, Ensured};
use crate::lists::{List, Page};
use crate::values::{Given, count, optional_text, text, when};

/// The calls on cardholders: `client.cardholders`.
#[pyclass(frozen, module = "keysecure")]
pub struct Cardholders(pub Py<Client>);

fn query(
    start: Given<'_, '_>,
    end: Given<'_, '_>,
    cardholder_no: Option<Given<'_, '_>>,
    cardholder_unique_no: Option<Given<'_, '_>>,
) -> PyResult<ListCardholders> {
    let mut query = ListCardholders::between(when("start", start)?, when("end", end)?);
    query.cardholder_no = optional_text("cardholder_no", cardholder_no)?;
    query.cardholder_unique_no = optional_text("cardholder_unique_no", cardholder_unique_no)?;
    Ok(query)
}

#[pymethods]
impl Cardholders {
    /// Applies for a cardholder, or updates the one with `cardholder_no`.
    ///
    /// Codes: 2001 exists already, 2003 verified already, 2006 no KYC information, 2011 the unique number does not match.
    #[pyo3(signature = (*, cardholder_unique_no, sumsub_share_token, cardholder_no=None))]
    fn apply(
        &self,
        py: Python<'_>,
        cardholder_unique_no: Given<'_, '_>,
        sumsub_share_token: Given<'_, '_>,
        cardholder_no: Option<Given<'_, '_>>,
    ) -> PyResult<keysecure::CardholderApplied> {
        let request = ApplyCardholder {
            cardholder_unique_no: text("cardholder_unique_no", cardholder_unique_no)?,
            sumsub_share_token: text("sumsub_share_token", sumsub_share_token)?.into(),
            cardholder_no: optional_text("cardholder_no", cardholder_no)?,
        };
        self.0.get().run(py, move |client| client.cardholders().apply(&request))
    }

    /// Makes sure that a cardholder is applied for exactly once, whatever happened before.
    ///
    /// It looks the cardholder up by `cardholder_unique_no` and sends only when it is provably absent. `deadline` (60 s)
    /// bounds all of it; `settle` (10 s) is how long after an attempt the platform may still commit it; `since` is since
    /// when it may have been sent (the last 90 days); `never_sent=True` says that the number is new, so that nothing is
    /// waited for.
    #[pyo3(
        signature = (
            *, cardholder_unique_no, sumsub_share_token, deadline=None, settle=None, since=None, never_sent=false,
        ),
        text_signature = "($self, *, cardholder_unique_no, sumsub_share_token, deadline=60.0, settle=10.0, since=None, \
            never_sent=False)",
    )]
    fn ensure_cardholder(
        &self,
        py: Python<'_>,
        cardholder_unique_no: Given<'_, '_>,
        sumsub_share_token: Given<'_, '_>,
        deadline: Option<Given<'_, '_>>,
        settle: Option<Given<'_, '_>>,
        since: Option<Given<'_, '_>>,
        never_sent: bool,
    ) -> PyResult<Ensured> {
        let request = ApplyCardholder {
            cardholder_unique_no: text("cardholder_unique_no", cardholder_unique_no)?,
            sumsub_share_token: text("sumsub_share_token", sumsub_share_token)?.into(),
            cardholder_no: None,
        };
        let options = ensured::options(deadline, settle, since, never_sent)?;
        let ensured = self.0.get().run(py, move |client| client.cardholders().ensure_cardholder(&request, &options))?;
        Ensured::of(py, ensured)
    }

    /// All cardholders applied for in a span of any length, lazily. Both ends are included; a date means the whole day.
    #[pyo3(signature = (*, start, end, cardholder_no=None, cardholder_unique_no=None))]
    fn list(
        &self,
        py: Python<'_>,
        start: Given<'_, '_>,
        end: Given<'_, '_>,
        cardholder_no: Option<Given<'_, '_>>,
        cardholder_unique_no: Option<Given<'_, '_>>,
    ) -> PyResult<List> {
        let query = query(start, end, cardholder_no, cardholder_unique_no)?;
        Ok(List::of(self.0.get().core(py)?.cardholders().list(&query)?))
    }

    /// One page (0 is the first, at most 100 rows) of a window of at most 90 days.
    #[pyo3(signature = (*, start, end, page, size, cardholder_no=None, cardholder_unique_no=None))]
    fn list_page(
        &self,
        py: Python<'_>,
        start: Given<'_, '_>,
        end: Given<'_, '_>,
        page: Given<'_, '_>,
        size: Given<'_, '_>,
        cardholder_no: Option<Given<'_, '_>>,
        cardholder_unique_no: Option<Given<'_, '_>>,
    ) -> PyResult<Page> {
        let query = query(start, end, cardholder_no, cardholder_unique_no)?;
        let (page, size) = (count("page", page)?, count("size", size)?);
        Page::of(py, self.0.get().run(py, move |client| client.cardholders().list_page(&query, page, size))?)
    }

    /// One cardholder, with balance and cards. Code 2002: does not exist.
    fn get(&self, py: Python<'_>, cardholder_no: Given<'_, '_>) -> PyResult<keysecure::Cardholder> {
        let cardholder_no = text("cardholder_no", cardholder_no)?;
        self.0.get().run(py, move |client| client.cardholders().get(&cardholder_no))
    }
}
