//! Errors as Python exceptions.

use std::sync::OnceLock;

use pyo3::exceptions::PyRuntimeError;
use pyo3::{PyErr, Python};

use super::Error;

/// Creates the Python exception of an error.
pub type ExceptionFactory = fn(Python<'_>, &Error) -> PyErr;

static FACTORY: OnceLock<ExceptionFactory> = OnceLock::new();

/// Sets how errors become Python exceptions, once, when the extension module is loaded.
///
/// The classes belong to the Python package, but only this crate may implement the conversion that `?` uses.
pub fn set_exception_factory(factory: ExceptionFactory) {
    FACTORY.get_or_init(|| factory);
}

impl From<Error> for PyErr {
    fn from(error: Error) -> Self {
        Python::attach(|py| match FACTORY.get() {
            Some(factory) => factory(py, &error),
            None => PyRuntimeError::new_err(error.to_string()),
        })
    }
}
