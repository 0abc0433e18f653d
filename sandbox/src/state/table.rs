//! Rows by number and by what lists are filtered by, in the order of their creation.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::ops::RangeInclusive;

use super::ordered::Ordered;

/// What a row can be looked for by. The order matters: of two groups of the same size the first one is walked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Key {
    /// The platform's number.
    No,
    /// The merchant's own number.
    UniqueNo,
    /// The card that the row is about.
    Card,
    /// The cardholder that the row belongs to.
    Cardholder,
}

/// Something the platform keeps. Its keys and its creation time never change.
pub(crate) trait Row {
    /// The row's value of a key; `None` if rows of this kind are not looked for by it.
    fn key(&self, key: Key) -> Option<&str>;
    /// When it was created.
    fn time_ms(&self) -> i64;

    fn no(&self) -> &str {
        self.key(Key::No).unwrap_or_default()
    }
}

/// All rows of one kind. A row's number is kept once, in the row: everything else goes by its place.
#[derive(Debug, Clone)]
pub(crate) struct Table<R> {
    /// In the order of arrival.
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
    /// How many there are on all pages.
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

    pub(crate) fn get(&self, no: &str) -> Option<&R> {
        self.first(Key::No, no)
    }

    /// The row of that value that came first.
    pub(crate) fn first(&self, key: Key, value: &str) -> Option<&R> {
        self.groups(key).first(&self.rows, key, value).map(|place| self.row(place))
    }

    /// Adds a row, or replaces the one of the same number.
    pub(crate) fn put(&mut self, row: R) {
        if let Some(place) = self.numbers.first(&self.rows, Key::No, row.no()) {
            self.rows[place as usize] = row;
            return;
        }
        // Four thousand million rows do not fit into the memory of any machine that runs this.
        let place = u32::try_from(self.rows.len()).unwrap_or(u32::MAX);
        self.rows.push(row);
        self.by_time.insert((self.row(place).time_ms(), place));
        self.numbers.add(&self.rows, Key::No, place);
        self.unique_numbers.add(&self.rows, Key::UniqueNo, place);
        self.cards.add(&self.rows, Key::Card, place);
        self.cardholders.add(&self.rows, Key::Cardholder, place);
    }

    /// Oldest first.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &R> {
        self.by_time.oldest().map(|place| self.row(place))
    }

    /// The rows created in that span of milliseconds that have all the `wanted` values: so many of them, after the first
    /// `skip`. It costs as much as the page, whatever the table holds, unless two values are wanted of which neither
    /// decides the other: then it costs as much as the rows of the rarer one.
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
        let (hits, walked) = rarest;
        let fits = |row: &R, (key, value): &(Key, &str)| row.key(*key) == Some(value);
        // All rows of a card belong to its holder, so that one of them speaks for all.
        let (decided, other): (Vec<_>, Vec<_>) = wanted
            .iter()
            .filter(|(key, _)| Some(*key) != walked)
            .partition(|(key, _)| (walked, *key) == (Some(Key::Card), Key::Cardholder));
        if !decided.iter().all(|filter| hits.any().is_some_and(|place| fits(self.row(place), filter))) {
            return Found { rows: Vec::new(), total: 0 };
        }
        match hits {
            Hits::Many(order) if other.is_empty() => {
                let ranks = order.ranks(span);
                let total = ranks.len();
                let end = ranks.end.saturating_sub(skip).max(ranks.start);
                let start = end.saturating_sub(size).max(ranks.start);
                Found { rows: order.newest(start..end).map(|place| self.row(place)).collect(), total }
            }
            Hits::Many(order) => {
                let places = order.newest(order.ranks(span));
                let all: Vec<&R> = places
                    .map(|place| self.row(place))
                    .filter(|row| other.iter().all(|filter| fits(row, filter)))
                    .collect();
                Found { total: all.len(), rows: all.into_iter().skip(skip).take(size).collect() }
            }
            Hits::One(place) => {
                let row = self.row(place);
                let found = span.contains(&row.time_ms()) && other.iter().all(|filter| fits(row, filter));
                let rows = Some(row).filter(|_| found).into_iter().skip(skip).take(size).collect();
                Found { rows, total: usize::from(found) }
            }
        }
    }

    fn row(&self, place: u32) -> &R {
        &self.rows[place as usize]
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

/// The rows of each value of one key. Values are not kept again: a hash leads to a place, and the row there has the value.
#[derive(Debug, Clone, Default)]
struct Groups {
    /// The first row of a value, at the hash of the value or, where another value has that already, after it.
    first: HashMap<u64, u32>,
    /// All rows of a value that has more than one, by its first.
    more: HashMap<u32, Ordered>,
}

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

    fn any(self) -> Option<u32> {
        match self {
            Self::One(place) => Some(place),
            Self::Many(order) => order.oldest().next(),
        }
    }
}

impl Groups {
    /// The slot of a value, and the place in it.
    fn slot<R: Row>(&self, rows: &[R], key: Key, value: &str) -> (u64, Option<u32>) {
        let mut hasher = DefaultHasher::new();
        value.hash(&mut hasher);
        let mut slot = hasher.finish();
        loop {
            match self.first.get(&slot) {
                Some(place) if rows[*place as usize].key(key) == Some(value) => return (slot, Some(*place)),
                Some(_) => slot = slot.wrapping_add(1),
                None => return (slot, None),
            }
        }
    }

    fn first<R: Row>(&self, rows: &[R], key: Key, value: &str) -> Option<u32> {
        self.slot(rows, key, value).1
    }

    fn hits<R: Row>(&self, rows: &[R], key: Key, value: &str) -> Option<Hits<'_>> {
        let place = self.first(rows, key, value)?;
        Some(self.more.get(&place).map_or(Hits::One(place), Hits::Many))
    }

    /// Adds the row at that place, if it has the key.
    fn add<R: Row>(&mut self, rows: &[R], key: Key, place: u32) {
        let time_ms = |place: u32| rows[place as usize].time_ms();
        let Some(value) = rows[place as usize].key(key) else { return };
        match self.slot(rows, key, value) {
            (slot, None) => {
                self.first.insert(slot, place);
            }
            (_, Some(first)) => {
                let order = self.more.entry(first).or_default();
                if order.len() == 0 {
                    order.insert((time_ms(first), first));
                }
                order.insert((time_ms(place), place));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    thread_local! {
        /// How often a row was looked at.
        static LOOKS: Cell<usize> = const { Cell::new(0) };
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
            LOOKS.set(LOOKS.get() + 1);
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
    fn pages_are_those_of_a_plain_walk_from_the_newest_to_the_oldest() {
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
    fn a_page_looks_at_no_more_rows_than_it_has() {
        let table = table();
        for wanted in [&[][..], &[(Key::Card, "c3")], &[(Key::Card, "c3"), (Key::Cardholder, "h3")]] {
            LOOKS.set(0);
            assert_eq!(10, table.page(wanted, &(0..=10_000), 1900, 10).rows.len());
            assert!(LOOKS.get() <= 10, "{wanted:?}: {}", LOOKS.get());
        }
    }

    #[test]
    fn a_replaced_row_stays_where_it_was_and_the_first_one_keeps_a_name() {
        let mut table = table();
        let row = table.get("n77").cloned().unwrap();
        table.put(row);
        assert_eq!(20_000, table.iter().count());
        assert_eq!(Some("n76"), table.first(Key::UniqueNo, "u38").map(Row::no));
        assert!(table.get("n20000").is_none());
    }
}
