//! Plausibility of the lifetime of an access token.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

/// A token that ends sooner than this after its arrival is of no use: nearly every call fetches another one.
const SHORTEST_MS: i64 = 10_000;
/// The platform's tokens live for a day. One that claims more than a year has its end in another unit.
const LONGEST_MS: i64 = 366 * 24 * 3600 * 1000;

/// What is wrong with the `expired_time` of a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OddLifetime {
    /// It had passed when the token arrived.
    Past,
    /// It was only seconds away.
    Short,
    /// It is more than a year away.
    Long,
}

impl OddLifetime {
    /// Checks a token that ends at `ends_at` and arrived at `now`, both in the platform's Unix milliseconds.
    fn from_times(ends_at: i64, now: i64) -> Option<Self> {
        match ends_at.saturating_sub(now) {
            ..=0 => Some(Self::Past),
            1..SHORTEST_MS => Some(Self::Short),
            LONGEST_MS.. => Some(Self::Long),
            _ => None,
        }
    }

    /// What it means for the client.
    pub(crate) fn found(self) -> &'static str {
        match self {
            Self::Past => "its expired_time is in the past on arrival, so that every call fetches a new token",
            Self::Short => {
                "its expired_time is only seconds away on arrival, so that nearly every call fetches a new token"
            }
            Self::Long => {
                "its expired_time is more than a year away, so that it is renewed only when the platform refuses it"
            }
        }
    }

    /// What to do about it.
    pub(crate) const ADVICE: &'static str =
        "set this machine's clock; if the clock is right, report the expired_time to the platform";
}

/// The result for the last token, and whether it was logged.
#[derive(Debug, Default)]
pub(crate) struct TokenLifetime {
    last: Mutex<Option<OddLifetime>>,
    warned: AtomicBool,
}

impl TokenLifetime {
    /// Checks a token on arrival. The first implausible one is logged.
    pub(super) fn arrived(&self, ends_at: i64, now: i64) {
        let odd = OddLifetime::from_times(ends_at, now);
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = odd;
        if let Some(odd) = odd.filter(|_| !self.warned.swap(true, Ordering::Relaxed)) {
            log::warn!(target: "keysecure", "access token: {}; {}", odd.found(), OddLifetime::ADVICE);
        }
    }

    /// What is wrong with the token that arrived last.
    pub(crate) fn odd(&self) -> Option<OddLifetime> {
        *self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lifetime_is_odd_below_ten_seconds_and_above_a_year() {
        let now: i64 = 1_790_000_000_000;
        for (life, odd) in [
            (i64::MIN, Some(OddLifetime::Past)),
            (0, Some(OddLifetime::Past)),
            (1, Some(OddLifetime::Short)),
            (9_999, Some(OddLifetime::Short)),
            (10_000, None),
            (86_400_000, None),
            (LONGEST_MS, Some(OddLifetime::Long)),
            (i64::MAX, Some(OddLifetime::Long)),
        ] {
            assert_eq!(OddLifetime::from_times(now.saturating_add(life), now), odd, "{life}");
        }
        // The end in seconds, or in microseconds, where milliseconds are documented.
        assert_eq!(OddLifetime::from_times(now / 1000 + 86_400, now), Some(OddLifetime::Past));
        assert_eq!(OddLifetime::from_times(now * 1000, now), Some(OddLifetime::Long));
    }
}
