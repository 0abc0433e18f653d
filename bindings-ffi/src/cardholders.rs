//! Cardholders and the verification of their identity.

use std::time::Duration;

use keysecure::{ApplyCardholder, Cardholder, CardholderApplied, Client, ListCardholders};

use crate::convert::{Result, count};
use crate::ensured::{EnsureOptions, EnsuredCardholder};
use crate::pages::{CardholderPage, CardholderPages};

/// Cardholders and their identity verification.
#[derive(Debug, uniffi::Object)]
pub struct Cardholders(pub(crate) Client);

#[uniffi::export]
impl Cardholders {
    /// The same calls for a call that has already waited so long for a thread: the time counts into its timeout or
    /// deadline.
    #[must_use]
    pub fn after_waiting(&self, waited: Duration) -> Self {
        Self(self.0.after_waiting(waited))
    }

    /// Applies for a cardholder, or updates the one named by `cardholder_no`.
    ///
    /// `cardholder_unique_no` is the merchant reference, at most 64 characters; `sumsub_share_token` is the share
    /// token of the identity check, a secret.
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

    /// Applies for a cardholder exactly once: looks it up by its merchant reference and sends the application only
    /// when it provably does not exist. Needs a store. It does not update an existing cardholder.
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

    /// Lists the cardholders that were applied for in a window of any length, both ends included.
    pub fn list(&self, query: ListCardholders) -> Result<CardholderPages> {
        Ok(self.0.cardholders().list(&query)?.into())
    }

    /// Returns one page of a window of at most 90 days. Page 0 is the first; `size` is 1 to 100.
    pub fn list_page(&self, query: ListCardholders, page: i32, size: i32) -> Result<CardholderPage> {
        Ok(self.0.cardholders().list_page(&query, count("page", page)?, count("size", size)?)?.into())
    }

    /// Returns a cardholder with its balance and cards. An error of kind `notFound` means that it does not exist.
    pub fn get(&self, cardholder_no: String) -> Result<Cardholder> {
        Ok(self.0.cardholders().get(&cardholder_no)?)
    }
}
