//! The caller's own clock, and the time zone of the machine, by the means of the calling language.

use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::{Duration, SystemTime};

use keysecure::{Clock, FfiError, Interrupted, UtcOffset};

use crate::convert::{ForeignFailure, Result};
use crate::interrupts::InterruptibleClock;

/// A source of the time, in place of the clock of this machine: for tests and for simulated time.
///
/// It is read several times in a call, on the thread of the call, until the platform's clock is learned from the first
/// response, and to notice that the clock was set. Time-outs and waits are those of this machine.
#[uniffi::export(foreign)]
pub trait TimeSource: Send + Sync {
    /// Returns the present time. An error when the client or verifier is created fails with kind `config`; a later one is
    /// logged by its type, and the time continues from the last one returned.
    fn now(&self) -> Result<SystemTime, ForeignFailure>;
}

crate::tables::in_c_order!(UniFfiTraitVtableTimeSource: now);

/// A clock over a [`TimeSource`].
pub(crate) struct OwnClock {
    source: Arc<dyn TimeSource>,
    waits: InterruptibleClock,
    /// The last time of the source, and the monotonic time when it was read.
    last: Mutex<(SystemTime, Duration)>,
}

impl OwnClock {
    /// Reads the source once, so that one that fails is refused where it is passed in.
    pub(crate) fn new(source: Arc<dyn TimeSource>) -> Result<Self> {
        let waits = InterruptibleClock::new();
        let now = source.now().map_err(|failure| FfiError::config(&format!("clock threw {failure}")))?;
        let last = Mutex::new((now, waits.monotonic()));
        Ok(Self { source, waits, last })
    }
}

impl Clock for OwnClock {
    fn now(&self) -> SystemTime {
        // No lock is held over foreign code.
        let read = self.source.now();
        let monotonic = self.monotonic();
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        match read {
            Ok(now) => *last = (now, monotonic),
            Err(failure) => {
                let (then, at) = *last;
                drop(last);
                log::warn!(target: "keysecure", "the clock threw {failure}: the time continues from the last one");
                return then.checked_add(monotonic.saturating_sub(at)).unwrap_or(then);
            }
        }
        last.0
    }

    fn monotonic(&self) -> Duration {
        self.waits.monotonic()
    }

    fn local_offset(&self) -> Option<UtcOffset> {
        self.waits.local_offset()
    }

    fn longest_wait(&self) -> Option<Duration> {
        self.waits.longest_wait()
    }

    fn between_waits(&self) -> Result<(), Interrupted> {
        self.waits.between_waits()
    }
}

/// The time zone of this machine, as the dates of the calling language have it.
#[uniffi::export(foreign)]
pub trait LocalZone: Send + Sync {
    /// Returns the present offset from UTC, in seconds. It serves the warning about a list that ends with a date that is
    /// over. What it throws is ignored.
    fn offset_seconds(&self) -> Result<i32, ForeignFailure>;
}

crate::tables::in_c_order!(UniFfiTraitVtableLocalZone: offset_seconds);

/// Makes known the time zone of this machine, for the whole process. Default: unknown, so that no list warns of its end.
#[uniffi::export]
pub fn set_local_zone(zone: Option<Arc<dyn LocalZone>>) {
    *ZONE.write().unwrap_or_else(PoisonError::into_inner) = zone;
}

static ZONE: RwLock<Option<Arc<dyn LocalZone>>> = RwLock::new(None);

/// The present offset of the machine's time zone, if the calling language made it known.
pub(crate) fn local_offset() -> Option<UtcOffset> {
    // No lock is held over foreign code.
    let zone = ZONE.read().unwrap_or_else(PoisonError::into_inner).clone()?;
    let minutes = zone.offset_seconds().ok()? / 60;
    let sign = if minutes < 0 { '-' } else { '+' };
    format!("UTC{sign}{}:{:02}", minutes.abs() / 60, minutes.abs() % 60).parse().ok()
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};
    use std::time::{Duration, SystemTime};

    use keysecure::Clock as _;

    use super::{LocalZone, OwnClock, TimeSource, local_offset, set_local_zone};
    use crate::convert::{ForeignFailure, Result};

    struct Source(Mutex<Option<SystemTime>>);

    impl TimeSource for Source {
        fn now(&self) -> Result<SystemTime, ForeignFailure> {
            self.0.lock().unwrap().ok_or_else(|| ForeignFailure::Failed { what: "a.Class".to_owned() })
        }
    }

    struct Offset(i32);

    impl LocalZone for Offset {
        fn offset_seconds(&self) -> Result<i32, ForeignFailure> {
            Ok(self.0)
        }
    }

    #[test]
    fn the_time_continues_when_the_source_fails() {
        let noon = SystemTime::UNIX_EPOCH + Duration::from_secs(1_763_812_800);
        let source = Arc::new(Source(Mutex::new(Some(noon))));
        let clock = OwnClock::new(Arc::clone(&source) as Arc<dyn TimeSource>).unwrap();
        assert_eq!(clock.now(), noon);
        *source.0.lock().unwrap() = None;
        clock.sleep(Duration::from_millis(20)).unwrap();
        assert!(clock.now() >= noon + Duration::from_millis(20) && clock.now() < noon + Duration::from_secs(60));
        *source.0.lock().unwrap() = Some(noon - Duration::from_secs(1));
        assert_eq!(clock.now(), noon - Duration::from_secs(1));
    }

    #[test]
    fn a_source_that_fails_at_once_is_refused() {
        let error = OwnClock::new(Arc::new(Source(Mutex::new(None)))).err().unwrap();
        assert!(error.to_string().contains("clock threw a.Class"), "{error}");
    }

    #[test]
    fn the_zone_of_the_machine_is_the_one_that_is_set() {
        for (seconds, expected) in [(0, "UTC"), (8 * 3600, "UTC+8"), (-(3 * 3600 + 1800), "UTC-3:30")] {
            set_local_zone(Some(Arc::new(Offset(seconds))));
            assert_eq!(local_offset(), Some(expected.parse().unwrap()), "{seconds}");
        }
        set_local_zone(None);
        assert_eq!(local_offset(), None);
    }
}
