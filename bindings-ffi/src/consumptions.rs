//! Consumptions: purchases, cash, fees, reversals and refunds.

use keysecure::{Client, Consumption, ListConsumptions};

use crate::convert::{Result, count};
use crate::pages::{ConsumptionPage, ConsumptionPages};

/// The calls on consumptions.
#[derive(Debug, uniffi::Object)]
pub struct Consumptions(pub(crate) Client);

#[uniffi::export]
impl Consumptions {
    /// One consumption, with its fees.
    pub fn get(&self, consume_no: String) -> Result<Consumption> {
        Ok(self.0.consumptions().get(&consume_no)?)
    }

    /// All consumptions of a span of any length, lazily.
    pub fn list(&self, query: ListConsumptions) -> Result<ConsumptionPages> {
        Ok(self.0.consumptions().list(&query)?.into())
    }

    /// One page (0 is the first, at most 100 rows) of a window of at most 90 days.
    pub fn list_page(&self, query: ListConsumptions, page: i32, size: i32) -> Result<ConsumptionPage> {
        Ok(self.0.consumptions().list_page(&query, count("page", page)?, count("size", size)?)?.into())
    }
}
