//! Errors on their way to Python: the classes are Python's own, in `keysecure/_errors.py`.

use keysecure::{Error, ErrorKind};
use pyo3::prelude::*;
use pyo3::types::PyDict;

/// A core error as the Python exception of its kind, with all its fields.
pub fn to_python(py: Python<'_>, error: &Error) -> PyErr {
    let fields = PyDict::new(py);
    let filled = || -> PyResult<()> {
        fields.set_item("outcome", error.outcome().as_str())?;
        fields.set_item("code", error.code())?;
        fields.set_item("msg", error.msg())?;
        fields.set_item("field", error.field())?;
        fields.set_item("http_status", error.http_status())?;
        fields.set_item("operation", error.operation())?;
        fields.set_item("attempts", error.attempts())?;
        fields.set_item("retry_after", error.retry_after().map(|wait| wait.as_secs_f64()))?;
        if let Some(rejection) = error.rejection() {
            fields.set_item("rejection", snake_case(&format!("{rejection:?}")))?;
        }
        Ok(())
    };
    match filled() {
        Ok(()) => raise(py, class_of(error.kind()), &error.to_string(), &fields),
        Err(error) => error,
    }
}

/// An argument that breaks a rule. Neither part may repeat the value.
pub fn invalid_input(py: Python<'_>, field: &str, rule: &str) -> PyErr {
    let fields = PyDict::new(py);
    match fields.set_item("field", field) {
        Ok(()) => raise(py, "InvalidInputError", &format!("{field} {rule}"), &fields),
        Err(error) => error,
    }
}

/// A setting that breaks a rule.
pub fn config(py: Python<'_>, detail: &str) -> PyErr {
    raise(py, "ConfigError", detail, &PyDict::new(py))
}

/// A defect of this package: what would otherwise have been a panic.
pub fn internal(py: Python<'_>) -> PyErr {
    let fields = PyDict::new(py);
    match fields.set_item("outcome", "unknown") {
        Ok(()) => raise(py, "InternalError", "a defect in keysecure: please report what standard error says", &fields),
        Err(error) => error,
    }
}

fn raise(py: Python<'_>, class: &str, text: &str, fields: &Bound<'_, PyDict>) -> PyErr {
    let made = py
        .import("keysecure._errors")
        .and_then(|module| module.getattr(class))
        .and_then(|class| class.call((text,), Some(fields)));
    match made {
        Ok(exception) => PyErr::from_value(exception),
        Err(error) => error,
    }
}

fn class_of(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::Config => "ConfigError",
        ErrorKind::InvalidInput => "InvalidInputError",
        ErrorKind::Transport => "TransportError",
        ErrorKind::Timeout => "TimeoutError",
        ErrorKind::Authentication => "AuthenticationError",
        ErrorKind::Permission => "PermissionError",
        ErrorKind::RateLimit => "RateLimitError",
        ErrorKind::NotFound => "NotFoundError",
        ErrorKind::State => "StateError",
        ErrorKind::Conflict => "ConflictError",
        ErrorKind::Api => "ApiError",
        ErrorKind::InvalidResponse => "InvalidResponseError",
        ErrorKind::Webhook => "WebhookError",
        ErrorKind::Decrypt => "DecryptError",
        _ => "KeySecureError",
    }
}

/// `TooOld` as `too_old`.
pub fn snake_case(name: &str) -> String {
    let mut snake = String::with_capacity(name.len() + 4);
    for letter in name.chars() {
        if letter.is_ascii_uppercase() && !snake.is_empty() {
            snake.push('_');
        }
        snake.push(letter.to_ascii_lowercase());
    }
    snake
}
