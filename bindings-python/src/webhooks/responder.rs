//! Replies to webhooks, in time.

use std::sync::mpsc;
use std::time::Duration;

use keysecure::{Decision, NoDecision};
use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyBool, PyCFunction, PyDict, PyInt, PyString, PyTuple};

use super::verified::VerifiedWebhook;
use super::{RawBody, run_logging};
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
/// `decide(event)` gets an `AuthEvent` and returns `True` to approve, or `False` or a message to decline. `numpy.bool_` and
/// the integers 1 and 0 are decisions too; anything else is an error that names its type. It runs on a separate thread, which
/// is a greenlet where gevent or eventlet has patched threads. The platform waits 800 ms; when `budget` seconds (0.6, at most
/// 0.8) after the verification there is no decision, or it raised, the reply is `default`: `"decline"` (default) or
/// `"accept"`. A late decision is not stopped; its result is dropped. A reply that would leave more than 800 ms after the
/// webhook arrived declines, whatever was decided.
///
/// A purchase is decided once by its `consume_no`, and its first reply is repeated for 24 hours, whatever the signature: among
/// all workers that share the `store` of the verifier, else in this responder. When the store cannot be reached the purchase is
/// declined, or with the verifier's `on_store_failure="accept"` decided by this responder alone.
///
/// The logger `keysecure` gets each approval at INFO, each decline and late decision at WARNING with its reason, and each
/// decision that failed at ERROR, with the type and the place of its exception; all with the `consume_no` and the milliseconds
/// since the webhook arrived. `on_error` gets the exception itself, such as `sentry_sdk.capture_exception`, and an
/// `InvalidInputError` for a value that is no decision; what it raises is logged and changes no reply.
#[pyclass(frozen, weakref, module = "keysecure")]
pub struct Responder {
    decide: Option<Py<PyAny>>,
    on_error: Option<Py<PyAny>>,
    otherwise: Option<Decision>,
    budget: Option<Duration>,
    /// Everything but the decision, and the decisions that no store keeps. A forked child starts without any.
    rule: PerProcess<keysecure::Responder>,
}

#[pymethods]
impl Responder {
    #[new]
    #[pyo3(
        signature = (decide, *, default=None, budget=None, on_error=None),
        text_signature = "(decide, *, default='decline', budget=0.6, on_error=None)",
    )]
    fn new(
        py: Python<'_>,
        decide: &Bound<'_, PyAny>,
        default: Option<Default>,
        budget: Option<Budget>,
        on_error: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Self> {
        for (name, function) in [("decide", Some(decide)), ("on_error", on_error)] {
            if function.is_some_and(|function| !function.is_callable()) {
                return Err(config(py, &format!("{name} must be callable")));
            }
        }
        Self::make(py, Some(decide), default, budget, on_error)
    }

    /// Creates one without a decision function, for receivers: every reply is the default.
    #[staticmethod]
    #[pyo3(name = "_undecided", signature = (*, default=None, budget=None))]
    fn undecided(py: Python<'_>, default: Option<Default>, budget: Option<Budget>) -> PyResult<Self> {
        Self::make(py, None, default, budget, None)
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
        let rule = self.rule.get(py, |_| Ok(rule(self.otherwise.clone(), self.budget)))?;
        let decide = decide.or_else(|| self.decide.as_ref().map(|decide| decide.clone_ref(py)));
        let on_error = self.on_error.as_ref().map(|on_error| on_error.clone_ref(py));
        let asked = received.clone().unbind();
        let received = received.get();
        let hub = if received.is_purchase() { hub::of_purchase(py)? } else { None };
        // Where threads are greenlets, the decision is one of those of this hub.
        let home = match &hub {
            Some(hub) if hub::is_patched(hub)? => Some(hub.clone().unbind()),
            _ => None,
        };
        let responder = rule.try_decide(move |_| match &decide {
            Some(decide) => decided(decide, &asked, on_error.as_ref(), home.as_ref()),
            None => Err(NoDecision::Undefined),
        });
        let wanted = log::wanted(py)?;
        let reply = match hub {
            Some(hub) => {
                let received = received.core.clone();
                hub::wait(&hub, Pool::Webhooks, wanted, move || Ok(responder.respond(&received)))
            }
            None => run_logging(py, wanted, received.is_purchase(), || Ok(responder.respond(&received.core))),
        };
        reply.map(String::into_bytes)
    }

    /// A decision is often a method of the object that owns the responder.
    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(self.decide.as_ref())?;
        visit.call(self.on_error.as_ref())
    }

    fn __repr__(&self) -> &'static str {
        "<keysecure.Responder>"
    }
}

impl Responder {
    fn make(
        py: Python<'_>,
        decide: Option<&Bound<'_, PyAny>>,
        default: Option<Default>,
        budget: Option<Budget>,
        on_error: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Self> {
        let otherwise = match default.as_ref().map(|word| word.0.as_str()) {
            None | Some("decline") => None,
            Some("accept") => Some(Decision::Approve),
            Some(_) => return Err(config(py, "default must be decline or accept")),
        };
        let budget = budget.map(|seconds| seconds.0);
        let rule = rule(otherwise.clone(), budget);
        let [decide, on_error] = [decide, on_error].map(|function| function.map(|function| function.clone().unbind()));
        Ok(Self { decide, on_error, otherwise, budget, rule: PerProcess::new(rule) })
    }
}

fn rule(otherwise: Option<Decision>, budget: Option<Duration>) -> keysecure::Responder {
    let mut rule = keysecure::Responder::fallible(|_| Err(NoDecision::Undefined));
    if let Some(otherwise) = otherwise {
        rule = rule.otherwise(otherwise);
    }
    budget.into_iter().fold(rule, keysecure::Responder::budget)
}

/// Returns the decision on a purchase, made on a thread of Python: a thread of Rust would crash the process if it ran Python
/// when the interpreter ends.
fn decided(
    decide: &Py<PyAny>,
    received: &Py<VerifiedWebhook>,
    on_error: Option<&Py<PyAny>>,
    home: Option<&Py<PyAny>>,
) -> Result<Decision, NoDecision> {
    let decided = attach(|py| start(py, decide, received, on_error, home)).flatten().ok_or(NoDecision::Failed)?;
    // One that nobody waits for any more sends nothing.
    decided.recv().unwrap_or(Err(NoDecision::Late))
}

/// Starts a decision, in a greenlet of the hub `home` if there is one, and returns the channel of its result.
fn start(
    py: Python<'_>,
    decide: &Py<PyAny>,
    received: &Py<VerifiedWebhook>,
    on_error: Option<&Py<PyAny>>,
    home: Option<&Py<PyAny>>,
) -> Option<mpsc::Receiver<Result<Decision, NoDecision>>> {
    static START: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let (sender, decided) = mpsc::sync_channel(1);
    // The decision, or nothing when there is none. The receiver may be gone: the decision was late.
    let send = move |given: &Bound<'_, PyTuple>, _: Option<&Bound<'_, PyDict>>| -> PyResult<()> {
        let Ok(value) = given.get_item(0) else {
            let _ = sender.try_send(Err(NoDecision::Failed));
            return Ok(());
        };
        let decision = decision(&value);
        let _ = sender.try_send(decision.as_ref().map_or(Err(NoDecision::Invalid), |decision| Ok(decision.clone())));
        decision.map(|_| ())
    };
    let started = PyCFunction::new_closure(py, None, None, send).and_then(|send| {
        START
            .import(py, "keysecure.webhooks._decision", "start_decision")?
            .call1((decide, received, send, on_error, home))
    });
    if let Err(raised) = started {
        log::failed(py, "starting the decision on a purchase", &raised);
        return None;
    }
    Some(decided)
}

/// Converts the return value of a decision function.
fn decision(value: &Bound<'_, PyAny>) -> PyResult<Decision> {
    if value.is_instance_of::<PyString>() {
        return Ok(Decision::Decline(read("decision", value)?));
    }
    if let Some(approve) = approves(value)? {
        return Ok(if approve { Decision::Approve } else { Decision::Decline("declined".to_owned()) });
    }
    let class = value.get_type().name()?;
    let rule = format!("must be True, False or a message to decline with, not {class}");
    Err(invalid_input(value.py(), "decision", &rule))
}

/// Whether a value that can only mean yes or no approves. The truth of other values decides nothing: money is moved by it.
fn approves(value: &Bound<'_, PyAny>) -> PyResult<Option<bool>> {
    if let Ok(approve) = value.cast::<PyBool>() {
        return Ok(Some(approve.is_true()));
    }
    let class = value.get_type();
    if class.module()? == "numpy" && matches!(class.name()?.to_str()?, "bool" | "bool_") {
        return value.is_truthy().map(Some);
    }
    // An enum of integers has a meaning of its own.
    if value.is_instance_of::<PyInt>() && !value.is_exact_instance_of::<PyInt>() {
        return Ok(None);
    }
    if class.getattr_opt(pyo3::intern!(value.py(), "__index__"))?.is_none() {
        return Ok(None);
    }
    match value.extract::<i64>() {
        Ok(0) => Ok(Some(false)),
        Ok(1) => Ok(Some(true)),
        _ => Err(invalid_input(
            value.py(),
            "decision",
            "must be True, False or a message to decline with; of integers only 1 and 0 are decisions",
        )),
    }
}
