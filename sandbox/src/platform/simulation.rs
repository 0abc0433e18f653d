//! Calls 20 to 24: simulated purchases, settlements, reversals and refunds.
//!
//! **Inferred.** The platform documents neither the request nor the response of these calls. All of it is
//! in this file: the body is read as the `data` of the webhook that the call causes, and the response names the
//! consumption that was created or changed.

use rust_decimal::Decimal;
use serde::Serialize;

use super::body::{Body, UNIQUE_NO_LENGTH};
use super::call::{Call, CallResult};
use super::cards::lookup;
use super::codes::{CONSUMPTION_STATUS, Refusal};
use super::consumptions::existing;
use super::output::data;
use super::tariff::{self, Terms};
use crate::config::Mode;
use crate::state::enums::{CardStatus, ConsumptionType, Status};
use crate::state::ledger::{Account, Posting};
use crate::state::platform_state::State;
use crate::state::rows::{ConsumptionRecord, Fee, MerchantInfo};
use crate::state::transaction::{Change, Transaction};
use crate::webhook::decision::Decision;

/// Call 20, `simulation.auth`: simulates a purchase. It places a hold on the amount and is Pending, or fails at once.
///
/// In authorization mode the handler runs twice: the first run requests the merchant's decision, the second one applies it
/// to the state as it is by then. Without a webhook URL the first run is final.
pub(crate) fn auth(call: &Call<'_>, state: &State, transaction: &mut Transaction) -> CallResult {
    let body = &call.body;
    let card = &lookup::existing(state, &body.required("card_no")?)?.record;
    if body.text("cardholder_no")?.is_some_and(|no| no != card.cardholder_no) {
        return Err(Refusal::parameter("cardholder_no", "does not own the card"));
    }
    let amount = body.required_amount("amount")?;
    let time_ms = body.time_ms("time")?.unwrap_or(call.now_ms);
    let row = ConsumptionRecord {
        consume_no: new_number(call, state, transaction)?,
        consume_relate_no: String::new(),
        card_no: card.card_no.clone(),
        cardholder_no: card.cardholder_no.clone(),
        kind: purchase_type(body)?,
        amount,
        local_amount: body.amount("local_amount")?.unwrap_or(amount),
        local_currency: body.text("local_currency")?.unwrap_or_else(|| "USD".to_owned()),
        fees: Vec::new(),
        merchant_info: merchant_info(body)?,
        status: Status::Pending,
        remark: String::new(),
        returned: Decimal::ZERO,
        time_ms,
        // The `Auth` webhook has already reported `time_ms`.
        updated_ms: if call.decision.is_some() { time_ms.saturating_add(1) } else { time_ms },
    };
    let payer = payer(call.setup.mode, &row);
    if card.status != CardStatus::Activated {
        return decline(call, state, transaction, row, "the card is not active");
    }
    let terms = Terms::in_use(state, &row.card_no);
    if let Some(limit) = terms.and_then(|terms| terms.exceeded_limit(&row, call.now_ms)) {
        return decline(call, state, transaction, row, &format!("{limit} is exceeded"));
    }
    // In authorization mode only the merchant's decision counts, regardless of its reserve.
    if call.setup.mode == Mode::Credit && state.ledger().balance(&payer) < amount {
        return decline(call, state, transaction, row, "insufficient balance");
    }
    match (call.setup.mode, call.decision) {
        (Mode::Authorization, None) => transaction.request_authorization(&row),
        (_, Some(Decision { refusal: Some(refusal), .. })) => return decline(call, state, transaction, row, refusal),
        _ => {}
    }
    post(call, transaction, "hold", &row, (payer, hold(&row)), amount);
    finish(transaction, row)
}

/// Declines a purchase and charges the decline fee, if any.
fn decline(
    call: &Call<'_>,
    state: &State,
    transaction: &mut Transaction,
    row: ConsumptionRecord,
    remark: &str,
) -> CallResult {
    let terms = Terms::in_use(state, &row.card_no);
    let fees = terms.map_or_else(Vec::new, |terms| terms.decline_fees(&row, call.now_ms));
    let row = ConsumptionRecord { fees: tariff::reported(call.setup.mode, fees), ..failed(row, remark) };
    charge_fees(call, transaction, &row);
    finish(transaction, row)
}

/// Call 21, `simulation.consumption_clear`: settles a purchase, optionally with another amount. The fees are those of the
/// body; if it names none and tariffs are applied, those of the card's fee schedule.
///
/// A balance may become negative: the merchant where the card was used has already been paid.
pub(crate) fn consumption_clear(call: &Call<'_>, state: &State, transaction: &mut Transaction) -> CallResult {
    let held = pending(call, state, "consume_no")?;
    let given = call.body.has("fee_detail").then(|| fees(&call.body)).transpose()?;
    let amount = call.body.amount("amount")?.unwrap_or(held.amount);
    let payer = payer(call.setup.mode, held);
    let from_hold = amount.min(held.amount);
    post(call, transaction, "settle", held, (hold(held), Account::Shops), from_hold);
    post(call, transaction, "release", held, (hold(held), payer.clone()), held.amount - from_hold);
    post(call, transaction, "settle", held, (payer, Account::Shops), amount - from_hold);
    let mut row = ConsumptionRecord {
        amount,
        // Only when both amounts were equal does the local amount follow the new one.
        local_amount: if held.local_amount == held.amount { amount } else { held.local_amount },
        status: Status::Success,
        ..held.clone()
    };
    let terms = Terms::in_use(state, &row.card_no);
    let fees = given.or_else(|| terms.map(|terms| terms.settlement_fees(&row, call.now_ms))).unwrap_or_default();
    row.fees = tariff::reported(call.setup.mode, fees);
    charge_fees(call, transaction, &row);
    finish(transaction, row)
}

/// Adds fees to a settled purchase.
pub(crate) fn add_fees(
    mode: Mode,
    transaction: &mut Transaction,
    settled: &ConsumptionRecord,
    late: Vec<Fee>,
    now_ms: i64,
) {
    let amount: Decimal = late.iter().map(|fee| fee.amount).sum();
    let mut row = settled.clone();
    row.fees.extend(tariff::reported(mode, late));
    if !amount.is_zero() {
        transaction.add(Change::Posting(Posting {
            time_ms: now_ms,
            memo: format!("fees {}", row.consume_no),
            from: payer(mode, &row),
            to: Account::Fees,
            amount,
        }));
    }
    transaction.add(Change::Consumption(Box::new(row)));
}

/// Call 22, `simulation.consumption_fail`: fails a pending purchase and releases its money.
pub(crate) fn consumption_fail(call: &Call<'_>, state: &State, transaction: &mut Transaction) -> CallResult {
    let held = pending(call, state, "consume_no")?;
    release(call, transaction, held);
    let remark = call.body.text("remark")?.unwrap_or_else(|| "failed".to_owned());
    finish(transaction, failed(held.clone(), &remark))
}

/// Call 23, `simulation.reversal`: reverses a purchase. A pending one can only be reversed in full.
pub(crate) fn reversal(call: &Call<'_>, state: &State, transaction: &mut Transaction) -> CallResult {
    let original = original(call, state)?;
    match original.status {
        Status::Fail => Err(Refusal::code(CONSUMPTION_STATUS)),
        Status::Success => return_amount(call, state, transaction, original, ConsumptionType::Reversal),
        Status::Pending => {
            let amount = call.body.amount("amount")?.unwrap_or(original.amount);
            if amount != original.amount {
                return Err(Refusal::parameter("amount", "must be the full held amount"));
            }
            let row = return_row(call, state, transaction, original, ConsumptionType::Reversal, amount)?;
            release(call, transaction, original);
            charge_fees(call, transaction, &row);
            let reversed = failed(original.clone(), "reversed");
            transaction.add(Change::Consumption(Box::new(reversed)));
            finish(transaction, row)
        }
    }
}

/// Call 24, `simulation.refund`: refunds a settled purchase, in full or in part.
pub(crate) fn refund(call: &Call<'_>, state: &State, transaction: &mut Transaction) -> CallResult {
    let original = original(call, state)?;
    if original.status != Status::Success {
        return Err(Refusal::code(CONSUMPTION_STATUS));
    }
    return_amount(call, state, transaction, original, ConsumptionType::Refund)
}

/// Returns the remaining amount of a settled purchase, or the part of it that the body names.
fn return_amount(
    call: &Call<'_>,
    state: &State,
    transaction: &mut Transaction,
    original: &ConsumptionRecord,
    kind: ConsumptionType,
) -> CallResult {
    let left = original.amount - original.returned;
    let amount = call.body.amount("amount")?.unwrap_or(left);
    if amount > left || left.is_zero() {
        return Err(Refusal::parameter("amount", "exceeds the remaining amount"));
    }
    let row = return_row(call, state, transaction, original, kind, amount)?;
    let payer = payer(call.setup.mode, original);
    post(call, transaction, kind.as_str(), &row, (Account::Shops, payer), amount);
    charge_fees(call, transaction, &row);
    transaction.add(Change::Consumption(Box::new(ConsumptionRecord {
        returned: original.returned + amount,
        ..original.clone()
    })));
    finish(transaction, row)
}

/// Creates the consumption that reverses or refunds another one.
fn return_row(
    call: &Call<'_>,
    state: &State,
    transaction: &mut Transaction,
    original: &ConsumptionRecord,
    kind: ConsumptionType,
    amount: Decimal,
) -> Result<ConsumptionRecord, Refusal> {
    let fees = Terms::in_use(state, &original.card_no).map(|terms| terms.return_fees(kind, amount));
    Ok(ConsumptionRecord {
        consume_no: new_number(call, state, transaction)?,
        consume_relate_no: original.consume_no.clone(),
        kind,
        amount,
        local_amount: amount,
        local_currency: "USD".to_owned(),
        fees: tariff::reported(call.setup.mode, fees.unwrap_or_default()),
        status: Status::Success,
        remark: String::new(),
        returned: Decimal::ZERO,
        time_ms: call.now_ms,
        updated_ms: call.now_ms,
        ..original.clone()
    })
}

/// Stores the row and returns its number.
fn finish(transaction: &mut Transaction, row: ConsumptionRecord) -> CallResult {
    #[derive(Serialize)]
    struct Done<'a> {
        consume_no: &'a str,
    }
    let result = data(&Done { consume_no: &row.consume_no });
    transaction.add(Change::Consumption(Box::new(row)));
    result
}

fn failed(row: ConsumptionRecord, remark: &str) -> ConsumptionRecord {
    ConsumptionRecord { status: Status::Fail, remark: remark.to_owned(), ..row }
}

/// Releases the money held for a purchase.
fn release(call: &Call<'_>, transaction: &mut Transaction, held: &ConsumptionRecord) {
    let accounts = (hold(held), payer(call.setup.mode, held));
    post(call, transaction, "release", held, accounts, held.amount);
}

/// Posts the row's fees, regardless of the payer's balance.
fn charge_fees(call: &Call<'_>, transaction: &mut Transaction, row: &ConsumptionRecord) {
    let accounts = (payer(call.setup.mode, row), Account::Fees);
    post(call, transaction, "fees", row, accounts, row.fee());
}

/// Posts `amount` from the first account to the second; nothing if it is zero.
fn post(
    call: &Call<'_>,
    transaction: &mut Transaction,
    what: &str,
    row: &ConsumptionRecord,
    (from, to): (Account, Account),
    amount: Decimal,
) {
    if !amount.is_zero() {
        transaction.add(Change::Posting(Posting {
            time_ms: call.now_ms,
            memo: format!("{what} {}", row.consume_no),
            from,
            to,
            amount,
        }));
    }
}

fn hold(row: &ConsumptionRecord) -> Account {
    Account::Hold(row.consume_no.clone())
}

/// The account that pays for a purchase.
fn payer(mode: Mode, row: &ConsumptionRecord) -> Account {
    match mode {
        Mode::Credit => Account::Cardholder(row.cardholder_no.clone()),
        Mode::Authorization => Account::MerchantReserve,
    }
}

/// The pending consumption that the body names.
fn pending<'s>(call: &Call<'_>, state: &'s State, field: &'static str) -> Result<&'s ConsumptionRecord, Refusal> {
    let row = existing(state, &call.body.required(field)?, field)?;
    match row.status {
        Status::Pending => Ok(row),
        Status::Success | Status::Fail => Err(Refusal::code(CONSUMPTION_STATUS)),
    }
}

/// The purchase that a reversal or refund names. Fees and returns cannot be reversed.
fn original<'s>(call: &Call<'_>, state: &'s State) -> Result<&'s ConsumptionRecord, Refusal> {
    let row = existing(state, &call.body.required("consume_relate_no")?, "consume_relate_no")?;
    match row.kind {
        ConsumptionType::Consumption | ConsumptionType::Atm => Ok(row),
        _ => Err(Refusal::code(CONSUMPTION_STATUS)),
    }
}

/// The consumption number of the merchant's decision or of the body; otherwise a new one.
fn new_number(call: &Call<'_>, state: &State, transaction: &mut Transaction) -> Result<String, Refusal> {
    let wanted = call.decision.map(|decision| decision.consume_no.clone());
    let Some(no) = wanted.or(call.body.text("consume_no")?) else {
        return Ok(transaction.numbers.next());
    };
    if no.len() > UNIQUE_NO_LENGTH || !no.bytes().all(|byte| byte.is_ascii_digit()) {
        Err(Refusal::parameter("consume_no", "must be at most 64 digits"))
    } else if state.consumptions().get(&no).is_some() {
        Err(Refusal::parameter("consume_no", "already exists"))
    } else {
        Ok(no)
    }
}

fn purchase_type(body: &Body<'_>) -> Result<ConsumptionType, Refusal> {
    match body.optional_enum("type", ConsumptionType::parse)? {
        None => Ok(ConsumptionType::Consumption),
        Some(kind @ (ConsumptionType::Consumption | ConsumptionType::Atm)) => Ok(kind),
        Some(_) => Err(Refusal::parameter("type", "must be Consumption or Atm")),
    }
}

fn merchant_info(body: &Body<'_>) -> Result<MerchantInfo, Refusal> {
    let given = body.object("merchant_info")?.unwrap_or_default();
    let field = |name, default: &str| -> Result<String, Refusal> {
        Ok(given.text(name)?.unwrap_or_else(|| default.to_owned()))
    };
    Ok(MerchantInfo {
        merchant_name: field("merchant_name", "SANDBOX SHOP")?,
        merchant_mcc: field("merchant_mcc", "5999")?,
        city: field("city", "New York")?,
        country: field("country", "US")?,
    })
}

fn fees(body: &Body<'_>) -> Result<Vec<Fee>, Refusal> {
    body.objects("fee_detail")?
        .iter()
        .map(|fee| Ok(Fee { fee_type: fee.required("fee_type")?, amount: fee.required_fee("amount")? }))
        .collect()
}
