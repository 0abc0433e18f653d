//! The rate limit of each session.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::bounded::Bounded;

/// Maximum number of sessions that are counted at once. The one that was quiet for the longest time is forgotten first.
const MAX_SESSIONS: usize = 20_000;

/// Token buckets, one for each session.
#[derive(Debug)]
pub(super) struct Throttle {
    per_second: f64,
    /// What a quiet session may spend at once.
    burst: f64,
    buckets: Mutex<Bounded<Bucket>>,
}

#[derive(Debug, Clone, Copy)]
struct Bucket {
    left: f64,
    at: Duration,
}

impl Throttle {
    pub(super) fn new(per_second: u32) -> Self {
        let per_second = f64::from(per_second.max(1));
        Self { per_second, burst: 2.0 * per_second, buckets: Mutex::new(Bounded::new(MAX_SESSIONS)) }
    }

    /// Counts a request at `now`, on a monotonic clock.
    ///
    /// # Errors
    ///
    /// The time until the next request, if there are too many.
    pub(super) fn take(&self, session: &str, now: Duration) -> Result<(), Duration> {
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        let known = buckets.get(session);
        let mut bucket = known.as_deref().copied().unwrap_or(Bucket { left: self.burst, at: now });
        let passed = now.saturating_sub(bucket.at).as_secs_f64();
        bucket = Bucket { left: (bucket.left + passed * self.per_second).min(self.burst), at: bucket.at.max(now) };
        let result = if bucket.left >= 1.0 {
            bucket.left -= 1.0;
            Ok(())
        } else {
            Err(Duration::from_secs_f64((1.0 - bucket.left) / self.per_second))
        };
        match known {
            Some(known) => *known = bucket,
            None => drop(buckets.insert(session, bucket)),
        }
        result
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_spends_its_burst_and_then_its_rate() {
        let throttle = Throttle::new(20);
        let at = |millis| Duration::from_millis(millis);
        assert_eq!((0..50).filter(|_| throttle.take("a", at(0)).is_ok()).count(), 40);
        let wait = throttle.take("a", at(0)).unwrap_err();
        assert!(wait > at(0) && wait <= at(50), "{wait:?}");
        assert!(throttle.take("b", at(0)).is_ok());
        assert_eq!((0..50).filter(|_| throttle.take("a", at(1000)).is_ok()).count(), 20);
        // A clock that stops or goes back gives nothing.
        assert!(throttle.take("a", at(900)).is_err() && throttle.take("a", at(1000)).is_err());
    }
}
