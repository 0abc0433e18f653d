//! Calls 20 to 24: the simulation.
//!
//! **Inferred.** The platform documents neither the bodies nor the answers of these calls. Everything about them is in
//! this file: the body is read as the `data` of the callback that the call would bring about, and the answer names the
//! consumption that was created or changed.

use rust_decimal::Decimal;
use serde::Serialize;

use super::body::{Body, UNIQUE_NO_LENGTH};
use super::codes::{CONSUMPTION_STATUS, Refusal};
use super::consumptions::existing;
use super::tariff::{self, Terms};
use super::{Answer, Call, cards, data};
use crate::callback::Decision;
use crate::config::Mode;
use crate::state::{
    Account, CardStatus, Change, ConsumptionRecord, ConsumptionType, Fee, MerchantInfo, Posting, State, Status,
    Transaction,
};

/// Call 20, `simulation.auth`: a purchase. It holds the money and stays Pending, or fails at once.
///
/// In authorization mode it runs twice: without a decision it asks for one, and with it it is carried out, on the state
/// as it is by then. Where nobody can be asked the first run counts.
pub(crate) fn auth(call: &Call<'_>, state: &State, transaction: &mut Transaction) -> Answer {
    let body = &call.body;
    let card = &cards::existing(state, &body.required("card_no")?)?.record;
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
        // Whoever was asked has seen that time already.
        updated_ms: if call.decision.is_some() { time_ms.saturating_add(1) } else { time_ms },
    };
    let payer = payer(call.setup.mode, &row);
    if card.status != CardStatus::Activated {
        return decline(call, state, transaction, row, "the card is not active");
    }
    let terms = Terms::in_use(state, &row.card_no);
    if let Some(limit) = terms.and_then(|terms| terms.broken_limit(&row, call.now_ms)) {
        return decline(call, state, transaction, row, &format!("{limit} is exceeded"));
    }
    // In authorization mode the merchant answers for the purchase, whatever its reserve.
    if call.setup.mode == Mode::Credit && state.books().balance(&payer) < amount {
        return decline(call, state, transaction, row, "insufficient balance");
    }
    match (call.setup.mode, call.decision) {
        (Mode::Authorization, None) => transaction.ask(&row),
        (_, Some(Decision { refusal: Some(refusal), .. })) => return decline(call, state, transaction, row, refusal),
        _ => {}
    }
    post(call, transaction, "hold", &row, (payer, hold(&row)), amount);
    finish(transaction, row)
}

/// A purchase that fails at once. It may cost a fee all the same.
fn decline(
    call: &Call<'_>,
    state: &State,
    transaction: &mut Transaction,
    row: ConsumptionRecord,
    remark: &str,
) -> Answer {
    let terms = Terms::in_use(state, &row.card_no);
    let fees = terms.map_or_else(Vec::new, |terms| terms.of_declined(&row, call.now_ms));
    let row = ConsumptionRecord { fees: tariff::sent(call.setup.mode, fees), ..failed(row, remark) };
    charge_fees(call, transaction, &row);
    finish(transaction, row)
}

/// Call 21, `simulation.consumption_clear`: a purchase is settled, perhaps with another amount, and fees are known: those
/// of the body, or, if it names none and tariffs are in use, those of the card's tariff.
///
/// It is never refused for want of money: the shop has been paid already, so a balance may become negative.
pub(crate) fn consumption_clear(call: &Call<'_>, state: &State, transaction: &mut Transaction) -> Answer {
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
        // The local amount follows in the same proportion only where both are the same money.
        local_amount: if held.local_amount == held.amount { amount } else { held.local_amount },
        status: Status::Success,
        ..held.clone()
    };
    let terms = Terms::in_use(state, &row.card_no);
    let fees = given.or_else(|| terms.map(|terms| terms.of_settled(&row, call.now_ms))).unwrap_or_default();
    row.fees = tariff::sent(call.setup.mode, fees);
    charge_fees(call, transaction, &row);
    finish(transaction, row)
}

/// Fees that become known after a purchase was settled.
pub(crate) fn add_fees(
    mode: Mode,
    transaction: &mut Transaction,
    settled: &ConsumptionRecord,
    late: Vec<Fee>,
    now_ms: i64,
) {
    let amount: Decimal = late.iter().map(|fee| fee.amount).sum();
    let mut row = settled.clone();
    row.fees.extend(tariff::sent(mode, late));
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

/// Call 22, `simulation.consumption_fail`: a purchase comes to nothing.
pub(crate) fn consumption_fail(call: &Call<'_>, state: &State, transaction: &mut Transaction) -> Answer {
    let held = pending(call, state, "consume_no")?;
    release(call, transaction, held);
    let remark = call.body.text("remark")?.unwrap_or_else(|| "failed".to_owned());
    finish(transaction, failed(held.clone(), &remark))
}

/// Call 23, `simulation.reversal`: the channel takes a purchase back. A Pending one comes to nothing, as a whole.
pub(crate) fn reversal(call: &Call<'_>, state: &State, transaction: &mut Transaction) -> Answer {
    let original = original(call, state)?;
    match original.status {
        Status::Fail => Err(Refusal::code(CONSUMPTION_STATUS)),
        Status::Success => give_back(call, state, transaction, original, ConsumptionType::Reversal),
        Status::Pending => {
            let amount = call.body.amount("amount")?.unwrap_or(original.amount);
            if amount != original.amount {
                return Err(Refusal::parameter("amount", "must be the whole amount that is held"));
            }
            let row = returning(call, state, transaction, original, ConsumptionType::Reversal, amount)?;
            release(call, transaction, original);
            charge_fees(call, transaction, &row);
            let undone = failed(original.clone(), "reversed");
            transaction.add(Change::Consumption(Box::new(undone)));
            finish(transaction, row)
        }
    }
}

/// Call 24, `simulation.refund`: the shop gives money of a settled purchase back.
pub(crate) fn refund(call: &Call<'_>, state: &State, transaction: &mut Transaction) -> Answer {
    let original = original(call, state)?;
    if original.status != Status::Success {
        return Err(Refusal::code(CONSUMPTION_STATUS));
    }
    give_back(call, state, transaction, original, ConsumptionType::Refund)
}

/// Gives back all or a part of what a settled purchase cost and did not give back yet.
fn give_back(
    call: &Call<'_>,
    state: &State,
    transaction: &mut Transaction,
    original: &ConsumptionRecord,
    kind: ConsumptionType,
) -> Answer {
    let left = original.amount - original.returned;
    let amount = call.body.amount("amount")?.unwrap_or(left);
    if amount > left || left.is_zero() {
        return Err(Refusal::parameter("amount", "is more than is left of the consumption"));
    }
    let row = returning(call, state, transaction, original, kind, amount)?;
    let payer = payer(call.setup.mode, original);
    post(call, transaction, kind.as_str(), &row, (Account::Shops, payer), amount);
    charge_fees(call, transaction, &row);
    transaction.add(Change::Consumption(Box::new(ConsumptionRecord {
        returned: original.returned + amount,
        ..original.clone()
    })));
    finish(transaction, row)
}

/// A consumption that takes (a part of) another one back.
fn returning(
    call: &Call<'_>,
    state: &State,
    transaction: &mut Transaction,
    original: &ConsumptionRecord,
    kind: ConsumptionType,
    amount: Decimal,
) -> Result<ConsumptionRecord, Refusal> {
    let fees = Terms::in_use(state, &original.card_no).map(|terms| terms.of_returned(kind, amount));
    Ok(ConsumptionRecord {
        consume_no: new_number(call, state, transaction)?,
        consume_relate_no: original.consume_no.clone(),
        kind,
        amount,
        local_amount: amount,
        local_currency: "USD".to_owned(),
        fees: tariff::sent(call.setup.mode, fees.unwrap_or_default()),
        status: Status::Success,
        remark: String::new(),
        returned: Decimal::ZERO,
        time_ms: call.now_ms,
        updated_ms: call.now_ms,
        ..original.clone()
    })
}

/// Writes the row down and answers its number.
fn finish(transaction: &mut Transaction, row: ConsumptionRecord) -> Answer {
    #[derive(Serialize)]
    struct Done<'a> {
        consume_no: &'a str,
    }
    let answer = data(&Done { consume_no: &row.consume_no });
    transaction.add(Change::Consumption(Box::new(row)));
    answer
}

fn failed(row: ConsumptionRecord, remark: &str) -> ConsumptionRecord {
    ConsumptionRecord { status: Status::Fail, remark: remark.to_owned(), ..row }
}

fn release(call: &Call<'_>, transaction: &mut Transaction, held: &ConsumptionRecord) {
    let accounts = (hold(held), payer(call.setup.mode, held));
    post(call, transaction, "release", held, accounts, held.amount);
}

/// Books the row's fees, whatever its payer has.
fn charge_fees(call: &Call<'_>, transaction: &mut Transaction, row: &ConsumptionRecord) {
    let accounts = (payer(call.setup.mode, row), Account::Fees);
    post(call, transaction, "fees", row, accounts, row.fee());
}

/// Books `amount` from the first account to the second; nothing if it is zero.
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

/// Whose money a card spends.
fn payer(mode: Mode, row: &ConsumptionRecord) -> Account {
    match mode {
        Mode::Credit => Account::Cardholder(row.cardholder_no.clone()),
        Mode::Authorization => Account::MerchantReserve,
    }
}

/// The Pending consumption that the body names.
fn pending<'s>(call: &Call<'_>, state: &'s State, field: &'static str) -> Result<&'s ConsumptionRecord, Refusal> {
    let row = existing(state, &call.body.required(field)?, field)?;
    match row.status {
        Status::Pending => Ok(row),
        Status::Success | Status::Fail => Err(Refusal::code(CONSUMPTION_STATUS)),
    }
}

/// The purchase that a reversal or refund is about. Fees and returns cannot be taken back.
fn original<'s>(call: &Call<'_>, state: &'s State) -> Result<&'s ConsumptionRecord, Refusal> {
    let row = existing(state, &call.body.required("consume_relate_no")?, "consume_relate_no")?;
    match row.kind {
        ConsumptionType::Consumption | ConsumptionType::Atm => Ok(row),
        _ => Err(Refusal::code(CONSUMPTION_STATUS)),
    }
}

/// The number that the body asks for, or a new one.
fn new_number(call: &Call<'_>, state: &State, transaction: &mut Transaction) -> Result<String, Refusal> {
    let asked_for = call.decision.map(|decision| decision.consume_no.clone());
    let Some(no) = asked_for.or(call.body.text("consume_no")?) else {
        return Ok(transaction.numbers.next());
    };
    if no.len() > UNIQUE_NO_LENGTH || !no.bytes().all(|byte| byte.is_ascii_digit()) {
        Err(Refusal::parameter("consume_no", "must be at most 64 digits"))
    } else if state.consumptions().get(&no).is_some() {
        Err(Refusal::parameter("consume_no", "exists already"))
    } else {
        Ok(no)
    }
}

fn purchase_type(body: &Body<'_>) -> Result<ConsumptionType, Refusal> {
    match body.word("type", ConsumptionType::parse)? {
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
