//! Rows by number, by the merchant's own number, and by time.

use std::collections::{BTreeMap, HashMap};
use std::ops::RangeInclusive;

/// Something the platform keeps.
pub(crate) trait Row {
    /// The platform's number.
    fn no(&self) -> &str;
    /// The merchant's own number, where there is one.
    fn unique_no(&self) -> Option<&str>;
    /// When it was created. It never changes.
    fn time_ms(&self) -> i64;
}

/// All rows of one kind.
#[derive(Debug, Clone)]
pub(crate) struct Table<R> {
    rows: HashMap<String, R>,
    /// Creation time, then the order of arrival among rows of the same time.
    order: BTreeMap<(i64, u64), String>,
    /// The first row that carried a number of the merchant's.
    unique: HashMap<String, String>,
    arrived: u64,
}

impl<R: Row> Table<R> {
    pub(crate) fn new() -> Self {
        Self { rows: HashMap::new(), order: BTreeMap::new(), unique: HashMap::new(), arrived: 0 }
    }

    pub(crate) fn get(&self, no: &str) -> Option<&R> {
        self.rows.get(no)
    }

    pub(crate) fn by_unique_no(&self, unique_no: &str) -> Option<&R> {
        self.unique.get(unique_no).and_then(|no| self.get(no))
    }

    /// Adds a row, or replaces the one of the same number.
    pub(crate) fn put(&mut self, row: R) {
        if !self.rows.contains_key(row.no()) {
            self.arrived += 1;
            self.order.insert((row.time_ms(), self.arrived), row.no().to_owned());
            if let Some(unique_no) = row.unique_no() {
                self.unique.entry(unique_no.to_owned()).or_insert_with(|| row.no().to_owned());
            }
        }
        self.rows.insert(row.no().to_owned(), row);
    }

    /// Oldest first.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &R> {
        self.order.values().filter_map(|no| self.rows.get(no))
    }

    /// The rows created in that span of milliseconds, newest first.
    pub(crate) fn newest_in(&self, span: RangeInclusive<i64>) -> impl Iterator<Item = &R> {
        self.order.range((*span.start(), 0)..=(*span.end(), u64::MAX)).rev().filter_map(|(_, no)| self.rows.get(no))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Clone)]
    struct Note(&'static str, &'static str, i64);

    impl Row for Note {
        fn no(&self) -> &str {
            self.0
        }
        fn unique_no(&self) -> Option<&str> {
            Some(self.1)
        }
        fn time_ms(&self) -> i64 {
            self.2
        }
    }

    #[test]
    fn a_span_gives_its_rows_newest_first_with_both_ends() {
        let mut table = Table::new();
        for note in [Note("b", "x", 2), Note("a", "x", 1), Note("c", "y", 2), Note("d", "z", 3)] {
            table.put(note);
        }
        table.put(Note("b", "x", 2));
        let numbers: Vec<_> = table.newest_in(1..=2).map(Row::no).collect();
        assert_eq!(vec!["c", "b", "a"], numbers);
        assert_eq!(Some("b"), table.by_unique_no("x").map(Row::no), "the first one keeps the name");
    }
}
