//! The platform's clock as a source of time.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use super::server_time::ServerTime;
use crate::clock::Clock;
use crate::error::Interrupted;
use crate::values::civil::UtcOffset;
use crate::values::instant;

/// The clock of a client's device, with the time of the platform as the client learned it.
pub(super) struct PlatformClock {
    pub device: Arc<dyn Clock>,
    pub learned: Arc<Mutex<ServerTime>>,
}

impl PlatformClock {
    /// The device's clocks, and what is known about the platform's.
    fn read(&self) -> (SystemTime, Duration, ServerTime) {
        // The clock may be custom code: it is read before the lock is taken.
        let (device, monotonic) = (self.device.now(), self.device.monotonic());
        (device, monotonic, *self.learned.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Clock for PlatformClock {
    fn now(&self) -> SystemTime {
        let (device, monotonic, learned) = self.read();
        instant::from_millis(learned.uncorrected(instant::to_millis(device), monotonic)).unwrap_or(device)
    }

    fn monotonic(&self) -> Duration {
        self.device.monotonic()
    }

    fn sleep(&self, duration: Duration) -> Result<(), Interrupted> {
        self.device.sleep(duration)
    }

    fn local_offset(&self) -> Option<UtcOffset> {
        self.device.local_offset()
    }

    fn longest_wait(&self) -> Option<Duration> {
        self.device.longest_wait()
    }

    fn between_waits(&self) -> Result<(), Interrupted> {
        self.device.between_waits()
    }

    fn follows_platform(&self) -> bool {
        let (device, monotonic, learned) = self.read();
        learned.is_current(instant::to_millis(device), monotonic)
    }
}
