//! Exactly-once calls: their options and what they give.

use keysecure::Ensure;
use pyo3::IntoPyObjectExt;
use pyo3::prelude::*;

use crate::values::{Given, optional_when, seconds};

/// A thing that exists exactly once.
#[pyclass(frozen, module = "keysecure")]
pub struct Ensured {
    /// The thing.
    #[pyo3(get)]
    value: Py<PyAny>,
    /// Whether this call made it; otherwise it was found.
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
    never_sent: bool,
) -> PyResult<Ensure> {
    let default = Ensure::default();
    Ok(Ensure {
        deadline: deadline.map_or(Ok(default.deadline), |value| seconds("deadline", value))?,
        settle: settle.map_or(Ok(default.settle), |value| seconds("settle", value))?,
        since: optional_when("since", since)?,
        never_sent,
    })
}
