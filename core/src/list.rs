//! Lists: single pages, and lazy sequences over all pages and windows.

use std::collections::{HashSet, VecDeque};
use std::fmt;

use serde::de::{Deserializer, MapAccess};
use serde::ser::SerializeMap;

use crate::check;
use crate::client::{Client, to_bytes};
use crate::engine::Call;
use crate::engine::operation::Operation;
use crate::error::Error;
use crate::model::{Body, Decode, Fields, MARK, Money, read_object, value};
use crate::values::civil::{LONGEST_WINDOW, When, windows};
use crate::values::json::Extra;

/// The largest page that the platform gives.
pub(crate) const LARGEST_PAGE: u32 = 100;

/// A row that has a number of the platform's, by which it is known again.
pub(crate) trait Row: Decode {
    fn number(&self) -> &str;
}

/// One page of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Page<T> {
    /// The rows, at most as many as were asked for. Fewer mean that this is the last page.
    pub list: Vec<T>,
    /// Fields of the answer that this version does not know.
    pub extra: Extra,
}

impl<T: Decode> Decode for Page<T> {
    const EXPECTED: &'static str = "an object";

    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        read_object(deserializer, Partial { list: None, extra: Extra::default() })
    }
}

struct Partial<T> {
    list: Option<Vec<T>>,
    extra: Extra,
}

impl<T: Decode> Fields for Partial<T> {
    type Whole = Page<T>;

    fn field<'de, A: MapAccess<'de>>(&mut self, name: &str, map: &mut A) -> Result<(), A::Error> {
        if name == "list" {
            self.list = Some(value(map)?);
        } else {
            self.extra.insert(name, map.next_value()?);
        }
        Ok(())
    }

    fn finish<E: serde::de::Error>(self) -> Result<Page<T>, E> {
        // A page without a list is no empty page: rows would be lost quietly.
        let list = self.list.ok_or_else(|| E::custom(format_args!("list{MARK}is missing")))?;
        Ok(Page { list, extra: self.extra })
    }
}

/// The body of a list call: the filter, the window, the page.
struct ListBody<'a, F> {
    filter: &'a F,
    window: Option<(&'a str, &'a str)>,
    page: u32,
    size: u32,
}

impl<F: Body> Body for ListBody<'_, F> {
    fn fields<S: SerializeMap>(&self, map: &mut S, money: Money) -> Result<(), S::Error> {
        self.filter.fields(map, money)?;
        if let Some((start, end)) = self.window {
            map.serialize_entry("start_time", start)?;
            map.serialize_entry("end_time", end)?;
        }
        map.serialize_entry("page", &self.page)?;
        map.serialize_entry("size", &self.size)
    }
}

/// Unix seconds, both ends included.
type Window = (i64, i64);

/// Checks the ends of a window and turns them into seconds.
fn span(client: &Client, start: When, end: When) -> Result<Window, Error> {
    let zone = client.engine.settings.timezone;
    // Before rounding: two instants of one second may stand the wrong way round.
    if zone.end_millis(end) <= zone.start_millis(start) {
        return Err(Error::invalid_input("end", "must be later than start"));
    }
    let (from, to) = (zone.start_second(start), zone.end_second(end));
    if !(0..=LAST_SECOND).contains(&from) || !(0..=LAST_SECOND).contains(&to) {
        return Err(Error::invalid_input("start", "and end must lie in the years 1970 to 9999"));
    }
    Ok((from, to))
}

/// 9999-12-30T00:00:00Z: in every zone still a year of four digits.
const LAST_SECOND: i64 = 253_402_128_000;

fn fetch<T: Decode, F: Body>(
    client: &Client,
    operation: &'static Operation,
    filter: &F,
    window: Option<Window>,
    page: u32,
    size: u32,
) -> Result<Page<T>, Error> {
    let zone = client.engine.settings.timezone;
    let civil = window.map(|(from, to)| (zone.civil(from), zone.civil(to)));
    let window = civil.as_ref().map(|(from, to)| (from.as_str(), to.as_str()));
    let body = to_bytes(&ListBody { filter, window, page, size }, Money::Text)?;
    client.run(&Call { operation, path: operation.path, body: &body, headers: &[], reference: None })
}

/// One page of a list that needs no window.
pub(crate) fn page<T: Decode>(
    client: &Client,
    operation: &'static Operation,
    filter: &impl Body,
    page: u32,
    size: u32,
) -> Result<Page<T>, Error> {
    check::page_size(size)?;
    fetch(client, operation, filter, None, page, size)
}

/// One page of a window of at most 90 days.
pub(crate) fn window_page<T: Decode>(
    client: &Client,
    operation: &'static Operation,
    filter: &impl Body,
    (start, end): (When, When),
    page: u32,
    size: u32,
) -> Result<Page<T>, Error> {
    check::page_size(size)?;
    let (from, to) = span(client, start, end)?;
    if to - from > LONGEST_WINDOW {
        return Err(Error::invalid_input(
            "end",
            "must be at most 90 days after start; the list without pages takes any span",
        ));
    }
    fetch(client, operation, filter, Some((from, to)), page, size)
}

type Fetch<T> = Box<dyn FnMut(Option<Window>, u32) -> Result<Page<T>, Error> + Send>;

/// A lazy sequence of rows over all pages and, where there is a span of time, all windows of at most 90 days.
///
/// Each row comes once, windows in the order of time, rows inside a window in the platform's order. The first error ends
/// the sequence. It holds the numbers of the rows of two windows to recognise rows that the platform gives twice.
pub struct List<T> {
    fetch: Fetch<T>,
    /// Windows still to come, the current one first. One `None` stands for a list without time.
    windows: VecDeque<Option<Window>>,
    page: u32,
    rows: std::vec::IntoIter<T>,
    number: fn(&T) -> &str,
    previous_window: HashSet<String>,
    this_window: HashSet<String>,
}

impl<T> List<T> {
    pub(crate) fn all<F>(client: &Client, operation: &'static Operation, filter: F) -> Self
    where
        F: Body + Send + 'static,
        T: Row,
    {
        Self::over(client, operation, filter, VecDeque::from([None]))
    }

    pub(crate) fn between<F>(
        client: &Client,
        operation: &'static Operation,
        filter: F,
        ends: (When, When),
    ) -> Result<Self, Error>
    where
        F: Body + Send + 'static,
        T: Row,
    {
        let (from, to) = span(client, ends.0, ends.1)?;
        Ok(Self::over(client, operation, filter, windows(from, to).into_iter().map(Some).collect()))
    }

    fn over<F>(client: &Client, operation: &'static Operation, filter: F, windows: VecDeque<Option<Window>>) -> Self
    where
        F: Body + Send + 'static,
        T: Row,
    {
        let client = client.clone();
        Self {
            fetch: Box::new(move |window, page| fetch(&client, operation, &filter, window, page, LARGEST_PAGE)),
            windows,
            page: 0,
            rows: Vec::new().into_iter(),
            number: T::number,
            previous_window: HashSet::new(),
            this_window: HashSet::new(),
        }
    }

    /// Fetches the next page and keeps the rows that were not given yet.
    fn turn(&mut self, window: Option<Window>) -> Result<(), Error> {
        let mut list = (self.fetch)(window, self.page)?.list;
        let short = list.len() < LARGEST_PAGE as usize;
        let number = self.number;
        if !short && list.iter().all(|row| self.this_window.contains(number(row))) {
            return Err(Error::invalid_response("the platform repeats a page"));
        }
        list.retain(|row| {
            let new = self.this_window.insert(number(row).to_owned());
            new && !self.previous_window.contains(number(row))
        });
        self.rows = list.into_iter();
        self.page += 1;
        if short {
            self.windows.pop_front();
            self.page = 0;
            self.previous_window = std::mem::take(&mut self.this_window);
        }
        Ok(())
    }
}

impl<T> Iterator for List<T> {
    type Item = Result<T, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(row) = self.rows.next() {
                return Some(Ok(row));
            }
            let window = *self.windows.front()?;
            if let Err(error) = self.turn(window) {
                self.windows.clear();
                return Some(Err(error));
            }
        }
    }

    /// At least the rows that are here already, so that a caller can tell which need no further request.
    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.rows.len(), None)
    }
}

impl<T> std::iter::FusedIterator for List<T> {}

impl<T> fmt::Debug for List<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("List")
            .field("windows_left", &self.windows.len())
            .field("page", &self.page)
            .finish_non_exhaustive()
    }
}
