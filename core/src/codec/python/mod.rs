//! Conversion of values, models and open enums to Python objects.

mod dict;
mod extra;
mod model;
mod open_enum;
mod pydantic;
mod time;

use pyo3::exceptions::{PyArithmeticError, PyRecursionError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyList;
use rust_decimal::Decimal;

use crate::codec::json::Extra;
use crate::error::Error;
use crate::values::decimal;

pub(crate) use dict::to_dict;
pub use dict::{DictMode, dict_value};
pub(crate) use model::{python_model, repr, warn_of_former_name};
pub(crate) use open_enum::{class_of_constants, python_enum};
pub use pydantic::pydantic_schema;
pub(crate) use pydantic::{FieldSchema, object_schema};
pub use time::{is_date, is_datetime, python_time};

/// A value of a model as a Python object.
pub(crate) trait ToPython {
    fn to_python(&self, py: Python<'_>) -> PyResult<Py<PyAny>>;

    /// The JSON schema of the value in a dict that is made with [`DictMode::Json`].
    fn json_schema() -> String;
}

/// Reads an exact decimal for the arguments of the Python binding; `None` if it is not a decimal of at most 28 digits.
pub fn parse_decimal(text: &str) -> Option<Decimal> {
    decimal::parse(text)
}

/// Implements [`ToPython`] for types by the conversion of PyO3.
macro_rules! converts {
    ($($type:ty: $schema:expr),+) => {
        $(
            impl $crate::codec::python::ToPython for $type {
                fn to_python(&self, py: pyo3::Python<'_>) -> pyo3::PyResult<pyo3::Py<pyo3::PyAny>> {
                    pyo3::IntoPyObjectExt::into_py_any(self.clone(), py)
                }

                fn json_schema() -> String {
                    $schema.into()
                }
            }
        )+
    };
}
pub(crate) use converts;

converts!(
    String: r#"{"type":"string"}"#,
    bool: r#"{"type":"boolean"}"#,
    i64: r#"{"type":"integer"}"#,
    Decimal: r#"{"type":"string","format":"decimal"}"#,
    Extra: r#"{"type":"object"}"#
);

impl<T: ToPython> ToPython for Option<T> {
    fn to_python(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        self.as_ref().map_or_else(|| Ok(py.None()), |value| value.to_python(py))
    }

    fn json_schema() -> String {
        format!(r#"{{"anyOf":[{},{{"type":"null"}}]}}"#, T::json_schema())
    }
}

impl<T: ToPython> ToPython for Vec<T> {
    fn to_python(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        let items = self.iter().map(|item| item.to_python(py)).collect::<PyResult<Vec<_>>>()?;
        Ok(PyList::new(py, items)?.into_any().unbind())
    }

    fn json_schema() -> String {
        format!(r#"{{"type":"array","items":{}}}"#, T::json_schema())
    }
}

/// Whether an exception says that Python cannot represent a value. Any other exception may be a pending
/// `KeyboardInterrupt`, which must propagate unchanged.
fn is_about_a_value(py: Python<'_>, error: &PyErr) -> bool {
    error.is_instance_of::<PyValueError>(py)
        || error.is_instance_of::<PyArithmeticError>(py)
        || error.is_instance_of::<PyRecursionError>(py)
}

/// Replaces an exception about a value by an error of this crate; other exceptions stay unchanged.
fn replace_error(py: Python<'_>, error: PyErr, text: &'static str) -> PyErr {
    if is_about_a_value(py, &error) { Error::invalid_response(text).into() } else { error }
}
