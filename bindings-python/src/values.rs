//! Arguments from Python: what does not fit is an `InvalidInputError` that names the field and never repeats the value.

use std::time::{Duration, SystemTime};

use keysecure::{Date, Decimal, Extra, WindowBound};
use pyo3::exceptions::PyTypeError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyBool, PyDate, PyDateAccess, PyDateTime, PyInt, PyString, PyTuple, PyType};

use crate::errors::invalid_input;

/// An argument as Python gave it.
pub type Given<'a, 'py> = &'a Bound<'py, PyAny>;

/// A text. Numbers of cards and cardholders are texts too: an int would lose leading zeros.
pub fn text(field: &str, value: Given<'_, '_>) -> PyResult<String> {
    let py = value.py();
    let value = value.cast::<PyString>().map_err(|_| invalid_input(py, field, "must be a str"))?;
    value.to_str().map(str::to_owned).map_err(|_| invalid_input(py, field, "must be valid Unicode"))
}

/// A text or `None`.
pub fn optional_text(field: &str, value: Option<Given<'_, '_>>) -> PyResult<Option<String>> {
    value.map(|value| text(field, value)).transpose()
}

/// Money: a `Decimal`, an int or a text such as `"25.00"`. A float is refused, because it is not exact.
pub fn decimal(field: &str, value: Given<'_, '_>) -> PyResult<Decimal> {
    let py = value.py();
    let wrong = |rule: &str| invalid_input(py, field, rule);
    let exact = || wrong("must be a decimal number of at most 28 digits");
    if value.is_instance_of::<PyBool>() {
        return Err(wrong("must be a Decimal, an int or a str, not a bool"));
    }
    if value.is_instance_of::<PyInt>() {
        let whole: i128 = value.extract().map_err(|_| exact())?;
        return Decimal::try_from_i128_with_scale(whole, 0).map_err(|_| exact());
    }
    let is_text = value.is_instance_of::<PyString>();
    if !is_text && !is_decimal(value)? {
        return match whole(value)? {
            Some(whole) => decimal(field, &whole),
            None => Err(wrong("must be a Decimal, an int or a str; a float is not exact")),
        };
    }
    let text = value.str()?;
    let text = text.to_str().map_err(|_| exact())?;
    // The library would also take `1_000`.
    if !text.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'-' | b'+' | b'e' | b'E')) {
        return Err(exact());
    }
    // The library would round digits that are too many before an exponent.
    let (digits, exponent) = text.split_once(['e', 'E']).map_or((text, false), |(digits, _)| (digits, true));
    let read = Decimal::from_str_exact(digits);
    if exponent { read.and_then(|_| Decimal::from_scientific(text)) } else { read }.map_err(|_| exact())
}

/// Whether it is Python's `Decimal`.
pub fn is_decimal(value: Given<'_, '_>) -> PyResult<bool> {
    static DECIMAL: PyOnceLock<Py<PyType>> = PyOnceLock::new();
    value.is_instance(DECIMAL.import(value.py(), "decimal", "Decimal")?)
}

/// The int that a value is, or that a whole number of another library stands for.
pub fn whole<'py>(value: Given<'_, 'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
    static INDEX: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let py = value.py();
    let index = INDEX.get_or_try_init(py, || PyResult::Ok(py.import("operator")?.getattr("index")?.unbind()))?;
    match index.bind(py).call1((value,)) {
        Ok(whole) => Ok(Some(whole)),
        Err(raised) if raised.is_instance_of::<PyTypeError>(py) => Ok(None),
        Err(raised) => Err(raised),
    }
}

/// Money or `None`.
pub fn optional_decimal(field: &str, value: Option<Given<'_, '_>>) -> PyResult<Option<Decimal>> {
    value.map(|value| decimal(field, value)).transpose()
}

/// One end of a window: an aware `datetime`, or a `date` for a whole day.
pub fn when(field: &str, value: Given<'_, '_>) -> PyResult<WindowBound> {
    let py = value.py();
    if value.is_instance_of::<PyDateTime>() {
        return instant(field, value).map(WindowBound::from);
    }
    let Ok(date) = value.cast::<PyDate>() else {
        return Err(invalid_input(py, field, "must be a datetime with a time zone, or a date"));
    };
    let (year, month, day) = (date.get_year(), date.get_month(), date.get_day());
    let date = Date::new(year, u32::from(month), u32::from(day));
    date.map(WindowBound::from).map_err(|_| invalid_input(py, field, "must lie in the years 1970 to 9999"))
}

/// One end of a window or `None`.
pub fn optional_when(field: &str, value: Option<Given<'_, '_>>) -> PyResult<Option<WindowBound>> {
    value.map(|value| when(field, value)).transpose()
}

/// An instant: an aware `datetime`.
pub fn instant(field: &str, value: Given<'_, '_>) -> PyResult<SystemTime> {
    let py = value.py();
    let wrong = |rule: &str| invalid_input(py, field, rule);
    if !value.is_instance_of::<PyDateTime>() {
        return Err(wrong("must be a datetime with a time zone"));
    }
    if value.call_method0("utcoffset")?.is_none() {
        return Err(wrong("must have a time zone: a naive datetime could mean any of them"));
    }
    value.extract().map_err(|_| wrong("must lie in the years 1970 to 9999"))
}

/// An instant or `None`.
pub fn optional_instant(field: &str, value: Option<Given<'_, '_>>) -> PyResult<Option<SystemTime>> {
    value.map(|value| instant(field, value)).transpose()
}

/// The number of a page, or its size.
pub fn count(field: &str, value: Given<'_, '_>) -> PyResult<u32> {
    let wrong = || invalid_input(value.py(), field, "must be a whole number, zero or more");
    if value.is_instance_of::<PyBool>() {
        return Err(wrong());
    }
    value.extract().map_err(|_| wrong())
}

/// A number of seconds, zero or more.
pub fn seconds(field: &str, value: Given<'_, '_>) -> PyResult<Duration> {
    let wrong = || invalid_input(value.py(), field, "must be a number of seconds, zero or more");
    if value.is_instance_of::<PyBool>() {
        return Err(wrong());
    }
    Duration::try_from_secs_f64(value.extract().map_err(|_| wrong())?).map_err(|_| wrong())
}

/// What a pickle holds: a function and its arguments.
pub type Pickle<'py> = (Bound<'py, PyAny>, Bound<'py, PyTuple>);

/// An object is made again by its class's `_of`.
pub fn pickle<'py>(object: Given<'_, 'py>, fields: Bound<'py, PyTuple>) -> PyResult<Pickle<'py>> {
    Ok((object.get_type().getattr(intern!(object.py(), "_of"))?, fields))
}

/// Further fields of a body, from a dict.
pub fn extra(value: Option<Given<'_, '_>>) -> PyResult<Extra> {
    let Some(value) = value else { return Ok(Extra::default()) };
    let json = crate::json::to_json("extra", value)?;
    Extra::from_json(json.as_str()).map_err(|_| invalid_input(value.py(), "extra", "must be a dict"))
}
