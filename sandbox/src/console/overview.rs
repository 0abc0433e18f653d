//! The figures of the overview.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Value, json};

use super::requests::micros;
use crate::admin::platform::Platform;
use crate::control::error::ControlError;
use crate::money;
use crate::state::ledger::Account;

/// The number of latencies per operation that are kept for percentiles, the newest ones.
const LATENCIES: usize = 1_000;

/// The requests of one operation.
#[derive(Default, Serialize)]
struct Operation {
    operation: &'static str,
    count: usize,
    succeeded: usize,
    refused: usize,
    /// Requests that a fault affected, or that got no envelope.
    faulty: usize,
    p50_us: Option<u64>,
    p95_us: Option<u64>,
    #[serde(skip)]
    latencies: Vec<u64>,
}

pub(super) fn overview(platform: &Platform) -> Result<Value, ControlError> {
    let ledger = platform.ledger();
    let sandbox = platform.shared.lock();
    let mut operations: BTreeMap<&str, Operation> = BTreeMap::new();
    let mut requests = 0;
    for (_, entry) in sandbox.log.newest() {
        requests += 1;
        let operation = operations.entry(entry.operation).or_default();
        operation.operation = entry.operation;
        operation.count += 1;
        match (entry.fault, entry.code) {
            (None, Some(0)) => operation.succeeded += 1,
            (None, Some(_)) => operation.refused += 1,
            _ => operation.faulty += 1,
        }
        if operation.latencies.len() < LATENCIES {
            operation.latencies.extend(micros(entry));
        }
    }
    let mut operations: Vec<_> = operations.into_values().collect();
    for operation in &mut operations {
        operation.latencies.sort_unstable();
        operation.p50_us = percentile(&operation.latencies, 50);
        operation.p95_us = percentile(&operation.latencies, 95);
    }
    operations.sort_by(|one, other| other.count.cmp(&one.count).then(one.operation.cmp(other.operation)));
    let balance = |account: &Account| money::text(ledger.balance(account));
    let state = &sandbox.state;
    Ok(json!({
        "balances": {
            "reserve": balance(&Account::MerchantReserve),
            "cardholders": money::text(ledger.cardholders_total()),
            "holds": money::text(ledger.holds_total()),
            "spent": balance(&Account::Shops),
            "fees": balance(&Account::Fees),
        },
        "counts": {
            "cardholders": state.cardholders().iter().count(),
            "cards": state.cards().iter().count(),
            "consumptions": state.consumptions().iter().count(),
            "transfers": state.transfers().iter().count(),
            "requests": requests,
        },
        "webhooks": {
            "url": state.settings.webhooks.target.as_ref().map(|target| target.url.clone()),
            "waiting": sandbox.outbox.waiting(),
            "attempts": sandbox.outbox.attempts(),
            "failed": sandbox.outbox.failed(),
        },
        "faults": {"planned": sandbox.faults.remaining(), "fired": sandbox.faults.fired().len()},
        "operations": serde_json::to_value(operations).map_err(|error| ControlError::new(500, error.to_string()))?,
    }))
}

/// The value below which that percentage of the sorted values lies.
fn percentile(sorted: &[u64], percent: usize) -> Option<u64> {
    let at = (sorted.len() * percent).div_ceil(100).saturating_sub(1);
    sorted.get(at).copied()
}

#[cfg(test)]
mod tests {
    use super::percentile;

    #[test]
    fn percentiles_are_values_that_occurred() {
        let values: Vec<u64> = (1..=100).collect();
        assert_eq!((Some(50), Some(95)), (percentile(&values, 50), percentile(&values, 95)));
        assert_eq!((Some(7), None), (percentile(&[7], 95), percentile(&[], 50)));
    }
}
