//! Running Python on threads that are not Python's, such as the one that decides on a purchase.
//!
//! A thread that requests the GIL while the interpreter ends crashes the process. So such threads attach by `attach`, which
//! refuses them before the interpreter ends; threads that run Python at that moment are waited for.

use std::process;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use pyo3::prelude::*;

use crate::hub;
use crate::log;

/// The longest wait for threads that run Python when the program ends.
const EXIT_TIMEOUT: Duration = Duration::from_secs(5);
const POLL_INTERVAL: Duration = Duration::from_millis(2);

/// The process id, and how many of its threads run Python here. Not a lock, which a forked child could inherit locked from a
/// thread that it does not have.
static INSIDE: AtomicU64 = AtomicU64::new(0);
/// The id of the process whose interpreter ends.
static CLOSED: AtomicU32 = AtomicU32::new(0);

fn inside(change: i64) -> u64 {
    let here = u64::from(process::id()) << 32;
    let next = |held: u64| {
        let count = if held >> 32 == here >> 32 { held & 0xffff_ffff } else { 0 };
        Some(here | count.saturating_add_signed(change))
    };
    let before = INSIDE.fetch_update(Ordering::SeqCst, Ordering::SeqCst, next);
    next(before.unwrap_or_else(|held| held)).map_or(0, |after| after & 0xffff_ffff)
}

struct Inside;

impl Drop for Inside {
    fn drop(&mut self) {
        inside(-1);
    }
}

/// Whether threads that are not Python's are refused.
pub fn interpreter_has_ended() -> bool {
    CLOSED.load(Ordering::SeqCst) == process::id()
}

/// Runs Python on any thread; `None` when the interpreter ends.
pub fn attach<R>(work: impl FnOnce(Python<'_>) -> R) -> Option<R> {
    inside(1);
    let _inside = Inside;
    // A thread that makes a call belongs to Python and attaches again in any case, unless it is one of a pool.
    if interpreter_has_ended() && (hub::is_pool_thread() || !log::is_in_call()) {
        return None;
    }
    Python::try_attach(work)
}

/// Refuses further threads and waits for those that run Python. Called before the interpreter ends.
#[pyfunction]
pub fn interpreter_ends(py: Python<'_>) {
    CLOSED.store(process::id(), Ordering::SeqCst);
    let end = Instant::now() + EXIT_TIMEOUT;
    py.detach(|| {
        while inside(0) > 0 && Instant::now() < end {
            thread::sleep(POLL_INTERVAL);
        }
    });
}

/// Registers `interpreter_ends` to be called.
pub fn start(py: Python<'_>) -> PyResult<()> {
    let ends = pyo3::wrap_pyfunction!(interpreter_ends, py)?;
    py.import("atexit")?.call_method1("register", (ends,)).map(|_| ())
}
