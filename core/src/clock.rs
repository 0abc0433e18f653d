//! The client's source of time.

use std::fmt;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use crate::error::Interrupted;
use crate::values::civil::UtcOffset;

/// Source of time and of waiting, for tests that must not wait.
///
/// Set it with [`ClientBuilder::clock`](crate::ClientBuilder::clock) or
/// [`WebhookVerifier::clock`](crate::WebhookVerifier::clock).
///
/// # Examples
///
/// A clock whose waits take no time:
///
/// ```
/// use std::sync::{Arc, Mutex, PoisonError};
/// use std::time::{Duration, SystemTime};
///
/// use keysecure::{Client, Clock, Interrupted};
///
/// #[derive(Default)]
/// struct TestClock(Mutex<Duration>);
///
/// impl Clock for TestClock {
///     fn now(&self) -> SystemTime {
///         SystemTime::UNIX_EPOCH + Duration::from_secs(1_780_000_000) + self.monotonic()
///     }
///
///     fn monotonic(&self) -> Duration {
///         *self.0.lock().unwrap_or_else(PoisonError::into_inner)
///     }
///
///     fn sleep(&self, duration: Duration) -> Result<(), Interrupted> {
///         *self.0.lock().unwrap_or_else(PoisonError::into_inner) += duration;
///         Ok(())
///     }
/// }
///
/// let client = Client::builder("api-key", "api-secret-of-16").clock(Arc::new(TestClock::default())).build()?;
/// # Ok::<(), keysecure::Error>(())
/// ```
pub trait Clock: Send + Sync {
    /// Returns the time of the device's clock. It may be wrong by hours: the client follows the platform's clock.
    fn now(&self) -> SystemTime;

    /// Returns the time since a fixed moment. It never decreases.
    fn monotonic(&self) -> Duration;

    /// Waits for `duration`. Default: on the machine's clock, in pieces of [`longest_wait`](Self::longest_wait), with
    /// [`between_waits`](Self::between_waits) after each.
    ///
    /// # Errors
    ///
    /// [`Interrupted`] if the call that waits must end.
    fn sleep(&self, duration: Duration) -> Result<(), Interrupted> {
        let piece = self.longest_wait().unwrap_or(duration);
        let start = Instant::now();
        while let Some(left) = duration.checked_sub(start.elapsed()).filter(|left| !left.is_zero()) {
            std::thread::sleep(left.min(piece));
            self.between_waits()?;
        }
        Ok(())
    }

    /// Returns the offset from UTC of the machine's time zone at this time. It serves only a warning about dates, see
    /// [`WindowBound`](crate::WindowBound). Default: `None`, no warning.
    fn local_offset(&self) -> Option<UtcOffset> {
        None
    }

    /// Returns the longest time that the calling thread may wait in one piece for the network or for another thread.
    /// Default: no limit. Between two pieces the client calls [`between_waits`](Self::between_waits).
    fn longest_wait(&self) -> Option<Duration> {
        None
    }

    /// Called between two pieces of a wait, never while a lock is held. Default: continues.
    ///
    /// # Errors
    ///
    /// [`Interrupted`] ends the call that waits. A request that was not sent is never sent; the outcome of the call's error
    /// says whether it was.
    fn between_waits(&self) -> Result<(), Interrupted> {
        Ok(())
    }

    /// Returns whether [`now`](Self::now) is the platform's time at present, never ahead of it, as a client learned it from
    /// responses. Default: `false`, the device's.
    fn follows_platform(&self) -> bool {
        false
    }
}

/// Upper limit of every duration of a caller or the platform, 100 years, so that no sum overflows.
pub(crate) const MAX_DURATION: Duration = Duration::from_secs(100 * 365 * 24 * 3600);

/// Waits until the guarded value may have changed, at most `left`. The caller checks it again.
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

/// Clock of the machine.
pub struct SystemClock {
    start: Instant,
}

impl SystemClock {
    /// Creates a clock whose monotonic time starts at zero.
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
}
