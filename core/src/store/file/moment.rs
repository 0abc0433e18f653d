//! The time of a record, and its age.

use std::fs;
use std::sync::OnceLock;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Time of a record: by the wall clock and, on Linux, also by the uptime. The wall clock can be changed; the uptime ends with a
/// restart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Moment {
    wall_ms: u64,
    /// Boot id and uptime in milliseconds.
    boot: Option<(String, u64)>,
}

impl Moment {
    pub(super) fn now() -> Self {
        let wall = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self { wall_ms: millis(wall), boot: boot_id().zip(uptime_ms()) }
    }

    /// Formats the time as three words: wall clock, boot id, uptime.
    pub(super) fn to_words(&self) -> String {
        match &self.boot {
            Some((boot, uptime_ms)) => format!("{} {boot} {uptime_ms}", self.wall_ms),
            None => format!("{} - 0", self.wall_ms),
        }
    }

    pub(super) fn from_words<'a>(words: &mut impl Iterator<Item = &'a str>) -> Option<Self> {
        let wall_ms = words.next()?.parse().ok()?;
        let (boot, uptime_ms) = (words.next()?, words.next()?.parse().ok()?);
        Some(Self { wall_ms, boot: (boot != "-").then(|| (boot.to_owned(), uptime_ms)) })
    }

    /// Minimum age: the smaller one of both clocks; zero if the time is in the future.
    pub(super) fn age(&self, now: &Self) -> Duration {
        let by_wall = now.wall_ms.saturating_sub(self.wall_ms);
        let age_ms = match (&self.boot, &now.boot) {
            (Some((boot, then)), Some((same, now))) if boot == same => by_wall.min(now.saturating_sub(*then)),
            _ => by_wall,
        };
        Duration::from_millis(age_ms)
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// First digits of the boot id of Linux.
fn boot_id() -> Option<String> {
    static ID: OnceLock<Option<String>> = OnceLock::new();
    let read = || {
        let text = fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
        let id: String = text.chars().take_while(char::is_ascii_alphanumeric).collect();
        (!id.is_empty()).then_some(id)
    };
    ID.get_or_init(read).clone()
}

fn uptime_ms() -> Option<u64> {
    let text = fs::read_to_string("/proc/uptime").ok()?;
    let seconds: f64 = text.split(' ').next()?.parse().ok()?;
    Duration::try_from_secs_f64(seconds).ok().map(millis)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moment(wall_ms: u64, boot: &str, uptime_ms: u64) -> Moment {
        Moment { wall_ms, boot: Some((boot.to_owned(), uptime_ms)) }
    }

    #[test]
    fn the_smaller_age_counts() {
        let then = moment(10_000, "one", 500);
        for (now, age) in [
            (moment(13_000, "one", 3_500), 3_000),
            (moment(99_000, "one", 1_500), 1_000),
            (moment(9_000, "one", 9_500), 0),
            (moment(13_000, "two", 100), 3_000),
            (moment(9_000, "two", 100), 0),
            (Moment { wall_ms: 13_000, boot: None }, 3_000),
        ] {
            assert_eq!(then.age(&now), Duration::from_millis(age), "{now:?}");
        }
    }

    #[test]
    fn a_moment_survives_its_text_form() {
        for moment in [Moment::now(), moment(1, "a", 2), Moment { wall_ms: 1, boot: None }] {
            assert_eq!(Moment::from_words(&mut moment.to_words().split(' ')), Some(moment));
        }
        for words in ["", "1", "1 a", "x a 1", "1 a x"] {
            assert_eq!(Moment::from_words(&mut words.split(' ')), None, "{words:?}");
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn linux_provides_a_boot_id_and_an_uptime() {
        assert!(Moment::now().boot.is_some_and(|(_, uptime_ms)| uptime_ms > 0));
    }
}
