//! Which exactly-once calls created their target.
//!
//! A call, not a request: an app sends its request again when the response is lost, and the second one finds what the first created.

use std::sync::{Mutex, PoisonError};

use super::bounded::Bounded;
use super::work::Work;

/// Largest number of calls that are remembered.
const MAX_CALLS: usize = 10_000;
/// Maximum length of the id of a call.
const MAX_ID: usize = 64;

/// The calls that created their target, the last ones of this process.
#[derive(Debug)]
pub(super) struct CreatingCalls(Mutex<Bounded<()>>);

impl CreatingCalls {
    pub(super) fn new() -> Self {
        Self(Mutex::new(Bounded::new(MAX_CALLS)))
    }
}

impl Work<'_> {
    /// Whether the call of this request created the target, by this request or an earlier one.
    pub(super) fn call_created(&self, created: bool) -> bool {
        let id = self.request.header("call-id").filter(|id| (1..=MAX_ID).contains(&id.len()));
        let Some(id) = id else { return created };
        let key = format!("{} {id}", self.own());
        let mut calls = self.relay.creating_calls.0.lock().unwrap_or_else(PoisonError::into_inner);
        if created {
            calls.insert(&key, ());
        }
        created || calls.get(&key).is_some()
    }
}
