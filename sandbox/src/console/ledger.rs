//! Balances, postings, and balances over time.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::admin::platform::Platform;
use crate::money;
use crate::state::ledger::Account;

/// The maximum number of postings of a response.
const MAX_POSTINGS: usize = 2_000;
/// The maximum number of points of a series.
const MAX_POINTS: i64 = 400;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Query {
    /// Only postings from or to this account.
    #[serde(default)]
    account: String,
    /// Only postings whose memo or accounts contain this text.
    #[serde(default)]
    text: String,
}

/// All accounts with their balances, debits, credits and numbers of postings.
pub(super) fn accounts(platform: &Platform) -> Value {
    let ledger = platform.ledger();
    let mut sums: BTreeMap<&Account, (Decimal, Decimal, u64)> = BTreeMap::new();
    for posting in ledger.postings() {
        let from = sums.entry(&posting.from).or_default();
        from.0 += posting.amount;
        from.2 += 1;
        let to = sums.entry(&posting.to).or_default();
        to.1 += posting.amount;
        to.2 += 1;
    }
    let accounts: Vec<_> = ledger
        .balances()
        .iter()
        .map(|(account, balance)| {
            let (debits, credits, postings) = sums.get(account).copied().unwrap_or_default();
            json!({
                "account": account,
                "balance": money::text(*balance),
                "debits": money::text(debits),
                "credits": money::text(credits),
                "postings": postings,
            })
        })
        .collect();
    json!({"accounts": accounts, "total": money::text(ledger.total()), "postings": ledger.postings().len()})
}

/// The postings of a query, newest first. Those of one account have its balance after them.
pub(super) fn postings(platform: &Platform, query: &Query) -> Value {
    let ledger = platform.ledger();
    let mut balance = Decimal::ZERO;
    let mut found = Vec::new();
    for (at, posting) in ledger.postings().iter().enumerate() {
        let (from, to) = (posting.from.to_string(), posting.to.to_string());
        if !query.account.is_empty() {
            if from == query.account {
                balance -= posting.amount;
            }
            if to == query.account {
                balance += posting.amount;
            }
            if from != query.account && to != query.account {
                continue;
            }
        }
        if ![&posting.memo, &from, &to].iter().any(|text| text.contains(&query.text)) {
            continue;
        }
        found.push(json!({
            "id": at + 1,
            "time_ms": posting.time_ms,
            "memo": posting.memo,
            "from": from,
            "to": to,
            "amount": money::text(posting.amount),
            "balance": if query.account.is_empty() { None } else { Some(money::text(balance)) },
        }));
    }
    let matching = found.len();
    found.reverse();
    found.truncate(MAX_POSTINGS);
    json!({"matching": matching, "postings": found})
}

/// The balances of each kind of account after each posting, thinned out: `times` in Unix milliseconds, and one list of
/// numbers per kind.
pub(super) fn series(platform: &Platform) -> Value {
    let ledger = platform.ledger();
    let names = ["reserve", "cardholders", "holds", "spent", "fees"];
    let mut sums = [Decimal::ZERO; 5];
    let mut times = Vec::new();
    let mut lists: [Vec<String>; 5] = Default::default();
    // Seeded rows may be older than those before them, and the clock may have been moved back. The merchant's first
    // payment comes before everything.
    let mut postings: Vec<_> = ledger.postings().iter().collect();
    if let Some((_, rest)) = postings.split_first_mut() {
        rest.sort_by_key(|posting| posting.time_ms);
    }
    let first_ms = postings.iter().map(|posting| posting.time_ms).min().unwrap_or_default();
    let last_ms = postings.iter().skip(1).map(|posting| posting.time_ms).max().unwrap_or(first_ms);
    // What happens within one step is shown as one change.
    let step_ms = ((last_ms - first_ms) / MAX_POINTS).max(1);
    for (at, posting) in postings.into_iter().enumerate() {
        let time_ms = if at == 0 { first_ms } else { posting.time_ms };
        for (account, amount) in [(&posting.from, -posting.amount), (&posting.to, posting.amount)] {
            if let Some(kind) = kind(account) {
                sums[kind] += amount;
            }
        }
        if times.len() > 1 && times.last().is_some_and(|last_ms| time_ms - last_ms < step_ms) {
            times.pop();
            for list in &mut lists {
                list.pop();
            }
        }
        times.push(time_ms);
        for (list, sum) in lists.iter_mut().zip(sums) {
            list.push(money::text(sum));
        }
    }
    let mut series = serde_json::Map::from_iter([("times".to_owned(), json!(times))]);
    series.extend(names.iter().zip(lists).map(|(name, list)| ((*name).to_owned(), json!(list))));
    Value::Object(series)
}

fn kind(account: &Account) -> Option<usize> {
    match account {
        Account::MerchantReserve => Some(0),
        Account::Cardholder(_) => Some(1),
        Account::Hold(_) => Some(2),
        Account::Shops => Some(3),
        Account::Fees => Some(4),
        Account::Outside => None,
    }
}
