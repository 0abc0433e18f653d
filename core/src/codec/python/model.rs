//! Models as Python classes.

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};

use crate::codec::json::Extra;
use crate::redact::scrub;

/// Implements the Python class of a model: attributes, `to_dict`, `to_json`, `from_json`, pickling and `repr`.
///
/// [`model!`](crate::codec::model) calls it with the fields and their documentation:
/// `python_model!(Fee { [#[doc = "The amount."]] amount, })`.
macro_rules! python_model {
    ($name:ident { $( [$($field_meta:tt)*] $field:ident, )+ }) => {
        $crate::codec::python::converts!($name);

        #[pyo3::pymethods]
        impl $name {
            $(
                $($field_meta)*
                #[getter]
                fn $field(&self, py: pyo3::Python<'_>) -> pyo3::PyResult<pyo3::Py<pyo3::PyAny>> {
                    $crate::codec::python::ToPython::to_python(&self.$field, py)
                }
            )+

            /// Fields of the response that this version does not know, as a dict.
            #[getter]
            fn extra(&self, py: pyo3::Python<'_>) -> pyo3::PyResult<pyo3::Py<pyo3::PyAny>> {
                $crate::codec::python::ToPython::to_python(&self.extra, py)
            }

            /// The object as a dict of its attributes, `extra` included; objects inside become dicts too.
            fn to_dict<'py>(slf: &pyo3::Bound<'py, Self>) -> pyo3::PyResult<pyo3::Bound<'py, pyo3::types::PyDict>> {
                $crate::codec::python::to_dict(slf.as_any(), Self::ATTRIBUTES)
            }

            /// The object as JSON text in the platform's form: money as text, times in Unix milliseconds, and all of
            /// `extra`.
            #[pyo3(name = "to_json")]
            fn to_json_in_python(&self) -> String {
                self.to_json()
            }

            /// Reads the object from JSON text in the platform's form, such as `to_json` writes.
            #[classmethod]
            #[pyo3(name = "from_json")]
            fn from_json_in_python(_: &pyo3::Bound<'_, pyo3::types::PyType>, text: &str) -> Result<Self, $crate::Error> {
                Self::from_json(text)
            }

            fn __reduce__<'py>(slf: &pyo3::Bound<'py, Self>) -> pyo3::PyResult<(pyo3::Bound<'py, pyo3::PyAny>, (String,))> {
                use pyo3::types::PyAnyMethods as _;
                Ok((slf.get_type().getattr("from_json")?, (slf.get().to_json(),)))
            }

            fn __repr__(slf: &pyo3::Bound<'_, Self>) -> pyo3::PyResult<String> {
                let model = slf.get();
                $crate::codec::python::repr(slf.as_any(), stringify!($name), Self::ATTRIBUTES, &model.extra)
            }
        }

        impl $name {
            const ATTRIBUTES: &'static [&'static str] = &[$( $crate::codec::wire_name(stringify!($field)), )+ "extra"];
        }
    };
}
pub(crate) use python_model;

/// Converts a model to a dict of its attributes; models inside become dicts too.
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

/// The `repr` of a model: without attributes that are `None`, free text with PANs masked, the platform's identifiers
/// (`card_no`) unchanged.
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

/// Converts a model to its dict; leaves other values unchanged.
fn as_dict(value: Bound<'_, PyAny>) -> PyResult<Bound<'_, PyAny>> {
    match value.getattr_opt("to_dict")? {
        Some(to_dict) => to_dict.call0(),
        None => Ok(value),
    }
}
