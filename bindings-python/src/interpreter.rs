//! Interpreters in which this module does not run: sub-interpreters, and those without a GIL.
//!
//! Threads that are not Python's attach to the main interpreter, and the static values of this module hold objects of one
//! interpreter. So a sub-interpreter is refused before it uses any of them. An isolated one is refused by Python.
//!
//! The protection of forked children relies on the GIL (`process.rs`), so a free-threaded interpreter switches it on at the
//! import. One with a setting that forbids this is refused.

use pyo3::exceptions::PyImportError;
use pyo3::prelude::*;
use pyo3::{PyErr, ffi};

const REFUSED: &str = "keysecure runs only in the main interpreter of a process, and this is a sub-interpreter; mod_wsgi: \
    set WSGIApplicationGroup %{GLOBAL}, and give each application its own WSGIDaemonProcess; uWSGI: set single-interpreter";

const NO_GIL: &str = "keysecure needs the GIL, which PYTHON_GIL=0 or -X gil=0 keeps switched off: leave them out";

/// Refuses an interpreter that runs without the GIL.
pub fn require_gil(py: Python<'_>) -> PyResult<()> {
    match py.import("sys")?.getattr_opt("_is_gil_enabled")? {
        Some(is_enabled) if !is_enabled.call0()?.is_truthy()? => Err(PyImportError::new_err(NO_GIL)),
        _ => Ok(()),
    }
}

/// Refuses any interpreter but the main one.
pub fn require_main(py: Python<'_>) -> PyResult<()> {
    match current_id(py) {
        0 => Ok(()),
        -1 => Err(PyErr::fetch(py)),
        _ => Err(PyImportError::new_err(REFUSED)),
    }
}

/// The number of the interpreter that runs this code. The main one has 0; -1 means that Python has raised an exception.
#[expect(unsafe_code, reason = "Python has no safe function for it, and PyO3 neither")]
fn current_id(_: Python<'_>) -> i64 {
    // SAFETY: the token proves that this thread is attached. That is the only condition, and then the result is not null.
    let interpreter = unsafe { ffi::PyInterpreterState_Get() };
    // SAFETY: the pointer is that of the interpreter to which this thread is attached, which exists as long as it is.
    unsafe { ffi::PyInterpreterState_GetID(interpreter) }
}
