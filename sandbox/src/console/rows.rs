//! Cardholders, cards, consumptions and transfers, newest first, filtered.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::admin::platform::Platform;
use crate::control::error::ControlError;
use crate::state::ledger::Account;
use crate::state::platform_state::State;
use crate::{money, state};

/// The maximum number of rows of a response.
const MAX_ROWS: usize = 2_000;

#[derive(Deserialize, Serialize, Clone, Copy)]
#[serde(rename_all = "snake_case")]
pub(super) enum Kind {
    Cardholders,
    Cards,
    Consumptions,
    Transfers,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Query {
    kind: Kind,
    /// Only rows with a field that contains this text, in any case.
    #[serde(default)]
    text: String,
    /// Only rows of this status.
    #[serde(default)]
    status: String,
}

/// The rows of a query, newest first, and the number of rows with each status.
pub(super) fn rows(platform: &Platform, query: &Query) -> Result<Value, ControlError> {
    let sandbox = platform.shared.lock();
    let all = all(&sandbox.state, query.kind)?;
    let text = query.text.to_lowercase();
    let mut statuses = Map::new();
    for row in &all {
        let status = row["status"].as_str().unwrap_or_default();
        let count = statuses.get(status).and_then(Value::as_u64).unwrap_or(0) + 1;
        statuses.insert(status.to_owned(), count.into());
    }
    let total = all.len();
    let matching: Vec<Value> = all
        .into_iter()
        .rev()
        .filter(|row| query.status.is_empty() || row["status"].as_str() == Some(&query.status))
        .filter(|row| text.is_empty() || contains(row, &text))
        .collect();
    let count = matching.len();
    let mut shown: Vec<Value> = matching.into_iter().take(MAX_ROWS).collect();
    if let Kind::Cardholders = query.kind {
        for row in &mut shown {
            let account = Account::Cardholder(row["cardholder_no"].as_str().unwrap_or_default().to_owned());
            row["balance"] = money::text(sandbox.state.ledger().balance(&account)).into();
        }
    }
    Ok(json!({"total": total, "matching": count, "statuses": statuses, "rows": shown}))
}

/// All rows of a kind as JSON, oldest first.
pub(super) fn all(state: &State, kind: Kind) -> Result<Vec<Value>, ControlError> {
    match kind {
        Kind::Cardholders => values(state.cardholders().iter()),
        Kind::Cards => values(state.cards().iter().map(|card: &state::rows::Card| &card.record)),
        Kind::Consumptions => values(state.consumptions().iter()),
        Kind::Transfers => values(state.transfers().iter()),
    }
}

fn values<'a, T: Serialize + 'a>(rows: impl Iterator<Item = &'a T>) -> Result<Vec<Value>, ControlError> {
    let values: Result<_, _> = rows.map(serde_json::to_value).collect();
    values.map_err(|error: serde_json::Error| ControlError::new(500, error.to_string()))
}

/// Whether a text in the value contains the text, which is in lower case.
fn contains(value: &Value, text: &str) -> bool {
    match value {
        Value::String(own) => own.to_lowercase().contains(text),
        Value::Object(fields) => fields.values().any(|value| contains(value, text)),
        Value::Array(items) => items.iter().any(|value| contains(value, text)),
        _ => false,
    }
}
