//! Errors of this crate's own making. Those of the core become exceptions by themselves.

use pyo3::exceptions::PyException;
use pyo3::prelude::*;
use pyo3::types::PyDict;

/// An argument that breaks a rule. Neither part may repeat the value.
pub fn invalid_input(py: Python<'_>, field: &str, rule: &str) -> PyErr {
    raise(py, "InvalidInputError", &format!("{field} {rule}"), &[("outcome", "not_sent"), ("field", field)])
}

/// A setting that breaks a rule.
pub fn config(py: Python<'_>, detail: &str) -> PyErr {
    raise(py, "ConfigError", detail, &[("outcome", "not_sent")])
}

/// A response that cannot be understood, to a call that may have been executed.
pub fn invalid_response(py: Python<'_>, detail: &str) -> PyErr {
    raise(py, "InvalidResponseError", detail, &[("outcome", "unknown")])
}

/// Replaces an exception about a value by an error of ours. One that is no `Exception` stays as it is: it is a Ctrl-C that
/// arrived meanwhile, or a call to end the program.
pub fn map_exception(py: Python<'_>, raised: PyErr, ours: impl FnOnce() -> PyErr) -> PyErr {
    if raised.is_instance_of::<PyException>(py) { ours() } else { raised }
}

/// A defect of this package: what would otherwise have been a panic.
pub fn internal(py: Python<'_>) -> PyErr {
    let text = "a defect in keysecure: please report what standard error says";
    raise(py, "InternalError", text, &[("outcome", "unknown")])
}

fn raise(py: Python<'_>, class: &str, text: &str, fields: &[(&str, &str)]) -> PyErr {
    let make = || -> PyResult<Bound<'_, PyAny>> {
        let keywords = PyDict::new(py);
        for (name, value) in fields {
            keywords.set_item(name, value)?;
        }
        py.import("keysecure._errors")?.getattr(class)?.call((text,), Some(&keywords))
    };
    make().map_or_else(|failed| failed, PyErr::from_value)
}
