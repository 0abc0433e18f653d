//! Webhooks in a store of the merchant's.

use std::sync::Arc;
use std::time::Duration;

use keysecure::StoreUnavailable;

use super::unavailable;
use crate::convert::{ForeignFailure, Result};

/// Records accepted webhooks and the decisions on purchases. A store that throws counts as unavailable: see
/// `WebhookOptions`.
#[uniffi::export(foreign)]
pub trait ReplayStore: Send + Sync {
    /// Stores `value` under `key` for the duration `keep` and returns null; when the key exists, returns its value.
    /// Must be atomic: of two concurrent calls, exactly one gets null.
    fn insert(&self, key: String, value: String, keep: Duration) -> Result<Option<String>, ForeignFailure>;

    /// Returns the value of `key`, or null.
    fn get(&self, key: String) -> Result<Option<String>, ForeignFailure>;

    /// Removes `key`, if it exists.
    fn remove(&self, key: String) -> Result<(), ForeignFailure>;
}

crate::tables::in_c_order!(UniFfiTraitVtableReplayStore: insert, get, remove);

pub(super) struct Foreign(pub Arc<dyn ReplayStore>);

impl keysecure::ReplayStore for Foreign {
    fn insert(&self, key: &str, value: &str, keep: Duration) -> Result<Option<String>, StoreUnavailable> {
        self.0.insert(key.to_owned(), value.to_owned(), keep).map_err(unavailable("insert"))
    }

    fn get(&self, key: &str) -> Result<Option<String>, StoreUnavailable> {
        self.0.get(key.to_owned()).map_err(unavailable("get"))
    }

    fn remove(&self, key: &str) -> Result<(), StoreUnavailable> {
        self.0.remove(key.to_owned()).map_err(unavailable("remove"))
    }
}
