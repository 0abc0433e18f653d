//! Exactly-once calls: their options and what they give.

use keysecure::{EnsureOptions, OnStoreFailure};
use pyo3::IntoPyObjectExt;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyType};

use crate::errors::invalid_input;
use crate::values::{Given, Pickle, optional_when, pickle, seconds, text};

/// A target that exists exactly once.
#[pyclass(frozen, generic, module = "keysecure")]
pub struct Ensured {
    /// The target: a transfer, a card or a cardholder, as its list gives it.
    #[pyo3(get)]
    value: Py<PyAny>,
    /// Whether this call made it, also when the response to its request was lost; otherwise it was found.
    #[pyo3(get)]
    created: bool,
}

impl Ensured {
    /// What the core ensured.
    pub fn of<T: for<'py> IntoPyObject<'py>>(py: Python<'_>, ensured: keysecure::Ensured<T>) -> PyResult<Self> {
        Ok(Self { value: ensured.value.into_py_any(py)?, created: ensured.created })
    }
}

#[pymethods]
impl Ensured {
    /// A dict with `value`, which is a dict too, and `created`.
    fn to_dict<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let fields = PyDict::new(py);
        fields.set_item("value", self.value.call_method0(py, intern!(py, "to_dict"))?)?;
        fields.set_item("created", self.created)?;
        Ok(fields)
    }

    /// The target and `created` as JSON text, the target as its own `to_json` writes it.
    fn to_json(&self, py: Python<'_>) -> PyResult<String> {
        let value = self.value.call_method0(py, intern!(py, "to_json"))?;
        Ok(format!("{{\"value\":{value},\"created\":{}}}", self.created))
    }

    fn __eq__(&self, py: Python<'_>, other: &Self) -> PyResult<bool> {
        Ok(self.created == other.created && self.value.bind(py).eq(&other.value)?)
    }

    fn __hash__(&self, py: Python<'_>) -> PyResult<isize> {
        Ok(self.value.bind(py).hash()? ^ isize::from(self.created))
    }

    #[classmethod]
    fn _of(_: &Bound<'_, PyType>, value: Py<PyAny>, created: bool) -> Self {
        Self { value, created }
    }

    fn __reduce__<'py>(slf: &Bound<'py, Self>) -> PyResult<Pickle<'py>> {
        let ensured = slf.get();
        pickle(slf, (&ensured.value, ensured.created).into_pyobject(slf.py())?)
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        let created = if self.created { "True" } else { "False" };
        Ok(format!("Ensured(value={}, created={created})", self.value.bind(py).repr()?))
    }
}

/// The options that the `ensure_*` calls have in common; times in seconds.
pub fn options(
    deadline: Option<Given<'_, '_>>,
    settle: Option<Given<'_, '_>>,
    since: Option<Given<'_, '_>>,
    first_attempt: bool,
    on_store_failure: Option<Given<'_, '_>>,
) -> PyResult<EnsureOptions> {
    let on_store_failure = match on_store_failure {
        None => OnStoreFailure::Reject,
        Some(word) => match text("on_store_failure", word)?.as_str() {
            "reject" => OnStoreFailure::Reject,
            "accept" => OnStoreFailure::Accept,
            _ => return Err(invalid_input(word.py(), "on_store_failure", "must be reject or accept")),
        },
    };
    Ok(EnsureOptions {
        deadline: deadline.map(|value| seconds("deadline", value)).transpose()?,
        settle: settle.map(|value| seconds("settle", value)).transpose()?,
        since: optional_when("since", since)?,
        first_attempt,
        on_store_failure,
    })
}
