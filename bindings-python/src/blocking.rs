//! Work that may block: without the GIL, and on Python's main thread so that Ctrl-C ends the wait.
//!
//! Python runs signal handlers on its main thread only, and only between two steps of its own. So the main thread lends
//! its call to a worker thread and looks for signals while it waits. When a handler raises, as Ctrl-C does, the call is
//! abandoned: what is on the wire cannot be taken back, but at its next look at the clock, and so before anything more
//! is sent, the worker gives up. All other threads make their calls themselves.

use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::process;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use keysecure::{Clock, Error};
use pyo3::prelude::*;

use crate::errors;
use crate::log;

/// How long the main thread waits between two looks for signals.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// Runs `work` without the GIL. A panic becomes an `InternalError`.
pub fn blocking<T: Send + 'static>(
    py: Python<'_>,
    work: impl FnOnce() -> Result<T, Error> + Send + 'static,
) -> PyResult<T> {
    // Only this much is compiled anew for each call.
    let left = Arc::new(Mutex::new(None));
    let there = Arc::clone(&left);
    run(py, Box::new(move || *there.lock().unwrap_or_else(PoisonError::into_inner) = Some(work())))?;
    let result = left.lock().unwrap_or_else(PoisonError::into_inner).take();
    Ok(result.ok_or_else(|| errors::internal(py))??)
}

/// Does a job without the GIL, and logs what it had to say. A job that panics leaves nothing.
fn run(py: Python<'_>, job: Job) -> PyResult<()> {
    let wanted = log::wanted(py);
    let work = move || log::collecting(wanted, || drop(catch_unwind(AssertUnwindSafe(job))));
    let ((), records) = if is_main_thread(py)? { lend(py, work)? } else { py.detach(work) };
    log::emit(py, &records);
    Ok(())
}

/// Whether this is the thread on which Python runs signal handlers.
fn is_main_thread(py: Python<'_>) -> PyResult<bool> {
    thread_local! {
        /// The process in which this was asked, and the answer: the thread that forks is its child's main thread.
        static ANSWER: Cell<(u32, bool)> = const { Cell::new((0, false)) };
    }
    let here = process::id();
    let (asked, answer) = ANSWER.get();
    if asked == here {
        return Ok(answer);
    }
    let threading = py.import("threading")?;
    let main = threading.call_method0("main_thread")?.getattr("ident")?;
    let answer = main.eq(threading.call_method0("get_ident")?)?;
    ANSWER.set((here, answer));
    Ok(answer)
}

type Job = Box<dyn FnOnce() + Send>;

/// A thread that does one job after another.
struct Worker(Arc<Inbox>);

#[derive(Default)]
struct Inbox {
    state: Mutex<InboxState>,
    changed: Condvar,
}

#[derive(Default)]
struct InboxState {
    job: Option<Job>,
    closed: bool,
}

impl Inbox {
    fn lock(&self) -> MutexGuard<'_, InboxState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn next(&self) -> Option<Job> {
        let mut state = self.lock();
        loop {
            if let Some(job) = state.job.take() {
                return Some(job);
            }
            if state.closed {
                return None;
            }
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

impl Worker {
    fn start() -> std::io::Result<Self> {
        let inbox = Arc::new(Inbox::default());
        let worker = Self(Arc::clone(&inbox));
        thread::Builder::new().name("keysecure".to_owned()).spawn(move || {
            while let Some(job) = inbox.next() {
                job();
            }
        })?;
        Ok(worker)
    }

    fn give(&self, job: Job) {
        self.0.lock().job = Some(job);
        self.0.changed.notify_one();
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.0.lock().closed = true;
        self.0.changed.notify_one();
    }
}

/// The main thread's idle worker, with the process that it lives in. Locked only by the main thread.
static IDLE: Mutex<Option<(u32, Worker)>> = Mutex::new(None);

fn idle() -> MutexGuard<'static, Option<(u32, Worker)>> {
    IDLE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Where a worker leaves what it has done.
struct Outbox<R> {
    result: Mutex<Option<R>>,
    left: Condvar,
}

/// Has a worker do it, and looks for signals meanwhile.
fn lend<R: Send + 'static>(py: Python<'_>, work: impl FnOnce() -> R + Send + 'static) -> PyResult<R> {
    let here = process::id();
    let worker = match idle().take() {
        Some((process, worker)) if process == here => worker,
        parents => {
            // A forked child has no thread but its own; the parent's worker must not be told of anything.
            std::mem::forget(parents);
            match Worker::start() {
                Ok(worker) => worker,
                Err(_) => return Ok(py.detach(work)),
            }
        }
    };
    let abandoned = Arc::new(AtomicBool::new(false));
    let outbox = Arc::new(Outbox { result: Mutex::new(None), left: Condvar::new() });
    let (flag, there) = (Arc::clone(&abandoned), Arc::clone(&outbox));
    worker.give(Box::new(move || {
        ABANDONED.set(Some(flag));
        let result = work();
        *there.result.lock().unwrap_or_else(PoisonError::into_inner) = Some(result);
        there.left.notify_one();
    }));
    loop {
        let done = py.detach(|| {
            let result = outbox.result.lock().unwrap_or_else(PoisonError::into_inner);
            let waited = outbox.left.wait_timeout_while(result, LOOK_EVERY, |result| result.is_none());
            waited.unwrap_or_else(PoisonError::into_inner).0.take()
        });
        if let Some(done) = done {
            // Two are idle when a signal handler made a call of its own: one is enough.
            *idle() = Some((here, worker));
            return Ok(done);
        }
        if let Err(raised) = py.check_signals() {
            abandoned.store(true, Ordering::Release);
            return Err(raised);
        }
    }
}

thread_local! {
    /// On a worker: whether nobody waits for its job any more.
    static ABANDONED: RefCell<Option<Arc<AtomicBool>>> = const { RefCell::new(None) };
}

/// The machine's clock, at which an abandoned call ends.
///
/// The core looks at it before each attempt and after each wait, never under a lock, and lets go of everything when it
/// unwinds.
pub struct EndingClock {
    start: Instant,
}

impl EndingClock {
    pub fn new() -> Self {
        Self { start: Instant::now() }
    }
}

fn end_if_abandoned() {
    let abandoned = ABANDONED.with_borrow(|flag| flag.as_ref().is_some_and(|flag| flag.load(Ordering::Acquire)));
    if abandoned {
        // No panic, so nothing is printed; `blocking` catches it, and nobody looks at what it gives.
        resume_unwind(Box::new("abandoned"));
    }
}

impl Clock for EndingClock {
    fn now(&self) -> SystemTime {
        end_if_abandoned();
        SystemTime::now()
    }

    fn monotonic(&self) -> Duration {
        end_if_abandoned();
        self.start.elapsed()
    }

    fn sleep(&self, duration: Duration) {
        thread::sleep(duration);
        end_if_abandoned();
    }
}
