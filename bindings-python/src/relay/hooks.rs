//! The functions of the merchant that a relay calls. Their exceptions are logged, by type and place.

use std::cell::RefCell;

use keysecure::{AuditRecord, Denial, Outcome, RelayRequest};
use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::prelude::*;
use pyo3::types::PyDict;

use super::scope::Scope;
use crate::attach::attach;
use crate::foreign;
use crate::hub;
use crate::values::{FromArgument, Mismatch};

/// A function of the merchant's that is not async.
pub struct Plain(Py<PyAny>);

impl FromArgument for Plain {
    fn read(_: &str, value: &Bound<'_, PyAny>) -> Result<Self, Mismatch> {
        if !value.is_callable() {
            return Err(Mismatch::Rule("must be a function"));
        }
        if foreign::is_async(value)? {
            return Err(Mismatch::Rule("must not be async: it is called on the thread of the request"));
        }
        Ok(Self(value.clone().unbind()))
    }
}

/// The function `authorize`. One that is async is awaited on the event loop of its request.
pub struct Authorize {
    function: Py<PyAny>,
    is_async: bool,
}

impl FromArgument for Authorize {
    fn read(_: &str, value: &Bound<'_, PyAny>) -> Result<Self, Mismatch> {
        let py = value.py();
        if !value.is_callable() {
            return Err(Mismatch::Rule("must be a function"));
        }
        if !foreign::is_async(value)? {
            return Ok(Self { function: value.clone().unbind(), is_async: false });
        }
        let function = py.import("keysecure.relay._async")?.getattr("awaiting")?.call1((value,))?;
        Ok(Self { function: function.unbind(), is_async: true })
    }
}

/// `authorize` and `audit`.
pub struct Hooks {
    authorize: Authorize,
    audit: Option<Plain>,
}

thread_local! {
    /// The context of the request that this thread serves.
    static CONTEXT: RefCell<Option<Py<PyAny>>> = const { RefCell::new(None) };
}

/// Serves a request with this context.
pub fn with_context<R>(context: Option<Py<PyAny>>, serve: impl FnOnce() -> R) -> R {
    let outer = CONTEXT.replace(context);
    let result = serve();
    CONTEXT.set(outer);
    result
}

impl Hooks {
    pub fn new(authorize: Authorize, audit: Option<Plain>) -> Self {
        Self { authorize, audit }
    }

    pub fn is_async(&self) -> bool {
        self.authorize.is_async
    }

    pub fn has_audit(&self) -> bool {
        self.audit.is_some()
    }

    pub fn traverse(&self, visit: &PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.authorize.function)?;
        self.audit.iter().try_for_each(|audit| visit.call(&audit.0))
    }

    /// The scope of a request; `None` also when the function raises.
    pub fn authorize(&self, request: &RelayRequest<'_>) -> Option<keysecure::Scope> {
        attach(|py| {
            let call =
                || hub::call(self.authorize.function.bind(py), (request_object(py, request)?,).into_pyobject(py)?);
            foreign::call(py, "authorize", call, scope).ok().flatten()
        })
        .flatten()
    }

    pub fn audit(&self, record: &AuditRecord) {
        let Some(audit) = &self.audit else { return };
        attach(|py| {
            let call = || hub::call(audit.0.bind(py), (record_object(py, record)?,).into_pyobject(py)?);
            let _ = foreign::call(py, "audit", call, |_| Ok(()));
        });
    }
}

fn scope(value: &Bound<'_, PyAny>) -> PyResult<Option<keysecure::Scope>> {
    if value.is_none() { Ok(None) } else { Ok(Some(value.cast::<Scope>()?.get().core.clone())) }
}

fn request_object<'py>(py: Python<'py>, request: &RelayRequest<'_>) -> PyResult<Bound<'py, PyAny>> {
    let context = CONTEXT.with_borrow(|context| context.as_ref().map(|context| context.clone_ref(py)));
    let class = py.import("keysecure.relay._messages")?.getattr("RelayRequest")?;
    class.call1((request.method, request.path, request.headers.to_vec(), request.bearer(), context))
}

fn record_object<'py>(py: Python<'py>, record: &AuditRecord) -> PyResult<Bound<'py, PyAny>> {
    let fields = PyDict::new(py);
    fields.set_item("session", record.session.as_deref())?;
    fields.set_item("cardholder_no", record.cardholder_no.as_deref())?;
    fields.set_item("operation", record.operation)?;
    fields.set_item("denial", record.denial.map(Denial::as_str))?;
    fields.set_item("outcome", record.outcome.map(Outcome::as_str))?;
    fields.set_item("error", record.error.clone().map(|error| PyErr::from(error).into_value(py)))?;
    fields.set_item("subject", record.subject.as_deref())?;
    fields.set_item("tap", record.tap.as_deref())?;
    fields.set_item("http_status", record.http_status)?;
    fields.set_item("duration", record.duration.as_secs_f64())?;
    py.import("keysecure.relay._messages")?.getattr("AuditRecord")?.call((), Some(&fields))
}
