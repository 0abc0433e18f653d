//! Answering callbacks, and in time.

use std::panic::resume_unwind;

use keysecure::Decision;
use pyo3::IntoPyObjectExt;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyString};

use super::received::Received;
use crate::errors::{config, invalid_input};
use crate::log;
use crate::settings;
use crate::values::{self, Given, seconds};

/// The exact body to answer a callback with: `{"code":0,"message":""}`.
#[pyfunction]
pub fn reply_accept() -> Vec<u8> {
    keysecure::reply_accept().into_bytes()
}

/// The exact body to decline with; the platform requires a message.
#[pyfunction]
pub fn reply_decline(message: Given<'_, '_>) -> PyResult<Vec<u8>> {
    Ok(keysecure::reply_decline(&values::text("message", message)?)?.into_bytes())
}

/// Runs your decision on purchases and answers in time, whatever the decision does.
///
/// `decide(event)` gets an `AuthEvent` and returns `True` to approve, or `False` or a message to decline. It runs on a
/// thread of its own. The platform waits 800 ms; when `budget` seconds (0.6, at most 0.8) after the verification there is
/// no decision, or it raised, the answer is `default`: `"decline"` or `"accept"`. A decision that is late is not stopped;
/// its result is dropped.
#[pyclass(frozen, module = "keysecure")]
pub struct Responder(keysecure::Responder);

#[pymethods]
impl Responder {
    #[new]
    #[pyo3(
        signature = (decide, *, default=None, budget=None),
        text_signature = "(decide, *, default='decline', budget=0.6)",
    )]
    fn new(decide: Given<'_, '_>, default: Option<Given<'_, '_>>, budget: Option<Given<'_, '_>>) -> PyResult<Self> {
        let py = decide.py();
        if !decide.is_callable() {
            return Err(config(py, "decide must be callable"));
        }
        let decide = decide.clone().unbind();
        let mut responder = keysecure::Responder::new(move |purchase| {
            let decided = Python::try_attach(|py| {
                let decided = purchase.clone().into_py_any(py).and_then(|event| decide.call1(py, (event,)));
                let decided = decided.and_then(|decided| decision(decided.bind(py)));
                decided.map_err(|error| log::failed(py, "the decision on a purchase", &error))
            });
            match decided {
                Some(Ok(decision)) => decision,
                // The core answers for a decision that was never made. Nothing is printed: it was logged.
                _ => resume_unwind(Box::new("no decision")),
            }
        });
        match default.map(|word| settings::text("default", word)).transpose()?.as_deref() {
            None | Some("decline") => {}
            Some("accept") => responder = responder.otherwise(Decision::Approve),
            Some(_) => return Err(config(py, "default must be decline or accept")),
        }
        if let Some(budget) = budget {
            responder = responder.budget(seconds("budget", budget)?);
        }
        Ok(Self(responder))
    }

    /// The body to answer with. Anything but a purchase is accepted at once.
    fn respond(&self, py: Python<'_>, received: &Bound<'_, Received>) -> Vec<u8> {
        let (responder, received) = (&self.0, &received.get().core);
        py.detach(|| responder.respond(received)).into_bytes()
    }

    fn __repr__(&self) -> &'static str {
        "<keysecure.Responder>"
    }
}

/// What a decision function returned.
fn decision(value: Given<'_, '_>) -> PyResult<Decision> {
    if let Ok(approve) = value.cast::<PyBool>() {
        return Ok(if approve.is_true() { Decision::Approve } else { Decision::Decline("declined".to_owned()) });
    }
    if value.is_instance_of::<PyString>() {
        return Ok(Decision::Decline(values::text("decision", value)?));
    }
    Err(invalid_input(value.py(), "decision", "must be True, False or a message to decline with"))
}
