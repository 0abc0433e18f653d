//! How values cross into Python, and what every model can do there.

use std::time::{SystemTime, UNIX_EPOCH};

use pyo3::IntoPyObjectExt;
use pyo3::exceptions::{PyArithmeticError, PyRecursionError, PyValueError};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyList, PyString};
use rust_decimal::Decimal;

use crate::codec::json::Extra;
use crate::error::Rejection;
use crate::error::TransportFault;
use crate::error::{Error, ErrorKind};
use crate::redact::scrub;
use crate::values::{decimal, instant};

/// A value of a model as a Python object.
pub(crate) trait ToPython {
    fn to_python(&self, py: Python<'_>) -> PyResult<Py<PyAny>>;
}

/// Reads a decimal, exactly, for the arguments of the Python binding: `None` for what is no decimal of at most 28 digits.
pub fn parse_decimal(text: &str) -> Option<Decimal> {
    decimal::parse(text)
}

/// For what PyO3 converts as we want it.
macro_rules! converts {
    ($($type:ty),+) => {
        $(
            impl $crate::codec::python::ToPython for $type {
                fn to_python(&self, py: pyo3::Python<'_>) -> pyo3::PyResult<pyo3::Py<pyo3::PyAny>> {
                    pyo3::IntoPyObjectExt::into_py_any(self.clone(), py)
                }
            }
        )+
    };
}
pub(crate) use converts;

converts!(String, bool, i64, Decimal, Extra);

impl<T: ToPython> ToPython for Option<T> {
    fn to_python(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        self.as_ref().map_or_else(|| Ok(py.None()), |value| value.to_python(py))
    }
}

impl<T: ToPython> ToPython for Vec<T> {
    fn to_python(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        let items = self.iter().map(|item| item.to_python(py)).collect::<PyResult<Vec<_>>>()?;
        Ok(PyList::new(py, items)?.into_any().unbind())
    }
}

/// Whether an error of Python's says that it cannot hold a value. Any other may be a Ctrl-C that arrived just now, which
/// must not become an error of ours.
fn is_about_a_value(py: Python<'_>, error: &PyErr) -> bool {
    error.is_instance_of::<PyValueError>(py)
        || error.is_instance_of::<PyArithmeticError>(py)
        || error.is_instance_of::<PyRecursionError>(py)
}

/// Our error in the place of one about a value.
fn ours(py: Python<'_>, error: PyErr, text: &'static str) -> PyErr {
    if is_about_a_value(py, &error) { Error::invalid_response(text).into() } else { error }
}

/// An aware `datetime` in UTC. The platform may send any number; one beyond the years of Python's calendar is an error
/// of ours, not the foreign one that Python would raise.
impl ToPython for SystemTime {
    fn to_python(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        static EPOCH: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
        let epoch = EPOCH.get_or_try_init(py, || UNIX_EPOCH.into_py_any(py))?.bind(py);
        let since = PyDict::new(py);
        since.set_item("milliseconds", instant::to_millis(*self))?;
        let made =
            py.import("datetime")?.getattr("timedelta")?.call((), Some(&since)).and_then(|since| epoch.add(since));
        made.map(Bound::unbind).map_err(|error| ours(py, error, "the platform's time lies outside the years 1 to 9999"))
    }
}

/// A dict; numbers with a fraction become `decimal.Decimal`, so that none goes through a float.
impl<'py> IntoPyObject<'py> for Extra {
    type Target = PyDict;
    type Output = Bound<'py, PyDict>;
    type Error = PyErr;

    fn into_pyobject(self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        if self.is_empty() {
            return Ok(PyDict::new(py));
        }
        let options = PyDict::new(py);
        let decimal = py.import("decimal")?.getattr("Decimal")?;
        options.set_item("parse_float", &decimal)?;
        let (loads, text) = (py.import("json")?.getattr("loads")?, PyString::new(py, &self.to_json()));
        let read = loads.call((&text,), Some(&options)).or_else(|error| {
            if !is_about_a_value(py, &error) {
                return Err(error);
            }
            // Python refuses to read whole numbers of many digits as an int.
            options.set_item("parse_int", &decimal)?;
            loads.call((&text,), Some(&options))
        });
        let read = read.map_err(|error| ours(py, error, "a field holds a number that Python cannot hold"))?;
        Ok(read.cast_into()?)
    }
}

/// A model as a dict of its attributes; models inside become dicts too.
pub(crate) fn to_dict<'py>(model: &Bound<'py, PyAny>, fields: &[&str]) -> PyResult<Bound<'py, PyDict>> {
    let py = model.py();
    let dict = PyDict::new(py);
    for field in fields {
        let mut value = model.getattr(*field)?;
        if let Ok(list) = value.cast::<PyList>() {
            let items = list.iter().map(as_dict).collect::<PyResult<Vec<_>>>()?;
            value = PyList::new(py, items)?.into_any();
        } else {
            value = as_dict(value)?;
        }
        dict.set_item(*field, value)?;
    }
    Ok(dict)
}

/// A model as Python would write it, without the attributes that are `None`, and masked: free text through the last
/// scrub, the platform's own numbers (`card_no`) as they are.
pub(crate) fn repr(model: &Bound<'_, PyAny>, name: &str, fields: &[&str], extra: &Extra) -> PyResult<String> {
    let mut shown = Vec::with_capacity(fields.len());
    for field in fields.iter().filter(|field| **field != "extra") {
        let value = model.getattr(*field)?;
        if !value.is_none() {
            let text = value.repr()?.to_string();
            let text = if field.ends_with("_no") { text } else { scrub(&text).into_owned() };
            shown.push(format!("{field}={text}"));
        }
    }
    if !extra.is_empty() {
        shown.push(format!("extra={extra:?}"));
    }
    Ok(format!("{name}({})", shown.join(", ")))
}

/// A model as its dict, anything else as it is.
fn as_dict(value: Bound<'_, PyAny>) -> PyResult<Bound<'_, PyAny>> {
    match value.getattr_opt("to_dict")? {
        Some(to_dict) => to_dict.call0(),
        None => Ok(value),
    }
}

/// The Python exception of its kind, with all its fields. The classes are Python's own, in `keysecure/_errors.py`.
impl From<Error> for PyErr {
    fn from(error: Error) -> Self {
        Python::attach(|py| exception(py, &error).map_or_else(|failed| failed, Self::from_value))
    }
}

fn exception<'py>(py: Python<'py>, error: &Error) -> PyResult<Bound<'py, PyAny>> {
    let fields = PyDict::new(py);
    fields.set_item("outcome", error.outcome().as_str())?;
    fields.set_item("code", error.code())?;
    fields.set_item("msg", error.msg())?;
    fields.set_item("field", error.field())?;
    fields.set_item("http_status", error.http_status())?;
    fields.set_item("operation", error.operation())?;
    fields.set_item("attempts", error.attempts())?;
    fields.set_item("retry_after", error.retry_after().map(|wait| wait.as_secs_f64()))?;
    fields.set_item("transport_fault", error.transport_fault().map(TransportFault::as_str))?;
    fields.set_item("rejection", error.rejection().map(Rejection::name))?;
    py.import("keysecure._errors")?.getattr(class_of(error.kind()))?.call1((error.to_string(), fields))
}

fn class_of(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::Config => "ConfigError",
        ErrorKind::InvalidInput => "InvalidInputError",
        ErrorKind::Transport => "TransportError",
        ErrorKind::Timeout => "TimeoutError",
        ErrorKind::Authentication => "AuthenticationError",
        ErrorKind::Permission => "PermissionError",
        ErrorKind::RateLimit => "RateLimitError",
        ErrorKind::NotFound => "NotFoundError",
        ErrorKind::State => "StateError",
        ErrorKind::Conflict => "ConflictError",
        ErrorKind::Api => "ApiError",
        ErrorKind::InvalidResponse => "InvalidResponseError",
        ErrorKind::Webhook => "WebhookError",
        ErrorKind::Decrypt => "DecryptError",
    }
}
