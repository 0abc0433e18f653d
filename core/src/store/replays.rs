//! The store of webhooks and purchase decisions.

use std::time::Duration;

use super::StoreUnavailable;

/// Remembers webhooks that were accepted, and the decisions on purchases.
///
/// Share one store among all workers of a fleet: a store in memory protects one process only.
pub trait ReplayStore: Send + Sync {
    /// Stores `value` under `key` for `keep`, unless the key is present: then returns the value that is there.
    ///
    /// It must be atomic: of two calls at once, exactly one gets `None`. Values are short texts, often empty.
    fn insert(&self, key: &str, value: &str, keep: Duration) -> Result<Option<String>, StoreUnavailable>;

    /// Returns the value of `key`, if the key is present.
    fn get(&self, key: &str) -> Result<Option<String>, StoreUnavailable>;

    /// Removes `key`, if it is present.
    fn remove(&self, key: &str) -> Result<(), StoreUnavailable>;
}

/// What the replay guard does when its store cannot be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
pub enum OnStoreFailure {
    /// Reject the callback; the platform will send it again. The safe choice.
    #[default]
    Reject,
    /// Accept it; it may have been accepted before.
    Accept,
}

/// What tests ask of any store.
#[cfg(test)]
pub(crate) trait ReplayChecks: ReplayStore {
    fn insert_new(&self, key: &str, keep: Duration) -> Result<bool, StoreUnavailable> {
        self.insert(key, "", keep).map(|present| present.is_none())
    }

    fn contains(&self, key: &str) -> Result<bool, StoreUnavailable> {
        self.get(key).map(|value| value.is_some())
    }
}

#[cfg(test)]
impl<T: ReplayStore + ?Sized> ReplayChecks for T {}
