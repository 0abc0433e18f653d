//! Instants: Unix milliseconds on the wire, `SystemTime` for the caller.

use std::ops::RangeInclusive;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::decimal;

/// The years 1601 to 9999 in UTC, in Unix milliseconds: what the clocks and calendars of all platforms and languages can
/// represent. `SystemTime` begins in 1601 on Windows, and the calendar of Python ends in 9999.
const RANGE: RangeInclusive<i64> = -11_644_473_600_000..=253_402_300_799_999;

/// Reads Unix milliseconds from their text.
pub(crate) fn parse(text: &str) -> Option<SystemTime> {
    from_millis(decimal::parse_whole(text)?)
}

/// The instant of a number of Unix milliseconds; `None` outside the years 1601 to 9999.
pub(crate) fn from_millis(millis: i64) -> Option<SystemTime> {
    if !RANGE.contains(&millis) {
        return None;
    }
    let distance = Duration::from_millis(millis.unsigned_abs());
    if millis < 0 { UNIX_EPOCH.checked_sub(distance) } else { UNIX_EPOCH.checked_add(distance) }
}

/// The instant of a number of Unix milliseconds, or the first or last one that is possible.
pub(crate) fn from_millis_clamped(millis: i64) -> SystemTime {
    from_millis(millis.clamp(*RANGE.start(), *RANGE.end())).unwrap_or(UNIX_EPOCH)
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
    fn the_range_is_the_same_on_every_platform() {
        for edge in [*RANGE.start(), *RANGE.end()] {
            assert_eq!(from_millis(edge).map(to_millis), Some(edge));
        }
        for (millis, clamped) in [
            (*RANGE.start() - 1, *RANGE.start()),
            (*RANGE.end() + 1, *RANGE.end()),
            (i64::MIN, *RANGE.start()),
            (i64::MAX, *RANGE.end()),
            (1_763_800_000_123, 1_763_800_000_123),
        ] {
            assert_eq!(from_millis(millis).is_some(), millis == clamped);
            assert_eq!(to_millis(from_millis_clamped(millis)), clamped);
        }
    }
}
