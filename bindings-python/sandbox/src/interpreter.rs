//! Refuses sub-interpreters, before objects of one are used in another: see `interpreter.rs` of the client.

use pyo3::exceptions::PyImportError;
use pyo3::ffi;
use pyo3::prelude::*;

/// Refuses any interpreter but the main one.
pub fn require_main(py: Python<'_>) -> PyResult<()> {
    match current_id(py) {
        0 => Ok(()),
        -1 => Err(PyErr::fetch(py)),
        _ => Err(PyImportError::new_err(
            "keysecure_sandbox runs only in the main interpreter of a process, and this is a sub-interpreter",
        )),
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
