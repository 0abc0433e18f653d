//! Replies to webhooks, in time.

use std::panic::resume_unwind;
use std::sync::mpsc;
use std::time::Duration;

use keysecure::{AuthEvent, Decision};
use pyo3::IntoPyObjectExt;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyBool, PyCFunction, PyDict, PyString, PyTuple};

use super::verified::VerifiedWebhook;
use super::{RawBody, run};
use crate::arguments::{Budget, Default, Message};
use crate::attach::attach;
use crate::errors::{config, invalid_input};
use crate::hub;
use crate::log;
use crate::pool::Pool;
use crate::process::PerProcess;
use crate::values::read;

/// Returns the exact body that accepts a webhook: `{"code":0,"message":""}`.
#[pyfunction]
pub fn reply_accept() -> Vec<u8> {
    keysecure::reply_accept().into_bytes()
}

/// Returns the exact body for a webhook that was handled before (`rejection` is `"replayed"`): it is accepted again. A
/// purchase is declined, because it may be decided only once; `WebhookVerifier.reply_duplicate` repeats the first reply
/// instead.
#[pyfunction]
pub fn reply_duplicate(body: RawBody<'_>) -> Vec<u8> {
    keysecure::reply_duplicate(&body).into_bytes()
}

/// Returns the exact body that declines; the platform requires a message.
#[pyfunction]
pub fn reply_decline(message: Message) -> PyResult<Vec<u8>> {
    Ok(keysecure::reply_decline(&message.0)?.into_bytes())
}

/// Runs your decision on purchases, once for each, and replies in time, whatever the decision does.
///
/// `decide(event)` gets an `AuthEvent` and returns `True` to approve, or `False` or a message to decline. It runs on a
/// separate thread. The platform waits 800 ms; when `budget` seconds (0.6, at most 0.8) after the verification there is
/// no decision, or it raised, the reply is `default`: `"decline"` (default) or `"accept"`. A late decision is not stopped;
/// its result is dropped. A reply that would leave more than 800 ms after the webhook arrived declines, whatever was
/// decided.
///
/// A purchase is decided once by its `consume_no`, and its first reply is repeated for 24 hours, whatever the signature: among
/// all workers that share the `store` of the verifier, else in this responder. When the store cannot be reached the purchase is
/// declined, or with the verifier's `on_store_failure="accept"` decided by this responder alone. Each refusal, late decision
/// and failure is logged at WARNING with the `consume_no` and the milliseconds since the webhook arrived.
#[pyclass(frozen, module = "keysecure")]
pub struct Responder {
    decide: Py<PyAny>,
    otherwise: Option<Decision>,
    budget: Option<Duration>,
    /// Everything but the decision, and the decisions that no store keeps. A forked child starts without any.
    rule: PerProcess<keysecure::Responder>,
}

#[pymethods]
impl Responder {
    #[new]
    #[pyo3(
        signature = (decide, *, default=None, budget=None),
        text_signature = "(decide, *, default='decline', budget=0.6)",
    )]
    fn new(decide: &Bound<'_, PyAny>, default: Option<Default>, budget: Option<Budget>) -> PyResult<Self> {
        let py = decide.py();
        if !decide.is_callable() {
            return Err(config(py, "decide must be callable"));
        }
        let otherwise = match default.as_ref().map(|word| word.0.as_str()) {
            None | Some("decline") => None,
            Some("accept") => Some(Decision::Approve),
            Some(_) => return Err(config(py, "default must be decline or accept")),
        };
        let budget = budget.map(|seconds| seconds.0);
        let rule = rule(otherwise.clone(), budget);
        Ok(Self { decide: decide.clone().unbind(), otherwise, budget, rule: PerProcess::new(rule) })
    }

    /// Returns the body of the reply. Anything but a purchase is accepted at once; a purchase of an unknown form gets the
    /// default.
    fn respond(&self, py: Python<'_>, received: &Bound<'_, VerifiedWebhook>) -> PyResult<Vec<u8>> {
        self.respond_by(py, received, None)
    }

    /// Replies with another decision: one that runs in the event loop of its request.
    #[pyo3(name = "_respond", signature = (received, decide=None))]
    fn respond_by(
        &self,
        py: Python<'_>,
        received: &Bound<'_, VerifiedWebhook>,
        decide: Option<Py<PyAny>>,
    ) -> PyResult<Vec<u8>> {
        let received = received.get();
        let rule = self.rule.get(py, |_| Ok(rule(self.otherwise.clone(), self.budget)))?;
        let decide = decide.unwrap_or_else(|| self.decide.clone_ref(py));
        let hub = if received.is_purchase() { hub::of_purchase(py)? } else { None };
        // Where threads are greenlets, the decision is one of those of this hub.
        let home = match &hub {
            Some(hub) if hub::is_patched(hub)? => Some(hub.clone().unbind()),
            _ => None,
        };
        let responder = rule.decide(move |event| decided(&decide, event, home.as_ref()).unwrap_or_else(no_decision));
        let reply = match hub {
            Some(hub) => {
                let received = received.core.clone();
                hub::wait(&hub, Pool::Webhooks, move || Ok(responder.respond(&received)))?
            }
            None => run(py, received.is_purchase(), || Ok(responder.respond(&received.core)))?,
        };
        Ok(reply.into_bytes())
    }

    fn __repr__(&self) -> &'static str {
        "<keysecure.Responder>"
    }
}

fn rule(otherwise: Option<Decision>, budget: Option<Duration>) -> keysecure::Responder {
    let mut rule = keysecure::Responder::new(|_| no_decision());
    if let Some(otherwise) = otherwise {
        rule = rule.otherwise(otherwise);
    }
    budget.into_iter().fold(rule, keysecure::Responder::budget)
}

/// Returns the decision on a purchase, made on a thread of Python: a thread of Rust would crash the process if it ran Python
/// when the interpreter ends. `None` when there is none; the reason is logged.
fn decided(decide: &Py<PyAny>, event: &AuthEvent, home: Option<&Py<PyAny>>) -> Option<Decision> {
    attach(|py| start(py, decide, event, home))??.recv().ok()
}

/// Starts a decision, in a greenlet of the hub `home` if there is one, and returns the channel of its result.
fn start(
    py: Python<'_>,
    decide: &Py<PyAny>,
    event: &AuthEvent,
    home: Option<&Py<PyAny>>,
) -> Option<mpsc::Receiver<Decision>> {
    static START: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let (sender, decided) = mpsc::sync_channel(1);
    let send = move |given: &Bound<'_, PyTuple>, _: Option<&Bound<'_, PyDict>>| -> PyResult<()> {
        // The receiver may be gone: the decision was late.
        let _ = sender.try_send(decision(&given.get_item(0)?)?);
        Ok(())
    };
    let started = PyCFunction::new_closure(py, None, None, send).and_then(|send| {
        START.import(py, "keysecure.webhooks._decision", "start_decision")?.call1((
            decide,
            event.clone().into_py_any(py)?,
            send,
            home,
        ))
    });
    if let Err(raised) = started {
        log::failed(py, "starting the decision on a purchase", &raised);
        return None;
    }
    Some(decided)
}

/// Unwinds, so that the core takes its default for a decision that was never made. Nothing is printed: the reason is logged.
fn no_decision() -> Decision {
    resume_unwind(Box::new("no decision"))
}

/// Converts the return value of a decision function.
fn decision(value: &Bound<'_, PyAny>) -> PyResult<Decision> {
    if let Ok(approve) = value.cast::<PyBool>() {
        return Ok(if approve.is_true() { Decision::Approve } else { Decision::Decline("declined".to_owned()) });
    }
    if value.is_instance_of::<PyString>() {
        return Ok(Decision::Decline(read("decision", value)?));
    }
    Err(invalid_input(value.py(), "decision", "must be True, False or a message to decline with"))
}
