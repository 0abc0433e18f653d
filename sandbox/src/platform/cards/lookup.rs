//! Finds the card that a request names.

use super::super::codes::Refusal;
use crate::state::platform_state::State;
use crate::state::rows::Card;

/// Finds a card; code 1004 if it does not exist, because the platform documents no code for that.
pub(crate) fn existing<'s>(state: &'s State, no: &str) -> Result<&'s Card, Refusal> {
    state.cards().get(no).ok_or_else(|| Refusal::parameter("card_no", "does not exist"))
}
