//! Dates and times of day: the sandbox's own calendar, so that it shares no mistake with the client's.

const DAY_SECONDS: i64 = 86_400;
const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
/// 1970-01-01 was a Thursday.
const WEEKDAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];

/// A day of the Gregorian calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Date {
    pub(crate) year: i64,
    pub(crate) month: i64,
    pub(crate) day: i64,
}

impl Date {
    /// The date that lies `days` after 1970-01-01.
    pub(crate) fn from_days(days: i64) -> Self {
        // Years are counted from 1 March, so that the leap day is a year's last day; an era is 400 years.
        let shifted = days + 719_468;
        let era = shifted.div_euclid(146_097);
        let day_of_era = shifted.rem_euclid(146_097);
        let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let march_month = (5 * day_of_year + 2) / 153;
        let month = if march_month < 10 { march_month + 3 } else { march_month - 9 };
        Self {
            year: era * 400 + year_of_era + i64::from(month <= 2),
            month,
            day: day_of_year - (153 * march_month + 2) / 5 + 1,
        }
    }

    /// Days since 1970-01-01.
    pub(crate) fn to_days(self) -> i64 {
        let year = self.year - i64::from(self.month <= 2);
        let era = year.div_euclid(400);
        let year_of_era = year.rem_euclid(400);
        let march_month = (self.month + 9) % 12;
        let day_of_year = (153 * march_month + 2) / 5 + self.day - 1;
        let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
        era * 146_097 + day_of_era - 719_468
    }

    /// Reads `yyyy-MM-dd`; a day that the calendar does not have is refused.
    fn parse(text: &str) -> Option<Self> {
        let bytes = text.as_bytes();
        if bytes.len() != 10 || bytes[4] != b'-' || bytes[7] != b'-' {
            return None;
        }
        let date = Self { year: digits(&bytes[..4])?, month: digits(&bytes[5..7])?, day: digits(&bytes[8..])? };
        // There and back again finds 30 February and month 13.
        (date.month > 0 && date.month < 13 && Self::from_days(date.to_days()) == date).then_some(date)
    }
}

/// The date of an instant, in UTC.
pub(crate) fn date_of(unix_ms: i64) -> Date {
    Date::from_days(unix_ms.div_euclid(1000 * DAY_SECONDS))
}

/// The form of an HTTP `Date` header. Part seconds are cut off, never rounded up into the future.
pub(crate) fn http_date(unix_ms: i64) -> String {
    let seconds = unix_ms.div_euclid(1000);
    let days = seconds.div_euclid(DAY_SECONDS);
    let second = seconds.rem_euclid(DAY_SECONDS);
    let date = Date::from_days(days);
    format!(
        "{}, {:02} {} {:04} {:02}:{:02}:{:02} GMT",
        pick(&WEEKDAYS, days.rem_euclid(7)),
        date.day,
        pick(&MONTHS, date.month - 1),
        date.year,
        second / 3600,
        second / 60 % 60,
        second % 60,
    )
}

/// A civil time as the list calls write it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct CivilTime {
    /// Seconds since 1970-01-01 00:00:00 on the same wall clock.
    pub(crate) seconds: i64,
    /// Written without a time of day.
    pub(crate) whole_day: bool,
}

impl CivilTime {
    /// Reads `yyyy-MM-dd` or `yyyy-MM-dd HH:mm:ss`.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let Some((date, time)) = text.split_once(' ') else {
            return Some(Self { seconds: Date::parse(text)?.to_days() * DAY_SECONDS, whole_day: true });
        };
        let bytes = time.as_bytes();
        if bytes.len() != 8 || bytes[2] != b':' || bytes[5] != b':' {
            return None;
        }
        let (hour, minute, second) = (digits(&bytes[..2])?, digits(&bytes[3..5])?, digits(&bytes[6..])?);
        (hour < 24 && minute < 60 && second < 60).then_some(())?;
        Some(Self {
            seconds: Date::parse(date)?.to_days() * DAY_SECONDS + hour * 3600 + minute * 60 + second,
            whole_day: false,
        })
    }

    /// The last second that belongs to it: its own, or the last one of its day.
    pub(crate) fn last_second(self) -> i64 {
        if self.whole_day { self.seconds + DAY_SECONDS - 1 } else { self.seconds }
    }
}

/// Seconds east of UTC of `UTC`, `UTC+8`, `UTC-3`, `UTC+5:30` or `UTC+05:30` (`GMT` is taken for `UTC`).
pub(crate) fn parse_zone(text: &str) -> Option<i64> {
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
    let (hours, minutes) = (digits(hours.as_bytes())?, digits(minutes.as_bytes())?);
    (hours <= 14 && minutes < 60).then_some(sign * (hours * 3600 + minutes * 60))
}

fn digits(bytes: &[u8]) -> Option<i64> {
    bytes.iter().try_fold(0, |sum, byte| byte.is_ascii_digit().then(|| sum * 10 + i64::from(byte - b'0')))
}

fn pick<'a>(names: &[&'a str], at: i64) -> &'a str {
    usize::try_from(at).ok().and_then(|at| names.get(at)).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_go_there_and_back() {
        for days in (-800_000..800_000).step_by(97) {
            assert_eq!(days, Date::from_days(days).to_days());
        }
        let leap = Date { year: 2024, month: 2, day: 29 };
        assert_eq!(19_782, leap.to_days());
        assert_eq!(leap, Date::from_days(19_782));
    }

    #[test]
    fn an_http_date_is_written_as_the_standard_shows_it_and_cut_to_the_second() {
        assert_eq!("Sun, 06 Nov 1994 08:49:37 GMT", http_date(784_111_777_999));
        assert_eq!("Thu, 01 Jan 1970 00:00:00 GMT", http_date(0));
    }

    #[test]
    fn both_forms_of_a_time_are_read() {
        let day = CivilTime::parse("2026-03-01").unwrap();
        let noon = CivilTime::parse("2026-03-01 12:00:00").unwrap();
        assert_eq!(12 * 3600, noon.seconds - day.seconds);
        assert_eq!(day.seconds + 86_399, day.last_second());
        assert_eq!(noon.seconds, noon.last_second());
    }

    #[test]
    fn times_that_do_not_exist_or_are_written_otherwise_are_refused() {
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
            "２026-01-01",
        ] {
            assert_eq!(None, CivilTime::parse(bad), "{bad}");
        }
    }

    #[test]
    fn zones_are_read_as_hours_or_hours_and_minutes() {
        for (text, seconds) in [
            ("UTC", 0),
            ("UTC+0", 0),
            ("UTC+8", 28_800),
            ("UTC-3", -10_800),
            ("UTC+5:30", 19_800),
            ("UTC-03:30", -12_600),
            ("GMT+8", 28_800),
        ] {
            assert_eq!(Some(seconds), parse_zone(text), "{text}");
        }
        for bad in ["", "Asia/Shanghai", "UTC8", "UTC+", "UTC+15", "UTC+5:3", "UTC+5:60", "UTC+123"] {
            assert_eq!(None, parse_zone(bad), "{bad}");
        }
    }
}
