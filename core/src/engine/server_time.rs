//! The client's model of the platform's clock. Pure: events and their times are arguments.
//!
//! The platform refuses a timestamp that is over 60 s old and any in the future, so the client must be a
//! little late and never early. A `Date` header, cut to whole seconds, is never later than the server's clock at the
//! moment its response arrives: it is a lower bound. The best bound seen so far, extended by the monotonic clock, less a
//! margin for gateways whose clock runs ahead of the platform's, is a stamp that is always safe.

use std::time::Duration;

/// How far behind the known bound a stamp stays. The platform allows a minute.
const MARGIN: i64 = 1_000;
/// A bound older than this gives way to a newer, lower one: clocks drift apart, and servers are set back.
const FRESH: i64 = 10 * 60 * 1_000;

/// The server's clock less our monotonic clock, in milliseconds: a lower bound.
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
    /// Takes the `Date` of a response, in Unix milliseconds, that arrived at `monotonic`.
    pub(crate) fn observe(&mut self, date: i64, monotonic: Duration) {
        let seen = Self::bound(date, monotonic);
        match self.bound {
            Some(known) if known.offset >= seen.offset && seen.learned_at - known.learned_at < FRESH => {}
            _ => self.bound = Some(seen),
        }
    }

    /// Takes the `Date` of a response that refused our timestamp: what was known before is wrong.
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

    /// The platform's clock, at most a little late.
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
    fn before_anything_is_known_the_device_is_believed_less_the_margin() {
        assert_eq!(ServerTime::default().stamp(NOON, at(5)), NOON - MARGIN);
    }

    #[test]
    fn a_stamp_is_never_in_the_servers_future_and_never_late_by_seconds() {
        // The server's clock runs from NOON + 0..1 s with the device's monotonic clock; Date cuts to whole seconds.
        for fraction in (0..1000).step_by(37) {
            let mut time = ServerTime::default();
            for answer in 0..5 {
                let arrival = 300 * answer;
                let server = NOON + fraction + arrival;
                time.observe(server / 1000 * 1000, at(arrival.unsigned_abs()));
                let stamp = time.stamp(0, at(arrival.unsigned_abs()));
                assert!(stamp <= server && server - stamp <= 2_000, "{}", server - stamp);
            }
        }
    }

    #[test]
    fn the_best_bound_wins_and_is_carried_on() {
        let mut time = ServerTime::default();
        time.observe(NOON, at(900));
        time.observe(NOON + 1000, at(1000));
        time.observe(NOON + 1000, at(1900));
        assert_eq!(time.now(0, at(2000)), NOON + 2000);
    }

    #[test]
    fn a_server_that_was_set_back_is_believed_at_once_after_a_refusal_and_in_time_without_one() {
        let mut time = ServerTime::default();
        time.observe(NOON, at(0));
        time.relearn(NOON - 5000, at(1000));
        assert_eq!(time.now(0, at(1000)), NOON - 5000);
        time.observe(NOON - 9000, at(2000));
        assert_eq!(time.now(0, at(2000)), NOON - 4000, "one late answer changes nothing");
        time.observe(NOON, at(2000 + u64::try_from(FRESH).unwrap()));
        assert_eq!(time.now(0, at(2000 + u64::try_from(FRESH).unwrap())), NOON);
    }
}
