//! The life cycle of a card: the status changes that are allowed, and by whom.

use serde::Serialize;

use super::enums::CardStatus;
use super::rows::{Card, CardRecord};
use CardStatus::{Activated, Delete, Fail, Frozen, Pending, ToActivate};

/// The party that changes the status of a card.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Actor {
    /// The platform: it issues a card, fails to issue it, or deletes it because its management fee was not paid.
    Platform,
    /// The merchant, by the call `cards.activate`.
    Activate,
    /// The merchant, by the call `cards.update_status`.
    UpdateStatus,
}

/// The complete transition table. Any other transition is refused with 4005.
pub(crate) const TRANSITIONS: [(CardStatus, CardStatus, Actor); 12] = [
    (Pending, Activated, Actor::Platform),
    (Pending, ToActivate, Actor::Platform),
    (Pending, Fail, Actor::Platform),
    (ToActivate, Activated, Actor::Activate),
    (Activated, Frozen, Actor::UpdateStatus),
    (Frozen, Activated, Actor::UpdateStatus),
    (Activated, Delete, Actor::UpdateStatus),
    (Frozen, Delete, Actor::UpdateStatus),
    (ToActivate, Delete, Actor::UpdateStatus),
    (ToActivate, Fail, Actor::Platform),
    (Activated, Delete, Actor::Platform),
    (Frozen, Delete, Actor::Platform),
];

impl Card {
    /// The card with another status; `None` if the transition table does not allow it.
    pub(crate) fn with_status(&self, status: CardStatus, by: Actor, reason: &str) -> Option<Card> {
        TRANSITIONS.contains(&(self.record.status, status, by)).then(|| Card {
            record: CardRecord { status, reason: reason.to_owned(), ..self.record.clone() },
            ..self.clone()
        })
    }
}
