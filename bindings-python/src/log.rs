//! Records of Python's logger `keysecure`: attempts at DEBUG, calls at INFO, and the warnings of the core (a store that
//! cannot be reached, a rejected webhook, a declined purchase) at WARNING.
//!
//! The records of a call are kept until it ends; the thread that made the call then emits them, so that logging handlers
//! never run under a lock of the client. Records hold no secret and no card number.

use std::cell::RefCell;

use keysecure::{AttemptRecord, CallRecord, Observer};
use log::{Level, LevelFilter, Log, Metadata};
use pyo3::exceptions::PyException;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyDict;

use crate::attach::attach;
use crate::hub;

const DEBUG: u8 = 10;
const INFO: u8 = 20;
const WARNING: u8 = 30;

/// A record that is not emitted yet.
pub enum Record {
    Attempt(AttemptRecord),
    Call(CallRecord),
    Warning(String),
}

/// The kinds of records that the logger lets through.
#[derive(Clone, Copy, Default)]
pub struct Wanted {
    attempts: bool,
    calls: bool,
}

impl Wanted {
    /// The same records, and those of calls.
    pub fn and_calls(self) -> Self {
        Self { calls: true, ..self }
    }
}

/// The records of the call in progress on this thread.
#[derive(Default)]
struct Collected {
    /// Whether a call is in progress.
    within: bool,
    wanted: Wanted,
    records: Vec<Record>,
}

thread_local! {
    static COLLECTED: RefCell<Collected> = RefCell::default();
}

/// The observer of the core, called on the thread that makes the call.
pub struct Collector;

fn keep(record: impl FnOnce(Wanted) -> Option<Record>) {
    COLLECTED.with_borrow_mut(|collected| {
        if let Some(record) = record(collected.wanted) {
            collected.records.push(record);
        }
    });
}

impl Observer for Collector {
    fn attempt(&self, record: &AttemptRecord) {
        keep(|wanted| wanted.attempts.then(|| Record::Attempt(record.clone())));
    }

    fn call(&self, record: &CallRecord) {
        keep(|wanted| wanted.calls.then(|| Record::Call(record.clone())));
    }
}

/// The receiver of the core's log, of which it takes the warnings.
struct Warnings;

impl Log for Warnings {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.level() <= Level::Warn && metadata.target() == "keysecure"
    }

    fn log(&self, record: &log::Record<'_>) {
        if !self.enabled(record.metadata()) {
            return;
        }
        let text = record.args().to_string();
        let kept = COLLECTED.with_borrow_mut(|collected| {
            if collected.within {
                collected.records.push(Record::Warning(text.clone()));
            }
            collected.within
        });
        if !kept {
            // On a thread of the core.
            attach(|py| {
                hub::emit(py, vec![Record::Warning(text)]).unwrap_or_else(|raised| raised.write_unraisable(py, None))
            });
        }
    }

    fn flush(&self) {}
}

/// Connects the core's log with Python's.
pub fn start() {
    // It fails if there is a logger already, which is this one then: a reload runs the module's initialization again.
    if log::set_logger(&Warnings).is_ok() {
        log::set_max_level(LevelFilter::Warn);
    }
}

/// Turns records into those of a call whose greenlet ended before it: its result is nowhere else.
pub fn unread(records: Vec<Record>) -> Vec<Record> {
    let unread = |record| match record {
        Record::Call(record) => {
            Record::Warning(format!("a call ended after its greenlet, which has no result: {}", text_of(&record)))
        }
        other => other,
    };
    records.into_iter().map(unread).collect()
}

/// Runs `work` and returns its result with the wanted records.
pub fn collecting<R>(wanted: Wanted, work: impl FnOnce() -> R) -> (R, Vec<Record>) {
    // A signal handler may make calls while another call waits.
    let outer = COLLECTED.replace(Collected { within: true, wanted, records: Vec::new() });
    let result = work();
    (result, COLLECTED.replace(outer).records)
}

/// Whether this thread makes a call, so that it belongs to Python.
pub fn is_in_call() -> bool {
    COLLECTED.with_borrow(|collected| collected.within)
}

fn logger(py: Python<'_>) -> PyResult<&Bound<'_, PyAny>> {
    static LOGGER: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let logger = LOGGER.get_or_try_init(py, || {
        let logger = py.import("logging")?.call_method1("getLogger", ("keysecure",))?;
        PyResult::Ok(logger.unbind())
    })?;
    Ok(logger.bind(py))
}

/// Returns what the logger lets through now: nothing in a program that has not imported `logging`.
pub fn wanted(py: Python<'_>) -> PyResult<Wanted> {
    static MODULES: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let levels = || -> PyResult<Wanted> {
        let modules = MODULES.get_or_try_init(py, || PyResult::Ok(py.import("sys")?.getattr("modules")?.unbind()))?;
        if !modules.bind(py).contains(pyo3::intern!(py, "logging"))? {
            return Ok(Wanted::default());
        }
        let logger = logger(py)?;
        let enabled = |level: u8| -> PyResult<bool> {
            logger.call_method1(pyo3::intern!(py, "isEnabledFor"), (level,))?.is_truthy()
        };
        let calls = enabled(INFO)?;
        Ok(Wanted { calls, attempts: calls && enabled(DEBUG)? })
    };
    levels().or_else(|raised| if is_of_logging(py, &raised) { Ok(Wanted::default()) } else { Err(raised) })
}

/// Emits the records to Python's logger. The exception of a filter goes to `sys.unraisablehook`: it must not cost the caller
/// the result of a call that was made. The exception of a signal handler, such as Ctrl-C, goes to the caller.
pub fn emit(py: Python<'_>, records: &[Record]) -> PyResult<()> {
    if records.is_empty() {
        return Ok(());
    }
    // First: within the logger it could not be distinguished from an error of the logger.
    let mut result = py.check_signals();
    for record in records {
        match emit_one(py, record) {
            Err(raised) if is_of_logging(py, &raised) => raised.write_unraisable(py, None),
            emitted => result = result.and(emitted),
        }
    }
    result
}

/// Whether the logger raised it: Ctrl-C and a call to end the program are no `Exception`.
fn is_of_logging(py: Python<'_>, raised: &PyErr) -> bool {
    raised.is_instance_of::<PyException>(py)
}

fn emit_one(py: Python<'_>, record: &Record) -> PyResult<()> {
    let fields = PyDict::new(py);
    let (level, text) = match record {
        Record::Attempt(record) => {
            fields.set_item("operation", record.operation)?;
            fields.set_item("attempt", record.attempt)?;
            fields.set_item("duration", record.duration.as_secs_f64())?;
            fields.set_item("http_status", record.http_status)?;
            fields.set_item("code", record.code)?;
            fields.set_item("outcome", record.outcome.map(keysecure::Outcome::as_str))?;
            (DEBUG, record.to_string())
        }
        Record::Call(record) => {
            fields.set_item("operation", record.operation)?;
            fields.set_item("attempts", record.attempts)?;
            fields.set_item("duration", record.duration.as_secs_f64())?;
            fields.set_item("code", record.code)?;
            fields.set_item("error", record.kind.map(keysecure::ErrorKind::as_str))?;
            fields.set_item("outcome", record.outcome.map(keysecure::Outcome::as_str))?;
            (INFO, text_of(record))
        }
        Record::Warning(text) => (WARNING, text.clone()),
    };
    let options = PyDict::new(py);
    options.set_item("extra", fields)?;
    logger(py)?.call_method("log", (level, "%s", text), Some(&options))?;
    Ok(())
}

/// The record as text, in the form that the core gives attempts.
fn text_of(record: &CallRecord) -> String {
    let mut parts = vec![
        format!("operation={}", record.operation),
        format!("attempts={}", record.attempts),
        format!("ms={}", record.duration.as_millis()),
    ];
    parts.extend(record.code.map(|code| format!("code={code}")));
    parts.extend(record.kind.map(|kind| format!("error={}", kind.as_str())));
    parts.extend(record.outcome.map(|outcome| format!("outcome={outcome}")));
    parts.join(" ")
}

/// Logs an exception of the caller's code that nobody can catch: the source, the type and the place. Its text is left out,
/// because it may hold secrets.
pub fn failed(py: Python<'_>, what: &str, raised: &PyErr) {
    let logged = py
        .import("keysecure._errors")
        .and_then(|errors| errors.call_method1("raised_by", (what, raised.clone_ref(py).into_value(py))))
        .and_then(|text| error(py, &text.extract::<String>()?));
    logged.unwrap_or_else(|raised| raised.write_unraisable(py, None));
}

/// Logs an error.
pub fn error(py: Python<'_>, text: &str) -> PyResult<()> {
    logger(py)?.call_method1("error", ("%s", text)).map(|_| ())
}
