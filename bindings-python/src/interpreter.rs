//! Sub-interpreters, in which this module does not run.
//!
//! Threads that are not Python's attach to the main interpreter, and the static values of this module hold objects of one
//! interpreter. So a sub-interpreter is refused before it uses any of them. An isolated one is refused by Python.

use pyo3::exceptions::PyImportError;
use pyo3::{PyErr, PyResult, Python, ffi};

const REFUSED: &str = "keysecure runs only in the main interpreter of a process, and this is a sub-interpreter; mod_wsgi: \
    set WSGIApplicationGroup %{GLOBAL}, and give each application its own WSGIDaemonProcess; uWSGI: set single-interpreter";

/// Refuses any interpreter but the main one.
pub fn require_main(py: Python<'_>) -> PyResult<()> {
    // SAFETY: this thread is attached, so it has a current interpreter.
    match unsafe { ffi::PyInterpreterState_GetID(ffi::PyInterpreterState_Get()) } {
        0 => Ok(()),
        -1 => Err(PyErr::fetch(py)),
        _ => Err(PyImportError::new_err(REFUSED)),
    }
}
