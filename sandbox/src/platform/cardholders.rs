//! Calls 2 to 4: cardholders and their verification.

use rust_decimal::Decimal;
use serde::Serialize;

use super::account_info::AccountInfo;
use super::call::{Call, CallResult};
use super::codes::Refusal;
use super::output::data;
use super::window;
use crate::config::Mode;
use crate::money;
use crate::state::enums::{CardStatus, CardType, CardholderStatus};
use crate::state::ledger::Account;
use crate::state::platform_state::State;
use crate::state::rows::CardholderRecord;
use crate::state::table::Key;
use crate::state::transaction::{Change, Transaction};

/// The prefixes of share tokens that have an effect; any other token leaves the cardholder Pending.
const MAGIC_TOKENS: [(&str, Verification); 3] = [
    ("auto-approve", Verification::Decided(CardholderStatus::Approved)),
    ("auto-reject", Verification::Decided(CardholderStatus::Rejected)),
    ("nokyc", Verification::Unavailable),
];

#[derive(Clone, Copy)]
enum Verification {
    Decided(CardholderStatus),
    Unavailable,
}

/// The status that follows from a share token.
fn verify(share_token: &str) -> Result<CardholderStatus, Refusal> {
    let magic = MAGIC_TOKENS.iter().find(|(prefix, _)| share_token.starts_with(prefix));
    match magic {
        Some((_, Verification::Decided(status))) => Ok(*status),
        Some((_, Verification::Unavailable)) => Err(Refusal::code(2006)),
        None => Ok(CardholderStatus::Pending),
    }
}

/// Call 2, `cardholders.apply`: creates a cardholder, or adds documents to one that is not verified.
pub(crate) fn apply(call: &Call<'_>, state: &State, transaction: &mut Transaction) -> CallResult {
    #[derive(Serialize)]
    struct Applied<'a> {
        cardholder_no: &'a str,
        cardholder_unique_no: &'a str,
    }
    let unique_no = call.body.unique_no("cardholder_unique_no")?;
    let share_token = call.body.required("sumsub_share_token")?;
    let known = match call.body.text("cardholder_no")? {
        Some(no) => Some(updatable(state, &no, &unique_no)?),
        None if state.cardholders().first(Key::UniqueNo, &unique_no).is_some() => {
            return Err(Refusal::code(2001));
        }
        None => None,
    };
    let status = verify(&share_token)?;
    let cardholder = match known {
        Some(known) => known.clone(),
        None => new_cardholder(transaction, unique_no, call.now_ms),
    };
    let cardholder = decided(cardholder, status, "rejected by its share token");
    let result = data(&Applied {
        cardholder_no: &cardholder.cardholder_no,
        cardholder_unique_no: &cardholder.cardholder_unique_no,
    });
    transaction.add(Change::Cardholder(cardholder));
    result
}

/// The cardholder that receives the new documents.
fn updatable<'s>(state: &'s State, no: &str, unique_no: &str) -> Result<&'s CardholderRecord, Refusal> {
    let known = existing(state, no)?;
    if known.cardholder_unique_no != unique_no {
        return Err(Refusal::code(2011));
    }
    match known.status {
        CardholderStatus::Approved => Err(Refusal::code(2003)),
        // Inferred: documents under review cannot be replaced.
        CardholderStatus::InProgress => Err(Refusal::code(2004)),
        CardholderStatus::Pending | CardholderStatus::Rejected => Ok(known),
    }
}

/// Creates a cardholder whose verification has not started.
pub(crate) fn new_cardholder(transaction: &mut Transaction, unique_no: String, time_ms: i64) -> CardholderRecord {
    let cardholder_no = transaction.numbers.next();
    CardholderRecord {
        email: format!("holder-{cardholder_no}@example.com"),
        cardholder_no,
        cardholder_unique_no: unique_no,
        status: CardholderStatus::Pending,
        fail_reason: String::new(),
        time_ms,
    }
}

/// The cardholder with another status; `reason` is stored only for a rejection.
pub(crate) fn decided(cardholder: CardholderRecord, status: CardholderStatus, reason: &str) -> CardholderRecord {
    let fail_reason = match status {
        CardholderStatus::Rejected => reason.to_owned(),
        _ => String::new(),
    };
    CardholderRecord { status, fail_reason, ..cardholder }
}

/// Finds a cardholder; code 2002 if it does not exist.
pub(crate) fn existing<'s>(state: &'s State, no: &str) -> Result<&'s CardholderRecord, Refusal> {
    state.cardholders().get(no).ok_or(Refusal::code(2002))
}

/// Call 3, `cardholders.list`: lists cardholders.
pub(crate) fn list(call: &Call<'_>, state: &State, _: &mut Transaction) -> CallResult {
    #[derive(Serialize)]
    struct Item<'a> {
        cardholder_no: &'a str,
        cardholder_unique_no: &'a str,
        email: &'a str,
        fail_reason: &'a str,
        status: &'static str,
        time: i64,
    }
    let filters = [(Key::No, "cardholder_no"), (Key::UniqueNo, "cardholder_unique_no")];
    window::list(call, state, state.cardholders(), &filters, |row| Item {
        cardholder_no: &row.cardholder_no,
        cardholder_unique_no: &row.cardholder_unique_no,
        email: &row.email,
        fail_reason: &row.fail_reason,
        status: row.status.as_str(),
        time: row.time_ms,
    })
}

/// A card in the response of `cardholders.get`.
#[derive(Serialize)]
struct HeldCard<'a> {
    card_no: &'a str,
    card_unique_no: &'a str,
    card_type: CardType,
    card_last_no: &'a str,
    organization: &'a str,
    status: CardStatus,
    time: i64,
}

/// Call 4, `cardholders.get`: one cardholder with its cards and accounts. The name `account_list`, and all fields of
/// both lists except the first, are inferred.
pub(crate) fn get(call: &Call<'_>, state: &State, _: &mut Transaction) -> CallResult {
    #[derive(Serialize)]
    struct Info<'a> {
        cardholder_no: &'a str,
        cardholder_unique_no: &'a str,
        email: &'a str,
        status: &'static str,
        total_balance: String,
        card_list: Vec<HeldCard<'a>>,
        account_list: Vec<AccountInfo<'a>>,
        time: i64,
    }
    let cardholder = existing(state, call.path_no)?;
    let no = &cardholder.cardholder_no;
    let balance = match call.setup.mode {
        Mode::Credit => state.ledger().balance(&Account::Cardholder(no.clone())),
        Mode::Authorization => Decimal::ZERO,
    };
    data(&Info {
        cardholder_no: no,
        cardholder_unique_no: &cardholder.cardholder_unique_no,
        email: &cardholder.email,
        status: cardholder.status.as_str(),
        total_balance: money::text(balance),
        card_list: cards_of(state, no),
        account_list: match call.setup.mode {
            Mode::Credit => vec![AccountInfo::new(no, balance)],
            Mode::Authorization => Vec::new(),
        },
        time: cardholder.time_ms,
    })
}

fn cards_of<'s>(state: &'s State, cardholder_no: &str) -> Vec<HeldCard<'s>> {
    let found = state.cards().page(&[(Key::Cardholder, cardholder_no)], &(i64::MIN..=i64::MAX), 0, usize::MAX);
    // Oldest first.
    let cards = found.rows.into_iter().rev().map(|card| &card.record);
    cards
        .map(|card| HeldCard {
            card_no: &card.card_no,
            card_unique_no: &card.card_unique_no,
            card_type: card.card_type,
            card_last_no: &card.card_last_no,
            organization: &card.organization,
            status: card.status,
            time: card.time_ms,
        })
        .collect()
}
