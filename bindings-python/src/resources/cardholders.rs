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

    /// Makes sure that a cardholder is applied for exactly once, whatever happened before. Its reference is `cardholder_unique_no`.
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
            *, cardholder_unique_no, sumsub_share_token, deadline=None, settle=None, since=None, first_attempt=false, on_store_failure=None,
        ),
        text_signature = "($self, *, cardholder_unique_no, sumsub_share_token, deadline=None, settle=None, since=None, \
            first_attempt=False, on_store_failure='reject')",
    )]
    fn ensure_cardholder(
        &self,
        py: Python<'_>,
        cardholder_unique_no: Given<'_, '_>,
        sumsub_share_token: Given<'_, '_>,
        deadline: Option<Given<'_, '_>>,
        settle: Option<Given<'_, '_>>,
        since: Option<Given<'_, '_>>,
        first_attempt: bool,
        on_store_failure: Option<Given<'_, '_>>,
    ) -> PyResult<Ensured> {
        let request = ApplyCardholder {
            cardholder_unique_no: text("cardholder_unique_no", cardholder_unique_no)?,
            sumsub_share_token: text("sumsub_share_token", sumsub_share_token)?.into(),
            cardholder_no: None,
        };
        let options = ensured::options(deadline, settle, since, first_attempt, on_store_failure)?;
        let ensured = self.0.get().run(py, move |client| client.cardholders().ensure_cardholder(&request, &options))?;
        Ensured::of(py, ensured)
    }

    /// All cardholders applied for in a span of any length, lazily and newest first. Both ends are included; a date
    /// means the whole day in the client's `timezone`.
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
