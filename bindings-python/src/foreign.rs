//! Calls of functions of the user's that the core makes: of stores, and of the session with a relay.
//!
//! Nobody can catch their exceptions, so these are logged, by type and place: their text may hold secrets. One that is no
//! `Exception`, such as Ctrl-C, ends the call of the client.

use std::cell::RefCell;

use pyo3::exceptions::PyException;
use pyo3::intern;
use pyo3::prelude::*;

use crate::blocking;
use crate::log;

/// Why a call has no value. It is logged already.
pub enum Failed {
    /// The function raised an `Exception`.
    Raised(PyErr),
    /// It returned a value of a wrong type, or raised what ends the call of the client.
    Other,
}

/// Makes a call, by [`hub::call`](crate::hub::call), and converts its return value.
pub fn call<'py, T>(
    py: Python<'py>,
    what: &str,
    call: impl FnOnce() -> PyResult<Bound<'py, PyAny>>,
    read: impl FnOnce(&Bound<'_, PyAny>) -> PyResult<T>,
) -> Result<T, Failed> {
    match call() {
        Ok(returned) => read(&returned).map_err(|_| {
            wrong_type(&returned, what).unwrap_or_else(|raised| raised.write_unraisable(py, None));
            Failed::Other
        }),
        Err(raised) if raised.is_instance_of::<PyException>(py) => {
            log::failed(py, what, &raised);
            Err(Failed::Raised(raised))
        }
        Err(raised) => {
            keep_raised(raised);
            Err(Failed::Other)
        }
    }
}

/// Whether a function is async, which is never awaited here.
pub fn is_async(function: &Bound<'_, PyAny>) -> PyResult<bool> {
    let py = function.py();
    let inspect = py.import("inspect")?;
    for function in [Some(function.clone()), function.getattr_opt(intern!(py, "__call__"))?].into_iter().flatten() {
        if inspect.call_method1("iscoroutinefunction", (function,))?.is_truthy()? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Logs a return value of the wrong type. The value may be a secret and is left out.
fn wrong_type(returned: &Bound<'_, PyAny>, what: &str) -> PyResult<()> {
    let py = returned.py();
    if let Some(close) = returned.getattr_opt(intern!(py, "close"))?
        && returned.hasattr(intern!(py, "__await__"))?
    {
        // A coroutine that nobody awaits would raise a warning.
        close.call0()?;
    }
    log::error(py, &format!("{what} returned a wrong value, of type {}", returned.get_type().name()?))
}

thread_local! {
    /// An exception of such a function that is no failure of it: Ctrl-C, or an exit.
    static RAISED: RefCell<Option<PyErr>> = const { RefCell::new(None) };
}

fn keep_raised(raised: PyErr) {
    // Within a call of the client every wait ends.
    if let Some(raised) = blocking::interrupt(raised) {
        RAISED.set(Some(raised));
    }
}

/// Raises an exception on this thread that the core does not know of.
pub fn check_raised() -> PyResult<()> {
    RAISED.take().map_or(Ok(()), Err)
}
