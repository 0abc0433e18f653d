//! Call 8: the card number and CVV, encrypted.

use serde::Serialize;

use super::lookup::existing;
use crate::platform::call::{Call, CallResult};
use crate::platform::codes::Refusal;
use crate::platform::output::data;
use crate::state::enums::CardStatus;
use crate::state::platform_state::State;
use crate::state::rows::Card;
use crate::state::transaction::Transaction;

/// The secrets of a card: the plaintext of `cards.private_info`, and the unencrypted response of `pci.card_detail`.
#[derive(Serialize)]
pub(crate) struct CardSecrets<'a> {
    card_no: &'a str,
    card_unique_no: &'a str,
    cvv: &'a str,
    pan: &'a str,
    exp_year: &'a str,
    exp_month: &'a str,
}

impl<'a> CardSecrets<'a> {
    /// Borrows the secrets of a card.
    pub(crate) fn from_card(card: &'a Card) -> Self {
        Self {
            card_no: &card.record.card_no,
            card_unique_no: &card.record.card_unique_no,
            cvv: &card.cvv,
            pan: &card.pan,
            exp_year: &card.record.exp_year,
            exp_month: &card.record.exp_month,
        }
    }
}

/// Call 8, `cards.private_info`: the card number and CVV of an active card, encrypted.
pub(crate) fn private_info(call: &Call<'_>, state: &State, transaction: &mut Transaction) -> CallResult {
    if !state.settings.pci_enabled {
        return Err(Refusal::code(1013));
    }
    let card = existing(state, call.path_no)?;
    if card.record.status != CardStatus::Activated {
        return Err(Refusal::code(4005));
    }
    let plain = data(&CardSecrets::from_card(card))?;
    data(&call.setup.cipher.encrypt(&plain, transaction.numbers.block()))
}
