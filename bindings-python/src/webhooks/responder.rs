//! Answering callbacks, and in time.

use std::panic::resume_unwind;
use std::sync::{Mutex, PoisonError, mpsc};

use keysecure::Decision;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyBool, PyCFunction, PyDict, PyString, PyTuple};

use super::raw_body;
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

/// The exact body to answer a callback with that was handled before (`rejection` is `"replayed"`): it is accepted again. A
/// purchase is declined, because nobody may decide on it twice, and least of all with yes.
#[pyfunction]
pub fn reply_again(body: Given<'_, '_>) -> PyResult<Vec<u8>> {
    Ok(keysecure::reply_again(&raw_body(body)?).into_bytes())
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
pub struct Responder {
    decide: Py<PyAny>,
    /// Everything but the decision.
    rule: keysecure::Responder,
}

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
        let mut rule = keysecure::Responder::new(|_| no_decision());
        match default.map(|word| settings::text("default", word)).transpose()?.as_deref() {
            None | Some("decline") => {}
            Some("accept") => rule = rule.otherwise(Decision::Approve),
            Some(_) => return Err(config(py, "default must be decline or accept")),
        }
        if let Some(budget) = budget {
            rule = rule.budget(seconds("budget", budget)?);
        }
        Ok(Self { decide: decide.clone().unbind(), rule })
    }

    /// The body to answer with. Anything but a purchase is accepted at once; a purchase of an unknown form gets the
    /// default.
    fn respond(&self, py: Python<'_>, received: &Bound<'_, Received>) -> PyResult<Vec<u8>> {
        let received = received.get();
        let mut responder = self.rule.clone();
        if received.is_purchase() {
            let answer = Mutex::new(self.begin(py, received.event(py)?)?);
            responder = responder.decide(move |_| {
                let answer = answer.lock().unwrap_or_else(PoisonError::into_inner).recv();
                answer.unwrap_or_else(|_| no_decision())
            });
        }
        Ok(py.detach(|| responder.respond(&received.core)).into_bytes())
    }

    fn __repr__(&self) -> &'static str {
        "<keysecure.Responder>"
    }
}

impl Responder {
    /// Begins a decision and gives where it will arrive.
    ///
    /// The thread that makes it is Python's: one of Rust's that runs Python when the interpreter ends takes the process
    /// down with it.
    fn begin(&self, py: Python<'_>, event: Py<PyAny>) -> PyResult<mpsc::Receiver<Decision>> {
        static BEGIN: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
        let (sender, answer) = mpsc::sync_channel(1);
        let tell = move |given: &Bound<'_, PyTuple>, _: Option<&Bound<'_, PyDict>>| -> PyResult<()> {
            // Nobody may be waiting any more: the answer was late.
            let _ = sender.try_send(decision(&given.get_item(0)?)?);
            Ok(())
        };
        let tell = PyCFunction::new_closure(py, None, None, tell)?;
        let begun = BEGIN.import(py, "keysecure.webhooks", "_decide")?.call1((&self.decide, event, tell));
        if let Err(error) = begun {
            log::failed(py, "beginning the decision on a purchase", &error);
        }
        Ok(answer)
    }
}

/// The core answers for a decision that was never made. Nothing is printed: why was logged.
fn no_decision() -> Decision {
    resume_unwind(Box::new("no decision"))
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
