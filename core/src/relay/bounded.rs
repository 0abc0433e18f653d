//! A map of bounded size that forgets the entries that were not used for the longest time.

use std::collections::{BTreeMap, HashMap};

/// Map that keeps the entries that were used last.
#[derive(Debug)]
pub(super) struct Bounded<V> {
    most: usize,
    /// Number of the last use.
    uses: u64,
    entries: HashMap<String, (u64, V)>,
    by_use: BTreeMap<u64, String>,
}

impl<V> Bounded<V> {
    /// Creates a map of at most `most` entries.
    pub(super) fn new(most: usize) -> Self {
        Self { most: most.max(1), uses: 0, entries: HashMap::new(), by_use: BTreeMap::new() }
    }

    /// The entry of a key, which counts as used.
    pub(super) fn get(&mut self, key: &str) -> Option<&mut V> {
        let (used, value) = self.entries.get_mut(key)?;
        if let Some(key) = self.by_use.remove(used) {
            self.uses += 1;
            *used = self.uses;
            self.by_use.insert(self.uses, key);
        }
        Some(value)
    }

    /// Adds or replaces an entry; returns the one that is forgotten for it.
    pub(super) fn insert(&mut self, key: &str, value: V) -> Option<V> {
        self.remove(key);
        let forgotten = if self.entries.len() < self.most { None } else { self.remove_oldest() };
        self.uses += 1;
        self.by_use.insert(self.uses, key.to_owned());
        self.entries.insert(key.to_owned(), (self.uses, value));
        forgotten
    }

    /// The entry of a key, which is made if there is none, and the entry that is forgotten for it.
    pub(super) fn entry(&mut self, key: &str, make: impl FnOnce() -> V) -> (&mut V, Option<V>) {
        let is_full = !self.entries.contains_key(key) && self.entries.len() >= self.most;
        let forgotten = if is_full { self.remove_oldest() } else { None };
        self.uses += 1;
        let (used, value) = self.entries.entry(key.to_owned()).or_insert_with(|| (0, make()));
        self.by_use.remove(used);
        self.by_use.insert(self.uses, key.to_owned());
        *used = self.uses;
        (value, forgotten)
    }

    /// Removes the entry that was not used for the longest time.
    pub(super) fn remove_oldest(&mut self) -> Option<V> {
        let (_, key) = self.by_use.pop_first()?;
        self.entries.remove(&key).map(|(_, value)| value)
    }

    pub(super) fn remove(&mut self, key: &str) -> Option<V> {
        let (used, value) = self.entries.remove(key)?;
        self.by_use.remove(&used);
        Some(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_entry_that_was_not_used_for_the_longest_time_is_forgotten() {
        let mut map = Bounded::new(2);
        assert_eq!((map.insert("a", 1), map.insert("b", 2)), (None, None));
        assert_eq!(map.get("a").copied(), Some(1));
        assert_eq!(map.insert("c", 3), Some(2));
        assert_eq!(["a", "b", "c"].map(|key| map.get(key).copied()), [Some(1), None, Some(3)]);
        assert_eq!((map.insert("a", 4), map.entries.len(), map.by_use.len()), (None, 2, 2));
        assert_eq!((map.remove("a"), map.remove("a")), (Some(4), None));
        assert_eq!((map.remove_oldest(), map.remove_oldest()), (Some(3), None));
    }

    #[test]
    fn the_size_stays_bounded_whatever_is_inserted() {
        let mut map = Bounded::new(100);
        for number in 0..10_000 {
            map.insert(&(number % 150).to_string(), number);
            map.get(&(number % 7).to_string());
            map.entry(&(number % 250).to_string(), || number);
            assert!(map.entries.len() <= 100 && map.entries.len() == map.by_use.len());
        }
    }
}
