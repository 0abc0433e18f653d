//! The rate limits of each session and of each cardholder.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::bounded::Bounded;

/// How many times as much as one session all sessions of a cardholder may do, or a user of many sessions would multiply the limits.
pub(super) const SESSIONS_OF_CARDHOLDER: u32 = 3;
/// Maximum number of sessions and cardholders that are counted at once. The one that was quiet for the longest time is forgotten first.
const MAX_BUCKETS: usize = 40_000;

/// Token buckets, one for each session and one for each cardholder.
#[derive(Debug)]
pub(super) struct Throttle {
    /// Requests of a session in a second.
    per_second: f64,
    buckets: Mutex<Bounded<Bucket>>,
}

#[derive(Debug, Clone, Copy)]
struct Bucket {
    left: f64,
    at: Duration,
}

impl Throttle {
    pub(super) fn new(per_second: u32) -> Self {
        Self { per_second: f64::from(per_second.max(1)), buckets: Mutex::new(Bounded::new(MAX_BUCKETS)) }
    }

    /// Counts a request at `now`, on a monotonic clock, for its session and for its cardholder, or for neither.
    ///
    /// # Errors
    ///
    /// The time until the next request, if there are too many.
    pub(super) fn take(&self, session: &str, cardholder_no: &str, now: Duration) -> Result<(), Duration> {
        let rates = [
            (key_of_session(session, cardholder_no), self.per_second),
            (key_of_cardholder(cardholder_no), self.per_second * f64::from(SESSIONS_OF_CARDHOLDER)),
        ];
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        let filled = rates.map(|(key, rate)| {
            let bucket = Bucket::filled(buckets.get(&key).copied(), rate, now);
            (key, rate, bucket)
        });
        let missing = filled.iter().map(|(_, rate, bucket)| (1.0 - bucket.left).max(0.0) / rate).fold(0.0, f64::max);
        let spent = if missing > 0.0 { 0.0 } else { 1.0 };
        for (key, _, bucket) in filled {
            buckets.insert(&key, Bucket { left: bucket.left - spent, ..bucket });
        }
        if missing > 0.0 { Err(Duration::from_secs_f64(missing)) } else { Ok(()) }
    }
}

impl Bucket {
    /// What is left at `now`. A quiet bucket holds what two seconds give.
    fn filled(known: Option<Self>, rate: f64, now: Duration) -> Self {
        let burst = 2.0 * rate;
        let Some(Self { left, at }) = known else { return Self { left: burst, at: now } };
        let passed = now.saturating_sub(at).as_secs_f64();
        Self { left: (left + passed * rate).min(burst), at: at.max(now) }
    }
}

/// Key of what a session does. Sessions of two cardholders may have one name, such as that of a device.
pub(super) fn key_of_session(session: &str, cardholder_no: &str) -> String {
    format!("session {cardholder_no} {session}")
}

/// Key of what all sessions of a cardholder do.
pub(super) fn key_of_cardholder(cardholder_no: &str) -> String {
    format!("cardholder {cardholder_no}")
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    #[test]
    fn a_session_spends_its_burst_and_then_its_rate() {
        let throttle = Throttle::new(20);
        let take = |session: &str, millis| throttle.take(session, session, at(millis));
        assert_eq!((0..50).filter(|_| take("a", 0).is_ok()).count(), 40);
        let wait = take("a", 0).unwrap_err();
        assert!(wait > at(0) && wait <= at(50), "{wait:?}");
        assert!(take("b", 0).is_ok());
        assert_eq!((0..50).filter(|_| take("a", 1000).is_ok()).count(), 20);
        // A clock that stops or goes back gives nothing.
        assert!(take("a", 900).is_err() && take("a", 1000).is_err());
    }

    #[test]
    fn the_sessions_of_a_cardholder_share_three_times_the_rate() {
        let throttle = Throttle::new(20);
        let take = |session: usize, millis| throttle.take(&session.to_string(), "1001", at(millis));
        assert_eq!((0..10 * 40).filter(|number| take(number % 10, 0).is_ok()).count(), 3 * 40);
        assert!(take(10, 0).is_err(), "a new session");
        assert!(throttle.take("10", "1002", at(0)).is_ok());
        assert_eq!((0..1000).filter(|number| take(number % 10, 1000).is_ok()).count(), 3 * 20);
    }

    #[test]
    fn what_is_refused_for_the_cardholder_is_not_counted_for_the_session() {
        let throttle = Throttle::new(20);
        let take = |session: &str, millis| throttle.take(session, "1001", at(millis)).is_ok();
        assert_eq!((0..3 * 40).filter(|number| take(["a", "b", "c"][number % 3], 0)).count(), 3 * 40);
        assert_eq!((0..50).filter(|_| take("d", 0)).count(), 0);
        assert_eq!((0..50).filter(|_| take("d", 1000)).count(), 40);
    }

    #[test]
    fn sessions_of_two_cardholders_may_have_one_name() {
        let throttle = Throttle::new(20);
        assert_eq!((0..50).filter(|_| throttle.take("phone", "1001", at(0)).is_ok()).count(), 40);
        assert_eq!((0..50).filter(|_| throttle.take("phone", "1002", at(0)).is_ok()).count(), 40);
    }
}
