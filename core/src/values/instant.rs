//! Instants: Unix milliseconds on the wire, `SystemTime` for the caller.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::decimal;

/// Reads Unix milliseconds from their text.
pub(crate) fn parse(text: &str) -> Option<SystemTime> {
    from_millis(decimal::parse_whole(text)?)
}

/// The instant of a number of Unix milliseconds; `None` if `SystemTime` cannot represent it.
pub(crate) fn from_millis(millis: i64) -> Option<SystemTime> {
    let distance = Duration::from_millis(millis.unsigned_abs());
    if millis < 0 { UNIX_EPOCH.checked_sub(distance) } else { UNIX_EPOCH.checked_add(distance) }
}

/// Unix milliseconds of an instant, rounded down and limited to the range of `i64`.
pub(crate) fn to_millis(instant: SystemTime) -> i64 {
    match instant.duration_since(UNIX_EPOCH) {
        Ok(after) => i64::try_from(after.as_millis()).unwrap_or(i64::MAX),
        Err(before) => {
            let nanos = before.duration().as_nanos().div_ceil(1_000_000);
            i64::try_from(nanos).map_or(i64::MIN, |millis| -millis)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn milliseconds_go_there_and_back() {
        for millis in [0, 1, 1_763_800_000_123, -1, -86_400_000] {
            assert_eq!(to_millis(from_millis(millis).unwrap()), millis);
        }
        assert_eq!(parse("1763800000123").map(to_millis), Some(1_763_800_000_123));
        assert_eq!(parse("yesterday"), None);
    }

    #[test]
    fn hostile_numbers_do_not_panic() {
        for millis in [i64::MIN, i64::MAX] {
            if let Some(instant) = from_millis(millis) {
                to_millis(instant);
            }
        }
    }
}
