//! Limits of a call in addition to its timeout.

use std::time::{Duration, Instant, SystemTime};

/// Limits that one handle of a client sets for its calls.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Limit {
    /// Time limit of a call instead of the client's timeout.
    pub timeout: Option<Duration>,
    /// Deadline for calls, on the engine's monotonic clock.
    pub until: Option<Duration>,
    /// Deadline for the first byte of a mutation; after it the mutation is not sent.
    pub start_by: Option<StartBy>,
    /// How long the caller has waited for the call to begin. It counts into the timeout, and into the deadline of an `ensure` call.
    pub waited: Duration,
    /// Whether the caller holds the lease of the merchant reference and records the attempts itself.
    pub leased: bool,
}

/// A deadline for the first byte of a request.
#[derive(Debug, Clone, Copy)]
pub(crate) struct StartBy {
    since: Stopwatch,
    within: Duration,
}

impl StartBy {
    /// A deadline `within` from now.
    pub(crate) fn within(within: Duration) -> Self {
        Self { since: Stopwatch::start(), within }
    }

    /// The time that is left; `None` when the deadline has passed, or when a clock jumped so that it may have passed.
    pub(crate) fn left(&self) -> Option<Duration> {
        self.within.checked_sub(self.since.elapsed()?).filter(|left| !left.is_zero())
    }
}

/// Measures time with both of the machine's own clocks, not with the client's [`Clock`](crate::Clock): a process may be
/// suspended, and the monotonic clock may stop while the machine sleeps.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stopwatch {
    now: Instant,
    wall: SystemTime,
}

impl Stopwatch {
    /// Maximum difference between the two clocks.
    const TOLERANCE: Duration = Duration::from_secs(1);

    /// Starts measuring.
    pub(crate) fn start() -> Self {
        Self { now: Instant::now(), wall: SystemTime::now() }
    }

    /// The time since the start; `None` when one of the clocks jumped.
    pub(crate) fn elapsed(&self) -> Option<Duration> {
        let by_wall = SystemTime::now().duration_since(self.wall).ok()?;
        let elapsed = self.now.elapsed();
        (elapsed.abs_diff(by_wall) <= Self::TOLERANCE).then_some(elapsed.max(by_wall))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    #[test]
    fn a_deadline_passes_on_either_clock() {
        let start_by = |since| StartBy { since, within: MINUTE };
        let now = Stopwatch::start();
        assert!(start_by(now).left().is_some_and(|left| left <= MINUTE));
        assert!(StartBy::within(Duration::ZERO).left().is_none());
        assert!(start_by(Stopwatch { wall: now.wall - 2 * MINUTE, ..now }).left().is_none(), "the machine slept");
        assert!(start_by(Stopwatch { wall: now.wall + 2 * MINUTE, ..now }).left().is_none(), "the clock was set back");
        let Some(earlier) = now.now.checked_sub(2 * MINUTE) else { return };
        assert!(start_by(Stopwatch { now: earlier, ..now }).left().is_none());
        let suspended = Stopwatch { now: earlier, wall: now.wall - 2 * MINUTE };
        assert!(start_by(suspended).left().is_none(), "the process was suspended");
        assert!(suspended.elapsed().is_some());
    }
}
