//! A table of rows, indexed by number and by the filters of lists, in the order of creation.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::ops::RangeInclusive;

use super::ordered::Ordered;

/// The keys that rows are looked up by. The order matters: of two groups of the same size, the one of the first key is
/// iterated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Key {
    /// The platform's number.
    No,
    /// The merchant reference.
    UniqueNo,
    /// The card that the row belongs to.
    Card,
    /// The cardholder that the row belongs to.
    Cardholder,
}

/// A row of a [`Table`]. Its keys and its creation time never change.
pub(crate) trait Row {
    /// The row's value of a key; `None` if rows of this kind do not have the key.
    fn key(&self, key: Key) -> Option<&str>;
    /// Creation time in Unix milliseconds.
    fn time_ms(&self) -> i64;

    /// The platform's number.
    fn no(&self) -> &str {
        self.key(Key::No).unwrap_or_default()
    }
}

/// All rows of one kind. Keys are stored once, in the row: everything else refers to a row by its index in `rows`.
#[derive(Debug, Clone)]
pub(crate) struct Table<R> {
    /// In the order of insertion.
    rows: Vec<R>,
    by_time: Ordered,
    numbers: Groups,
    unique_numbers: Groups,
    cards: Groups,
    cardholders: Groups,
}

/// One page of a list.
pub(crate) struct Found<'t, R> {
    /// Newest first.
    pub(crate) rows: Vec<&'t R>,
    /// The number of rows on all pages.
    pub(crate) total: usize,
}

impl<R: Row> Table<R> {
    pub(crate) fn new() -> Self {
        Self {
            rows: Vec::new(),
            by_time: Ordered::default(),
            numbers: Groups::default(),
            unique_numbers: Groups::default(),
            cards: Groups::default(),
            cardholders: Groups::default(),
        }
    }

    /// The row of that number.
    pub(crate) fn get(&self, no: &str) -> Option<&R> {
        self.first(Key::No, no)
    }

    /// The row of that value that was inserted first.
    pub(crate) fn first(&self, key: Key, value: &str) -> Option<&R> {
        self.groups(key).first(&self.rows, key, value).map(|index| self.row(index))
    }

    /// Adds a row, or replaces the one of the same number.
    pub(crate) fn put(&mut self, row: R) {
        if let Some(index) = self.numbers.first(&self.rows, Key::No, row.no()) {
            self.rows[index as usize] = row;
            return;
        }
        // 4 billion rows do not fit into memory.
        let index = u32::try_from(self.rows.len()).unwrap_or(u32::MAX);
        self.rows.push(row);
        self.by_time.insert((self.row(index).time_ms(), index));
        self.numbers.add(&self.rows, Key::No, index);
        self.unique_numbers.add(&self.rows, Key::UniqueNo, index);
        self.cards.add(&self.rows, Key::Card, index);
        self.cardholders.add(&self.rows, Key::Cardholder, index);
    }

    /// All rows, oldest first.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &R> {
        self.by_time.oldest().map(|index| self.row(index))
    }

    /// At most `size` of the rows created in that span of Unix milliseconds that have all the `wanted` values, after the
    /// first `skip`. It takes time proportional to the page, not to the table. The exception is two wanted values of which
    /// neither implies the other: then it is proportional to the number of rows with the rarer value.
    pub(crate) fn page(
        &self,
        wanted: &[(Key, &str)],
        span: &RangeInclusive<i64>,
        skip: usize,
        size: usize,
    ) -> Found<'_, R> {
        let mut rarest = (Hits::Many(&self.by_time), None);
        for (key, value) in wanted {
            let Some(hits) = self.groups(*key).hits(&self.rows, *key, value) else {
                return Found { rows: Vec::new(), total: 0 };
            };
            if rarest.1.is_none_or(|rarest_key| (hits.len(), *key) < (rarest.0.len(), rarest_key)) {
                rarest = (hits, Some(*key));
            }
        }
        let (hits, iterated) = rarest;
        let fits = |row: &R, (key, value): &(Key, &str)| row.key(*key) == Some(value);
        // All rows of a card belong to the same cardholder, so that checking one of them is enough.
        let (implied, other): (Vec<_>, Vec<_>) = wanted
            .iter()
            .filter(|(key, _)| Some(*key) != iterated)
            .partition(|(key, _)| (iterated, *key) == (Some(Key::Card), Key::Cardholder));
        if !implied.iter().all(|filter| hits.first().is_some_and(|index| fits(self.row(index), filter))) {
            return Found { rows: Vec::new(), total: 0 };
        }
        match hits {
            Hits::Many(order) if other.is_empty() => {
                let ranks = order.ranks(span);
                let total = ranks.len();
                let end = ranks.end.saturating_sub(skip).max(ranks.start);
                let start = end.saturating_sub(size).max(ranks.start);
                Found { rows: order.newest(start..end).map(|index| self.row(index)).collect(), total }
            }
            Hits::Many(order) => {
                let indexes = order.newest(order.ranks(span));
                let all: Vec<&R> = indexes
                    .map(|index| self.row(index))
                    .filter(|row| other.iter().all(|filter| fits(row, filter)))
                    .collect();
                Found { total: all.len(), rows: all.into_iter().skip(skip).take(size).collect() }
            }
            Hits::One(index) => {
                let row = self.row(index);
                let found = span.contains(&row.time_ms()) && other.iter().all(|filter| fits(row, filter));
                let rows = found.then_some(row).into_iter().skip(skip).take(size).collect();
                Found { rows, total: usize::from(found) }
            }
        }
    }

    fn row(&self, index: u32) -> &R {
        &self.rows[index as usize]
    }

    fn groups(&self, key: Key) -> &Groups {
        match key {
            Key::No => &self.numbers,
            Key::UniqueNo => &self.unique_numbers,
            Key::Card => &self.cards,
            Key::Cardholder => &self.cardholders,
        }
    }
}

/// The rows of each value of one key. Values are not stored again: a hash leads to an index, and that row has the value.
#[derive(Debug, Clone, Default)]
struct Groups {
    /// The first row of a value, by the hash of the value or, if another value occupies that, by the next free number.
    first: HashMap<u64, u32>,
    /// All rows of a value that has more than one, by the first row.
    more: HashMap<u32, Ordered>,
}

/// The rows of one value.
#[derive(Clone, Copy)]
enum Hits<'t> {
    One(u32),
    Many(&'t Ordered),
}

impl Hits<'_> {
    fn len(self) -> usize {
        match self {
            Self::One(_) => 1,
            Self::Many(order) => order.len(),
        }
    }

    fn first(self) -> Option<u32> {
        match self {
            Self::One(index) => Some(index),
            Self::Many(order) => order.oldest().next(),
        }
    }
}

impl Groups {
    /// The slot of a value, and the index in it.
    fn slot<R: Row>(&self, rows: &[R], key: Key, value: &str) -> (u64, Option<u32>) {
        let mut hasher = DefaultHasher::new();
        value.hash(&mut hasher);
        let mut slot = hasher.finish();
        loop {
            match self.first.get(&slot) {
                Some(index) if rows[*index as usize].key(key) == Some(value) => return (slot, Some(*index)),
                Some(_) => slot = slot.wrapping_add(1),
                None => return (slot, None),
            }
        }
    }

    fn first<R: Row>(&self, rows: &[R], key: Key, value: &str) -> Option<u32> {
        self.slot(rows, key, value).1
    }

    fn hits<R: Row>(&self, rows: &[R], key: Key, value: &str) -> Option<Hits<'_>> {
        let index = self.first(rows, key, value)?;
        Some(self.more.get(&index).map_or(Hits::One(index), Hits::Many))
    }

    /// Adds the row of that index, if it has the key.
    fn add<R: Row>(&mut self, rows: &[R], key: Key, index: u32) {
        let time_ms = |index: u32| rows[index as usize].time_ms();
        let Some(value) = rows[index as usize].key(key) else { return };
        match self.slot(rows, key, value) {
            (slot, None) => {
                self.first.insert(slot, index);
            }
            (_, Some(first)) => {
                let order = self.more.entry(first).or_default();
                if order.len() == 0 {
                    order.insert((time_ms(first), first));
                }
                order.insert((time_ms(index), index));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    thread_local! {
        /// How often a key of a row was read.
        static READS: Cell<usize> = const { Cell::new(0) };
    }

    #[derive(Clone)]
    struct Note {
        no: String,
        unique_no: String,
        card_no: String,
        holder_no: String,
        time_ms: i64,
    }

    impl Row for Note {
        fn key(&self, key: Key) -> Option<&str> {
            READS.set(READS.get() + 1);
            Some(match key {
                Key::No => &self.no,
                Key::UniqueNo => &self.unique_no,
                Key::Card => &self.card_no,
                Key::Cardholder => &self.holder_no,
            })
        }
        fn time_ms(&self) -> i64 {
            self.time_ms
        }
    }

    /// 20 000 rows of 10 cards of 5 cardholders; four rows of each time.
    fn table() -> Table<Note> {
        let mut table = Table::new();
        for at in 0..20_000 {
            table.put(Note {
                no: format!("n{at}"),
                unique_no: format!("u{}", at / 2),
                card_no: format!("c{}", at % 10),
                holder_no: format!("h{}", at % 5),
                time_ms: at / 4,
            });
        }
        table
    }

    #[test]
    fn pages_equal_those_of_a_full_scan() {
        let table = table();
        for wanted in [
            &[][..],
            &[(Key::No, "n77")],
            &[(Key::UniqueNo, "u77")],
            &[(Key::Card, "c3")],
            &[(Key::Card, "c3"), (Key::Cardholder, "h3")],
            &[(Key::Card, "c3"), (Key::Cardholder, "h4")],
            &[(Key::Cardholder, "h3"), (Key::UniqueNo, "u77")],
            &[(Key::Cardholder, "h1"), (Key::UniqueNo, "u77")],
            &[(Key::Cardholder, "h9")],
        ] {
            for span in [0..=10_000, 19..=19, 100..=999, 9000..=9999] {
                let mut all: Vec<_> = table
                    .iter()
                    .filter(|row| span.contains(&row.time_ms))
                    .filter(|row| wanted.iter().all(|(key, value)| row.key(*key) == Some(value)))
                    .map(|row| row.no.clone())
                    .collect();
                all.reverse();
                for (skip, size) in [(0, 10), (10, 10), (70, 100), (usize::MAX, 10)] {
                    let found = table.page(wanted, &span, skip, size);
                    let numbers: Vec<_> = found.rows.iter().map(|row| row.no.clone()).collect();
                    let page: Vec<_> = all.iter().skip(skip).take(size).cloned().collect();
                    assert_eq!((all.len(), page), (found.total, numbers), "{wanted:?} {span:?} {skip}");
                }
            }
        }
    }

    #[test]
    fn a_page_reads_no_more_rows_than_it_returns() {
        let table = table();
        for wanted in [&[][..], &[(Key::Card, "c3")], &[(Key::Card, "c3"), (Key::Cardholder, "h3")]] {
            READS.set(0);
            assert_eq!(10, table.page(wanted, &(0..=10_000), 1900, 10).rows.len());
            assert!(READS.get() <= 10, "{wanted:?}: {}", READS.get());
        }
    }

    #[test]
    fn a_replaced_row_keeps_its_position_and_its_keys() {
        let mut table = table();
        let row = table.get("n77").cloned().unwrap();
        table.put(row);
        assert_eq!(20_000, table.iter().count());
        assert_eq!(Some("n76"), table.first(Key::UniqueNo, "u38").map(Row::no));
        assert!(table.get("n20000").is_none());
    }
}
