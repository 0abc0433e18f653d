//! Errors as Python exceptions: instances of the classes in `keysecure/_errors.py`, found by the kind of the error.

use keysecure::{Error, ErrorKind, Rejection, TransportFault};
use pyo3::exceptions::PyException;
use pyo3::prelude::*;
use pyo3::types::PyDict;

/// The kind of [`internal`] errors. The core has none.
const INTERNAL: &str = "internal";

/// Makes the core's errors become exceptions of this package.
pub fn start() {
    keysecure::set_exception_factory(|py, error| {
        raise(py, error.kind().as_str(), &error.to_string(), |fields| set_fields(fields, error))
    });
}

fn set_fields(fields: &Bound<'_, PyDict>, error: &Error) -> PyResult<()> {
    fields.set_item("outcome", error.outcome().as_str())?;
    fields.set_item("code", error.code())?;
    fields.set_item("msg", error.msg())?;
    fields.set_item("field", error.field())?;
    fields.set_item("http_status", error.http_status())?;
    fields.set_item("operation", error.operation())?;
    fields.set_item("attempts", error.attempts())?;
    fields.set_item("retry_after", error.retry_after().map(|wait| wait.as_secs_f64()))?;
    fields.set_item("transport_fault", error.transport_fault().map(TransportFault::as_str))?;
    fields.set_item("rejection", error.rejection().map(Rejection::name))
}

/// An argument that breaks a rule. Neither part may repeat the value.
pub fn invalid_input(py: Python<'_>, field: &str, rule: &str) -> PyErr {
    raise(py, ErrorKind::InvalidInput.as_str(), &format!("{field} {rule}"), |fields| {
        fields.set_item("outcome", "not_sent")?;
        fields.set_item("field", field)
    })
}

/// A setting that breaks a rule.
pub fn config(py: Python<'_>, detail: &str) -> PyErr {
    raise(py, ErrorKind::Config.as_str(), detail, |fields| fields.set_item("outcome", "not_sent"))
}

/// A response that cannot be understood, to a call that may have been executed.
pub fn invalid_response(py: Python<'_>, detail: &str) -> PyErr {
    raise(py, ErrorKind::InvalidResponse.as_str(), detail, |fields| fields.set_item("outcome", "unknown"))
}

/// A defect of this package: what would otherwise have been a panic.
pub fn internal(py: Python<'_>) -> PyErr {
    let text = "a defect in keysecure: please report what standard error says";
    raise(py, INTERNAL, text, |fields| fields.set_item("outcome", "unknown"))
}

/// Replaces an exception about a value by an error of ours. One that is no `Exception` stays as it is: it is a Ctrl-C that
/// arrived meanwhile, or a call to end the program.
pub fn map_exception(py: Python<'_>, raised: PyErr, ours: impl FnOnce() -> PyErr) -> PyErr {
    if raised.is_instance_of::<PyException>(py) { ours() } else { raised }
}

fn raise(py: Python<'_>, kind: &str, text: &str, set_fields: impl FnOnce(&Bound<'_, PyDict>) -> PyResult<()>) -> PyErr {
    let make = || -> PyResult<Bound<'_, PyAny>> {
        let fields = PyDict::new(py);
        set_fields(&fields)?;
        py.import("keysecure._errors")?.getattr("BY_KIND")?.get_item(kind)?.call1((text, fields))
    };
    make().map_or_else(|failed| failed, PyErr::from_value)
}
