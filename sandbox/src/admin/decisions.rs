//! Back-office decisions on cardholders, cards and fees.

use super::platform::{Platform, card};
use crate::error::SandboxError;
use crate::platform::cards::apply;
use crate::platform::{cardholders, simulation};
use crate::state::card_lifecycle::Actor;
use crate::state::enums::{CardStatus, CardholderStatus, Status};
use crate::state::rows::{Card, Fee};
use crate::state::transaction::Change;

/// # Decisions on cardholders, cards and fees
impl Platform {
    /// Approves a cardholder who is Pending, under review or rejected.
    ///
    /// # Errors
    ///
    /// [`SandboxError::NotFound`], or [`SandboxError::WrongState`] if the cardholder is already approved.
    pub fn approve_cardholder(&self, no: &str) -> Result<(), SandboxError> {
        self.decide(no, CardholderStatus::Approved, "")
    }

    /// Starts the review of a cardholder: Pending becomes `In_progress`.
    ///
    /// # Errors
    ///
    /// [`SandboxError::NotFound`], or [`SandboxError::WrongState`] if the cardholder is not Pending.
    pub fn start_review(&self, no: &str) -> Result<(), SandboxError> {
        self.decide(no, CardholderStatus::InProgress, "")
    }

    /// Rejects a cardholder who is Pending or under review.
    ///
    /// # Errors
    ///
    /// [`SandboxError::NotFound`], or [`SandboxError::WrongState`] if the cardholder is already approved or rejected.
    pub fn reject_cardholder(&self, no: &str, reason: &str) -> Result<(), SandboxError> {
        self.decide(no, CardholderStatus::Rejected, reason)
    }

    fn decide(&self, no: &str, status: CardholderStatus, reason: &str) -> Result<(), SandboxError> {
        use CardholderStatus::{Approved, InProgress, Pending, Rejected};
        self.change(|state, transaction| {
            let known = state
                .cardholders()
                .get(no)
                .ok_or_else(|| SandboxError::NotFound { what: "cardholder", number: no.to_owned() })?;
            let allowed = match status {
                Approved => known.status != Approved,
                InProgress => known.status == Pending,
                Rejected => matches!(known.status, Pending | InProgress),
                Pending => false,
            };
            if !allowed {
                return Err(SandboxError::WrongState { what: "cardholder", state: known.status.as_str() });
            }
            transaction.add(Change::Cardholder(cardholders::decided(known.clone(), status, reason)));
            Ok(())
        })
    }

    /// Issues a Pending card: a virtual card becomes Activated, a physical card `ToActivate`.
    ///
    /// # Errors
    ///
    /// [`SandboxError::NotFound`], or [`SandboxError::WrongState`] if the card is not Pending.
    pub fn issue_card(&self, no: &str) -> Result<(), SandboxError> {
        self.change_card(no, apply::issued)
    }

    /// Fails a card that is Pending or `ToActivate`.
    ///
    /// # Errors
    ///
    /// [`SandboxError::NotFound`], or [`SandboxError::WrongState`] if the card has another status.
    pub fn fail_card(&self, no: &str, reason: &str) -> Result<(), SandboxError> {
        self.change_card(no, |card| card.with_status(CardStatus::Fail, Actor::Platform, reason))
    }

    fn change_card(&self, no: &str, changed: impl FnOnce(&Card) -> Option<Card>) -> Result<(), SandboxError> {
        self.change(|state, transaction| {
            let card = card(state, no)?;
            let changed =
                changed(card).ok_or(SandboxError::WrongState { what: "card", state: card.record.status.as_str() })?;
            transaction.add(Change::Card(Box::new(changed)));
            Ok(())
        })
    }

    /// Adds fees to a consumption in Success, like a channel that reports them late. The payer of the consumption pays.
    ///
    /// # Errors
    ///
    /// [`SandboxError::NotFound`], or [`SandboxError::WrongState`] if the consumption is not in Success.
    pub fn complete_fees(&self, consume_no: &str, fees: Vec<Fee>) -> Result<(), SandboxError> {
        let (mode, now_ms) = (self.mode(), self.now_ms());
        self.change(|state, transaction| {
            let row = state
                .consumptions()
                .get(consume_no)
                .ok_or_else(|| SandboxError::NotFound { what: "consumption", number: consume_no.to_owned() })?;
            if row.status != Status::Success {
                return Err(SandboxError::WrongState { what: "consumption", state: row.status.as_str() });
            }
            simulation::add_fees(mode, transaction, row, fees, now_ms);
            Ok(())
        })
    }
}
