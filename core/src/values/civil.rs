//! Civil dates and UTC offsets: the bounds of a list window and their form in a request.

use std::fmt;
use std::str::FromStr;
use std::time::SystemTime;

use super::instant;
use crate::error::Error;

const DAY: i64 = 86_400;

/// Calendar date. The client's [`UtcOffset`] decides which instants it covers.
///
/// # Examples
///
/// ```
/// use keysecure::Date;
///
/// let date = Date::new(2026, 12, 31)?;
/// assert_eq!(date, "2026-12-31".parse()?);
/// # Ok::<(), keysecure::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date {
    year: i32,
    month: u32,
    day: u32,
}

impl Date {
    /// Creates a date of the Gregorian calendar, of the years 1970 to 9999.
    ///
    /// # Errors
    ///
    /// Kind [`InvalidInput`](crate::ErrorKind::InvalidInput) if there is no such date.
    pub fn new(year: i32, month: u32, day: u32) -> Result<Self, Error> {
        let date = Self { year, month, day };
        let exists = (1970..=9999).contains(&year) && date == Self::from_days(date.days());
        if exists { Ok(date) } else { Err(Error::invalid_input("date", "must be a day of the years 1970 to 9999")) }
    }

    /// Days since 1970-01-01.
    ///
    /// Years start in March here, so that the leap day is the last day of its year.
    pub(crate) fn days(self) -> i64 {
        let year = i64::from(self.year) - i64::from(self.month <= 2);
        let month = (i64::from(self.month) + 9) % 12;
        let day_of_year = (153 * month + 2) / 5 + i64::from(self.day) - 1;
        let (era, year_of_era) = (year.div_euclid(400), year.rem_euclid(400));
        era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
    }

    fn from_days(days: i64) -> Self {
        let days = days + 719_468;
        let (era, day_of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
        let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let month = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * month + 2) / 5 + 1;
        let month = if month < 10 { month + 3 } else { month - 9 };
        let year = era * 400 + year_of_era + i64::from(month <= 2);
        // The ranges follow from the arithmetic for every year that `new` lets in.
        Self {
            year: i32::try_from(year).unwrap_or(i32::MAX),
            month: u32::try_from(month).unwrap_or(0),
            day: u32::try_from(day).unwrap_or(0),
        }
    }
}

impl fmt::Display for Date {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

impl FromStr for Date {
    type Err = Error;

    /// Parses `yyyy-MM-dd`, such as `2026-11-22`.
    fn from_str(text: &str) -> Result<Self, Error> {
        let wrong = || Error::invalid_input("date", "must be written yyyy-MM-dd");
        let number = |range: std::ops::Range<usize>| -> Option<u32> {
            let digits = text.get(range)?;
            if digits.bytes().all(|byte| byte.is_ascii_digit()) { digits.parse().ok() } else { None }
        };
        if text.len() != 10 || text.as_bytes()[4] != b'-' || text.as_bytes()[7] != b'-' {
            return Err(wrong());
        }
        match (number(0..4).and_then(|year| i32::try_from(year).ok()), number(5..7), number(8..10)) {
            (Some(year), Some(month), Some(day)) => Self::new(year, month, day),
            _ => Err(wrong()),
        }
    }
}

/// Start or end of a list window: an instant, or a whole day in the client's time zone.
///
/// # Dates near today
///
/// A date is the whole day in the client's `timezone` ([`ClientBuilder::timezone`](crate::ClientBuilder::timezone), UTC+8 by
/// default), wherever the program runs. With the default, and the machine's date of today as a bound:
///
/// | machine in | its time | today there | now in UTC+8 | as start | as end |
/// |---|---|---|---|---|---|
/// | UTC | 26 Nov 10:00 | 26 Nov | 26 Nov 18:00 | begins 25 Nov 16:00 UTC | covers the present |
/// | UTC | 26 Nov 17:00 | 26 Nov | 27 Nov 01:00 | begins 25 Nov 16:00 UTC | ended an hour ago: the newest rows are left out |
/// | UTC+9 | 27 Nov 00:30 | 27 Nov | 26 Nov 23:30 | has not begun: refused | covers the present |
/// | UTC+8 | any | the same | the same | begins at midnight | covers the present |
///
/// A start that has not begun is an error, because its list would always be empty. An end that is over is a valid request for
/// whole days; the client logs a warning if it is still today on the machine and the [`Clock`](crate::Clock) knows the
/// machine's time zone. Both rules use the platform's clock as far as it is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
pub enum WindowBound {
    /// An instant. The platform's windows have a resolution of one second: a start is rounded down and an end up, so that no
    /// row is missed.
    Instant {
        /// The instant.
        at: SystemTime,
    },
    /// A day. As a start it means its first second, as an end its last second.
    Day {
        /// The day.
        date: Date,
    },
}

impl From<SystemTime> for WindowBound {
    fn from(at: SystemTime) -> Self {
        Self::Instant { at }
    }
}

impl From<Date> for WindowBound {
    fn from(date: Date) -> Self {
        Self::Day { date }
    }
}

/// Fixed offset from UTC, such as `UTC+8`, `UTC-3` or `UTC+5:30`, as in the platform's `Timezone` header.
///
/// It decides which instants a bare date covers. It never changes an instant. Default: `UTC+8`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct UtcOffset {
    seconds: i64,
}

impl UtcOffset {
    /// Returns the platform's default, `UTC+8`.
    pub const PLATFORM_DEFAULT: Self = Self { seconds: 8 * 3600 };

    /// The first millisecond of a window that starts at `when`, in Unix milliseconds.
    pub(crate) fn start_millis(self, when: WindowBound) -> i64 {
        match when {
            WindowBound::Instant { at } => instant::to_millis(at),
            WindowBound::Day { date } => (date.days() * DAY - self.seconds) * 1000,
        }
    }

    /// The last millisecond of a window that ends at `when`, in Unix milliseconds.
    pub(crate) fn end_millis(self, when: WindowBound) -> i64 {
        match when {
            WindowBound::Instant { at } => instant::to_millis(at),
            WindowBound::Day { .. } => self.start_millis(when) + DAY * 1000 - 1,
        }
    }

    /// The first second of a window that starts at `when`, in Unix seconds.
    pub(crate) fn start_second(self, when: WindowBound) -> i64 {
        self.start_millis(when).div_euclid(1000)
    }

    /// The last second of a window that ends at `when`, in Unix seconds. An instant is rounded up.
    pub(crate) fn end_second(self, when: WindowBound) -> i64 {
        let millis = self.end_millis(when);
        match when {
            WindowBound::Instant { .. } => millis.div_euclid(1000) + i64::from(millis.rem_euclid(1000) > 0),
            WindowBound::Day { .. } => millis.div_euclid(1000),
        }
    }

    /// The date in this zone at a time in Unix milliseconds.
    pub(crate) fn date_at(self, millis: i64) -> Date {
        Date::from_days(millis.div_euclid(1000).saturating_add(self.seconds).div_euclid(DAY))
    }

    /// The civil time of a Unix second in this zone, as `yyyy-MM-dd HH:mm:ss`.
    pub(crate) fn civil(self, second: i64) -> String {
        let local = second.saturating_add(self.seconds);
        let (date, time) = (Date::from_days(local.div_euclid(DAY)), local.rem_euclid(DAY));
        format!("{date} {:02}:{:02}:{:02}", time / 3600, time / 60 % 60, time % 60)
    }
}

impl Default for UtcOffset {
    fn default() -> Self {
        Self::PLATFORM_DEFAULT
    }
}

impl fmt::Display for UtcOffset {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.seconds < 0 { '-' } else { '+' };
        let (hours, minutes) = (self.seconds.abs() / 3600, self.seconds.abs() / 60 % 60);
        write!(formatter, "UTC{sign}{hours}")?;
        if minutes > 0 { write!(formatter, ":{minutes:02}") } else { Ok(()) }
    }
}

impl FromStr for UtcOffset {
    type Err = Error;

    /// Parses `UTC`, `UTC+8`, `UTC-3` or `UTC+5:30`, and the forms of ISO 8601, `Z` and `+08:00`; at most 14 hours in either
    /// direction.
    fn from_str(text: &str) -> Result<Self, Error> {
        let wrong =
            || Error::config("timezone must be a fixed offset, written like UTC, UTC+8, UTC-3, UTC+5:30 or +08:00");
        if matches!(text, "UTC" | "Z") {
            return Ok(Self { seconds: 0 });
        }
        let is_iso = text.len() == 6 && text.as_bytes()[3] == b':';
        let offset = text.strip_prefix("UTC").or(is_iso.then_some(text)).ok_or_else(wrong)?;
        let (sign, clock) = match offset.split_at_checked(1) {
            Some(("+", clock)) => (1, clock),
            Some(("-", clock)) => (-1, clock),
            _ => return Err(wrong()),
        };
        let number = |digits: &str, most: i64| -> Result<i64, Error> {
            let plain = (1..=2).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
            digits.parse().ok().filter(|number| plain && *number <= most).ok_or_else(wrong)
        };
        let (hours, minutes) = clock.split_once(':').unwrap_or((clock, "0"));
        let seconds = number(hours, 14)? * 3600 + number(minutes, 59)? * 60;
        if seconds > 14 * 3600 {
            return Err(wrong());
        }
        Ok(Self { seconds: sign * seconds })
    }
}

/// Maximum length of a window of one list call, in seconds (platform documentation, lists: 90 days).
pub(crate) const MAX_WINDOW: i64 = 90 * DAY;

/// Splits a span of Unix seconds, both ends included, into windows of at most 90 days.
///
/// Adjacent windows share a second. Whether the platform compares whole seconds or milliseconds is not documented; with a shared
/// second no row is missed in either case, and rows that are returned twice are recognised by their number.
pub(crate) fn windows(start: i64, end: i64) -> Vec<(i64, i64)> {
    let mut windows = Vec::new();
    let mut from = start;
    while end - from > MAX_WINDOW {
        windows.push((from, from + MAX_WINDOW));
        from += MAX_WINDOW;
    }
    windows.push((from, end));
    windows
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_of_the_calendar_go_there_and_back() {
        for days in (0..2_932_000).step_by(7) {
            assert_eq!(Date::from_days(days).days(), days);
        }
        assert_eq!(Date::new(2000, 2, 29).unwrap().days(), 11_016);
        assert_eq!(Date::new(2026, 11, 22).unwrap().days(), 20_779);
    }

    #[test]
    fn days_that_do_not_exist_are_refused() {
        for (year, month, day) in
            [(2026, 2, 29), (2026, 13, 1), (2026, 0, 1), (2026, 1, 0), (1969, 12, 31), (10000, 1, 1)]
        {
            assert!(Date::new(year, month, day).is_err(), "{year}-{month}-{day}");
        }
        for text in ["2026-1-01", "2026/01/01", "+026-01-01", "2026-01-011", "", "２026-01-01"] {
            assert!(text.parse::<Date>().is_err(), "{text}");
        }
        assert_eq!("2026-11-22".parse::<Date>().unwrap().to_string(), "2026-11-22");
    }

    #[test]
    fn zones_are_written_as_the_platform_reads_them() {
        for (text, shown) in [
            ("UTC+8", "UTC+8"),
            ("UTC-3", "UTC-3"),
            ("UTC", "UTC+0"),
            ("UTC-0", "UTC+0"),
            ("UTC+05:30", "UTC+5:30"),
            ("Z", "UTC+0"),
            ("+08:00", "UTC+8"),
            ("-03:30", "UTC-3:30"),
            ("UTC+14:00", "UTC+14"),
        ] {
            assert_eq!(text.parse::<UtcOffset>().unwrap().to_string(), shown);
        }
        for text in [
            "", "+8", "GMT+8", "UTC8", "UTC+", "UTC+15", "UTC+8:60", "UTC+8:", "UTC+-8", "utc+8", "+8:00", "08:00",
            "+08:0x", "+14:01", "z", "号:号",
        ] {
            assert!(text.parse::<UtcOffset>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_day_begins_and_ends_in_the_zone() {
        let day = WindowBound::from(Date::new(2026, 11, 22).unwrap());
        let zone: UtcOffset = "UTC+8".parse().unwrap();
        assert_eq!(zone.civil(zone.start_second(day)), "2026-11-22 00:00:00");
        assert_eq!(zone.civil(zone.end_second(day)), "2026-11-22 23:59:59");
        let other: UtcOffset = "UTC-3".parse().unwrap();
        assert_eq!(other.start_second(day) - zone.start_second(day), 11 * 3600);
    }

    #[test]
    fn an_instant_is_rounded_outwards() {
        let at = WindowBound::from(instant::from_millis(1_763_800_000_001).unwrap());
        let zone = UtcOffset::default();
        assert_eq!(zone.start_second(at), 1_763_800_000);
        assert_eq!(zone.end_second(at), 1_763_800_001);
    }

    #[test]
    fn windows_cover_the_span_and_share_their_seams() {
        let cut = windows(0, 400 * DAY);
        assert_eq!(cut.len(), 5);
        assert_eq!((cut[0].0, cut[4].1), (0, 400 * DAY));
        assert!(cut.iter().all(|(from, to)| from < to && to - from <= MAX_WINDOW));
        assert!(cut.windows(2).all(|pair| pair[0].1 == pair[1].0));
        assert_eq!(windows(0, MAX_WINDOW).len(), 1);
        assert_eq!(windows(5, 6), [(5, 6)]);
    }
}
