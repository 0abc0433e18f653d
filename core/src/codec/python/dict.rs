//! Objects as dicts.

use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyList, PyType};

use super::time::is_datetime;
use crate::error::Error;

/// The form of the values in a dict: the argument `mode` of every `to_dict`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum DictMode {
    /// Values of Python, such as `Decimal` and `datetime`.
    #[default]
    Python,
    /// Values that JSON has: an amount is text, a time is text in ISO 8601.
    Json,
}

impl FromPyObject<'_, '_> for DictMode {
    type Error = PyErr;

    fn extract(value: Borrowed<'_, '_, PyAny>) -> PyResult<Self> {
        match value.extract::<String>().ok().as_deref() {
            Some("python") => Ok(Self::Python),
            Some("json") => Ok(Self::Json),
            _ => Err(Error::invalid_input("mode", "must be python or json").into()),
        }
    }
}

/// Converts a model to a dict of its attributes; models inside become dicts too. Without `extra`, none of them has one.
pub(crate) fn to_dict<'py>(
    model: &Bound<'py, PyAny>,
    fields: &[&str],
    mode: DictMode,
    extra: bool,
) -> PyResult<Bound<'py, PyDict>> {
    let dict = PyDict::new(model.py());
    for field in fields.iter().filter(|field| extra || **field != "extra") {
        dict.set_item(*field, convert(model.getattr(*field)?, mode, extra)?)?;
    }
    Ok(dict)
}

/// Converts a value within a dict: an object becomes its dict, and with [`DictMode::Json`] all values become those of JSON.
///
/// # Errors
///
/// Any exception of Python, such as one for a time beyond its calendar.
pub fn dict_value(value: Bound<'_, PyAny>, mode: DictMode) -> PyResult<Bound<'_, PyAny>> {
    convert(value, mode, true)
}

fn convert(value: Bound<'_, PyAny>, mode: DictMode, extra: bool) -> PyResult<Bound<'_, PyAny>> {
    static DECIMAL: PyOnceLock<Py<PyType>> = PyOnceLock::new();
    let py = value.py();
    if let Ok(list) = value.cast::<PyList>() {
        let items = list.iter().map(|item| convert(item, mode, extra)).collect::<PyResult<Vec<_>>>()?;
        return Ok(PyList::new(py, items)?.into_any());
    }
    if let Some(to_dict) = value.getattr_opt(intern!(py, "to_dict"))? {
        let options = PyDict::new(py);
        if mode == DictMode::Json {
            options.set_item(intern!(py, "mode"), intern!(py, "json"))?;
        }
        if !extra {
            options.set_item(intern!(py, "extra"), false)?;
        }
        return to_dict.call((), Some(&options));
    }
    if mode == DictMode::Python {
        return Ok(value);
    }
    if let Ok(dict) = value.cast::<PyDict>() {
        let converted = PyDict::new(py);
        for (name, value) in dict {
            converted.set_item(name, convert(value, mode, extra)?)?;
        }
        return Ok(converted.into_any());
    }
    if is_datetime(&value)? {
        return value.call_method1(intern!(py, "isoformat"), ("T", "milliseconds"));
    }
    if value.is_instance(DECIMAL.import(py, "decimal", "Decimal")?)? {
        // Never with an exponent.
        return value.call_method1(intern!(py, "__format__"), ("f",));
    }
    Ok(value)
}
