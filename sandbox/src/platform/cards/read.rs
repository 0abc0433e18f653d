//! Calls 6 and 7: reads cards.

use serde::Serialize;

use super::lookup::existing;
use crate::platform::call::{Call, CallResult};
use crate::platform::output::data;
use crate::platform::{catalog, window};
use crate::state::enums::{CardStatus, CardType};
use crate::state::platform_state::State;
use crate::state::table::Key;
use crate::state::transaction::Transaction;

/// Call 6, `cards.list`: lists cards.
pub(crate) fn list(call: &Call<'_>, state: &State, _: &mut Transaction) -> CallResult {
    #[derive(Serialize)]
    struct Item<'a> {
        card_no: &'a str,
        card_unique_no: &'a str,
        cardholder_no: &'a str,
        card_type: CardType,
        card_last_no: &'a str,
        organization: &'a str,
        status: CardStatus,
        time: i64,
    }
    let filters = [(Key::Cardholder, "cardholder_no"), (Key::UniqueNo, "card_unique_no"), (Key::No, "card_no")];
    window::list(call, state, state.cards(), &filters, |card| Item {
        card_no: &card.record.card_no,
        card_unique_no: &card.record.card_unique_no,
        cardholder_no: &card.record.cardholder_no,
        card_type: card.record.card_type,
        card_last_no: &card.record.card_last_no,
        organization: &card.record.organization,
        status: card.record.status,
        time: card.record.time_ms,
    })
}

/// Call 7, `cards.get`: one card with its fee schedule.
pub(crate) fn get(call: &Call<'_>, state: &State, _: &mut Transaction) -> CallResult {
    #[derive(Serialize)]
    struct Detail<'a> {
        card_no: &'a str,
        card_unique_no: &'a str,
        cardholder_no: &'a str,
        card_name: &'a str,
        package_name_en: &'static str,
        package_name_cn: &'static str,
        card_type: CardType,
        organization: &'a str,
        card_last_no: &'a str,
        status: CardStatus,
        fee_detail: catalog::FeeSchedule,
        time: i64,
    }
    let card = &existing(state, call.path_no)?.record;
    // In authorization mode a card has a BIN and no package.
    let package = catalog::package(&card.product_no);
    data(&Detail {
        card_no: &card.card_no,
        card_unique_no: &card.card_unique_no,
        cardholder_no: &card.cardholder_no,
        card_name: &card.card_name,
        package_name_en: package.map_or("", |package| package.package_en_name),
        package_name_cn: package.map_or("", |package| package.package_cn_name),
        card_type: card.card_type,
        organization: &card.organization,
        card_last_no: &card.card_last_no,
        status: card.status,
        fee_detail: catalog::terms(&card.product_no).0,
        time: card.time_ms,
    })
}
