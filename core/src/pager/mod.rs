//! Lists: single pages, and lazy sequences over all pages and windows.

mod hints;
mod lazy;
mod rows;
mod walk;

use serde::ser::SerializeMap;
use zeroize::Zeroizing;

use crate::codec::json::Extra;
use crate::codec::to_bytes;
use crate::codec::{Body, DecimalFormat};
use crate::engine::Call;
use crate::engine::Caller;
use crate::engine::operation::Operation;
use crate::error::Error;
use crate::validate;
use crate::values::civil::{LONGEST_WINDOW, WindowBound};

pub use lazy::Pager;
use rows::Rows;
pub(crate) use rows::{Row, row};

/// The largest page that the platform gives.
pub(crate) const MAX_PAGE_SIZE: u32 = 100;

/// One page of a list.
///
/// A row without its number makes the whole page an error; the list without pages continues behind such a row.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Page<T> {
    /// The rows, newest first. Fewer than were asked for usually mean that this is the last page; only an empty page is
    /// sure to be.
    pub list: Vec<T>,
    /// The fields beside `list`, such as a `total`, and those beside `data`, if the platform gives any.
    pub extra: Extra,
}

/// The body of a list call: the filter, the window, the page.
struct ListBody<'a, F> {
    filter: &'a F,
    window: Option<(&'a str, &'a str)>,
    page: u32,
    size: u32,
}

impl<F: Body> Body for ListBody<'_, F> {
    fn fields<S: SerializeMap>(&self, map: &mut S, money: DecimalFormat) -> Result<(), S::Error> {
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
fn span(caller: &Caller, start: WindowBound, end: WindowBound) -> Result<Window, Error> {
    let zone = caller.engine.settings.timezone;
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

/// The body that asks for one page.
fn page_body(
    caller: &Caller,
    filter: &impl Body,
    window: Option<Window>,
    (page, size): (u32, u32),
) -> Result<Zeroizing<Vec<u8>>, Error> {
    let zone = caller.engine.settings.timezone;
    let civil = window.map(|(from, to)| (zone.civil(from), zone.civil(to)));
    let window = civil.as_ref().map(|(from, to)| (from.as_str(), to.as_str()));
    to_bytes(&ListBody { filter, window, page, size }, DecimalFormat::Text)
}

/// One page of a list that needs no window.
pub(crate) fn page<T: Row>(
    caller: &Caller,
    operation: &'static Operation,
    filter: &impl Body,
    page: u32,
    size: u32,
) -> Result<Page<T>, Error> {
    validate::page_size(size)?;
    let body = page_body(caller, filter, None, (page, size))?;
    caller
        .engine
        .execute(&Call::new(operation, operation.path, &body), caller.limit, |rows: Rows<T>| rows.into_page(page))
}

/// One page of a window of at most 90 days.
pub(crate) fn window_page<T: Row>(
    caller: &Caller,
    operation: &'static Operation,
    filter: &impl Body,
    (start, end): (WindowBound, WindowBound),
    page: u32,
    size: u32,
) -> Result<Page<T>, Error> {
    validate::page_size(size)?;
    let (from, to) = span(caller, start, end)?;
    if to - from > LONGEST_WINDOW {
        return Err(Error::invalid_input(
            "end",
            "must be at most 90 days after start; the list without pages takes any span",
        ));
    }
    let body = page_body(caller, filter, Some((from, to)), (page, size))?;
    caller
        .engine
        .execute(&Call::new(operation, operation.path, &body), caller.limit, |rows: Rows<T>| rows.into_page(page))
}
