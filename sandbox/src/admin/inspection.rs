//! Requests, rows, ledger and card secrets.

use super::platform::{Platform, card};
use crate::api_service::UNKNOWN;
use crate::error::SandboxError;
use crate::log::{Entry, RequestRecord};
use crate::platform::routes;
use crate::state::ledger::Ledger;
use crate::state::rows::{CardRecord, CardholderRecord, ConsumptionRecord, TransferRecord};

/// # Inspection
impl Platform {
    /// The recorded requests, oldest first.
    pub fn requests(&self) -> Vec<RequestRecord> {
        self.shared.lock().log.entries().map(Entry::record).collect()
    }

    /// The number of recorded requests of that operation; `unknown` counts those to unknown paths.
    ///
    /// # Panics
    ///
    /// If there is no operation of that name: the number would always be 0, and a test would prove nothing.
    pub fn requests_to(&self, operation: &str) -> usize {
        self.try_requests_to(operation).unwrap_or_else(|error| panic!("{error}"))
    }

    /// The number of recorded requests of that operation; `unknown` counts those to unknown paths.
    ///
    /// # Errors
    ///
    /// [`SandboxError::UnknownOperation`] if there is no operation of that name.
    pub fn try_requests_to(&self, operation: &str) -> Result<usize, SandboxError> {
        if operation != UNKNOWN && routes::by_operation(operation).is_none() {
            return Err(SandboxError::UnknownOperation { operation: operation.to_owned() });
        }
        let sandbox = self.shared.lock();
        Ok(sandbox.log.entries().filter(|entry| entry.operation == operation).count())
    }

    /// All postings and balances.
    pub fn ledger(&self) -> Ledger {
        self.shared.lock().state.ledger().to_ledger()
    }

    /// All cardholders, oldest first.
    pub fn cardholders(&self) -> Vec<CardholderRecord> {
        self.shared.lock().state.cardholders().iter().cloned().collect()
    }

    /// All cards without their secrets, oldest first.
    pub fn cards(&self) -> Vec<CardRecord> {
        let sandbox = self.shared.lock();
        sandbox.state.cards().iter().map(|card| card.record.clone()).collect()
    }

    /// All consumptions, oldest first.
    pub fn consumptions(&self) -> Vec<ConsumptionRecord> {
        self.shared.lock().state.consumptions().iter().cloned().collect()
    }

    /// All transfers, oldest first.
    pub fn transfers(&self) -> Vec<TransferRecord> {
        self.shared.lock().state.transfers().iter().cloned().collect()
    }

    /// Whether the card has this PIN.
    pub fn pin_matches(&self, card_no: &str, pin: &str) -> bool {
        let sandbox = self.shared.lock();
        card(&sandbox.state, card_no).is_ok_and(|card| card.pin.as_deref() == Some(pin))
    }

    /// The card's CVV, which a test needs to activate a physical card.
    pub fn cvv_for_tests(&self, card_no: &str) -> Result<String, SandboxError> {
        let sandbox = self.shared.lock();
        card(&sandbox.state, card_no).map(|card| card.cvv.clone())
    }

    /// The card's full number, which a test needs for comparison.
    pub fn pan_for_tests(&self, card_no: &str) -> Result<String, SandboxError> {
        let sandbox = self.shared.lock();
        card(&sandbox.state, card_no).map(|card| card.pan.clone())
    }
}
