//! Times.
//!
//! freezegun replaces the classes in the module `datetime` for a while. Whoever looks them up there at that moment, as `PyO3`
//! does once in a process, takes every real time for another class ever after. So they are looked up here, behind the
//! replacement.

use std::time::{SystemTime, UNIX_EPOCH};

use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyDict;

use super::{ToPython, replace_error};

/// The classes of Python's module `datetime`.
struct Classes {
    datetime: Py<PyAny>,
    date: Py<PyAny>,
    timedelta: Py<PyAny>,
    epoch: Py<PyAny>,
}

fn classes(py: Python<'_>) -> PyResult<&'static Classes> {
    static CLASSES: PyOnceLock<Classes> = PyOnceLock::new();
    CLASSES.get_or_try_init(py, || {
        let module = py.import("datetime")?;
        // A replacement inherits from the class that it replaces.
        let class = |name: &str| -> PyResult<Bound<'_, PyAny>> {
            for class in module.getattr(name)?.getattr("__mro__")?.try_iter()? {
                let class = class?;
                if class.getattr("__module__")?.eq("datetime")? {
                    return Ok(class);
                }
            }
            module.getattr(name)
        };
        let (datetime, utc) = (class("datetime")?, module.getattr("timezone")?.getattr("utc")?);
        let epoch = datetime.call1((1970, 1, 1, 0, 0, 0, 0, utc))?.unbind();
        let (date, timedelta) = (class("date")?.unbind(), class("timedelta")?.unbind());
        Ok(Classes { datetime: datetime.unbind(), date, timedelta, epoch })
    })
}

/// Whether a value is a `datetime`.
///
/// # Errors
///
/// Any exception of the value's class.
pub fn is_datetime(value: &Bound<'_, PyAny>) -> PyResult<bool> {
    let py = value.py();
    value.is_instance(classes(py)?.datetime.bind(py))
}

/// Whether a value is a `date`; a `datetime` is one too.
///
/// # Errors
///
/// Any exception of the value's class.
pub fn is_date(value: &Bound<'_, PyAny>) -> PyResult<bool> {
    let py = value.py();
    value.is_instance(classes(py)?.date.bind(py))
}

/// Converts to an aware `datetime` in UTC. A time beyond the years of Python's calendar, which the platform may send, raises
/// an error of this crate.
impl ToPython for SystemTime {
    fn to_python(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        Ok(python_time(py, *self)?.unbind())
    }

    fn json_schema() -> String {
        r#"{"type":"string","format":"date-time"}"#.into()
    }
}

/// Converts a time to an aware `datetime` in UTC.
///
/// # Errors
///
/// Kind `InvalidResponse` for a time beyond the years of Python's calendar.
pub fn python_time(py: Python<'_>, time: SystemTime) -> PyResult<Bound<'_, PyAny>> {
    let classes = classes(py)?;
    let micros = match time.duration_since(UNIX_EPOCH) {
        Ok(since) => i128::try_from(since.as_micros()).unwrap_or(i128::MAX),
        Err(before) => -i128::try_from(before.duration().as_micros()).unwrap_or(i128::MAX),
    };
    let since = PyDict::new(py);
    since.set_item(intern!(py, "microseconds"), micros)?;
    let made = classes.timedelta.bind(py).call((), Some(&since));
    let made = made.and_then(|since| classes.epoch.bind(py).add(since));
    made.map_err(|error| replace_error(py, error, "the platform's time lies outside the years 1 to 9999"))
}
