//! Dates, times of day and UTC offsets, as HTTP headers and list calls write them.

use std::time::{Duration, UNIX_EPOCH};

use time::format_description::BorrowedFormatItem;
use time::macros::format_description;
use time::{Date, OffsetDateTime, PrimitiveDateTime, Time};

const DATE: &[BorrowedFormatItem<'_>] = format_description!("[year]-[month]-[day]");
const DATE_TIME: &[BorrowedFormatItem<'_>] = format_description!("[year]-[month]-[day] [hour]:[minute]:[second]");
const DAY_SECONDS: i64 = 86_400;
/// The last second of the year 9999: neither an HTTP date nor a civil time has more digits.
const MAX_SECONDS: i64 = 253_402_300_799;

/// The date of an instant, in UTC. The virtual clock is limited to the years 1970 to 9999 here.
pub(crate) fn utc_date(unix_ms: i64) -> Date {
    OffsetDateTime::from_unix_timestamp(displayable_seconds(unix_ms)).unwrap_or(OffsetDateTime::UNIX_EPOCH).date()
}

/// The form of an HTTP `Date` header. Fractions of a second are truncated, never rounded up into the future. The virtual
/// clock is limited to the years 1970 to 9999 here.
pub(crate) fn http_date(unix_ms: i64) -> String {
    let since_epoch = Duration::from_secs(displayable_seconds(unix_ms).unsigned_abs());
    httpdate::fmt_http_date(UNIX_EPOCH + since_epoch)
}

fn displayable_seconds(unix_ms: i64) -> i64 {
    unix_ms.div_euclid(1000).clamp(0, MAX_SECONDS)
}

/// A civil time as list calls write it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct CivilTime {
    /// Seconds since 1970-01-01 00:00:00 in the same UTC offset.
    pub(crate) seconds: i64,
    /// Whether it was written without a time of day.
    pub(crate) whole_day: bool,
}

impl CivilTime {
    /// Parses `yyyy-MM-dd` or `yyyy-MM-dd HH:mm:ss`.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        // The year may have a sign for `time`, but not for the platform.
        text.starts_with(|first: char| first.is_ascii_digit()).then_some(())?;
        let whole_day = !text.contains(' ');
        let parsed = if whole_day {
            PrimitiveDateTime::new(Date::parse(text, DATE).ok()?, Time::MIDNIGHT)
        } else {
            PrimitiveDateTime::parse(text, DATE_TIME).ok()?
        };
        Some(Self { seconds: parsed.assume_utc().unix_timestamp(), whole_day })
    }

    /// The last second of the time: its own, or the last one of its day.
    pub(crate) fn last_second(self) -> i64 {
        if self.whole_day { self.seconds + DAY_SECONDS - 1 } else { self.seconds }
    }
}

/// Parses `UTC`, `UTC+8`, `UTC-3`, `UTC+5:30` or `UTC+05:30` (`GMT` is accepted for `UTC`) into seconds east of UTC.
pub(crate) fn parse_utc_offset(text: &str) -> Option<i64> {
    let rest = text.strip_prefix("UTC").or_else(|| text.strip_prefix("GMT"))?;
    let (sign, rest) = match rest.as_bytes().first() {
        None => return Some(0),
        Some(b'+') => (1, &rest[1..]),
        Some(b'-') => (-1, &rest[1..]),
        Some(_) => return None,
    };
    let (hours, minutes) = rest.split_once(':').unwrap_or((rest, "00"));
    if !(1..=2).contains(&hours.len()) || minutes.len() != 2 {
        return None;
    }
    let number = |digits: &str| -> Option<i64> {
        digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok()).flatten()
    };
    let (hours, minutes) = (number(hours)?, number(minutes)?);
    (hours <= 14 && minutes < 60).then_some(sign * (hours * 3600 + minutes * 60))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_date_of_an_instant_is_in_utc() {
        for (unix_ms, date) in [
            (0, (1970, 1, 1)),
            (19_782 * 86_400_000, (2024, 2, 29)),
            (19_783 * 86_400_000 - 1, (2024, 2, 29)),
            (i64::MIN, (1970, 1, 1)),
            (i64::MAX, (9999, 12, 31)),
        ] {
            let found = utc_date(unix_ms);
            assert_eq!(date, (found.year(), u8::from(found.month()), found.day()), "{unix_ms}");
        }
    }

    #[test]
    fn an_http_date_has_the_standard_form_and_whole_seconds() {
        assert_eq!("Sun, 06 Nov 1994 08:49:37 GMT", http_date(784_111_777_999));
        assert_eq!("Thu, 01 Jan 1970 00:00:00 GMT", http_date(0));
        assert_eq!("Thu, 01 Jan 1970 00:00:00 GMT", http_date(i64::MIN));
        assert_eq!("Fri, 31 Dec 9999 23:59:59 GMT", http_date(i64::MAX));
    }

    #[test]
    fn both_forms_of_a_time_are_parsed() {
        let day = CivilTime::parse("2026-03-01").unwrap();
        let noon = CivilTime::parse("2026-03-01 12:00:00").unwrap();
        assert_eq!(1_772_323_200, day.seconds);
        assert_eq!(12 * 3600, noon.seconds - day.seconds);
        assert_eq!(day.seconds + 86_399, day.last_second());
        assert_eq!(noon.seconds, noon.last_second());
        assert_eq!(19_782 * DAY_SECONDS, CivilTime::parse("2024-02-29").unwrap().seconds);
    }

    #[test]
    fn invalid_times_and_other_formats_are_refused() {
        for bad in [
            "",
            "2026-02-29",
            "2026-13-01",
            "2026-00-10",
            "2026-01-00",
            "2026-1-1",
            "26-01-01",
            "2026-01-01T00:00:00",
            "2026-01-01 24:00:00",
            "2026-01-01 00:60:00",
            "2026-01-01 00:00:60",
            "2026-01-01 0:00:00",
            "2026-01-01 ",
            "2026/01/01",
            "+026-01-01",
            "+2026-01-01",
            "-2026-01-01",
            "２026-01-01",
        ] {
            assert_eq!(None, CivilTime::parse(bad), "{bad}");
        }
    }

    #[test]
    fn offsets_are_hours_or_hours_and_minutes() {
        for (text, seconds) in [
            ("UTC", 0),
            ("UTC+0", 0),
            ("UTC+8", 28_800),
            ("UTC-3", -10_800),
            ("UTC+5:30", 19_800),
            ("UTC-03:30", -12_600),
            ("GMT+8", 28_800),
        ] {
            assert_eq!(Some(seconds), parse_utc_offset(text), "{text}");
        }
        for bad in ["", "Asia/Shanghai", "UTC8", "UTC+", "UTC+15", "UTC+5:3", "UTC+5:60", "UTC+123", "UTC+-1"] {
            assert_eq!(None, parse_utc_offset(bad), "{bad}");
        }
    }
}
