//! Telling a callback that was seen before.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

pub use crate::store::StoreUnavailable;

/// Longer than any program runs.
const FOR_EVER: Duration = Duration::from_secs(100 * 365 * 24 * 3600);

/// Remembers the callbacks that were accepted, so that one that comes twice is told.
///
/// Share one among all workers of a fleet: in memory it protects one process only.
pub trait ReplayStore: Send + Sync {
    /// Remembers `key` for `keep` and says whether it is new. It must be atomic: of two at once, one is told `true`.
    fn insert(&self, key: &str, keep: Duration) -> Result<bool, StoreUnavailable>;

    /// Whether `key` is remembered. Only [`WebhookVerifier::claim`](crate::WebhookVerifier::claim) asks; a store that does
    /// not offer it is unavailable there.
    fn contains(&self, key: &str) -> Result<bool, StoreUnavailable> {
        let _ = key;
        Err(StoreUnavailable)
    }

    /// Forgets `key`, if it is remembered. Only [`WebhookVerifier::claim`](crate::WebhookVerifier::claim) asks for it.
    fn remove(&self, key: &str) -> Result<(), StoreUnavailable> {
        let _ = key;
        Err(StoreUnavailable)
    }
}

/// A [`ReplayStore`] in the memory of one process.
///
/// It is bounded: a full store forgets the oldest callbacks, which are the next to be refused by their age anyway.
#[derive(Debug)]
pub struct MemoryReplayStore {
    capacity: usize,
    seen: Mutex<Seen>,
}

#[derive(Debug, Default)]
struct Seen {
    /// With their end.
    keys: HashMap<String, Instant>,
    /// In the order of arrival, with the end they had then; those removed stand here until their turn comes.
    order: VecDeque<(Instant, String)>,
}

impl Seen {
    /// Forgets the oldest: those that have ended, and more while there is no room.
    fn sweep(&mut self, now: Instant, capacity: usize) {
        while let Some((end, key)) = self.order.front()
            && (*end <= now || self.keys.len() >= capacity || self.keys.get(key) != Some(end))
        {
            if let Some((end, key)) = self.order.pop_front()
                && self.keys.get(&key) == Some(&end)
            {
                self.keys.remove(&key);
            }
        }
        // Of keys that come and go behind one that stays.
        if self.order.len() >= capacity.saturating_mul(2) {
            self.order.retain(|(end, key)| self.keys.get(key) == Some(end));
        }
    }
}

impl MemoryReplayStore {
    /// A store of at most so many callbacks, at least one.
    pub fn new(capacity: usize) -> Self {
        Self { capacity: capacity.max(1), seen: Mutex::default() }
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for MemoryReplayStore {
    /// 100,000 callbacks: some 20 MB when full.
    fn default() -> Self {
        Self::new(100_000)
    }
}

impl ReplayStore for MemoryReplayStore {
    fn insert(&self, key: &str, keep: Duration) -> Result<bool, StoreUnavailable> {
        let now = Instant::now();
        let mut seen = self.seen();
        if seen.keys.get(key).is_some_and(|end| *end > now) {
            return Ok(false);
        }
        // Only for one that is new: room made for a replay would forget another callback, or this very one.
        seen.sweep(now, self.capacity);
        // An end that no clock reaches.
        let end = now.checked_add(keep).unwrap_or(now + FOR_EVER);
        seen.keys.insert(key.to_owned(), end);
        seen.order.push_back((end, key.to_owned()));
        Ok(true)
    }

    fn contains(&self, key: &str) -> Result<bool, StoreUnavailable> {
        Ok(self.seen().keys.get(key).is_some_and(|end| *end > Instant::now()))
    }

    fn remove(&self, key: &str) -> Result<(), StoreUnavailable> {
        self.seen().keys.remove(key);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: Duration = Duration::from_secs(600);

    #[test]
    fn a_key_is_new_once() {
        let store = MemoryReplayStore::default();
        assert_eq!(store.insert("a", LONG), Ok(true));
        assert_eq!(store.insert("a", LONG), Ok(false));
        assert_eq!(store.insert("b", LONG), Ok(true));
    }

    #[test]
    fn of_many_at_once_one_is_first() {
        let store = MemoryReplayStore::default();
        let firsts: usize = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..16).map(|_| scope.spawn(|| store.insert("a", LONG))).collect();
            threads.into_iter().map(|thread| usize::from(thread.join().unwrap() == Ok(true))).sum()
        });
        assert_eq!(firsts, 1);
    }

    #[test]
    fn it_is_bounded_in_size_and_time() {
        let store = MemoryReplayStore::new(1);
        assert_eq!((store.insert("a", LONG), store.insert("a", LONG)), (Ok(true), Ok(false)), "it is full");
        let store = MemoryReplayStore::new(2);
        for key in ["a", "b", "c"] {
            assert_eq!(store.insert(key, LONG), Ok(true));
        }
        assert_eq!(store.seen().keys.len(), 2);
        assert_eq!(store.insert("c", LONG), Ok(false));
        assert_eq!(store.insert("d", Duration::ZERO), Ok(true));
        assert_eq!(store.insert("d", LONG), Ok(true), "an end that has passed frees the key");
    }

    #[test]
    fn an_end_that_has_passed_frees_the_key_behind_one_that_stays() {
        let store = MemoryReplayStore::default();
        assert_eq!(store.insert("long", LONG), Ok(true));
        assert_eq!(store.insert("short", Duration::ZERO), Ok(true));
        assert_eq!(store.contains("short"), Ok(false));
        assert_eq!(store.insert("short", LONG), Ok(true));
        assert_eq!((store.insert("long", LONG), store.insert("short", LONG)), (Ok(false), Ok(false)));
    }

    #[test]
    fn a_key_can_be_asked_for_and_removed() {
        let store = MemoryReplayStore::default();
        assert_eq!(store.contains("a"), Ok(false));
        assert_eq!(store.insert("a", Duration::MAX), Ok(true));
        assert_eq!(store.contains("a"), Ok(true));
        assert_eq!((store.remove("a"), store.remove("a")), (Ok(()), Ok(())));
        assert_eq!((store.contains("a"), store.insert("a", LONG)), (Ok(false), Ok(true)));
    }

    #[test]
    fn keys_that_come_and_go_take_no_room() {
        let store = MemoryReplayStore::new(8);
        assert_eq!(store.insert("stays", LONG), Ok(true));
        for key in 0..1_000 {
            assert_eq!(store.insert(&key.to_string(), LONG), Ok(true));
            assert_eq!(store.remove(&key.to_string()), Ok(()));
        }
        assert_eq!(store.contains("stays"), Ok(true));
        assert!(store.seen().order.len() <= 16);
    }
}
