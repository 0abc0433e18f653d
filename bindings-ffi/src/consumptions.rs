//! Consumptions: purchases, cash, fees, reversals and refunds.

use std::time::Duration;

use keysecure::{Client, Consumption, ListConsumptions};

use crate::convert::{Result, count};
use crate::pages::{ConsumptionPage, ConsumptionPages};

/// Consumptions: purchases, ATM withdrawals, fees, reversals and refunds.
#[derive(Debug, uniffi::Object)]
pub struct Consumptions(pub(crate) Client);

#[uniffi::export]
impl Consumptions {
    /// The same calls for a call that has already waited so long for a thread: the time counts into its timeout or
    /// deadline.
    #[must_use]
    pub fn after_waiting(&self, waited: Duration) -> Self {
        Self(self.0.after_waiting(waited))
    }

    /// Returns a consumption with its fees.
    pub fn get(&self, consume_no: String) -> Result<Consumption> {
        Ok(self.0.consumptions().get(&consume_no)?)
    }

    /// Lists the consumptions of a window of any length, both ends included.
    pub fn list(&self, query: ListConsumptions) -> Result<ConsumptionPages> {
        Ok(self.0.consumptions().list(&query)?.into())
    }

    /// Returns one page of a window of at most 90 days. Page 0 is the first; `size` is 1 to 100.
    pub fn list_page(&self, query: ListConsumptions, page: i32, size: i32) -> Result<ConsumptionPage> {
        Ok(self.0.consumptions().list_page(&query, count("page", page)?, count("size", size)?)?.into())
    }
}
