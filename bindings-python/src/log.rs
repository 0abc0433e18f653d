//! Records of Python's logger `keysecure`: those of the core's `log` facade, with their fields as `extra`.
//!
//! The records of a call are kept until it ends, or begins to wait until an attempt is settled; the thread that made the call
//! then emits them, so that logging handlers never run under a lock of the client. Records hold no secret and no card number.

use std::cell::RefCell;
use std::mem;

use log::kv::{Error as KvError, Key, Value, VisitSource, VisitValue};
use log::{Level, LevelFilter, Log, Metadata};
use pyo3::IntoPyObjectExt;
use pyo3::exceptions::PyException;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyDict;

use crate::attach::attach;
use crate::hub;

const DEBUG: u8 = 10;
const INFO: u8 = 20;
const WARNING: u8 = 30;
const ERROR: u8 = 40;

/// A record that is not emitted yet.
pub struct Record {
    level: u8,
    text: String,
    fields: Vec<(String, Field)>,
}

/// The value of a field.
enum Field {
    Integer(i64),
    Float(f64),
    Text(String),
}

impl Record {
    fn new(record: &log::Record<'_>) -> Self {
        let level = match record.level() {
            Level::Error => ERROR,
            Level::Warn => WARNING,
            Level::Info => INFO,
            Level::Debug | Level::Trace => DEBUG,
        };
        let mut fields = Fields(Vec::with_capacity(record.key_values().count()));
        // Ours fail on nothing.
        let _ = record.key_values().visit(&mut fields);
        Self { level, text: record.args().to_string(), fields: fields.0 }
    }
}

/// Collects fields; those whose value is null are left out.
struct Fields(Vec<(String, Field)>);

impl<'v> VisitSource<'v> for Fields {
    fn visit_pair(&mut self, key: Key<'v>, value: Value<'v>) -> Result<(), KvError> {
        let mut field = Last(None);
        value.visit(&mut field)?;
        self.0.extend(field.0.map(|field| (key.as_str().to_owned(), field)));
        Ok(())
    }
}

struct Last(Option<Field>);

impl VisitValue<'_> for Last {
    fn visit_any(&mut self, value: Value<'_>) -> Result<(), KvError> {
        self.0 = Some(Field::Text(value.to_string()));
        Ok(())
    }

    fn visit_null(&mut self) -> Result<(), KvError> {
        Ok(())
    }

    fn visit_i64(&mut self, value: i64) -> Result<(), KvError> {
        self.0 = Some(Field::Integer(value));
        Ok(())
    }

    fn visit_u64(&mut self, value: u64) -> Result<(), KvError> {
        self.visit_i64(value.try_into().unwrap_or(i64::MAX))
    }

    fn visit_f64(&mut self, value: f64) -> Result<(), KvError> {
        self.0 = Some(Field::Float(value));
        Ok(())
    }

    fn visit_str(&mut self, value: &str) -> Result<(), KvError> {
        self.0 = Some(Field::Text(value.to_owned()));
        Ok(())
    }
}

/// The records of the call in progress on this thread.
struct Collected {
    /// Whether a call is in progress.
    within: bool,
    /// The lowest level that is kept.
    wanted: LevelFilter,
    records: Vec<Record>,
}

impl Default for Collected {
    fn default() -> Self {
        Self { within: false, wanted: LevelFilter::Warn, records: Vec::new() }
    }
}

thread_local! {
    static COLLECTED: RefCell<Collected> = RefCell::default();
}

/// The receiver of the core's log.
struct Collector;

impl Log for Collector {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == "keysecure" && metadata.level() <= COLLECTED.with_borrow(|collected| collected.wanted)
    }

    fn log(&self, record: &log::Record<'_>) {
        if !self.enabled(record.metadata()) {
            return;
        }
        let record = Record::new(record);
        let left = COLLECTED.with_borrow_mut(|collected| {
            if collected.within {
                collected.records.push(record);
                return None;
            }
            Some(record)
        });
        if let Some(record) = left {
            // On a thread of the core.
            attach(|py| hub::emit(py, vec![record]).unwrap_or_else(|raised| raised.write_unraisable(py, None)));
        }
    }

    fn flush(&self) {}
}

/// Connects the core's log with Python's.
pub fn start() {
    // It fails if there is a logger already, which is this one then: a reload runs the module's initialization again.
    if log::set_logger(&Collector).is_ok() {
        log::set_max_level(LevelFilter::Debug);
    }
}

/// Raises the records of the end of a call whose greenlet ended before it to WARNING at least: its result is nowhere else.
pub fn unread(records: Vec<Record>) -> Vec<Record> {
    let unread = |record: Record| {
        if record.level < INFO || !record.fields.iter().any(|(name, _)| name == "attempts") {
            return record;
        }
        let text = format!("a call ended after its greenlet, which has no result: {}", record.text);
        Record { level: record.level.max(WARNING), text, ..record }
    };
    records.into_iter().map(unread).collect()
}

/// Runs `work` and returns its result with the records of the wanted levels.
pub fn collecting<R>(wanted: LevelFilter, work: impl FnOnce() -> R) -> (R, Vec<Record>) {
    // A signal handler may make calls while another call waits.
    let outer = COLLECTED.replace(Collected { within: true, wanted, records: Vec::new() });
    let result = work();
    (result, COLLECTED.replace(outer).records)
}

/// Whether a record of the call in progress says that it begins to wait.
pub fn is_waiting() -> bool {
    let waits = |record: &Record| record.fields.iter().any(|(name, _)| name == "wait_ms");
    COLLECTED.with_borrow(|collected| collected.records.iter().any(waits))
}

/// Takes the records of the call in progress.
pub fn take() -> Vec<Record> {
    COLLECTED.with_borrow_mut(|collected| mem::take(&mut collected.records))
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

/// Returns the lowest level that the logger lets through now, at most WARNING: that one in a program that has not imported
/// `logging`.
pub fn wanted(py: Python<'_>) -> PyResult<LevelFilter> {
    static MODULES: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let level = || -> PyResult<LevelFilter> {
        let modules = MODULES.get_or_try_init(py, || PyResult::Ok(py.import("sys")?.getattr("modules")?.unbind()))?;
        if !modules.bind(py).contains(pyo3::intern!(py, "logging"))? {
            return Ok(LevelFilter::Warn);
        }
        let logger = logger(py)?;
        let enabled = |level: u8| -> PyResult<bool> {
            logger.call_method1(pyo3::intern!(py, "isEnabledFor"), (level,))?.is_truthy()
        };
        Ok(match enabled(INFO)? {
            false => LevelFilter::Warn,
            true if enabled(DEBUG)? => LevelFilter::Debug,
            true => LevelFilter::Info,
        })
    };
    level().or_else(|raised| if is_of_logging(py, &raised) { Ok(LevelFilter::Warn) } else { Err(raised) })
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
    for (name, field) in &record.fields {
        let value = match field {
            Field::Integer(value) => value.into_bound_py_any(py)?,
            Field::Float(value) => value.into_bound_py_any(py)?,
            Field::Text(value) => value.into_bound_py_any(py)?,
        };
        fields.set_item(name, value)?;
    }
    send(py, record.level, &record.text, &fields)
}

/// Logs an exception of the caller's code that nobody can catch: the source, the type and the place. Its text is left out,
/// because it may hold secrets.
pub fn failed(py: Python<'_>, what: &str, raised: &PyErr) {
    let logged = py
        .import("keysecure._errors")
        .and_then(|errors| errors.call_method1("raised_by", (what, raised.clone_ref(py).into_value(py))))
        .and_then(|described| described.extract::<(String, Bound<'_, PyDict>)>())
        .and_then(|(text, fields)| send(py, ERROR, &text, &fields));
    logged.unwrap_or_else(|raised| raised.write_unraisable(py, None));
}

/// Logs an error.
pub fn error(py: Python<'_>, text: &str) -> PyResult<()> {
    send(py, ERROR, text, &PyDict::new(py))
}

fn send(py: Python<'_>, level: u8, text: &str, fields: &Bound<'_, PyDict>) -> PyResult<()> {
    let options = PyDict::new(py);
    options.set_item("extra", fields)?;
    logger(py)?.call_method("log", (level, "%s", text), Some(&options)).map(|_| ())
}
