//! Plausibility check for the lifetime of an access token.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

/// Minimum plausible lifetime. With a shorter one nearly every call fetches a new token.
const MIN_LIFETIME_MS: i64 = 10_000;
/// Maximum plausible lifetime. The platform's tokens live for a day; more than a year means another unit of time.
const MAX_LIFETIME_MS: i64 = 366 * 24 * 3600 * 1000;

/// An implausible `expired_time` of a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ImplausibleLifetime {
    /// In the past when the token arrived.
    Past,
    /// Only seconds after the arrival.
    Short,
    /// More than a year after the arrival.
    Long,
}

impl ImplausibleLifetime {
    /// Checks a token that ends at `ends_at` and arrived at `now`, both in the platform's Unix milliseconds.
    fn from_times(ends_at: i64, now: i64) -> Option<Self> {
        match ends_at.saturating_sub(now) {
            ..=0 => Some(Self::Past),
            1..MIN_LIFETIME_MS => Some(Self::Short),
            MAX_LIFETIME_MS.. => Some(Self::Long),
            _ => None,
        }
    }

    /// Describes the implausible time and its effect on the client.
    pub(crate) fn describe(self) -> &'static str {
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

    /// The advice for the merchant.
    pub(crate) const ADVICE: &'static str =
        "set this machine's clock; if the clock is right, report the expired_time to the platform";
}

/// The check result of the last token, and whether a warning was logged.
#[derive(Debug, Default)]
pub(crate) struct TokenLifetime {
    last: Mutex<Option<ImplausibleLifetime>>,
    warned: AtomicBool,
}

impl TokenLifetime {
    /// Checks a token on arrival. Logs a warning for the first implausible one.
    pub(super) fn arrived(&self, ends_at: i64, now: i64) {
        let found = ImplausibleLifetime::from_times(ends_at, now);
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = found;
        if let Some(found) = found.filter(|_| !self.warned.swap(true, Ordering::Relaxed)) {
            log::warn!(target: "keysecure", "access token: {}; {}", found.describe(), ImplausibleLifetime::ADVICE);
        }
    }

    /// The check result of the token that arrived last; `None` if its lifetime is plausible.
    pub(crate) fn last(&self) -> Option<ImplausibleLifetime> {
        *self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lifetime_below_ten_seconds_or_above_a_year_is_implausible() {
        let now: i64 = 1_790_000_000_000;
        for (life, expected) in [
            (i64::MIN, Some(ImplausibleLifetime::Past)),
            (0, Some(ImplausibleLifetime::Past)),
            (1, Some(ImplausibleLifetime::Short)),
            (9_999, Some(ImplausibleLifetime::Short)),
            (10_000, None),
            (86_400_000, None),
            (MAX_LIFETIME_MS, Some(ImplausibleLifetime::Long)),
            (i64::MAX, Some(ImplausibleLifetime::Long)),
        ] {
            assert_eq!(ImplausibleLifetime::from_times(now.saturating_add(life), now), expected, "{life}");
        }
        // The end in seconds, or in microseconds, where milliseconds are documented.
        assert_eq!(ImplausibleLifetime::from_times(now / 1000 + 86_400, now), Some(ImplausibleLifetime::Past));
        assert_eq!(ImplausibleLifetime::from_times(now * 1000, now), Some(ImplausibleLifetime::Long));
    }
}
