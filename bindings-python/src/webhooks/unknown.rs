//! Webhooks for which this version has no type.

use keysecure::{DictMode, Json, Rejection, dict_value, pydantic_schema};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyType};

use crate::arguments::JsonText;
use crate::errors::map_exception;
use crate::json::from_json;

/// A webhook with an action, or a form of its data, that this version does not know. Its signature is valid.
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

    /// The event of the core.
    pub fn event(&self) -> keysecure::Event {
        keysecure::Event::Unknown { action: self.action.clone(), data: self.json.clone() }
    }
}

#[pymethods]
impl UnknownEvent {
    /// The data as a dict, numbers with a fraction as `Decimal`. A value that Python cannot hold, such as a number with an
    /// exponent of a billion, is a `WebhookError`; `to_json()` returns it.
    #[getter]
    fn data<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let ours = || keysecure::Error::from(Rejection::NotACallback).into();
        from_json(py, &self.json).map_err(|raised| map_exception(py, raised, ours))
    }

    /// Returns a dict with `action` and `data`. `mode="json"` is for `json.dumps`: a `Decimal` becomes text.
    #[pyo3(signature = (*, mode=None), text_signature = "($self, *, mode='python')")]
    fn to_dict<'py>(&self, py: Python<'py>, mode: Option<DictMode>) -> PyResult<Bound<'py, PyDict>> {
        let dict = PyDict::new(py);
        dict.set_item("action", &self.action)?;
        dict.set_item("data", dict_value(self.data(py)?, mode.unwrap_or_default())?)?;
        Ok(dict)
    }

    /// Returns the data as JSON text, exactly as it was received.
    fn to_json(&self) -> &str {
        self.json.as_str()
    }

    /// Creates an event from an action and its data as JSON text, such as `to_json` returns.
    #[classmethod]
    fn from_json(_: &Bound<'_, PyType>, action: String, text: JsonText) -> PyResult<Self> {
        Ok(Self::new(action, Json::new(&text.0)?))
    }

    #[classmethod]
    fn __get_pydantic_core_schema__<'py>(
        class: &Bound<'py, PyType>,
        source: Bound<'py, PyAny>,
        handler: Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        pydantic_schema(class, &source, &handler, "")
    }

    fn __reduce__<'py>(slf: &Bound<'py, Self>) -> PyResult<(Bound<'py, PyAny>, (String, String))> {
        let event = slf.get();
        Ok((slf.get_type().getattr("from_json")?, (event.action.clone(), event.json.as_str().to_owned())))
    }

    fn __repr__(&self) -> String {
        format!("UnknownEvent(action={:?}, data={:?})", self.action, self.json)
    }
}
