//! The virtual clock, the source of every time that the sandbox reports.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Virtual time: the machine's time plus an offset, or a fixed instant.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Clock {
    offset_ms: i64,
    frozen_at: Option<i64>,
}

impl Clock {
    /// The virtual time in Unix milliseconds.
    pub(crate) fn now_ms(&self) -> i64 {
        self.frozen_at.unwrap_or_else(|| real_ms().saturating_add(self.offset_ms))
    }

    /// Whether the clock is stopped.
    pub(crate) fn is_frozen(&self) -> bool {
        self.frozen_at.is_some()
    }

    /// Moves the clock.
    pub(crate) fn shift(&mut self, by_ms: i64) {
        match &mut self.frozen_at {
            Some(at) => *at = at.saturating_add(by_ms),
            None => self.offset_ms = self.offset_ms.saturating_add(by_ms),
        }
    }

    /// Stops the clock.
    pub(crate) fn freeze(&mut self) {
        self.frozen_at = Some(self.now_ms());
    }

    /// Lets a frozen clock run again, from the time it shows.
    pub(crate) fn unfreeze(&mut self) {
        if let Some(at) = self.frozen_at.take() {
            self.offset_ms = at.saturating_sub(real_ms());
        }
    }
}

/// The machine's time in Unix milliseconds.
pub(crate) fn real_ms() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, to_ms)
}

/// The whole milliseconds of a duration, saturating.
pub(crate) fn to_ms(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frozen_clock_stops_and_continues_from_the_time_it_shows() {
        let mut clock = Clock::default();
        clock.shift(86_400_000);
        clock.freeze();
        let frozen_at = clock.now_ms();
        std::thread::sleep(Duration::from_millis(3));
        assert_eq!(frozen_at, clock.now_ms());
        clock.shift(-1000);
        assert_eq!(frozen_at - 1000, clock.now_ms());
        clock.unfreeze();
        let moved = clock.now_ms() - (frozen_at - 1000);
        assert!((0..1000).contains(&moved), "{moved}");
    }
}
