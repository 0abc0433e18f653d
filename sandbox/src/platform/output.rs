//! The `data` of responses.

use serde::Serialize;

use super::call::CallResult;
use super::codes::Refusal;

/// Serializes `data`.
pub(super) fn data(value: &impl Serialize) -> CallResult {
    // None of the response types can fail to serialize; if one ever does, it is a system error.
    serde_json::to_vec(value).map_err(|_| Refusal::code(1001))
}

/// Serializes `data` of a list call.
pub(super) fn list_data<T: Serialize>(rows: impl Iterator<Item = T>) -> CallResult {
    #[derive(Serialize)]
    struct Rows<T> {
        list: Vec<T>,
    }
    data(&Rows { list: rows.collect() })
}

/// The constant `data` of the calls that have nothing to return.
pub(super) const DONE: &[u8] = br#"{"result":true}"#;
