//! The recorded requests, as a list of short entries and one by one.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::admin::platform::Platform;
use crate::control::error::ControlError;
use crate::log::Entry;
use crate::masking::mask_text;

/// The maximum number of entries of a response.
const MAX_ENTRIES: usize = 10_000;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Since {
    /// Only entries that changed after this change; 0 for all.
    #[serde(default)]
    change: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Id {
    id: usize,
}

/// The entries that changed, newest first, as lists of values: the page holds thousands of them.
pub(super) fn list(platform: &Platform, since: &Since) -> Value {
    let sandbox = platform.shared.lock();
    let entries: Vec<_> = sandbox
        .log
        .newest()
        .filter(|(_, entry)| entry.change > since.change)
        .take(MAX_ENTRIES)
        .map(|(id, entry)| {
            json!([
                id,
                entry.time_ms,
                entry.operation,
                entry.method,
                entry.exchange.as_ref().map_or(&*entry.path, |exchange| exchange.path()),
                entry.code,
                entry.status,
                micros(entry),
                entry.fault,
                entry.committed,
            ])
        })
        .collect();
    json!({"change": sandbox.log.changes(), "entries": entries})
}

/// One request with its headers, body and response, secrets masked.
pub(super) fn detail(platform: &Platform, id: &Id) -> Result<Value, ControlError> {
    let sandbox = platform.shared.lock();
    let entry = sandbox
        .log
        .entry(id.id)
        .ok_or_else(|| ControlError::new(404, format!("request {} is not recorded (any more)", id.id)))?;
    let mut shown = json!({
        "id": id.id,
        "record": entry.record(),
        "took_us": micros(entry),
        "http_status": entry.status,
        "exchange": entry.exchange.as_ref().map(|exchange| exchange.to_json(entry.operation)),
    });
    // A program that mixes up key and secret sends the secret in a field that is none.
    mask_text(&mut shown, platform.api_secret());
    Ok(shown)
}

/// The time to the response in microseconds.
pub(super) fn micros(entry: &Entry) -> Option<u64> {
    entry.took.map(|took| u64::try_from(took.as_micros()).unwrap_or(u64::MAX))
}
