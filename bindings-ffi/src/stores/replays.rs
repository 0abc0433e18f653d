//! Webhooks in a store of the merchant's.

use std::sync::Arc;
use std::time::Duration;

use keysecure::StoreUnavailable;

use super::unavailable;
use crate::convert::{CallbackFailure, Result};

/// Remembers webhooks that were accepted, and the decisions on purchases. One that throws cannot be reached: see
/// `WebhookOptions`.
#[uniffi::export(foreign)]
pub trait ReplayStore: Send + Sync {
    /// Stores `value` under `key` for `keep`, unless the key is present: then returns the value that is there. It must be
    /// atomic: of two calls at once, exactly one gets null.
    fn insert(&self, key: String, value: String, keep: Duration) -> Result<Option<String>, CallbackFailure>;

    /// Returns the value of `key`, if the key is present.
    fn get(&self, key: String) -> Result<Option<String>, CallbackFailure>;

    /// Removes `key`, if it is present.
    fn remove(&self, key: String) -> Result<(), CallbackFailure>;
}

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
