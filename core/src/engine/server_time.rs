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

/// A lower bound of the difference between the server's clock and our monotonic clock, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Bound {
    offset: i64,
    learned_at: i64,
}

/// The model of the platform's clock.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct ServerTime {
    bound: Option<Bound>,
}

impl ServerTime {
    /// Records the `Date`, in Unix milliseconds, of a response that arrived at `monotonic`.
    pub(crate) fn observe(&mut self, date: i64, monotonic: Duration) {
        let seen = Self::bound(date, monotonic);
        match self.bound {
            Some(known) if known.offset >= seen.offset && seen.learned_at - known.learned_at < FRESH => {}
            _ => self.bound = Some(seen),
        }
    }

    /// Replaces the bound by the `Date` of a response that refused our timestamp: the bound was wrong.
    pub(crate) fn relearn(&mut self, date: i64, monotonic: Duration) {
        self.bound = Some(Self::bound(date, monotonic));
    }

    /// The timestamp for a request that leaves at `monotonic`; `device` is the device's clock, used until the first
    /// `Date` is seen. All in Unix milliseconds.
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

    fn bound(date: i64, monotonic: Duration) -> Bound {
        let learned_at = millis(monotonic);
        Bound { offset: date.saturating_sub(learned_at), learned_at }
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
                time.observe(server / 1000 * 1000, at(arrival.unsigned_abs()));
                let stamp = time.stamp(0, at(arrival.unsigned_abs()));
                assert!(stamp <= server && server - stamp <= 2_000, "{}", server - stamp);
            }
        }
    }

    #[test]
    fn the_best_bound_wins_and_advances_with_the_monotonic_clock() {
        let mut time = ServerTime::default();
        time.observe(NOON, at(900));
        time.observe(NOON + 1000, at(1000));
        time.observe(NOON + 1000, at(1900));
        assert_eq!(time.now(0, at(2000)), NOON + 2000);
    }

    #[test]
    fn a_lower_bound_is_taken_after_a_refusal_or_ten_minutes() {
        let mut time = ServerTime::default();
        time.observe(NOON, at(0));
        time.relearn(NOON - 5000, at(1000));
        assert_eq!(time.now(0, at(1000)), NOON - 5000);
        time.observe(NOON - 9000, at(2000));
        assert_eq!(time.now(0, at(2000)), NOON - 4000, "one late response changes nothing");
        time.observe(NOON, at(2000 + u64::try_from(FRESH).unwrap()));
        assert_eq!(time.now(0, at(2000 + u64::try_from(FRESH).unwrap())), NOON);
    }
}
