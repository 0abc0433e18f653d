//! The page and the time window of the list calls.

use std::ops::RangeInclusive;

use super::Call;
use super::codes::Refusal;
use crate::civil::{self, CivilTime};
use crate::state::{Row, Table};

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
    pub(crate) fn of(call: &Call<'_>) -> Result<Self, Refusal> {
        let page = call.body.count("page")?.unwrap_or(0);
        let size = call.body.count("size")?.unwrap_or(DEFAULT_SIZE);
        if size == 0 || size > LARGEST_SIZE {
            return Err(Refusal::parameter("size", "must be 1 to 100"));
        }
        Ok(Self { skip: (page as usize).saturating_mul(size as usize), size: size as usize })
    }

    pub(crate) fn cut<T>(self, rows: impl Iterator<Item = T>) -> impl Iterator<Item = T> {
        rows.skip(self.skip).take(self.size)
    }
}

/// The rows of `table` in the call's window that `wanted` accepts, newest first, cut to the call's page.
pub(crate) fn list<'t, R: Row>(
    call: &Call<'_>,
    table: &'t Table<R>,
    wanted: impl Fn(&R) -> bool,
) -> Result<Vec<&'t R>, Refusal> {
    let page = Page::of(call)?;
    let span = window(call)?;
    Ok(page.cut(table.newest_in(span).filter(|row| wanted(row))).collect())
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
