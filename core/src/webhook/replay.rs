//! Telling a callback that was seen before.

use std::collections::{HashSet, VecDeque};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

pub use crate::store::StoreUnavailable;

/// Remembers the callbacks that were accepted, so that one that comes twice is told.
///
/// Share one among all workers of a fleet: in memory it protects one process only.
pub trait ReplayStore: Send + Sync {
    /// Remembers `key` for `keep` and says whether it is new. It must be atomic: of two at once, one is told `true`.
    fn insert(&self, key: &str, keep: Duration) -> Result<bool, StoreUnavailable>;
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
    keys: HashSet<String>,
    /// In the order of arrival, with their end.
    order: VecDeque<(Instant, String)>,
}

impl MemoryReplayStore {
    /// A store of at most so many callbacks, at least one.
    pub fn new(capacity: usize) -> Self {
        Self { capacity: capacity.max(1), seen: Mutex::default() }
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
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        while let Some((end, _)) = seen.order.front()
            && (*end <= now || seen.order.len() >= self.capacity)
        {
            if let Some((_, old)) = seen.order.pop_front() {
                seen.keys.remove(&old);
            }
        }
        if !seen.keys.insert(key.to_owned()) {
            return Ok(false);
        }
        let end = now.checked_add(keep).unwrap_or(now);
        seen.order.push_back((end, key.to_owned()));
        Ok(true)
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
        let store = MemoryReplayStore::new(2);
        for key in ["a", "b", "c"] {
            assert_eq!(store.insert(key, LONG), Ok(true));
        }
        assert_eq!(store.seen.lock().unwrap().keys.len(), 2);
        assert_eq!(store.insert("c", LONG), Ok(false));
        assert_eq!(store.insert("d", Duration::ZERO), Ok(true));
        assert_eq!(store.insert("d", LONG), Ok(true), "an end that has passed frees the key");
    }
}
