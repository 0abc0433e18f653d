//! The simulation calls of the platform's sandbox.

use keysecure::{Client, SimulationRequest, SimulationResult};

use crate::convert::Result;

/// The simulation calls: what happens at a shop, made to happen. Refused in production.
#[derive(Debug, uniffi::Object)]
pub struct Simulation(pub(crate) Client);

#[uniffi::export]
impl Simulation {
    /// A purchase asks for approval. Needs `card_no` and `amount`.
    pub fn auth(&self, request: SimulationRequest) -> Result<SimulationResult> {
        Ok(self.0.simulation().auth(&request)?)
    }

    /// A purchase is cleared. Needs `consume_no`; `amount` may differ from the purchase's.
    pub fn consumption_clear(&self, request: SimulationRequest) -> Result<SimulationResult> {
        Ok(self.0.simulation().consumption_clear(&request)?)
    }

    /// A purchase fails. Needs `consume_no`.
    pub fn consumption_fail(&self, request: SimulationRequest) -> Result<SimulationResult> {
        Ok(self.0.simulation().consumption_fail(&request)?)
    }

    /// An authorization is given back. Needs `consume_relate_no`; without `amount` all of it.
    pub fn reversal(&self, request: SimulationRequest) -> Result<SimulationResult> {
        Ok(self.0.simulation().reversal(&request)?)
    }

    /// A cleared purchase is given back. Needs `consume_relate_no`; without `amount` all of it.
    pub fn refund(&self, request: SimulationRequest) -> Result<SimulationResult> {
        Ok(self.0.simulation().refund(&request)?)
    }
}
