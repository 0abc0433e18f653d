//! The snapshots that were taken, and the differences between two of them, or one and the present.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};

use super::rows::{self, Kind};
use crate::control::error::ControlError;
use crate::control::state::ControlState;
use crate::money;
use crate::state::ledger::Account;
use crate::state::platform_state::State;

/// The maximum number of differences of a kind that are shown.
const MAX_SHOWN: usize = 200;

/// The kinds of rows, with the name of their number.
const KINDS: [(Kind, &str, &str); 4] = [
    (Kind::Cardholders, "cardholders", "cardholder_no"),
    (Kind::Cards, "cards", "card_no"),
    (Kind::Consumptions, "consumptions", "consume_no"),
    (Kind::Transfers, "transfers", "transfer_no"),
];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Query {
    /// The number of the earlier snapshot.
    from: usize,
    /// The number of the later one; none for the present.
    to: Option<usize>,
}

/// All snapshots with their figures.
pub(super) fn list(control: &ControlState) -> Value {
    let taken = control.snapshots();
    let list: Vec<_> = taken
        .iter()
        .enumerate()
        .map(|(at, taken)| {
            let state = taken.snapshot.state();
            json!({
                "snapshot": at + 1,
                "taken_ms": taken.taken_ms,
                "virtual_ms": taken.virtual_ms,
                "cardholders": state.cardholders().iter().count(),
                "cards": state.cards().iter().count(),
                "consumptions": state.consumptions().iter().count(),
                "transfers": state.transfers().iter().count(),
                "reserve": money::text(state.ledger().balance(&Account::MerchantReserve)),
            })
        })
        .collect();
    json!({"snapshots": list})
}

/// The rows that were added, removed or changed, and the balances that differ.
pub(super) fn compare(control: &ControlState, query: &Query) -> Result<Value, ControlError> {
    let taken = control.snapshots();
    let state = |name: usize| {
        let found = name.checked_sub(1).and_then(|at| taken.get(at));
        found
            .map(|taken| taken.snapshot.state())
            .ok_or_else(|| ControlError::new(404, format!("there is no snapshot {name}")))
    };
    let from = state(query.from)?;
    match query.to {
        Some(to) => differences(from, state(to)?),
        None => differences(from, control.platform.snapshot().state()),
    }
}

fn differences(from: &State, to: &State) -> Result<Value, ControlError> {
    let mut kinds = serde_json::Map::new();
    for (kind, name, key) in KINDS {
        let before = by_number(rows::all(from, kind)?, key);
        let after = by_number(rows::all(to, kind)?, key);
        kinds.insert(name.to_owned(), kind_differences(&before, &after));
    }
    let (before, after) = (from.ledger().to_ledger(), to.ledger().to_ledger());
    let mut accounts: Vec<_> = before.balances().keys().chain(after.balances().keys()).collect();
    accounts.sort_unstable();
    accounts.dedup();
    let balances: Vec<_> = accounts
        .into_iter()
        .filter(|account| before.balance(account) != after.balance(account))
        .map(|account| {
            let (old, new) = (before.balance(account), after.balance(account));
            json!({
                "account": account,
                "before": money::text(old),
                "after": money::text(new),
                "difference": money::text(new - old),
            })
        })
        .collect();
    let count = balances.len();
    Ok(json!({
        "rows": kinds,
        "balances": balances.into_iter().take(MAX_SHOWN).collect::<Vec<_>>(),
        "balance_count": count,
        "clock_ms": to.clock.now_ms() - from.clock.now_ms(),
    }))
}

fn by_number(rows: Vec<Value>, key: &str) -> BTreeMap<String, Value> {
    rows.into_iter().map(|row| (row[key].as_str().unwrap_or_default().to_owned(), row)).collect()
}

fn kind_differences(before: &BTreeMap<String, Value>, after: &BTreeMap<String, Value>) -> Value {
    let numbers = |one: &BTreeMap<String, Value>, other: &BTreeMap<String, Value>| {
        one.keys().filter(|number| !other.contains_key(*number)).cloned().collect::<Vec<_>>()
    };
    let (added, removed) = (numbers(after, before), numbers(before, after));
    let changed: Vec<_> = before
        .iter()
        .filter_map(|(number, old)| {
            let new = after.get(number).filter(|new| *new != old)?;
            let names = old.as_object()?.keys().filter(|name| old[*name] != new[*name]);
            let fields: Vec<_> =
                names.map(|name| json!({"field": name, "before": old[name], "after": new[name]})).collect();
            Some(json!({"number": number, "fields": fields}))
        })
        .collect();
    json!({
        "added_count": added.len(),
        "removed_count": removed.len(),
        "changed_count": changed.len(),
        "added": added.into_iter().take(MAX_SHOWN).collect::<Vec<_>>(),
        "removed": removed.into_iter().take(MAX_SHOWN).collect::<Vec<_>>(),
        "changed": changed.into_iter().take(MAX_SHOWN).collect::<Vec<_>>(),
    })
}
