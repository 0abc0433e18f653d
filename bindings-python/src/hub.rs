//! Waiting in programs of greenlets: gevent and eventlet.
//!
//! All greenlets of a thread stop while one of them blocks it. So where a hub switches greenlets, a job runs on a thread of a
//! pool, and its greenlet waits through the hub. What the job calls in Python, such as a store of the caller's, runs in that
//! greenlet, where its connections and locks belong. A greenlet that is ended meanwhile leaves its job running: a change that
//! was sent cannot be taken back. `keysecure/_hub.py` has the part that differs between gevent and eventlet.

use std::cell::RefCell;
use std::process;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread::{self, ThreadId};
use std::time::Duration;

use ::log::LevelFilter;
use keysecure::Error;
use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyTuple;
use pyo3::{IntoPyObjectExt, intern};

use crate::attach::{attach, interpreter_has_ended};
use crate::blocking::{self, job_of, on_pool_thread, result_of};
use crate::log::{self, Record};
use crate::pool::Pool;

/// How often a thread that waits for a greenlet checks whether the interpreter ends.
const EXIT_INTERVAL: Duration = Duration::from_millis(50);

/// Returns the hub through which this greenlet has to wait; `None` where waiting stops nobody else.
pub fn here(py: Python<'_>) -> PyResult<Option<Bound<'_, PyAny>>> {
    find(py, false)
}

/// Returns the hub through which to wait for a decision. Where threads are patched there is always one: the thread that
/// decides is a greenlet.
pub fn of_purchase(py: Python<'_>) -> PyResult<Option<Bound<'_, PyAny>>> {
    find(py, true)
}

fn find(py: Python<'_>, create: bool) -> PyResult<Option<Bound<'_, PyAny>>> {
    static MODULES: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    static HERE: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let modules =
        MODULES.get_or_try_init(py, || PyResult::Ok(py.import("sys")?.getattr("modules")?.unbind()))?.bind(py);
    // All that most programs pay; others import greenlet too.
    if !modules.contains(intern!(py, "greenlet"))? {
        return Ok(None);
    }
    let has_hubs = modules.contains(intern!(py, "gevent"))? || modules.contains(intern!(py, "eventlet"))?;
    // No greenlet runs while the interpreter ends.
    if !has_hubs || interpreter_has_ended() {
        return Ok(None);
    }
    let hub = HERE.import(py, "keysecure._hub", "here")?.call1((create,))?;
    if hub.is_none() {
        return Ok(None);
    }
    if is_patched(&hub)? {
        set_home(&hub)?;
    }
    Ok(Some(hub))
}

/// Whether the threads of Python are greenlets.
pub fn is_patched(hub: &Bound<'_, PyAny>) -> PyResult<bool> {
    hub.getattr(intern!(hub.py(), "patched"))?.extract()
}

/// The process, the thread and the hub for what threads of the core run in Python, in a program whose threads are greenlets:
/// the hub of the main thread, else the first one that waited. Locked by threads that are attached to Python, without running
/// any, so that a forked child never finds it locked.
static HOME: Mutex<Option<(u32, ThreadId, Py<PyAny>)>> = Mutex::new(None);

fn set_home(hub: &Bound<'_, PyAny>) -> PyResult<()> {
    let is_main: bool = hub.getattr(intern!(hub.py(), "main"))?.extract()?;
    let here = (process::id(), thread::current().id());
    let mut home = lock(&HOME);
    if is_main || home.as_ref().is_none_or(|(process, ..)| *process != here.0) {
        let before = home.replace((here.0, here.1, hub.clone().unbind()));
        drop(home);
        drop(before);
    }
    Ok(())
}

/// Returns the hub for what a thread of the core runs in Python.
fn home(py: Python<'_>) -> Option<Bound<'_, PyAny>> {
    let home = lock(&HOME);
    let (process, thread, hub) = home.as_ref()?;
    (*process == process::id() && *thread != thread::current().id()).then(|| hub.bind(py).clone())
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Runs `work` on a thread of a pool, waits for it in this greenlet and emits its records of the wanted levels. A panic
/// becomes an `InternalError`.
pub fn wait<T: Send + 'static>(
    hub: &Bound<'_, PyAny>,
    pool: Pool,
    wanted: LevelFilter,
    work: impl FnOnce() -> Result<T, Error> + Send + 'static,
) -> PyResult<T> {
    let (job, result) = job_of(work);
    run(hub, pool, wanted, job)?;
    result_of(hub.py(), &result)
}

/// Runs a job on a thread of a pool, waits for it in this greenlet and emits its records.
pub fn run(hub: &Bound<'_, PyAny>, pool: Pool, wanted: LevelFilter, work: blocking::Job) -> PyResult<()> {
    let py = hub.py();
    py.check_signals()?;
    let state = State { progress: Progress::Queued(work), wake: None, request: None, heir: None };
    // Calls are always recorded, for a greenlet that does not live to see the result. The logger drops the others.
    let wanted = if matches!(pool, Pool::Calls) { wanted.max(LevelFilter::Info) } else { wanted };
    let job = Bound::new(py, Job { pool, wanted, state: Mutex::new(state) })?;
    hub.call_method1(intern!(py, "wait"), (&job,))?;
    let Some((records, raised)) = job.get().take_end() else { return Ok(()) };
    // Here and not on the thread of the pool: handlers have locks and sockets of this hub.
    let logged = log::emit(py, &records);
    raised.map_or(logged, Err)
}

/// The records of a job that ended, and the exception that ended it.
type End = (Vec<Record>, Option<PyErr>);

enum Progress {
    Queued(blocking::Job),
    Running,
    Ended(Option<End>),
}

struct State {
    progress: Progress,
    /// Wakes the greenlet that waits.
    wake: Option<Py<PyAny>>,
    /// What the job wants to have called in that greenlet.
    request: Option<Py<Request>>,
    /// The hub to which the job reports when its greenlet was ended.
    heir: Option<Py<PyAny>>,
}

/// Work on a thread of a pool, for which a greenlet waits.
#[pyclass(frozen)]
pub struct Job {
    pool: Pool,
    wanted: LevelFilter,
    /// Locked like `HOME`.
    state: Mutex<State>,
}

thread_local! {
    /// The job that this thread of a pool runs.
    static CURRENT: RefCell<Option<Py<Job>>> = const { RefCell::new(None) };
}

#[pymethods]
impl Job {
    /// Starts the job. It calls `wake`, on another thread, when it has ended or wants something called.
    fn start(slf: &Bound<'_, Self>, wake: Py<PyAny>) -> PyResult<()> {
        let job = slf.get();
        lock(&job.state).wake = Some(wake);
        let shared = slf.clone().unbind();
        job.pool.submit(slf.py(), Box::new(move || perform(shared)))
    }

    #[getter]
    fn ended(&self) -> bool {
        matches!(lock(&self.state).progress, Progress::Ended(_))
    }

    /// Calls what the job wants to have called, if anything.
    fn serve(&self, py: Python<'_>) {
        let request = lock(&self.state).request.take();
        if let Some(request) = request {
            request.get().__call__(py);
        }
    }

    /// Stops waiting. A job that runs continues and reports to the hub; one that has not started never does.
    fn abandon(&self, hub: &Bound<'_, PyAny>) -> PyResult<()> {
        let py = hub.py();
        let mut state = lock(&self.state);
        state.wake = None;
        match &mut state.progress {
            Progress::Queued(_) => {
                let dropped = std::mem::replace(&mut state.progress, Progress::Ended(None));
                drop(state);
                drop(dropped);
                Ok(())
            }
            Progress::Running => {
                state.heir = Some(hub.clone().unbind());
                let request = state.request.take();
                drop(state);
                request.map_or(Ok(()), |request| spawn(hub, request.into_any()))
            }
            Progress::Ended(end) => {
                let end = end.take();
                drop(state);
                end.map_or(Ok(()), |(records, _)| log::emit(py, &log::unread(records)))
            }
        }
    }
}

impl Job {
    fn begin(&self) -> Option<blocking::Job> {
        let mut state = lock(&self.state);
        if !matches!(state.progress, Progress::Queued(_)) {
            return None;
        }
        match std::mem::replace(&mut state.progress, Progress::Running) {
            Progress::Queued(work) => Some(work),
            _ => None,
        }
    }

    fn end(&self, py: Python<'_>, end: End) -> PyResult<()> {
        let mut state = lock(&self.state);
        if let Some(hub) = state.heir.take() {
            state.progress = Progress::Ended(None);
            drop(state);
            return spawn(hub.bind(py), Report(log::unread(end.0)).into_py_any(py)?);
        }
        state.progress = Progress::Ended(Some(end));
        let wake = state.wake.take();
        drop(state);
        wake.map_or(Ok(()), |wake| wake.call0(py).map(|_| ()))
    }

    fn take_end(&self) -> Option<End> {
        match &mut lock(&self.state).progress {
            Progress::Ended(end) => end.take(),
            Progress::Queued(_) | Progress::Running => None,
        }
    }

    /// Has a request served by the greenlet that waits, or by another one when that was ended.
    fn request(&self, py: Python<'_>, request: Py<Request>) -> PyResult<()> {
        let mut state = lock(&self.state);
        let (hub, wake) =
            (state.heir.as_ref().map(|hub| hub.clone_ref(py)), state.wake.as_ref().map(|wake| wake.clone_ref(py)));
        if let Some(hub) = hub {
            drop(state);
            return spawn(hub.bind(py), request.into_any());
        }
        state.request = Some(request);
        drop(state);
        wake.map_or(Ok(()), |wake| wake.call0(py).map(|_| ()))
    }
}

/// Whether this thread runs a job in the place of a greenlet.
pub fn is_pool_thread() -> bool {
    CURRENT.with_borrow(Option::is_some)
}

/// Runs a job on a thread of a pool.
fn perform(job: Py<Job>) {
    // Refused when the interpreter ends.
    let Some((Some(work), wanted)) = attach(|_| (job.get().begin(), job.get().wanted)) else { return };
    let current = attach(|py| job.clone_ref(py));
    CURRENT.set(current);
    let end = on_pool_thread(wanted, work);
    let current = CURRENT.take();
    attach(move |py| {
        drop(current);
        job.get().end(py, end).unwrap_or_else(|raised| raised.write_unraisable(py, None));
    });
}

/// Runs a function in a greenlet of its own. Any thread may do this.
fn spawn(hub: &Bound<'_, PyAny>, function: Py<PyAny>) -> PyResult<()> {
    hub.call_method1(intern!(hub.py(), "spawn"), (function,)).map(|_| ())
}

/// A function for a greenlet to call, for which a native thread waits.
#[pyclass(frozen)]
struct Request {
    function: Py<PyAny>,
    args: Py<PyTuple>,
    reply: mpsc::SyncSender<PyResult<Py<PyAny>>>,
}

#[pymethods]
impl Request {
    fn __call__(&self, py: Python<'_>) {
        // Everything that is raised belongs to the caller, a `gevent.Timeout` too.
        let _ = self.reply.try_send(self.function.call1(py, self.args.bind(py)));
    }
}

/// Calls a function of the user's: on this thread, or where its greenlets run.
pub fn call<'py>(function: &Bound<'py, PyAny>, args: Bound<'py, PyTuple>) -> PyResult<Bound<'py, PyAny>> {
    let py = function.py();
    let job = CURRENT.with_borrow(|job| job.as_ref().map(|job| job.clone_ref(py)));
    let home = if job.is_some() || log::is_in_call() { None } else { home(py) };
    if job.is_none() && home.is_none() {
        return function.call1(args);
    }
    let (reply, replied) = mpsc::sync_channel(1);
    let request = Py::new(py, Request { function: function.clone().unbind(), args: args.unbind(), reply })?;
    match (job, home) {
        (Some(job), _) => job.get().request(py, request)?,
        (None, Some(home)) => spawn(&home, request.into_any())?,
        (None, None) => {}
    }
    let reply = py.detach(move || {
        loop {
            match replied.recv_timeout(EXIT_INTERVAL) {
                Ok(reply) => return Some(reply),
                Err(RecvTimeoutError::Timeout) if !interpreter_has_ended() => {}
                Err(_) => return None,
            }
        }
    });
    reply.unwrap_or_else(|| Err(PyRuntimeError::new_err("no greenlet runs any more")))?.into_bound_py_any(py)
}

/// Records to be emitted in a greenlet.
#[pyclass(frozen)]
struct Report(Vec<Record>);

#[pymethods]
impl Report {
    fn __call__(&self, py: Python<'_>) -> PyResult<()> {
        log::emit(py, &self.0)
    }
}

/// Emits the records of a thread of the core: on this thread, or where the program's greenlets run.
pub fn emit(py: Python<'_>, records: Vec<Record>) -> PyResult<()> {
    match home(py) {
        Some(home) => spawn(&home, Report(records).into_py_any(py)?),
        None => log::emit(py, &records),
    }
}
