//! Replay store in the memory of one process.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::store::{ReplayStore, StoreUnavailable};

/// Longer than any program runs, for ends beyond the range of the clock.
const FOR_EVER: Duration = Duration::from_secs(100 * 365 * 24 * 3600);

/// [`ReplayStore`] in the memory of one process, with a maximum number of webhooks.
///
/// A full store forgets the oldest webhooks, which the verifier will soon refuse by their age.
#[derive(Debug)]
pub struct MemoryReplayStore {
    capacity: usize,
    seen: Mutex<Seen>,
}

#[derive(Debug, Default)]
struct Seen {
    /// End and value of each key.
    keys: HashMap<String, (Instant, String)>,
    /// Keys with their ends in the order of arrival. Removed keys stay until they are swept.
    order: VecDeque<(Instant, String)>,
}

impl Seen {
    /// Removes keys that have ended, and the oldest others while the store is full.
    fn sweep(&mut self, now: Instant, capacity: usize) {
        while let Some((end, key)) = self.order.front()
            && (*end <= now || self.keys.len() >= capacity || !self.is_current(key, *end))
        {
            if let Some((end, key)) = self.order.pop_front()
                && self.is_current(&key, end)
            {
                self.keys.remove(&key);
            }
        }
        // Entries of removed keys accumulate after one that stays.
        if self.order.len() >= capacity.saturating_mul(2) {
            let keys = &self.keys;
            self.order.retain(|(end, key)| keys.get(key).is_some_and(|(kept, _)| kept == end));
        }
    }

    /// Whether the key still is the one that was added with this end.
    fn is_current(&self, key: &str, end: Instant) -> bool {
        self.keys.get(key).is_some_and(|(kept, _)| *kept == end)
    }
}

impl MemoryReplayStore {
    /// Creates a store of at most `capacity` webhooks, at least one.
    pub fn new(capacity: usize) -> Self {
        Self { capacity: capacity.max(1), seen: Mutex::default() }
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for MemoryReplayStore {
    /// Creates a store of at most 100,000 webhooks, which takes about 20 MB when full.
    fn default() -> Self {
        Self::new(100_000)
    }
}

impl ReplayStore for MemoryReplayStore {
    fn insert(&self, key: &str, value: &str, keep: Duration) -> Result<Option<String>, StoreUnavailable> {
        let now = Instant::now();
        let mut seen = self.seen();
        if let Some((_, present)) = seen.keys.get(key).filter(|(end, _)| *end > now) {
            return Ok(Some(present.clone()));
        }
        // Only for a new key: a replay must not make the store forget a webhook.
        seen.sweep(now, self.capacity);
        // The end may be beyond the range of the clock.
        let end = now.checked_add(keep).unwrap_or(now + FOR_EVER);
        seen.keys.insert(key.to_owned(), (end, value.to_owned()));
        seen.order.push_back((end, key.to_owned()));
        Ok(None)
    }

    fn get(&self, key: &str) -> Result<Option<String>, StoreUnavailable> {
        let now = Instant::now();
        Ok(self.seen().keys.get(key).filter(|(end, _)| *end > now).map(|(_, value)| value.clone()))
    }

    fn remove(&self, key: &str) -> Result<(), StoreUnavailable> {
        self.seen().keys.remove(key);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::ReplayChecks as _;

    const LONG: Duration = Duration::from_secs(600);

    #[test]
    fn a_key_is_new_once() {
        let store = MemoryReplayStore::default();
        assert_eq!(store.insert_new("a", LONG), Ok(true));
        assert_eq!(store.insert_new("a", LONG), Ok(false));
        assert_eq!(store.insert_new("b", LONG), Ok(true));
    }

    #[test]
    fn one_of_many_concurrent_inserts_is_first() {
        let store = MemoryReplayStore::default();
        let firsts: usize = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..16).map(|_| scope.spawn(|| store.insert_new("a", LONG))).collect();
            threads.into_iter().map(|thread| usize::from(thread.join().unwrap() == Ok(true))).sum()
        });
        assert_eq!(firsts, 1);
    }

    #[test]
    fn it_is_bounded_in_size_and_time() {
        let store = MemoryReplayStore::new(1);
        assert_eq!((store.insert_new("a", LONG), store.insert_new("a", LONG)), (Ok(true), Ok(false)), "it is full");
        let store = MemoryReplayStore::new(2);
        for key in ["a", "b", "c"] {
            assert_eq!(store.insert_new(key, LONG), Ok(true));
        }
        assert_eq!(store.seen().keys.len(), 2);
        assert_eq!(store.insert_new("c", LONG), Ok(false));
        assert_eq!(store.insert_new("d", Duration::ZERO), Ok(true));
        assert_eq!(store.insert_new("d", LONG), Ok(true), "an end that has passed frees the key");
    }

    #[test]
    fn an_expired_key_is_free_although_an_older_key_stays() {
        let store = MemoryReplayStore::default();
        assert_eq!(store.insert_new("long", LONG), Ok(true));
        assert_eq!(store.insert_new("short", Duration::ZERO), Ok(true));
        assert_eq!(store.contains("short"), Ok(false));
        assert_eq!(store.insert_new("short", LONG), Ok(true));
        assert_eq!((store.insert_new("long", LONG), store.insert_new("short", LONG)), (Ok(false), Ok(false)));
    }

    #[test]
    fn a_key_can_be_read_and_removed() {
        let store = MemoryReplayStore::default();
        assert_eq!(store.contains("a"), Ok(false));
        assert_eq!(store.insert_new("a", Duration::MAX), Ok(true));
        assert_eq!(store.contains("a"), Ok(true));
        assert_eq!((store.remove("a"), store.remove("a")), (Ok(()), Ok(())));
        assert_eq!((store.contains("a"), store.insert_new("a", LONG)), (Ok(false), Ok(true)));
    }

    #[test]
    fn removed_keys_take_no_memory() {
        let store = MemoryReplayStore::new(8);
        assert_eq!(store.insert_new("stays", LONG), Ok(true));
        for key in 0..1_000 {
            assert_eq!(store.insert_new(&key.to_string(), LONG), Ok(true));
            assert_eq!(store.remove(&key.to_string()), Ok(()));
        }
        assert_eq!(store.contains("stays"), Ok(true));
        assert!(store.seen().order.len() <= 16);
    }

    #[test]
    fn the_first_value_is_kept() {
        let store = MemoryReplayStore::default();
        assert_eq!(store.insert("a", "first", LONG), Ok(None));
        assert_eq!(store.insert("a", "second", LONG), Ok(Some("first".to_owned())));
        assert_eq!(store.get("a"), Ok(Some("first".to_owned())));
    }
}
