//! Exactly-once calls: their options and their result.

use keysecure::{DictMode, EnsureOptions, OnStoreFailure, dict_value, pydantic_schema};
use pyo3::IntoPyObjectExt;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyType};

use crate::arguments::{Deadline, EnsureOnStoreFailure, Settle, Since};
use crate::deprecated::deprecated;
use crate::errors::invalid_input;
use crate::pickle::{Pickle, pickle};

/// The result of an `ensure_*` call: a target that exists exactly once.
#[pyclass(frozen, generic, module = "keysecure")]
pub struct Ensured {
    /// The target: a transfer, a card or a cardholder. With `created=True` and a response to the request, it holds what the
    /// request and that response say: a transfer then has no status and no time, and a card or a cardholder is Pending. Otherwise, also
    /// when the response was lost, it is the row of the platform's list.
    #[pyo3(get)]
    value: Py<PyAny>,
    /// Whether this call created the target, also when the response to its request was lost; otherwise it was found.
    #[pyo3(get)]
    created: bool,
}

impl Ensured {
    /// The result of the core as a Python object.
    pub fn of<T: for<'py> IntoPyObject<'py>>(py: Python<'_>, ensured: keysecure::Ensured<T>) -> PyResult<Self> {
        Ok(Self { value: ensured.value.into_py_any(py)?, created: ensured.created })
    }
}

#[pymethods]
impl Ensured {
    /// Returns a dict with `value`, which is a dict too, and `created`. `mode="json"` is for `json.dumps`.
    #[pyo3(signature = (*, mode=None), text_signature = "($self, *, mode='python')")]
    fn to_dict<'py>(&self, py: Python<'py>, mode: Option<DictMode>) -> PyResult<Bound<'py, PyDict>> {
        let fields = PyDict::new(py);
        fields.set_item("value", dict_value(self.value.bind(py).clone(), mode.unwrap_or_default())?)?;
        fields.set_item("created", self.created)?;
        Ok(fields)
    }

    /// Returns `value` and `created` as JSON text, `value` as its own `to_json` writes it.
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
    fn __get_pydantic_core_schema__<'py>(
        class: &Bound<'py, PyType>,
        source: Bound<'py, PyAny>,
        handler: Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        pydantic_schema(class, &source, &handler, "")
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

/// The options that the `ensure_*` calls have in common; `never_sent` is the deprecated name of `first_attempt`.
pub fn options(
    py: Python<'_>,
    deadline: Option<Deadline>,
    settle: Option<Settle>,
    since: Option<Since>,
    first_attempt: Option<bool>,
    on_store_failure: Option<EnsureOnStoreFailure>,
    never_sent: Option<bool>,
) -> PyResult<EnsureOptions> {
    if never_sent.is_some() {
        deprecated(py, c"never_sent is deprecated: use first_attempt")?;
        if first_attempt.is_some() {
            return Err(invalid_input(py, "never_sent", "is the old name of first_attempt: give one of them"));
        }
    }
    Ok(EnsureOptions {
        deadline: deadline.map(|seconds| seconds.0),
        settle: settle.map(|seconds| seconds.0),
        since: since.map(|bound| bound.0),
        first_attempt: first_attempt.or(never_sent).unwrap_or_default(),
        on_store_failure: on_store_failure.map_or(OnStoreFailure::Reject, |choice| choice.0),
    })
}
