//! Exactly-once calls: their options and what they give.

use keysecure::Ensure;
use pyo3::IntoPyObjectExt;
use pyo3::prelude::*;
use pyo3::types::PyBool;

use crate::errors::invalid_input;
use crate::values::{Given, optional_when};

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

/// The options that the `ensure_*` calls have in common.
pub fn options(
    py: Python<'_>,
    deadline: Option<Given<'_, '_>>,
    settle: Option<Given<'_, '_>>,
    since: Option<Given<'_, '_>>,
    never_sent: bool,
) -> PyResult<Ensure> {
    let seconds = |field: &str, value: Option<Given<'_, '_>>, default| {
        let Some(value) = value else { return Ok(default) };
        let wrong = || invalid_input(py, field, "must be a number of seconds, zero or more");
        if value.is_instance_of::<PyBool>() {
            return Err(wrong());
        }
        let seconds: f64 = value.extract().map_err(|_| wrong())?;
        std::time::Duration::try_from_secs_f64(seconds).map_err(|_| wrong())
    };
    let default = Ensure::default();
    Ok(Ensure {
        deadline: seconds("deadline", deadline, default.deadline)?,
        settle: seconds("settle", settle, default.settle)?,
        since: optional_when("since", since)?,
        never_sent,
    })
}
