//! Blocking work, without the GIL and interruptible by Ctrl-C.
//!
//! Python runs signal handlers on its main thread only, and only when it is asked to. So a call there waits in short pieces
//! and checks for signals between them. When a handler raises, as Ctrl-C does, the wait ends with the error of an
//! interrupted call: its connection is reset, and nothing more is sent. The handler's exception is kept meanwhile and
//! replaces that error for the caller.

use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use ::log::LevelFilter;
use keysecure::{Clock, Error, Interrupted, UtcOffset};
use pyo3::prelude::*;

use crate::attach::attach;
use crate::errors;
use crate::hub;
use crate::log;
use crate::pool::Pool;
use crate::session;

/// How long the main thread waits between two checks for signals.
const SIGNAL_INTERVAL: Duration = Duration::from_millis(50);

/// Work without a result, of one type for all calls: what handles it is compiled once.
pub type Job = Box<dyn FnOnce() + Send>;

/// The result of a job, with the exception of a function of the user's that caused its error.
pub type Done<T> = (Result<T, Error>, Option<PyErr>);

/// Turns work into a job that leaves the result in the returned place. A job that panics leaves none.
pub fn job_of<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Error> + Send + 'static,
) -> (Job, Arc<Mutex<Option<Done<T>>>>) {
    let result = Arc::new(Mutex::new(None));
    let place = Arc::clone(&result);
    let job = Box::new(move || {
        let done = (work(), session::take_raised());
        *place.lock().unwrap_or_else(PoisonError::into_inner) = Some(done);
    });
    (job, result)
}

/// Returns the result of a job that has ended. One that panicked is an `InternalError`.
pub fn result_of<T>(py: Python<'_>, result: &Mutex<Option<Done<T>>>) -> PyResult<T> {
    let result = result.lock().unwrap_or_else(PoisonError::into_inner).take();
    let (result, cause) = result.ok_or_else(|| errors::internal(py))?;
    result.map_err(|error| {
        let error = PyErr::from(error);
        if cause.is_some() {
            error.set_cause(py, cause);
        }
        error
    })
}

/// Runs `work` without the GIL, and in a program of greenlets on another thread. A panic becomes an `InternalError`.
pub fn blocking<T: Send + 'static>(
    py: Python<'_>,
    work: impl FnOnce() -> Result<T, Error> + Send + 'static,
) -> PyResult<T> {
    let (job, result) = job_of(work);
    match hub::here(py)? {
        Some(hub) => hub::run(&hub, Pool::Calls, log::wanted(py)?, job)?,
        None => run(py, job)?,
    }
    result_of(py, &result)
}

/// Runs a job without the GIL and logs its records.
fn run(py: Python<'_>, job: Job) -> PyResult<()> {
    // Before anything is sent, and before the logger is used, which would take it for its own error.
    py.check_signals()?;
    let wanted = log::wanted(py)?;
    detect_main_thread(py)?;
    // The state of an outer call, when a signal handler makes this one within it.
    let (outer, within) = (RAISED.take(), WORKING.replace(true));
    let (_, records) = py.detach(|| log::collecting(wanted, || catch_unwind(AssertUnwindSafe(job))));
    WORKING.set(within);
    let raised = RAISED.replace(outer);
    let logged = log::emit(py, &records);
    raised.map_or(logged, Err)
}

/// Runs a job on a native thread. Returns its records, and the exception that ended it.
pub fn on_pool_thread(wanted: LevelFilter, job: Job) -> (Vec<log::Record>, Option<PyErr>) {
    WORKING.set(true);
    let (_, records) = log::collecting(wanted, || catch_unwind(AssertUnwindSafe(job)));
    WORKING.set(false);
    (records, RAISED.take())
}

thread_local! {
    /// A process, and whether this thread is the one there on which Python runs signal handlers. The thread that forks is
    /// the main thread of the child.
    static MAIN: Cell<(u32, bool)> = const { Cell::new((0, false)) };

    /// Whether this thread runs a job.
    static WORKING: Cell<bool> = const { Cell::new(false) };

    /// The exception of a signal handler that ran while this thread's job waited: the job ends, and its caller gets it.
    static RAISED: RefCell<Option<PyErr>> = const { RefCell::new(None) };
}

fn detect_main_thread(py: Python<'_>) -> PyResult<()> {
    let here = process::id();
    if MAIN.get().0 != here {
        let threading = py.import("threading")?;
        let main = threading.call_method0("main_thread")?.getattr("ident")?;
        MAIN.set((here, main.eq(threading.call_method0("get_ident")?)?));
    }
    Ok(())
}

/// Waits within a job for a change of the guarded value. The caller checks the value again.
pub fn await_change<'a, T>(
    lock: &'a Mutex<T>,
    held: MutexGuard<'a, T>,
    changed: &Condvar,
) -> Result<MutexGuard<'a, T>, Interrupted> {
    if !MAIN.get().1 {
        return Ok(changed.wait(held).unwrap_or_else(PoisonError::into_inner));
    }
    let (held, ended) = changed.wait_timeout(held, SIGNAL_INTERVAL).unwrap_or_else(PoisonError::into_inner);
    if !ended.timed_out() {
        return Ok(held);
    }
    drop(held);
    check_signals()?;
    Ok(lock.lock().unwrap_or_else(PoisonError::into_inner))
}

/// Ends the job of this thread with an exception that was raised within it, such as Ctrl-C in a store written in Python.
/// Returns the exception when this thread runs no job.
pub fn interrupt(raised: PyErr) -> Option<PyErr> {
    if !WORKING.get() {
        return Some(raised);
    }
    RAISED.set(Some(raised));
    None
}

/// Lets Python run its signal handlers. After one has raised, every wait of the job ends.
fn check_signals() -> Result<(), Interrupted> {
    if RAISED.with_borrow(Option::is_some) {
        return Err(Interrupted);
    }
    // A handler may make calls itself, so nothing is borrowed meanwhile.
    let Some(raised) = Python::attach(|py| py.check_signals().err()) else { return Ok(()) };
    RAISED.set(Some(raised));
    Err(Interrupted)
}

/// Emits the records of this thread's job so far, if one says that the job begins to wait: it would be read after the wait.
fn log_wait() -> Result<(), Interrupted> {
    // A native thread gives its records to the greenlet of its call.
    if !log::is_waiting() || MAIN.get().0 != process::id() {
        return Ok(());
    }
    let records = log::take();
    let Some(raised) = Python::attach(|py| log::emit(py, &records).err()) else { return Ok(()) };
    RAISED.set(Some(raised));
    Err(Interrupted)
}

/// The system clock, which checks for signals while the main thread waits.
pub struct SignalClock {
    start: Instant,
}

impl SignalClock {
    pub fn new() -> Self {
        Self { start: Instant::now() }
    }
}

impl Clock for SignalClock {
    fn now(&self) -> SystemTime {
        SystemTime::now()
    }

    /// The time zone of Python, of whose `date.today()` the core's warning is.
    fn local_offset(&self) -> Option<UtcOffset> {
        let seconds = attach(|py| -> PyResult<i64> {
            py.import("time")?.call_method0("localtime")?.getattr("tm_gmtoff")?.extract()
        });
        let minutes = seconds?.ok()? / 60;
        let (sign, minutes) = (if minutes < 0 { '-' } else { '+' }, minutes.abs());
        format!("UTC{sign}{}:{:02}", minutes / 60, minutes % 60).parse().ok()
    }

    fn monotonic(&self) -> Duration {
        self.start.elapsed()
    }

    fn longest_wait(&self) -> Option<Duration> {
        MAIN.get().1.then_some(SIGNAL_INTERVAL)
    }

    fn between_waits(&self) -> Result<(), Interrupted> {
        log_wait()?;
        // On other threads only a store can have raised.
        if MAIN.get().1 {
            check_signals()
        } else if RAISED.with_borrow(Option::is_some) {
            Err(Interrupted)
        } else {
            Ok(())
        }
    }
}
