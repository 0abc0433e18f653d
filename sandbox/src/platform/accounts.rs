//! Calls 15 to 17: the cardholders' accounts in credit mode.

use serde::Serialize;

use super::account_info::AccountInfo;
use super::call::{Call, CallResult};
use super::codes::{INSUFFICIENT_BALANCE, Refusal};
use super::output::{data, list_data};
use super::{cardholders, window};
use crate::config::Repeat;
use crate::money;
use crate::state::enums::{Status, TransferType};
use crate::state::ledger::{Account, Posting};
use crate::state::platform_state::State;
use crate::state::rows::TransferRecord;
use crate::state::table::Key;
use crate::state::transaction::{Change, Transaction};

/// Call 15, `accounts.transfer`: moves money between the merchant's reserve and a cardholder.
pub(crate) fn transfer(call: &Call<'_>, state: &State, transaction: &mut Transaction) -> CallResult {
    let cardholder_no = call.body.required("cardholder_no")?;
    let unique_no = call.body.unique_no("transfer_unique_no")?;
    let kind = call.body.required_enum("type", TransferType::parse_any_case)?;
    let amount = call.body.required_amount_text("balance")?;
    cardholders::existing(state, &cardholder_no)?;
    if let Some(first) = state.transfers().first(Key::UniqueNo, &unique_no) {
        match call.setup.repeated_numbers {
            Repeat::Execute => {}
            Repeat::Refuse => {
                return Err(Refusal::parameter("transfer_unique_no", "was used before"));
            }
            Repeat::ReturnFirst => return transferred(first),
        }
    }
    let reserve = Account::MerchantReserve;
    let holder = Account::Cardholder(cardholder_no.clone());
    let before_balance = state.ledger().balance(&holder);
    let (from, to, after_balance) = match kind {
        TransferType::In => (reserve, holder, before_balance + amount),
        TransferType::Out => (holder, reserve, before_balance - amount),
    };
    if state.ledger().balance(&from) < amount {
        return Err(Refusal::code(INSUFFICIENT_BALANCE));
    }
    let row = TransferRecord {
        transfer_no: transaction.numbers.next(),
        transfer_unique_no: unique_no,
        cardholder_no,
        kind,
        amount,
        before_balance,
        after_balance,
        status: Status::Success,
        time_ms: call.now_ms,
    };
    let result = transferred(&row);
    transaction.add(Change::Posting(Posting {
        time_ms: call.now_ms,
        memo: format!("transfer {}", row.transfer_no),
        from,
        to,
        amount,
    }));
    transaction.add(Change::Transfer(row));
    result
}

fn transferred(row: &TransferRecord) -> CallResult {
    #[derive(Serialize)]
    struct Transferred<'a> {
        transfer_no: &'a str,
        transfer_unique_no: &'a str,
        before_balance: String,
        after_balance: String,
    }
    data(&Transferred {
        transfer_no: &row.transfer_no,
        transfer_unique_no: &row.transfer_unique_no,
        before_balance: money::text(row.before_balance),
        after_balance: money::text(row.after_balance),
    })
}

/// Call 16, `accounts.get`: the account of one cardholder, as a list of one.
pub(crate) fn get(call: &Call<'_>, state: &State, _: &mut Transaction) -> CallResult {
    let no = &cardholders::existing(state, call.path_no)?.cardholder_no;
    let balance = state.ledger().balance(&Account::Cardholder(no.clone()));
    list_data([AccountInfo::new(no, balance)].into_iter())
}

/// Call 17, `accounts.transfers`: lists transfers. The fields of an item are inferred.
pub(crate) fn transfers(call: &Call<'_>, state: &State, _: &mut Transaction) -> CallResult {
    #[derive(Serialize)]
    struct Item<'a> {
        cardholder_no: &'a str,
        transfer_no: &'a str,
        transfer_unique_no: &'a str,
        #[serde(rename = "type")]
        kind: TransferType,
        balance: String,
        before_balance: String,
        after_balance: String,
        status: Status,
        time: i64,
    }
    let filters = [(Key::Cardholder, "cardholder_no"), (Key::No, "transfer_no"), (Key::UniqueNo, "transfer_unique_no")];
    window::list(call, state, state.transfers(), &filters, |row| Item {
        cardholder_no: &row.cardholder_no,
        transfer_no: &row.transfer_no,
        transfer_unique_no: &row.transfer_unique_no,
        kind: row.kind,
        balance: money::text(row.amount),
        before_balance: money::text(row.before_balance),
        after_balance: money::text(row.after_balance),
        status: row.status,
        time: row.time_ms,
    })
}
