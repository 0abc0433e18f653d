//! The setting `timezone`: a fixed offset as text, a name of the time zone database, or a `tzinfo`.

use std::str::FromStr as _;

use keysecure::UtcOffset;
use pyo3::exceptions::PyException;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyDelta, PyDict, PyString};

use crate::values::{FromArgument, Mismatch};

/// The years of which the offset must be the same: the platform takes one offset for a whole list.
const YEARS_BACK: i32 = 5;
const WEEKS: i32 = (YEARS_BACK + 1) * 53;

const NO_OFFSET: &str = "must be a fixed offset such as UTC+8, or a tzinfo or the name of a time zone that has one";
const UNKNOWN: &str = "must be a fixed offset such as UTC+8, UTC or +05:30, or the name of a time zone that this machine knows \
    (on Windows from the package tzdata)";
const NOT_FIXED: &str = "must have the same offset from UTC all year, because the platform takes one for a whole list; this \
    zone changes it. Set a fixed offset such as UTC+1, or leave it and give datetimes with this time zone instead of dates";
const NOT_MINUTES: &str = "must have an offset of whole minutes, at most 14 hours";

impl FromArgument for UtcOffset {
    fn read(name: &str, value: &Bound<'_, PyAny>) -> Result<Self, Mismatch> {
        if !value.is_instance_of::<PyString>() {
            return of_tzinfo(value);
        }
        let text = String::read(name, value)?;
        Self::from_str(&text).or_else(|_| match zone_info(value) {
            Ok(zone) => of_tzinfo(&zone),
            Err(raised) if raised.is_instance_of::<PyException>(value.py()) => Err(Mismatch::Rule(UNKNOWN)),
            Err(raised) => Err(raised.into()),
        })
    }
}

/// The zone of a name such as `Asia/Shanghai`, if this machine knows it.
fn zone_info<'py>(name: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    name.py().import("zoneinfo")?.getattr("ZoneInfo")?.call1((name,))
}

fn of_tzinfo(zone: &Bound<'_, PyAny>) -> Result<UtcOffset, Mismatch> {
    let py = zone.py();
    let offset = fixed_offset(zone).map_err(|raised| Mismatch::instead_of(raised, py, NO_OFFSET))?;
    let seconds = offset.ok_or(Mismatch::Rule(NOT_FIXED))?;
    let (sign, minutes) = (if seconds < 0 { '-' } else { '+' }, seconds.abs() / 60);
    let text = format!("UTC{sign}{}:{:02}", minutes / 60, minutes % 60);
    let whole = (seconds % 60 == 0).then(|| UtcOffset::from_str(&text).ok()).flatten();
    whole.ok_or(Mismatch::Rule(NOT_MINUTES))
}

/// The offset of a zone in seconds; `None` if it changes.
fn fixed_offset(zone: &Bound<'_, PyAny>) -> PyResult<Option<i64>> {
    let py = zone.py();
    let offset_at = |when: &Bound<'_, PyAny>| -> PyResult<Option<i64>> {
        let offset = zone.call_method1(intern!(py, "utcoffset"), (when,))?;
        let Ok(offset) = offset.cast::<PyDelta>() else { return Ok(None) };
        let seconds: f64 = offset.call_method0(intern!(py, "total_seconds"))?.extract()?;
        // Less than a day.
        #[allow(clippy::cast_possible_truncation)]
        Ok(Some(seconds.floor() as i64))
    };
    // A zone without rules needs no time.
    if let Some(fixed) = offset_at(py.None().bind(py))? {
        return Ok(Some(fixed));
    }
    let datetime = py.import("datetime")?;
    let one_week = PyDict::new(py);
    one_week.set_item("weeks", 1)?;
    let week = datetime.getattr("timedelta")?.call((), Some(&one_week))?;
    let today = datetime.getattr("datetime")?.call_method0("now")?;
    // Noon of a Wednesday: clocks change at night, and usually at weekends.
    let year: i32 = today.getattr("year")?.extract()?;
    let mut when = datetime.getattr("datetime")?.call1((year - YEARS_BACK, 1, 1, 12))?;
    let first = offset_at(&when)?;
    for _ in 0..WEEKS {
        when = when.add(&week)?;
        if offset_at(&when)? != first {
            return Ok(None);
        }
    }
    Ok(first)
}
