//! Call 8: the card's number and code, encrypted.

use serde::Serialize;

use super::super::codes::Refusal;
use super::super::{Answer, Call, data};
use super::existing;
use crate::state::{Card, CardStatus, State, Transaction};

/// What the encrypted text holds, and what the hosted card page gets in the clear.
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
    pub(crate) fn of(card: &'a Card) -> Self {
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

/// Call 8, `cards.private_info`.
pub(crate) fn private_info(call: &Call<'_>, state: &State, transaction: &mut Transaction) -> Answer {
    if !state.settings.pci_enabled {
        return Err(Refusal::code(1013));
    }
    let card = existing(state, call.path_no)?;
    if card.record.status != CardStatus::Activated {
        return Err(Refusal::code(4005));
    }
    let plain = data(&CardSecrets::of(card))?;
    data(&call.setup.cipher.encrypt(&plain, transaction.numbers.random.block()))
}
