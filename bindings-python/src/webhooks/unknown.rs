//! Callbacks that this version knows no type for.

use keysecure::{Json, Rejection};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyType};

use crate::errors::instead;
use crate::json::from_json;
use crate::values::{self, Given};

/// An action, or a form of its data, that this version does not know. Its signature is valid all the same.
#[pyclass(frozen, eq, hash, module = "keysecure")]
#[derive(PartialEq, Eq, Hash)]
pub struct UnknownEvent {
    /// The platform's name of the action.
    #[pyo3(get)]
    action: String,
    json: Json,
}

impl UnknownEvent {
    pub fn new(action: String, json: Json) -> Self {
        Self { action, json }
    }
}

#[pymethods]
impl UnknownEvent {
    /// Its data as a dict; numbers with a fraction as `Decimal`. What Python cannot hold, such as a number of a billion
    /// digits' weight, is a `WebhookError`; `to_json()` has it all the same.
    #[getter]
    fn data<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let ours = || keysecure::Error::from(Rejection::NotACallback).into();
        from_json(py, &self.json).map_err(|raised| instead(py, raised, ours))
    }

    /// A dict with `action` and `data`.
    fn to_dict<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let dict = PyDict::new(py);
        dict.set_item("action", &self.action)?;
        dict.set_item("data", self.data(py)?)?;
        Ok(dict)
    }

    /// Its data as JSON, exactly as it came.
    fn to_json(&self) -> &str {
        self.json.as_str()
    }

    /// Makes one of an action and its data as JSON, such as `to_json` gives.
    #[classmethod]
    fn from_json(_: &Bound<'_, PyType>, action: String, text: Given<'_, '_>) -> PyResult<Self> {
        Ok(Self::new(action, Json::new(&values::text("text", text)?)?))
    }

    fn __reduce__<'py>(slf: &Bound<'py, Self>) -> PyResult<(Bound<'py, PyAny>, (String, String))> {
        let event = slf.get();
        Ok((slf.get_type().getattr("from_json")?, (event.action.clone(), event.json.as_str().to_owned())))
    }

    fn __repr__(&self) -> String {
        format!("UnknownEvent(action={:?}, data={:?})", self.action, self.json)
    }
}
