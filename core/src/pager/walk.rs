//! State of reading one window: which page comes next, and whether the window is complete.
//!
//! A page shorter than its size ends a window unless something contradicts it: the platform says that there are more rows, or
//! the length is one at which servers cap pages. Then the rest is requested in pages of that length, starting with the first
//! row that was not returned. A server that caps pages computes offsets either from the requested size or from its own; with a
//! size that it accepts both are equal, so no row is skipped.
//!
//! A thorough walk, which must prove that a row is absent, accepts only an empty page as the end: a server may cap pages at any
//! length and ignore the filter.
//!
//! A window that is incomplete after that is read again, page by page regardless of their length: rows may have moved, and a
//! server may leave out rows of a page that it capped before.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use super::MAX_PAGE_SIZE;
use super::hints::Hints;
use super::rows::RowResult;

/// Maximum number of walks over one window.
const MAX_WALKS: u32 = 4;
/// Maximum number of consecutive empty pages while the platform says that there are more rows.
const MAX_EMPTY: u32 = 3;
/// Maximum number of consecutive pages that equal the page before them.
const MAX_EQUAL: u32 = 2;
/// Maximum number of times that a walk reduces its page size.
const MAX_NARROWINGS: u32 = 3;
/// Smallest page size that is requested, unless the server caps lower.
const MIN_PAGE_SIZE: u64 = 10;
const REPEATS: &str = "the platform repeats a page";

/// The next step after a page.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum NextStep {
    Page,
    End,
    /// The end, but rows may be missing, with the reason.
    Incomplete(String),
}

/// Summary of a page.
#[derive(Debug, Clone, Copy)]
pub(super) struct Taken {
    rows: u64,
    any_new: bool,
    equals_last: bool,
}

#[derive(Debug)]
pub(super) struct Walk {
    pub page: u32,
    pub size: u32,
    /// Whether only an empty page ends the window.
    thorough: bool,
    /// Numbers of the rows of this window.
    pub known: HashSet<String>,
    /// Rows without a number: on this walk, and the maximum of all walks.
    nameless: u64,
    most_nameless: u64,
    walks: u32,
    narrowings: u32,
    any_new: bool,
    /// Number of rows according to the first page of this walk.
    expected: Option<u64>,
    last_total: Option<u64>,
    has_shrunk: bool,
    /// Consecutive pages without rows, without new rows, and equal to the page before.
    empty: u32,
    idle: u64,
    equal: u32,
    last_page: Option<u64>,
}

impl Walk {
    pub(super) fn new(thorough: bool) -> Self {
        Self {
            page: 0,
            size: MAX_PAGE_SIZE,
            thorough,
            known: HashSet::new(),
            nameless: 0,
            most_nameless: 0,
            walks: 1,
            narrowings: 0,
            any_new: false,
            expected: None,
            last_total: None,
            has_shrunk: false,
            empty: 0,
            idle: 0,
            equal: 0,
            last_page: None,
        }
    }

    /// Creates the state for the next window.
    pub(super) fn next_window(&self) -> Self {
        Self::new(self.thorough)
    }

    /// Records the rows of a page. Returns those that were not returned before, each with its index on the page.
    pub(super) fn take<T>(
        &mut self,
        rows: Vec<RowResult<T>>,
        number: fn(&T) -> &str,
    ) -> (Taken, Vec<(usize, RowResult<T>)>) {
        let mut hasher = DefaultHasher::new();
        for row in &rows {
            row.as_ref().map_or("", number).hash(&mut hasher);
        }
        let hash = hasher.finish();
        let equals_last = self.last_page.replace(hash) == Some(hash);
        let count = rows.len() as u64;
        let mut any_new = false;
        let mut fresh = Vec::with_capacity(rows.len());
        for (index, row) in rows.into_iter().enumerate() {
            let is_fresh = match &row {
                Ok(row) => {
                    let is_new = self.known.insert(number(row).to_owned());
                    any_new |= is_new;
                    is_new
                }
                // A repeated page reported it before.
                Err(_) if equals_last => false,
                Err(_) => {
                    self.nameless += 1;
                    let is_fresh = self.nameless > self.most_nameless;
                    self.most_nameless = self.most_nameless.max(self.nameless);
                    is_fresh
                }
            };
            if is_fresh {
                fresh.push((index, row));
            }
        }
        self.any_new |= any_new;
        (Taken { rows: count, any_new, equals_last }, fresh)
    }

    /// Decides the next step after a page.
    pub(super) fn next(&mut self, taken: Taken, hints: &Hints) -> NextStep {
        if taken.rows == 0 {
            return self.after_empty_page(hints);
        }
        self.empty = 0;
        self.note_total(hints);
        self.idle = if taken.any_new { 0 } else { self.idle + 1 };
        self.equal = if taken.equals_last { self.equal + 1 } else { 0 };
        if self.thorough && taken.equals_last && taken.rows < MIN_PAGE_SIZE {
            // Too short to be a cap: after its last page the server repeats the last page.
            return self.end(None);
        }
        let is_complete = hints.says_complete(self.counted());
        if self.equal >= MAX_EQUAL && !is_complete {
            return NextStep::Incomplete(REPEATS.to_owned());
        }
        // New rows at the front shift known rows to later pages, but not to more pages than they fill.
        if self.equal >= MAX_EQUAL || self.idle > self.counted() / u64::from(self.size) + 2 {
            return self.end((!is_complete).then_some(REPEATS));
        }
        if taken.rows >= u64::from(self.size) {
            self.page = self.page.saturating_add(1);
            return NextStep::Page;
        }
        let is_open = hints.says_next(self.page) || hints.says_more_than(self.counted());
        if self.thorough || is_open || hints.may_be_cut(taken.rows, self.counted()) {
            self.pass_short_page(taken.rows);
            return NextStep::Page;
        }
        self.end(None)
    }

    fn after_empty_page(&mut self, hints: &Hints) -> NextStep {
        if self.page == 0 {
            self.note_total(hints);
        }
        let is_open = hints.says_next(self.page);
        self.empty += 1;
        if (is_open || self.lacking().is_some()) && self.empty < MAX_EMPTY {
            self.page = self.page.saturating_add(1);
            return NextStep::Page;
        }
        self.end(is_open.then_some("the platform says that there are more rows and gives none"))
    }

    fn note_total(&mut self, hints: &Hints) {
        self.has_shrunk |= hints.total.zip(self.last_total).is_some_and(|(now, before)| now < before);
        self.last_total = hints.total.or(self.last_total);
        // Rows that arrive later need not be returned by this walk.
        self.expected = self.expected.or(hints.total);
    }

    /// Expected number of rows, if more than were returned.
    fn lacking(&self) -> Option<u64> {
        self.expected.filter(|expected| *expected > self.counted())
    }

    /// Number of rows of this window so far.
    fn counted(&self) -> u64 {
        self.known.len() as u64 + self.most_nameless
    }

    /// Continues after a short page: on the first walk in pages of its length, from the first row after it or slightly before.
    fn pass_short_page(&mut self, rows: u64) {
        if self.walks > 1 || self.narrowings == MAX_NARROWINGS {
            self.page = self.page.saturating_add(1);
            return;
        }
        self.narrowings += 1;
        let size = u64::from(self.size);
        let next_row = u64::from(self.page) * size + rows;
        let size = if self.thorough || rows >= MIN_PAGE_SIZE || size <= MIN_PAGE_SIZE { rows } else { MIN_PAGE_SIZE };
        self.page = u32::try_from(next_row / size).unwrap_or(u32::MAX);
        self.size = u32::try_from(size).unwrap_or(MAX_PAGE_SIZE);
    }

    /// Ends a walk, and the window unless rows are missing.
    fn end(&mut self, fault: Option<&str>) -> NextStep {
        let lacking = self.lacking();
        if lacking.is_none() && !self.has_shrunk && fault.is_none() {
            return NextStep::End;
        }
        if self.walks < MAX_WALKS && (self.walks == 1 || self.any_new || self.has_shrunk) {
            let known = std::mem::take(&mut self.known);
            *self = Self { known, most_nameless: self.most_nameless, walks: self.walks + 1, ..self.next_window() };
            return NextStep::Page;
        }
        NextStep::Incomplete(match (fault, lacking) {
            (Some(fault), _) => fault.to_owned(),
            (None, Some(expected)) => {
                format!("the platform says that there are {expected} rows and gives {}", self.counted())
            }
            (None, None) => "rows are removed while the list is read".to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::json::Extra;

    fn page(walk: &mut Walk, numbers: std::ops::Range<u32>, extra: &str) -> NextStep {
        let rows = numbers.map(|number| Ok(number.to_string())).collect::<Vec<RowResult<String>>>();
        let (taken, _) = walk.take(rows, |row: &String| row);
        walk.next(taken, &Hints::from_extra(&Extra::from_json(extra).unwrap()))
    }

    #[test]
    fn after_a_short_page_no_row_is_skipped() {
        for (rows, size, next) in
            [(50, 50, (1, 50)), (10, 10, (1, 10)), (47, 47, (1, 47)), (3, 10, (0, 10)), (99, 99, (1, 99))]
        {
            let mut walk = Walk::new(false);
            assert_eq!(page(&mut walk, 0..rows, r#"{"total":1000}"#), NextStep::Page);
            assert_eq!((walk.page, walk.size), next, "{rows} {size}");
        }
        let mut walk = Walk::new(false);
        for first in [0, 100, 200] {
            assert_eq!(page(&mut walk, first..first + 100, "{}"), NextStep::Page);
        }
        assert_eq!((page(&mut walk, 300..350, "{}"), walk.page, walk.size), (NextStep::Page, 7, 50));
        assert_eq!(page(&mut walk, 0..0, "{}"), NextStep::End);
    }

    #[test]
    fn a_page_without_a_next_one_ends_the_window() {
        for (rows, extra) in [(0, "{}"), (1, "{}"), (99, "{}"), (50, r#"{"has_more":false}"#), (7, r#"{"total":7}"#)] {
            assert_eq!(page(&mut Walk::new(false), 0..rows, extra), NextStep::End, "{rows} {extra}");
        }
    }

    #[test]
    fn a_thorough_walk_ends_with_an_empty_page() {
        for rows in [1, 9, 30, 100] {
            let mut walk = Walk::new(true);
            assert_eq!(page(&mut walk, 0..rows, "{}"), NextStep::Page, "{rows}");
            assert_eq!((walk.page, walk.size), (1, rows), "{rows}");
            assert_eq!(page(&mut walk, 0..0, "{}"), NextStep::End, "{rows}");
        }
        // The server repeats its last page: a short page cannot be capped, a long one can.
        for (rows, is_end) in [(9, true), (30, false)] {
            let mut walk = Walk::new(true);
            let last = (0..9).map(|_| page(&mut walk, 0..rows, "{}")).find(|next| *next != NextStep::Page);
            assert_eq!(last == Some(NextStep::End), is_end, "{rows}");
        }
    }

    #[test]
    fn pages_of_known_rows_are_skipped_while_new_rows_can_explain_them() {
        let mut walk = Walk::new(false);
        assert_eq!(page(&mut walk, 0..100, "{}"), NextStep::Page);
        assert_eq!(page(&mut walk, 100..200, "{}"), NextStep::Page);
        // 150 new rows came in front.
        assert_eq!(page(&mut walk, 50..150, "{}"), NextStep::Page);
        assert_eq!(page(&mut walk, 150..250, "{}"), NextStep::Page);
        assert_eq!(page(&mut walk, 250..251, "{}"), NextStep::End);
        // Two alternating pages, without end.
        let mut walk = Walk::new(false);
        let end = (0..100)
            .map(|turn| page(&mut walk, turn % 2 * 100..turn % 2 * 100 + 100, "{}"))
            .find(|next| *next != NextStep::Page);
        assert!(matches!(end, Some(NextStep::Incomplete(_))));
    }
}
