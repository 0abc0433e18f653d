//! Bare dates near today: a day that has not begun in the client's time zone, and one that is over there, but not here.

use std::sync::atomic::Ordering;

use super::Engine;
use crate::error::Error;
use crate::values::civil::{UtcOffset, WindowBound};
use crate::values::instant;

/// How far ahead of the platform's clock a start may be, in milliseconds: clocks differ, and a program may start at midnight.
const TOLERANCE: i64 = 5 * 60 * 1_000;

/// Whose clock tells whether a day has begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Known {
    /// The platform's; nothing is refused before it is known, because the clock of this machine may be wrong by hours.
    Platform,
    /// The platform's, else this machine's: after a response without rows.
    Any,
}

impl Engine {
    /// Refuses a list that starts with a day that has not begun in the client's time zone: it would always be empty.
    pub(crate) fn check_start(&self, start: WindowBound, known: Known) -> Result<(), Error> {
        match start {
            WindowBound::Day { .. } => self.check_begun("start", start, known),
            // A program that polls may be ahead of the platform's clock.
            WindowBound::Instant { .. } => Ok(()),
        }
    }

    /// Refuses a lookup that starts in the future: it would always prove absence.
    pub(crate) fn check_since(&self, since: WindowBound, known: Known) -> Result<(), Error> {
        self.check_begun("since", since, known)
    }

    fn check_begun(&self, field: &str, bound: WindowBound, known: Known) -> Result<(), Error> {
        if known == Known::Platform && self.clock_offset().is_none() {
            return Ok(());
        }
        let (zone, now) = (self.settings.timezone, self.server_now());
        if zone.start_millis(bound) <= now.saturating_add(TOLERANCE) {
            return Ok(());
        }
        let rule = match bound {
            WindowBound::Instant { .. } => "must not be in the future".to_owned(),
            WindowBound::Day { date } => {
                let civil = zone.civil(now.div_euclid(1000));
                format!(
                    "{date} has not begun: a date is a day in {zone}, the client's timezone, where it is {civil} now. {ADVICE}"
                )
            }
        };
        Err(Error::invalid_input(field, &rule))
    }

    /// Warns, once a day, of a list that ends with today's date of this machine, which is over in the client's time zone.
    pub(crate) fn warn_of_end(&self, end: WindowBound) {
        let WindowBound::Day { date } = end else { return };
        let (zone, now) = (self.settings.timezone, self.server_now());
        // The clock may be custom code: it is asked for the machine's zone only about a day that may be today somewhere.
        let ended = now.saturating_sub(zone.end_millis(end));
        if !(1..LONGEST_TODAY).contains(&ended) {
            return;
        }
        let Some(here) = self.clock.local_offset() else { return };
        let is_today = here.date_at(instant::to_millis(self.clock.now())) == date;
        if is_today && self.warned_day.swap(date.days(), Ordering::Relaxed) != date.days() {
            log::warn!(target: "keysecure", "{}", warning(&date.to_string(), here, zone));
        }
    }
}

/// What to do about a date of another calendar.
const ADVICE: &str = "Set timezone to the zone of your dates, or give an instant";

/// Maximum time, in milliseconds, from the end of a day in the easternmost zone until it ends in the westernmost.
const LONGEST_TODAY: i64 = 28 * 3_600 * 1_000;

fn warning(date: &str, here: UtcOffset, zone: UtcOffset) -> String {
    format!(
        "a list ends with {date}, which is today on this machine ({here}) and over in {zone}, the client's timezone: \
         rows of the time since are left out. {ADVICE}"
    )
}
