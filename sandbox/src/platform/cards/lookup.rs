//! Calls 5 to 11: cards.

mod apply;
mod look;
mod secrets;
mod status;

pub(crate) use apply::{Product, apply, issued, new_card};
pub(crate) use look::{get, list};
pub(crate) use secrets::{CardSecrets, private_info};
pub(crate) use status::{activate, set_pin, update_status};

use super::codes::Refusal;
use crate::state::{Card, State};

/// The card, or a parameter error: no code of its own is known for a card that does not exist.
pub(crate) fn existing<'s>(state: &'s State, no: &str) -> Result<&'s Card, Refusal> {
    state.cards().get(no).ok_or_else(|| Refusal::parameter("card_no", "does not exist"))
}

/// Four digits of the year and two of the month in which a card made now expires.
fn expiry(now_ms: i64) -> (String, String) {
    let today = crate::civil::date_of(now_ms);
    (format!("{:04}", today.year + 3), format!("{:02}", today.month))
}
