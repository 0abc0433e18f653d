//! Pages and time windows of the list calls.

use std::ops::RangeInclusive;

use serde::Serialize;

use super::call::{Call, CallResult};
use super::codes::Refusal;
use super::rows;
use crate::civil_time::{self, CivilTime};
use crate::config::ListRules;
use crate::state::platform_state::State;
use crate::state::table::{Key, Row, Table};

const DEFAULT_SIZE: u32 = 10;
const MAX_SIZE: u32 = 100;
const DEFAULT_OFFSET: &str = "UTC+8";
const MAX_WINDOW_SECONDS: i64 = 90 * 86_400;

/// The requested page of a list.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Page {
    skip: usize,
    size: usize,
}

impl Page {
    fn from_call(call: &Call<'_>, rules: &ListRules) -> Result<Self, Refusal> {
        let page = call.body.count("page")?.unwrap_or(0);
        let size = call.body.count("size")?.unwrap_or(DEFAULT_SIZE);
        if size == 0 || size > MAX_SIZE {
            return Err(Refusal::parameter("size", "must be 1 to 100"));
        }
        let size = size.min(rules.page_cap.filter(|cap| *cap > 0).unwrap_or(size));
        Ok(Self { skip: (page as usize).saturating_mul(size as usize), size: size as usize })
    }
}

/// Serializes `data` of a list without a time window: the requested page of `all`.
pub(crate) fn catalog<T: Serialize>(call: &Call<'_>, state: &State, all: impl Iterator<Item = T>) -> CallResult {
    let rules = &state.settings.lists;
    let page = Page::from_call(call, rules)?;
    let all: Vec<T> = all.collect();
    let total = all.len();
    rows::write(rules, all.into_iter().skip(page.skip).take(page.size), total)
}

/// Serializes `data` of a list: the rows of `table` in the call's window that pass the filters of its body, newest first,
/// limited to the requested page. A filter pairs a key of the rows with the field of the body that holds its value.
pub(crate) fn list<'t, R: Row, T: Serialize>(
    call: &Call<'_>,
    state: &State,
    table: &'t Table<R>,
    filters: &[(Key, &'static str)],
    item: impl Fn(&'t R) -> T,
) -> CallResult {
    let rules = &state.settings.lists;
    let values = filters.iter().map(|(_, field)| call.body.text(field)).collect::<Result<Vec<_>, _>>()?;
    let page = Page::from_call(call, rules)?;
    let span = window(call)?;
    let wanted: Vec<_> = filters
        .iter()
        .zip(&values)
        .filter_map(|((key, _), value)| Some((*key, value.as_deref()?)))
        .filter(|_| !rules.ignore_filters)
        .collect();
    let found = table.page(&wanted, &span, page.skip, page.size);
    rows::write(rules, found.rows.into_iter().map(item), found.total)
}

/// The call's window in Unix milliseconds: both ends inclusive, at one-second resolution.
fn window(call: &Call<'_>) -> Result<RangeInclusive<i64>, Refusal> {
    let offset = call.header("timezone").unwrap_or(DEFAULT_OFFSET);
    let offset =
        civil_time::parse_utc_offset(offset).ok_or_else(|| Refusal::parameter("timezone", "must look like UTC+8"))?;
    let start = time(call, "start_time")?;
    let end = time(call, "end_time")?;
    if end.last_second() <= start.seconds {
        return Err(Refusal::code(1019));
    }
    // Measured between the two values as written, so that two dates without a time may be 90 days apart.
    if end.seconds - start.seconds > MAX_WINDOW_SECONDS {
        return Err(Refusal::code(1020));
    }
    Ok((start.seconds - offset) * 1000..=(end.last_second() - offset) * 1000 + 999)
}

fn time(call: &Call<'_>, field: &'static str) -> Result<CivilTime, Refusal> {
    CivilTime::parse(&call.body.required(field)?)
        .ok_or_else(|| Refusal::parameter(field, "must be yyyy-MM-dd or yyyy-MM-dd HH:mm:ss"))
}
