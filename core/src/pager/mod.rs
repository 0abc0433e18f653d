//! Lists of the platform: single pages, and the lazy [`Pager`] over all pages and windows.

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
use crate::engine::Known;
use crate::engine::operation::Operation;
use crate::error::Error;
use crate::validate;
use crate::values::civil::{MAX_WINDOW, WindowBound};

pub use lazy::Pager;
use rows::Rows;
pub(crate) use rows::{Row, row};

/// Maximum page size of the platform (platform documentation, lists).
pub(crate) const MAX_PAGE_SIZE: u32 = 100;

/// One page of a list.
///
/// The platform documents no total and no page count, so the end of a list shows only by its rows: an empty page is the end;
/// a page shorter than its size usually is the last one. [`Pager`] handles this. A row without its number makes the whole
/// page an error, while a `Pager` continues after such a row.
///
/// # Examples
///
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let sandbox = keysecure_sandbox::Sandbox::start()?;
/// # let builder = keysecure::Client::builder(sandbox.api_key(), sandbox.api_secret());
/// # let client = builder.base_url(sandbox.base_url()).build()?;
/// # sandbox.seed_virtual_card(&sandbox.seed_approved_cardholder())?;
/// use std::time::{Duration, SystemTime};
///
/// use keysecure::ListCards;
///
/// let now = SystemTime::now();
/// let query = ListCards::between(now - Duration::from_secs(7 * 86_400), now + Duration::from_secs(60));
/// let page = client.cards().list_page(&query, 0, 50)?;
/// assert_eq!(page.list.len(), 1);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Page<T> {
    /// The rows, newest first.
    pub list: Vec<T>,
    /// Fields other than `list` and `data`, such as a `total`. The platform documents none.
    pub extra: Extra,
}

/// Body of a list call: filter, window and page.
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

/// Start and end in Unix seconds, both included.
type Window = (i64, i64);

/// Checks the ends of a window and converts them to Unix seconds.
fn span(caller: &Caller, start: WindowBound, end: WindowBound) -> Result<Window, Error> {
    let zone = caller.engine.settings.timezone;
    caller.engine.check_start(start, Known::Platform)?;
    // Compared before rounding: two instants within one second may be in the wrong order.
    if zone.end_millis(end) <= zone.start_millis(start) {
        return Err(Error::invalid_input("end", "must be later than start"));
    }
    let (from, to) = (zone.start_second(start), zone.end_second(end));
    if !(0..=LAST_SECOND).contains(&from) || !(0..=LAST_SECOND).contains(&to) {
        return Err(Error::invalid_input("start", "and end must be in the years 1970 to 9999"));
    }
    caller.engine.warn_of_end(end);
    Ok((from, to))
}

/// 9999-12-30T00:00:00Z: a year of four digits in every time zone.
const LAST_SECOND: i64 = 253_402_128_000;

/// Body of the request for one page.
fn page_body(
    caller: &Caller,
    filter: &impl Body,
    window: Option<Window>,
    (page, size): (u32, u32),
) -> Result<Zeroizing<Vec<u8>>, Error> {
    let zone = caller.engine.settings.timezone;
    let civil = window.map(|(from, to)| (zone.civil(from), zone.civil(to)));
    let window = civil.as_ref().map(|(from, to)| (from.as_str(), to.as_str()));
    to_bytes(&ListBody { filter, window, page, size }, DecimalFormat::String)
}

/// Fetches one page of a list without a window.
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

/// Fetches one page of a window of at most 90 days.
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
    if to - from > MAX_WINDOW {
        return Err(Error::invalid_input(
            "end",
            "must be at most 90 days after start; the pager takes a window of any length",
        ));
    }
    let body = page_body(caller, filter, Some((from, to)), (page, size))?;
    let call = Call::new(operation, operation.path, &body);
    let page = caller.engine.execute(&call, caller.limit, |rows: Rows<T>| rows.into_page(page))?;
    if page.list.is_empty() {
        caller.engine.check_start(start, Known::Any)?;
    }
    Ok(page)
}
