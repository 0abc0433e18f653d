//! Planned faults and those that occurred.

use serde_json::{Value, json};

use crate::admin::platform::Platform;

/// The maximum number of faults that are shown, newest first.
const MAX_SHOWN: usize = 500;

pub(super) fn faults(platform: &Platform) -> Value {
    let sandbox = platform.shared.lock();
    let webhooks: Vec<_> =
        sandbox.outbox.planned_faults().iter().map(|(action, kind)| json!({"action": action, "kind": kind})).collect();
    let fired = sandbox.faults.fired();
    json!({
        "planned": sandbox.faults.planned(),
        "webhooks": webhooks,
        "fired": fired.iter().rev().take(MAX_SHOWN).collect::<Vec<_>>(),
        "fired_count": fired.len(),
    })
}
