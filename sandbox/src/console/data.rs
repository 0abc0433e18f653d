//! The table of the console's data calls.

use serde::Deserialize;
use serde_json::{Value, json};

use super::{compare, faults, ledger, merchant_call, overview, requests, rows};
use crate::control::bodies::read;
use crate::control::error::ControlError;
use crate::control::state::ControlState;
use crate::platform::catalog;
use crate::platform::routes;
use crate::state::card_lifecycle::TRANSITIONS;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Webhook {
    id: String,
}

/// The maximum number of attempts that the list of webhooks shows.
const MAX_ATTEMPTS: usize = 2_000;

/// Runs a data call.
pub(super) fn call(control: &ControlState, name: &str, body: &[u8]) -> Result<Value, ControlError> {
    let platform = &control.platform;
    match name {
        "info" => Ok(info(control)),
        "overview" => overview::overview(platform),
        "series" => Ok(ledger::series(platform)),
        "rows" => rows::rows(platform, &read(body)?),
        "ledger" => Ok(ledger::accounts(platform)),
        "postings" => Ok(ledger::postings(platform, &read(body)?)),
        "requests" => Ok(requests::list(platform, &read(body)?)),
        "request" => requests::detail(platform, &read(body)?),
        "webhooks" => {
            let settings = platform.webhook_info();
            let sandbox = platform.shared.lock();
            Ok(json!({
                "settings": settings,
                "waiting": sandbox.outbox.queue(),
                "attempts": sandbox.outbox.newest(MAX_ATTEMPTS),
                "recorded": sandbox.outbox.attempts(),
            }))
        }
        "webhook" => {
            let id = read::<Webhook>(body)?.id;
            let sandbox = platform.shared.lock();
            Ok(json!({
                "attempts": sandbox.outbox.attempts_of(&id),
                "waiting": sandbox.outbox.queue().into_iter().find(|waiting| waiting.id == id),
            }))
        }
        "faults" => Ok(faults::faults(platform)),
        "snapshots" => Ok(compare::list(control)),
        "compare" => compare::compare(control, &read(body)?),
        "call" => merchant_call::call(platform, read(body)?),
        _ => Err(ControlError::new(404, format!("the console has no data {name}"))),
    }
}

/// What does not change while the sandbox runs.
fn info(control: &ControlState) -> Value {
    let platform = &control.platform;
    let operations: Vec<_> = routes::ROUTES
        .iter()
        .map(|route| {
            json!({
                "operation": route.operation,
                "method": route.method,
                "path": route.path,
                "allowed": route.modes.contains(&platform.mode()),
            })
        })
        .collect();
    let transitions: Vec<_> =
        TRANSITIONS.iter().map(|(from, to, by)| json!({"from": from, "to": to, "by": by})).collect();
    json!({
        "version": env!("CARGO_PKG_VERSION"),
        "mode": platform.mode(),
        "base_url": platform.base_url(),
        "control_url": platform.control_url(),
        "api_key": platform.api_key(),
        "packages": catalog::PACKAGES,
        "bins": catalog::BINS,
        "operations": operations,
        "transitions": transitions,
    })
}
