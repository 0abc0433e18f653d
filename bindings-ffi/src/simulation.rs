//! The simulation calls of the platform's sandbox.

use keysecure::{Client, SimulationRequest, SimulationResult};

use crate::convert::Result;

/// Simulates purchases and refunds at a merchant. Refused in production.
#[derive(Debug, uniffi::Object)]
pub struct Simulation(pub(crate) Client);

#[uniffi::export]
impl Simulation {
    /// Simulates the authorization of a purchase. Needs `card_no` and `amount`.
    pub fn auth(&self, request: SimulationRequest) -> Result<SimulationResult> {
        Ok(self.0.simulation().auth(&request)?)
    }

    /// Clears a purchase: `Pending` becomes `Success`. Needs `consume_no`; `amount` may differ from the authorized
    /// amount.
    pub fn consumption_clear(&self, request: SimulationRequest) -> Result<SimulationResult> {
        Ok(self.0.simulation().consumption_clear(&request)?)
    }

    /// Fails a purchase: `Pending` becomes `Fail`. Needs `consume_no`.
    pub fn consumption_fail(&self, request: SimulationRequest) -> Result<SimulationResult> {
        Ok(self.0.simulation().consumption_fail(&request)?)
    }

    /// Reverses an authorization. Needs `consume_relate_no`; without `amount` it reverses the full amount.
    pub fn reversal(&self, request: SimulationRequest) -> Result<SimulationResult> {
        Ok(self.0.simulation().reversal(&request)?)
    }

    /// Refunds a cleared purchase. Needs `consume_relate_no`; without `amount` it refunds the full amount.
    pub fn refund(&self, request: SimulationRequest) -> Result<SimulationResult> {
        Ok(self.0.simulation().refund(&request)?)
    }
}
