//! The simulation calls of the platform's sandbox.

use std::time::Duration;

use keysecure::{Client, SimulationRequest, SimulationResult};

use crate::convert::Result;

/// Simulates purchases and refunds at a merchant. Refused in production.
#[derive(Debug, uniffi::Object)]
pub struct Simulation(pub(crate) Client);

#[uniffi::export]
impl Simulation {
    /// The same calls for a call that has already waited so long for a thread: the time counts into its timeout or
    /// deadline.
    #[must_use]
    pub fn after_waiting(&self, waited: Duration) -> Self {
        Self(self.0.after_waiting(waited))
    }

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
