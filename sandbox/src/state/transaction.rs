//! The changes of one call, and the notifications that follow from them.

use super::enums::CardStatus;
use super::ledger::Posting;
use super::rows::{Card, CardRecord, CardholderRecord, ConsumptionRecord, TransferRecord};
use crate::numbers::NumberGenerator;

/// A token of the hosted card page.
#[derive(Debug, Clone)]
pub(crate) struct ClientToken {
    pub(crate) token: String,
    pub(crate) card_no: String,
    pub(crate) expires_ms: i64,
}

/// One change of the state. A row replaces the stored row of the same number, or is added.
#[derive(Debug)]
pub(crate) enum Change {
    AccessToken {
        token: String,
        expires_ms: i64,
        voids_previous: bool,
    },
    ClientToken(ClientToken),
    /// A client token was spent, with this nonce.
    ClientTokenUsed {
        token: String,
        nonce: String,
    },
    Cardholder(CardholderRecord),
    Card(Box<Card>),
    Consumption(Box<ConsumptionRecord>),
    Transfer(TransferRecord),
    Posting(Posting),
}

/// The changes that one call asks for. Nothing is applied before [`State::commit`]: a call that fails half-way leaves no
/// trace, and the fault plan knows exactly whether a call was executed.
///
/// [`State::commit`]: super::platform_state::State::commit
#[derive(Debug)]
pub(crate) struct Transaction {
    pub(crate) numbers: NumberGenerator,
    pub(super) changes: Vec<Change>,
    authorization_request: Option<Box<ConsumptionRecord>>,
    pub(super) webhooks_suppressed: bool,
}

/// A committed change that the merchant is notified of.
#[derive(Debug)]
pub(crate) enum Notification {
    /// The status of a card changed.
    Card { before: CardStatus, card: Box<CardRecord> },
    /// A consumption was created, or its status or its fees changed.
    Consumption(Box<ConsumptionRecord>),
}

impl Transaction {
    pub(super) fn new(numbers: NumberGenerator) -> Self {
        Self { numbers, changes: Vec::new(), authorization_request: None, webhooks_suppressed: false }
    }

    /// Requests the merchant's decision on this purchase before anything is committed.
    pub(crate) fn request_authorization(&mut self, purchase: &ConsumptionRecord) {
        self.authorization_request = Some(Box::new(purchase.clone()));
    }

    /// The purchase that the merchant has to decide on first.
    pub(crate) fn authorization_request(&self) -> Option<&ConsumptionRecord> {
        self.authorization_request.as_deref()
    }

    /// Sends no webhooks for these changes.
    pub(crate) fn suppress_webhooks(&mut self) {
        self.webhooks_suppressed = true;
    }

    /// Adds a change.
    pub(crate) fn add(&mut self, change: Change) {
        self.changes.push(change);
    }

    /// Whether there are no changes.
    pub(crate) fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }
}
