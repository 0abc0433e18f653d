//! Cardholders and the verification of their identity.

use keysecure::{ApplyCardholder, Cardholder, CardholderApplied, Client, ListCardholders};

use crate::convert::{Result, count};
use crate::ensured::{EnsureOptions, EnsuredCardholder};
use crate::pages::{CardholderPage, CardholderPages};

/// The calls on cardholders.
#[derive(Debug, uniffi::Object)]
pub struct Cardholders(pub(crate) Client);

#[uniffi::export]
impl Cardholders {
    /// Applies for a cardholder, or updates the one named by `cardholder_no`.
    #[uniffi::method(default(cardholder_no = None))]
    pub fn apply(
        &self,
        cardholder_unique_no: String,
        sumsub_share_token: String,
        cardholder_no: Option<String>,
    ) -> Result<CardholderApplied> {
        let sumsub_share_token = sumsub_share_token.into();
        Ok(self.0.cardholders().apply(&ApplyCardholder { cardholder_unique_no, sumsub_share_token, cardholder_no })?)
    }

    /// Makes sure that a cardholder is applied for exactly once, whatever happened before.
    pub fn ensure_cardholder(
        &self,
        cardholder_unique_no: String,
        sumsub_share_token: String,
        options: EnsureOptions,
    ) -> Result<EnsuredCardholder> {
        let sumsub_share_token = sumsub_share_token.into();
        let request = ApplyCardholder { cardholder_unique_no, sumsub_share_token, cardholder_no: None };
        Ok(self.0.cardholders().ensure_cardholder(&request, &options.into())?.into())
    }

    /// All cardholders of a span of any length, lazily.
    pub fn list(&self, query: ListCardholders) -> Result<CardholderPages> {
        Ok(self.0.cardholders().list(&query)?.into())
    }

    /// One page (0 is the first, at most 100 rows) of a window of at most 90 days.
    pub fn list_page(&self, query: ListCardholders, page: i32, size: i32) -> Result<CardholderPage> {
        Ok(self.0.cardholders().list_page(&query, count("page", page)?, count("size", size)?)?.into())
    }

    /// One cardholder, with balance and cards.
    pub fn get(&self, cardholder_no: String) -> Result<Cardholder> {
        Ok(self.0.cardholders().get(&cardholder_no)?)
    }
}
