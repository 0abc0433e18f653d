//! A store that does not make a new reference wait.

use std::time::Duration;

use keysecure::{Acquired, AttemptEnd, AttemptStart, AttemptStore, MemoryStore, Store, StoreUnavailable};

/// A store in memory that says it is an hour old, so that a reference without a record is known to be new.
#[derive(Debug, Clone, Default)]
pub struct AgedStore(MemoryStore);

const AGE: Duration = Duration::from_secs(3_600);

impl From<AgedStore> for Store {
    fn from(store: AgedStore) -> Self {
        Self::from(store.0.clone()).attempts(std::sync::Arc::new(store))
    }
}

impl AttemptStore for AgedStore {
    fn acquire(&self, reference: &str, lease: Duration, within: Duration) -> Result<Acquired, StoreUnavailable> {
        Ok(match self.0.acquire(reference, lease, within)? {
            Acquired::Leased { lease_id, last_attempt, .. } => {
                Acquired::Leased { lease_id, last_attempt, store_age: AGE }
            }
            Acquired::Busy => Acquired::Busy,
        })
    }

    fn begin(&self, attempt: &AttemptStart<'_>, within: Duration) -> Result<bool, StoreUnavailable> {
        self.0.begin(attempt, within)
    }

    fn finish(&self, reference: &str, lease: &str, end: AttemptEnd, within: Duration) -> Result<(), StoreUnavailable> {
        self.0.finish(reference, lease, end, within)
    }

    fn release(&self, reference: &str, lease: &str, within: Duration) -> Result<(), StoreUnavailable> {
        AttemptStore::release(&self.0, reference, lease, within)
    }
}
