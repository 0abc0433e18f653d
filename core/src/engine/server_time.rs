//! The client's model of the platform's clock. Pure: events and their times are arguments.
//!
//! The platform refuses a timestamp that is over 60 s old and any in the future, so the client must be
//! slightly behind, never ahead. A `Date` header, cut to whole seconds, is never later than the server's clock at the
//! moment its response arrives: it is a lower bound. The best bound seen so far, extended by the monotonic clock, minus a
//! margin for gateways whose clock runs ahead of the platform's, is a stamp that is always safe.

use std::time::Duration;

/// Safety margin of a timestamp below the known bound. The platform allows a minute.
const MARGIN: i64 = 1_000;
/// Age after which a newer, lower bound replaces a bound: clocks drift apart, and servers are set back.
const FRESH: i64 = 10 * 60 * 1_000;
/// How far the device's clock and the monotonic clock may drift apart before neither is known to be right: the device's was
/// set, or the monotonic one stopped while the machine slept.
const JUMP: i64 = 30 * 1_000;

/// A lower bound of the difference between the server's clock and our monotonic clock, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Bound {
    offset: i64,
    learned_at: i64,
    /// The device's clock at that moment.
    device: i64,
}

/// The model of the platform's clock. Times are in Unix milliseconds, those of the monotonic clock aside.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct ServerTime {
    bound: Option<Bound>,
}

impl ServerTime {
    /// Records the `Date` of a response that arrived at `monotonic`; `device` is the device's clock then.
    pub(crate) fn observe(&mut self, date: i64, device: i64, monotonic: Duration) {
        let seen = Self::bound(date, device, monotonic);
        match self.bound {
            Some(known) if known.offset >= seen.offset && seen.learned_at - known.learned_at < FRESH => {}
            _ => self.bound = Some(seen),
        }
    }

    /// Replaces the bound by the `Date` of a response that refused our timestamp: the bound was wrong.
    pub(crate) fn relearn(&mut self, date: i64, device: i64, monotonic: Duration) {
        self.bound = Some(Self::bound(date, device, monotonic));
    }

    /// The timestamp for a request that leaves at `monotonic`; `device` is the device's clock, used until the first
    /// `Date` is seen.
    pub(crate) fn stamp(&self, device: i64, monotonic: Duration) -> i64 {
        self.now(device, monotonic).saturating_sub(MARGIN)
    }

    /// Whether any `Date` was seen.
    pub(crate) fn is_known(&self) -> bool {
        self.bound.is_some()
    }

    /// The platform's clock: never ahead, slightly behind.
    pub(crate) fn now(&self, device: i64, monotonic: Duration) -> i64 {
        match self.bound {
            Some(bound) => bound.offset.saturating_add(millis(monotonic)),
            None => device,
        }
    }

    /// The platform's clock for someone who gets no response that could correct it: the device's clock, unless the platform's
    /// is known and no clock has jumped since.
    pub(crate) fn uncorrected(&self, device: i64, monotonic: Duration) -> i64 {
        if self.is_current(device, monotonic) { self.now(device, monotonic) } else { device }
    }

    /// Whether the platform's clock is known, and no clock has jumped since.
    pub(crate) fn is_current(&self, device: i64, monotonic: Duration) -> bool {
        self.bound.is_some_and(|bound| {
            let (by_device, by_monotonic) = (device.saturating_sub(bound.device), millis(monotonic) - bound.learned_at);
            by_device.saturating_sub(by_monotonic).abs() <= JUMP
        })
    }

    fn bound(date: i64, device: i64, monotonic: Duration) -> Bound {
        let learned_at = millis(monotonic);
        Bound { offset: date.saturating_sub(learned_at), learned_at, device }
    }
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: i64 = 1_763_812_800_000;

    fn at(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    #[test]
    fn before_the_first_date_the_device_clock_minus_the_margin_counts() {
        assert_eq!(ServerTime::default().stamp(NOON, at(5)), NOON - MARGIN);
    }

    #[test]
    fn a_stamp_is_never_ahead_and_at_most_two_seconds_behind() {
        // The server's clock runs from NOON + 0..1 s with the device's monotonic clock; Date cuts to whole seconds.
        for fraction in (0..1000).step_by(37) {
            let mut time = ServerTime::default();
            for response in 0..5 {
                let arrival = 300 * response;
                let server = NOON + fraction + arrival;
                time.observe(server / 1000 * 1000, 0, at(arrival.unsigned_abs()));
                let stamp = time.stamp(0, at(arrival.unsigned_abs()));
                assert!(stamp <= server && server - stamp <= 2_000, "{}", server - stamp);
            }
        }
    }

    #[test]
    fn the_best_bound_wins_and_advances_with_the_monotonic_clock() {
        let mut time = ServerTime::default();
        time.observe(NOON, 0, at(900));
        time.observe(NOON + 1000, 0, at(1000));
        time.observe(NOON + 1000, 0, at(1900));
        assert_eq!(time.now(0, at(2000)), NOON + 2000);
    }

    #[test]
    fn a_lower_bound_is_taken_after_a_refusal_or_ten_minutes() {
        let mut time = ServerTime::default();
        time.observe(NOON, 0, at(0));
        time.relearn(NOON - 5000, 0, at(1000));
        assert_eq!(time.now(0, at(1000)), NOON - 5000);
        time.observe(NOON - 9000, 0, at(2000));
        assert_eq!(time.now(0, at(2000)), NOON - 4000, "one late response changes nothing");
        time.observe(NOON, 0, at(2000 + u64::try_from(FRESH).unwrap()));
        assert_eq!(time.now(0, at(2000 + u64::try_from(FRESH).unwrap())), NOON);
    }

    #[test]
    fn an_offset_without_corrections_holds_until_a_clock_jumps() {
        let (mut time, slow) = (ServerTime::default(), NOON - 600_000);
        assert_eq!(time.uncorrected(slow, at(0)), slow, "nothing is known yet");
        assert!(!time.is_current(slow, at(0)));
        time.observe(NOON, slow, at(1000));
        assert_eq!(time.uncorrected(slow + 5000, at(6000)), NOON + 5000);
        assert!(time.is_current(slow + 5000, at(6000)));
        assert_eq!(time.uncorrected(NOON + 5000, at(6000)), NOON + 5000, "the device's clock was set");
        assert_eq!(time.uncorrected(slow + 3_600_000, at(6000)), slow + 3_600_000, "the machine slept");
        assert!(!time.is_current(slow + 3_600_000, at(6000)));
    }
}
