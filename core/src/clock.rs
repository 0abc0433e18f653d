//! Time as the client sees it.

use std::fmt;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

/// Where the client takes the time from, and how it waits. Tests plug in here.
pub trait Clock: Send + Sync {
    /// The device's clock, which may be wrong by hours.
    fn now(&self) -> SystemTime;

    /// Time since some fixed moment, which never goes back.
    fn monotonic(&self) -> Duration;

    /// Waits.
    fn sleep(&self, duration: Duration);

    /// The longest time for which the calling thread may wait for the network or for another thread in one piece.
    /// Default: no limit.
    ///
    /// A request is handed to the network in one piece all the same: it waits there only when it is larger than what the
    /// system takes in at once.
    fn longest_wait(&self) -> Option<Duration> {
        None
    }

    /// Called between two pieces of a wait, never under a lock. A clock may end the call here by unwinding.
    fn between_waits(&self) {}
}

/// The most that any time of a caller's or of the platform's counts for, 100 years: no sum with it runs over.
pub(crate) const LONGEST: Duration = Duration::from_secs(100 * 365 * 24 * 3600);

/// Waits until what the lock guards may have changed, at most `left`. The caller looks again.
pub(crate) fn await_change<'a, T>(
    clock: &dyn Clock,
    lock: &'a Mutex<T>,
    held: MutexGuard<'a, T>,
    changed: &Condvar,
    left: Duration,
) -> MutexGuard<'a, T> {
    let piece = clock.longest_wait().filter(|piece| *piece < left);
    let (held, ended) = changed.wait_timeout(held, piece.unwrap_or(left)).unwrap_or_else(PoisonError::into_inner);
    if piece.is_none() || !ended.timed_out() {
        return held;
    }
    drop(held);
    clock.between_waits();
    lock.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The machine's own clock.
pub struct SystemClock {
    start: Instant,
}

impl SystemClock {
    /// A clock whose monotonic time begins now.
    pub fn new() -> Self {
        Self { start: Instant::now() }
    }
}

impl Default for SystemClock {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for SystemClock {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("SystemClock")
    }
}

impl Clock for SystemClock {
    fn now(&self) -> SystemTime {
        SystemTime::now()
    }

    fn monotonic(&self) -> Duration {
        self.start.elapsed()
    }

    fn sleep(&self, duration: Duration) {
        std::thread::sleep(duration);
    }
}
