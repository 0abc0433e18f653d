//! Calls 12 and 13: consumptions.

use serde::Serialize;

use super::call::{Call, CallResult};
use super::codes::Refusal;
use super::output::data;
use super::window;
use crate::money;
use crate::state::enums::{ConsumptionType, Status};
use crate::state::platform_state::State;
use crate::state::rows::{ConsumptionRecord, Fee, MerchantInfo};
use crate::state::table::Key;
use crate::state::transaction::Transaction;

/// Call 12, `consumptions.get`: one consumption. The fields after `fee` are inferred from the `Consumption` webhook.
pub(crate) fn get(call: &Call<'_>, state: &State, _: &mut Transaction) -> CallResult {
    #[derive(Serialize)]
    struct Info<'a> {
        consume_no: &'a str,
        consume_relate_no: &'a str,
        card_no: &'a str,
        cardholder_no: &'a str,
        #[serde(rename = "type")]
        kind: ConsumptionType,
        amount: String,
        local_amount: String,
        local_currency: &'a str,
        fee: String,
        fee_list: &'a [Fee],
        merchant_info: &'a MerchantInfo,
        status: Status,
        remark: &'a str,
        detail: &'a str,
        time: String,
    }
    let row = existing(state, call.path_no, "consume_no")?;
    data(&Info {
        consume_no: &row.consume_no,
        consume_relate_no: &row.consume_relate_no,
        card_no: &row.card_no,
        cardholder_no: &row.cardholder_no,
        kind: row.kind,
        amount: money::text(row.amount),
        local_amount: money::text(row.local_amount),
        local_currency: &row.local_currency,
        fee: money::text(row.fee()),
        fee_list: &row.fees,
        merchant_info: &row.merchant_info,
        status: row.status,
        remark: &row.remark,
        detail: &row.merchant_info.merchant_name,
        time: row.time_ms.to_string(),
    })
}

/// Finds a consumption; code 1004 that names `field` if it does not exist.
pub(crate) fn existing<'s>(state: &'s State, no: &str, field: &'static str) -> Result<&'s ConsumptionRecord, Refusal> {
    state.consumptions().get(no).ok_or_else(|| Refusal::parameter(field, "does not exist"))
}

/// Call 13, `consumptions.list`: lists consumptions.
pub(crate) fn list(call: &Call<'_>, state: &State, _: &mut Transaction) -> CallResult {
    #[derive(Serialize)]
    struct Item<'a> {
        consume_no: &'a str,
        card_no: &'a str,
        cardholder_no: &'a str,
        #[serde(rename = "type")]
        kind: ConsumptionType,
        amount: String,
        status: Status,
        time: i64,
    }
    let filters = [(Key::Cardholder, "cardholder_no"), (Key::No, "consume_no"), (Key::Card, "card_no")];
    window::list(call, state, state.consumptions(), &filters, |row| Item {
        consume_no: &row.consume_no,
        card_no: &row.card_no,
        cardholder_no: &row.cardholder_no,
        kind: row.kind,
        amount: money::text(row.amount),
        status: row.status,
        time: row.time_ms,
    })
}
