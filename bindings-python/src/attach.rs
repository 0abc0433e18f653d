//! Running Python on threads that are not Python's, such as the one that decides on a purchase.
//!
//! A thread that asks for Python's lock while the interpreter ends takes the process down with it. So such threads ask here,
//! and before the interpreter ends they are refused, and those that run Python at that moment are waited for.

use std::process;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use pyo3::prelude::*;

use crate::log;

/// The longest wait for the threads that run Python when the program ends.
const PATIENCE: Duration = Duration::from_secs(5);
const LOOK_EVERY: Duration = Duration::from_millis(2);

/// The process, and how many of its threads are inside. A forked child has none of its parent's threads, and a lock might be
/// left to it locked.
static INSIDE: AtomicU64 = AtomicU64::new(0);
/// The process whose interpreter ends.
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

/// Runs Python on any thread; `None` when the interpreter ends.
pub fn attach<R>(work: impl FnOnce(Python<'_>) -> R) -> Option<R> {
    inside(1);
    let _inside = Inside;
    // A thread that makes a call is Python's own, and attaches again in any case.
    if CLOSED.load(Ordering::SeqCst) == process::id() && !log::is_in_call() {
        return None;
    }
    Python::try_attach(work)
}

/// Refuses further threads and waits for those inside: runs before the interpreter ends.
#[pyfunction]
pub fn interpreter_ends(py: Python<'_>) {
    CLOSED.store(process::id(), Ordering::SeqCst);
    let end = Instant::now() + PATIENCE;
    py.detach(|| {
        while inside(0) > 0 && Instant::now() < end {
            thread::sleep(LOOK_EVERY);
        }
    });
}

/// Arranges that.
pub fn start(py: Python<'_>) -> PyResult<()> {
    let ends = pyo3::wrap_pyfunction!(interpreter_ends, py)?;
    py.import("atexit")?.call_method1("register", (ends,)).map(|_| ())
}
