//! The page and the time window of the list calls.

use std::ops::RangeInclusive;

use serde::Serialize;

use super::codes::Refusal;
use super::{Answer, Call, rows};
use crate::civil::{self, CivilTime};
use crate::config::ListRules;
use crate::state::{Key, Row, State, Table};

const DEFAULT_SIZE: u32 = 10;
const LARGEST_SIZE: u32 = 100;
const DEFAULT_ZONE: &str = "UTC+8";
const LONGEST_SECONDS: i64 = 90 * 86_400;

/// Which rows of a list are wanted.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Page {
    skip: usize,
    size: usize,
}

impl Page {
    fn of(call: &Call<'_>, rules: &ListRules) -> Result<Self, Refusal> {
        let page = call.body.count("page")?.unwrap_or(0);
        let size = call.body.count("size")?.unwrap_or(DEFAULT_SIZE);
        if size == 0 || size > LARGEST_SIZE {
            return Err(Refusal::parameter("size", "must be 1 to 100"));
        }
        let size = size.min(rules.page_cap.filter(|cap| *cap > 0).unwrap_or(size));
        Ok(Self { skip: (page as usize).saturating_mul(size as usize), size: size as usize })
    }
}

/// `data` of a list that is short and has no window: the call's page of it.
pub(crate) fn catalogue<T: Serialize>(call: &Call<'_>, state: &State, all: impl Iterator<Item = T>) -> Answer {
    let rules = &state.settings.lists;
    let page = Page::of(call, rules)?;
    let all: Vec<T> = all.collect();
    let total = all.len();
    rows::write(rules, all.into_iter().skip(page.skip).take(page.size), total)
}

/// `data` of a list: the rows of `table` in the call's window that pass the filters of its body, newest first, cut to
/// the call's page. A filter is a field of the body and the key that it is compared with.
pub(crate) fn list<'t, R: Row, T: Serialize>(
    call: &Call<'_>,
    state: &State,
    table: &'t Table<R>,
    filters: &[(Key, &'static str)],
    item: impl Fn(&'t R) -> T,
) -> Answer {
    let rules = &state.settings.lists;
    let values = filters.iter().map(|(_, field)| call.body.text(field)).collect::<Result<Vec<_>, _>>()?;
    let page = Page::of(call, rules)?;
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

/// The window in Unix milliseconds: both ends inclusive, at one-second resolution.
fn window(call: &Call<'_>) -> Result<RangeInclusive<i64>, Refusal> {
    let zone = call.header("timezone").unwrap_or(DEFAULT_ZONE);
    let zone = civil::parse_zone(zone).ok_or_else(|| Refusal::parameter("timezone", "must look like UTC+8"))?;
    let start = time(call, "start_time")?;
    let end = time(call, "end_time")?;
    if end.last_second() <= start.seconds {
        return Err(Refusal::code(1019));
    }
    // Measured between the two values as written: two bare dates 90 days apart are allowed.
    if end.seconds - start.seconds > LONGEST_SECONDS {
        return Err(Refusal::code(1020));
    }
    Ok((start.seconds - zone) * 1000..=(end.last_second() - zone) * 1000 + 999)
}

fn time(call: &Call<'_>, field: &'static str) -> Result<CivilTime, Refusal> {
    CivilTime::parse(&call.body.required(field)?)
        .ok_or_else(|| Refusal::parameter(field, "must be yyyy-MM-dd or yyyy-MM-dd HH:mm:ss"))
}
