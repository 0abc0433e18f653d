//! Work that may block: without the GIL, and on Python's main thread so that Ctrl-C ends it.
//!
//! Python runs signal handlers on its main thread only, and only when it is asked to. So there a call waits in short
//! pieces and asks between them. When a handler raises, as Ctrl-C does, the call ends where it waits, with the error of an
//! interrupted call: its connection is reset, and nothing more is sent. What the handler raised is kept aside meanwhile,
//! and reaches the caller in the place of that error.

use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use keysecure::{Clock, Error, Interrupted};
use pyo3::prelude::*;

use crate::errors;
use crate::log;

/// How long the main thread waits between two looks for signals.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// Runs `work` without the GIL. A panic becomes an `InternalError`.
pub fn blocking<T: Send>(py: Python<'_>, work: impl FnOnce() -> Result<T, Error> + Send) -> PyResult<T> {
    // Only this much is compiled anew for each call.
    let (mut work, mut left) = (Some(work), None);
    run(py, &mut || left = work.take().map(|work| work()))?;
    Ok(left.ok_or_else(|| errors::internal(py))??)
}

/// Does a job without the GIL, and logs what it had to say. A job that panics leaves nothing.
fn run(py: Python<'_>, job: &mut (dyn FnMut() + Send)) -> PyResult<()> {
    // Before anything is sent, and before the logger is asked, which would take it for an error of its own.
    py.check_signals()?;
    let wanted = log::wanted(py)?;
    look_where_we_are(py)?;
    // Of the call within which a signal handler makes this one.
    let (outer, within) = (RAISED.take(), WORKING.replace(true));
    let (_, records) = py.detach(|| log::collecting(wanted, || catch_unwind(AssertUnwindSafe(job))));
    WORKING.set(within);
    let raised = RAISED.replace(outer);
    let logged = log::emit(py, &records);
    raised.map_or(logged, Err)
}

thread_local! {
    /// The process in which this thread was looked at, and whether it is the one on which Python runs signal handlers: the
    /// thread that forks is its child's main thread.
    static MAIN: Cell<(u32, bool)> = const { Cell::new((0, false)) };

    /// Whether this thread has a job.
    static WORKING: Cell<bool> = const { Cell::new(false) };

    /// What a signal handler raised while this thread's job waited: the job ends, and its caller gets this.
    static RAISED: RefCell<Option<PyErr>> = const { RefCell::new(None) };
}

fn look_where_we_are(py: Python<'_>) -> PyResult<()> {
    let here = process::id();
    if MAIN.get().0 != here {
        let threading = py.import("threading")?;
        let main = threading.call_method0("main_thread")?.getattr("ident")?;
        MAIN.set((here, main.eq(threading.call_method0("get_ident")?)?));
    }
    Ok(())
}

/// Waits within a job until what the lock guards may have changed. The caller looks again.
pub fn await_change<'a, T>(
    lock: &'a Mutex<T>,
    held: MutexGuard<'a, T>,
    changed: &Condvar,
) -> Result<MutexGuard<'a, T>, Interrupted> {
    if !MAIN.get().1 {
        return Ok(changed.wait(held).unwrap_or_else(PoisonError::into_inner));
    }
    let (held, ended) = changed.wait_timeout(held, LOOK_EVERY).unwrap_or_else(PoisonError::into_inner);
    if !ended.timed_out() {
        return Ok(held);
    }
    drop(held);
    look_for_signals()?;
    Ok(lock.lock().unwrap_or_else(PoisonError::into_inner))
}

/// Ends the job of this thread with what was raised within it, such as the Ctrl-C that a store of the caller's own met. Gives
/// it back when this thread has no job.
pub fn interrupt(raised: PyErr) -> Option<PyErr> {
    if !WORKING.get() {
        return Some(raised);
    }
    RAISED.set(Some(raised));
    None
}

/// Lets Python run its signal handlers. Once one has raised, every wait of the job ends.
fn look_for_signals() -> Result<(), Interrupted> {
    if RAISED.with_borrow(Option::is_some) {
        return Err(Interrupted);
    }
    // A handler may make calls of its own, so nothing is borrowed meanwhile.
    let Some(raised) = Python::attach(|py| py.check_signals().err()) else { return Ok(()) };
    RAISED.set(Some(raised));
    Err(Interrupted)
}

/// The machine's clock, which looks for signals where the main thread waits.
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

    fn monotonic(&self) -> Duration {
        self.start.elapsed()
    }

    fn sleep(&self, duration: Duration) -> Result<(), Interrupted> {
        let piece = self.longest_wait().unwrap_or(duration);
        let start = Instant::now();
        while let Some(left) = duration.checked_sub(start.elapsed()).filter(|left| !left.is_zero()) {
            thread::sleep(left.min(piece));
            self.between_waits()?;
        }
        Ok(())
    }

    fn longest_wait(&self) -> Option<Duration> {
        MAIN.get().1.then_some(LOOK_EVERY)
    }

    fn between_waits(&self) -> Result<(), Interrupted> {
        // On another thread only a store can have raised.
        if MAIN.get().1 {
            look_for_signals()
        } else if RAISED.with_borrow(Option::is_some) {
            Err(Interrupted)
        } else {
            Ok(())
        }
    }
}
