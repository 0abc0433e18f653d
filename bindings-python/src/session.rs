//! The session with a relay, which is written in Python. Its exceptions are logged, by type and place; the call fails.

use std::cell::RefCell;

use keysecure::{Secret, SessionUnavailable};
use pyo3::exceptions::PyTypeError;
use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::prelude::*;
use pyo3::types::PyString;

use crate::attach::attach;
use crate::foreign::{self, Failed};
use crate::hub;
use crate::values::{FromArgument, Mismatch};

/// The session of a client: a function, or a token that never changes.
pub enum OwnSession {
    Function(Py<PyAny>),
    Token(Secret),
}

impl OwnSession {
    /// Shows the function to Python's garbage collector.
    pub fn traverse(&self, visit: &PyVisit<'_>) -> Result<(), PyTraverseError> {
        match self {
            Self::Function(function) => visit.call(function),
            Self::Token(_) => Ok(()),
        }
    }
}

impl keysecure::Session for OwnSession {
    fn token(&self, refused: bool) -> Result<Secret, SessionUnavailable> {
        match self {
            Self::Token(token) => Ok(token.clone()),
            Self::Function(function) => {
                attach(|py| ask(function.bind(py), refused)).flatten().ok_or(SessionUnavailable)
            }
        }
    }
}

/// Calls the function.
fn ask(function: &Bound<'_, PyAny>, refused: bool) -> Option<Secret> {
    let py = function.py();
    let call = || hub::call(function, (refused,).into_pyobject(py)?);
    match foreign::call(py, "session", call, token) {
        Ok(token) => token,
        Err(Failed::Raised(raised)) => {
            RAISED.set(Some(raised));
            None
        }
        Err(Failed::Other) => None,
    }
}

fn token(value: &Bound<'_, PyAny>) -> PyResult<Option<Secret>> {
    if value.is_none() { Ok(None) } else { Ok(Some(value.cast::<PyString>()?.to_str()?.into())) }
}

thread_local! {
    /// The exception of the function, which ended the call that this thread makes.
    static RAISED: RefCell<Option<PyErr>> = const { RefCell::new(None) };
}

/// Takes the exception of the function that ended the call of this thread.
pub fn take_raised() -> Option<PyErr> {
    RAISED.take()
}

/// A function of one argument, or text.
impl FromArgument for OwnSession {
    fn read(name: &str, value: &Bound<'_, PyAny>) -> Result<Self, Mismatch> {
        let py = value.py();
        if value.is_instance_of::<PyString>() {
            return Ok(Self::Token(Secret::read(name, value)?));
        }
        if !value.is_callable() {
            return Err(Mismatch::Rule(
                "must be a function that returns the token of the session, or the token as a str",
            ));
        }
        if foreign::is_async(value)? {
            return Err(Mismatch::Rule("must not be async: it is called from the thread of the call"));
        }
        // Some functions of extension modules have no signature.
        if let Ok(signature) = py.import("inspect")?.call_method1("signature", (value,))
            && let Err(raised) = signature.call_method1("bind", (false,))
        {
            let rule = "must take one argument: whether the relay refused the token before";
            return Err(if raised.is_instance_of::<PyTypeError>(py) {
                Mismatch::Rule(rule)
            } else {
                Mismatch::Raised(raised)
            });
        }
        Ok(Self::Function(value.clone().unbind()))
    }
}
