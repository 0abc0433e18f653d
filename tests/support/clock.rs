//! A clock that can be wrong, and that can sleep without waiting.

use std::fmt;
use std::sync::Mutex;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime};

use keysecure::{Clock, Interrupted};
use keysecure_sandbox::Platform;

/// The machine's clock, moved by an offset.
///
/// Its sleeps are real, unless it was made by [`TestClock::virtual_sleeps`]: then they return at once, and its monotonic
/// time, and the sandbox's clock with it, are that much later.
pub struct TestClock {
    start: Instant,
    offset_ms: AtomicI64,
    slept_micros: AtomicU64,
    sleeps: Mutex<Vec<Duration>>,
    virtual_sleeps: bool,
    platform: Option<Platform>,
}

impl TestClock {
    fn new(offset_ms: i64, virtual_sleeps: bool, platform: Option<Platform>) -> Self {
        Self {
            start: Instant::now(),
            offset_ms: AtomicI64::new(offset_ms),
            slept_micros: AtomicU64::new(0),
            sleeps: Mutex::default(),
            virtual_sleeps,
            platform,
        }
    }

    /// Creates a clock with an offset in milliseconds.
    pub fn wrong_by(offset_ms: i64) -> Self {
        Self::new(offset_ms, false, None)
    }

    /// Creates a clock without an offset whose sleeps take no time and advance the platform's clock.
    pub fn virtual_sleeps(platform: Option<Platform>) -> Self {
        Self::new(0, true, platform)
    }

    /// Sets the offset, as a user who changes the device's clock.
    pub fn set_wrong_by(&self, offset_ms: i64) {
        self.offset_ms.store(offset_ms, Ordering::SeqCst);
    }

    /// The durations of all sleeps.
    pub fn sleeps(&self) -> Vec<Duration> {
        self.sleeps.lock().map(|sleeps| sleeps.clone()).unwrap_or_default()
    }

    fn skipped(&self) -> Duration {
        Duration::from_micros(self.slept_micros.load(Ordering::SeqCst))
    }
}

impl Clock for TestClock {
    fn now(&self) -> SystemTime {
        let offset_ms = self.offset_ms.load(Ordering::SeqCst);
        let distance = Duration::from_millis(offset_ms.unsigned_abs());
        let now = SystemTime::now() + self.skipped();
        if offset_ms < 0 { now - distance } else { now + distance }
    }

    fn monotonic(&self) -> Duration {
        self.start.elapsed() + self.skipped()
    }

    fn sleep(&self, duration: Duration) -> Result<(), Interrupted> {
        if let Ok(mut sleeps) = self.sleeps.lock() {
            sleeps.push(duration);
        }
        if !self.virtual_sleeps {
            std::thread::sleep(duration);
            return Ok(());
        }
        // The platform's clock first, so that the client is never ahead of it.
        if let Some(platform) = &self.platform {
            platform.advance(duration + Duration::from_millis(1));
        }
        // Rounded up: a sleep is never shorter than asked.
        let micros = u64::try_from(duration.as_nanos().div_ceil(1000)).unwrap_or(u64::MAX);
        self.slept_micros.fetch_add(micros, Ordering::SeqCst);
        Ok(())
    }
}

impl fmt::Debug for TestClock {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("TestClock").finish_non_exhaustive()
    }
}
