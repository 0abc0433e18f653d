//! Time as the client sees it.

use std::fmt;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use crate::error::Interrupted;

/// Where the client takes the time from, and how it waits. Tests plug in here.
pub trait Clock: Send + Sync {
    /// The device's clock, which may be wrong by hours.
    fn now(&self) -> SystemTime;

    /// Time since some fixed moment, which never goes back.
    fn monotonic(&self) -> Duration;

    /// Waits, or says that the call that waits must end.
    fn sleep(&self, duration: Duration) -> Result<(), Interrupted>;

    /// The longest time for which the calling thread may wait for the network or for another thread in one piece.
    /// Default: no limit.
    fn longest_wait(&self) -> Option<Duration> {
        None
    }

    /// Called between two pieces of a wait, never under a lock. An error ends the call that waits: what it had not sent
    /// yet is never sent, and its own error says which of the two it is.
    fn between_waits(&self) -> Result<(), Interrupted> {
        Ok(())
    }
}

/// The most that any time of a caller's or of the platform's counts for, 100 years: no sum with it runs over.
pub(crate) const MAX_DURATION: Duration = Duration::from_secs(100 * 365 * 24 * 3600);

/// Waits until what the lock guards may have changed, at most `left`. The caller looks again.
pub(crate) fn await_change<'a, T>(
    clock: &dyn Clock,
    lock: &'a Mutex<T>,
    held: MutexGuard<'a, T>,
    changed: &Condvar,
    left: Duration,
) -> Result<MutexGuard<'a, T>, Interrupted> {
    let piece = clock.longest_wait().filter(|piece| *piece < left);
    let (held, ended) = changed.wait_timeout(held, piece.unwrap_or(left)).unwrap_or_else(PoisonError::into_inner);
    if piece.is_none() || !ended.timed_out() {
        return Ok(held);
    }
    drop(held);
    clock.between_waits()?;
    Ok(lock.lock().unwrap_or_else(PoisonError::into_inner))
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

    fn sleep(&self, duration: Duration) -> Result<(), Interrupted> {
        std::thread::sleep(duration);
        Ok(())
    }
}
