//! The life of a card: who may change its status from what to what.

use super::CardStatus;
use CardStatus::{Activated, Delete, Fail, Frozen, Pending, ToActivate};

/// Who changes the status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum By {
    /// The platform, when the card is made or cannot be made, and when its management fee cannot be taken.
    Platform,
    /// The merchant's call cards.activate.
    Activate,
    /// The merchant's call `cards.update_status`.
    UpdateStatus,
}

/// The whole transition table. What is not here answers 4005.
const TRANSITIONS: [(CardStatus, CardStatus, By); 12] = [
    (Pending, Activated, By::Platform),
    (Pending, ToActivate, By::Platform),
    (Pending, Fail, By::Platform),
    (ToActivate, Activated, By::Activate),
    (Activated, Frozen, By::UpdateStatus),
    (Frozen, Activated, By::UpdateStatus),
    (Activated, Delete, By::UpdateStatus),
    (Frozen, Delete, By::UpdateStatus),
    (ToActivate, Delete, By::UpdateStatus),
    (ToActivate, Fail, By::Platform),
    (Activated, Delete, By::Platform),
    (Frozen, Delete, By::Platform),
];

impl CardStatus {
    pub(crate) fn may_become(self, next: CardStatus, by: By) -> bool {
        TRANSITIONS.contains(&(self, next, by))
    }
}
