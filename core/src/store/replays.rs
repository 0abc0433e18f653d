//! The trait of replay stores: accepted webhooks and purchase decisions.

use std::time::Duration;

use super::StoreUnavailable;

/// Store of accepted webhooks and of decisions on purchases.
///
/// Share one store among all workers of a fleet: a store in memory protects one process only. Keys are digests or signatures,
/// values are short strings, often empty.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
///
/// use keysecure::{MemoryReplayStore, ReplayStore};
///
/// let store = MemoryReplayStore::default();
/// let hour = Duration::from_secs(3600);
/// assert_eq!(store.insert("key", "first", hour), Ok(None));
/// assert_eq!(store.insert("key", "second", hour), Ok(Some("first".to_owned())));
/// ```
pub trait ReplayStore: Send + Sync {
    /// Stores `value` under `key` for `keep`, unless the key is present: then returns the stored value.
    ///
    /// It must be atomic: of two concurrent calls, exactly one returns `None`.
    ///
    /// # Errors
    ///
    /// [`StoreUnavailable`] if the store cannot be reached.
    fn insert(&self, key: &str, value: &str, keep: Duration) -> Result<Option<String>, StoreUnavailable>;

    /// Returns the value of `key`, if the key is present.
    ///
    /// # Errors
    ///
    /// [`StoreUnavailable`] if the store cannot be reached.
    fn get(&self, key: &str) -> Result<Option<String>, StoreUnavailable>;

    /// Removes `key`, if it is present.
    ///
    /// # Errors
    ///
    /// [`StoreUnavailable`] if the store cannot be reached.
    fn remove(&self, key: &str) -> Result<(), StoreUnavailable>;
}

/// Behaviour when a store is unavailable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
pub enum OnStoreFailure {
    /// Fail: a webhook is rejected, and the platform sends it again; an exactly-once call is refused. The safe choice.
    #[default]
    Reject,
    /// Continue: a webhook is accepted, possibly for the second time; an exactly-once call relies on this process alone.
    Accept,
}

/// Shorthands for the tests of stores.
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
