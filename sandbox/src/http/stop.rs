//! The signal that stops the servers and ends every wait inside them.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// A signal that is set once, when the last handle of the sandbox is dropped.
#[derive(Debug, Default)]
pub(crate) struct StopSignal {
    stopped: AtomicBool,
    lock: Mutex<()>,
    wake: Condvar,
}

impl StopSignal {
    /// Whether the signal is set.
    pub(crate) fn is_set(&self) -> bool {
        self.stopped.load(Ordering::Acquire)
    }

    /// Sets the signal and wakes all sleepers.
    pub(crate) fn set(&self) {
        // The lock is held so that no thread is between its check and its wait.
        let _held = self.lock.lock().unwrap_or_else(PoisonError::into_inner);
        self.stopped.store(true, Ordering::Release);
        self.wake.notify_all();
    }

    /// Sleeps that long in real time, or until the signal is set.
    pub(crate) fn sleep(&self, duration: Duration) {
        let end = Instant::now() + duration;
        let mut held = self.lock.lock().unwrap_or_else(PoisonError::into_inner);
        while !self.is_set() {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            held = self.wake.wait_timeout(held, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}
