//! The lines of an attempts file.

use std::time::Duration;

use crate::store::file::log_file::{seal, unseal};
use crate::store::file::moment::Moment;
use crate::store::{AttemptEnd, PastAttempt};

/// Record in one line of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Record {
    /// Digits of the reference's digest.
    pub name: String,
    /// Digits of the attempt's lease id.
    pub attempt: String,
    pub at: Moment,
    pub event: Event,
}

/// Begin or end of an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Event {
    /// An attempt begins.
    Began { lasts: Duration, operation: String },
    /// An attempt ended.
    Ended(AttemptEnd),
}

impl Record {
    /// Returns the line of the record: `b NAME ATTEMPT WALL BOOT UPTIME LASTS OPERATION CHECKSUM` or
    /// `e NAME ATTEMPT WALL BOOT UPTIME END CHECKSUM`.
    pub(super) fn to_line(&self) -> String {
        let rest = match &self.event {
            Event::Began { lasts, operation } => format!("{} {operation}", lasts.as_millis()),
            Event::Ended(end) => letter(*end).to_owned(),
        };
        let kind = if matches!(self.event, Event::Began { .. }) { 'b' } else { 'e' };
        seal(&format!("{kind} {} {} {} {rest}", self.name, self.attempt, self.at.to_words()))
    }

    /// Parses a line without its line end; `None` if it is damaged.
    pub(super) fn from_line(line: &[u8]) -> Option<Self> {
        let mut words = unseal(line)?.split(' ');
        let kind = words.next()?;
        let (name, attempt) = (words.next()?.to_owned(), words.next()?.to_owned());
        let at = Moment::from_words(&mut words)?;
        let event = match kind {
            "b" => {
                let lasts = Duration::from_millis(words.next()?.parse().ok()?);
                Event::Began { lasts, operation: words.next()?.to_owned() }
            }
            "e" => Event::Ended(end_of(words.next()?)?),
            _ => return None,
        };
        words.next().is_none().then_some(Self { name, attempt, at, event })
    }

    /// The record of a reference after its next line.
    pub(super) fn followed_by(self, next: Self) -> Self {
        match next.event {
            // The end of an earlier attempt says nothing about this attempt, unless the operation is done.
            Event::Ended(end) if next.attempt != self.attempt && end != AttemptEnd::Done => self,
            _ => next,
        }
    }

    pub(super) fn past(&self, now: &Moment) -> PastAttempt {
        let age = self.at.age(now);
        match self.event {
            Event::Began { lasts, .. } => PastAttempt { ended: age.saturating_sub(lasts), end: None },
            Event::Ended(end) => PastAttempt { ended: age, end: Some(end) },
        }
    }
}

fn letter(end: AttemptEnd) -> &'static str {
    match end {
        AttemptEnd::Done => "D",
        AttemptEnd::NotDone => "N",
        AttemptEnd::Unknown => "U",
    }
}

fn end_of(letter: &str) -> Option<AttemptEnd> {
    match letter {
        "D" => Some(AttemptEnd::Done),
        "N" => Some(AttemptEnd::NotDone),
        "U" => Some(AttemptEnd::Unknown),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(attempt: &str, event: Event) -> Record {
        Record { name: "ab".repeat(15), attempt: attempt.to_owned(), at: Moment::now(), event }
    }

    fn began(attempt: &str) -> Record {
        record(attempt, Event::Began { lasts: Duration::from_secs(30), operation: "accounts.transfer".to_owned() })
    }

    #[test]
    fn a_record_survives_its_line_and_a_damaged_line_is_none() {
        for record in [began("01234567"), record("01234567", Event::Ended(AttemptEnd::Unknown))] {
            let line = record.to_line();
            let line = line.strip_suffix('\n').unwrap();
            assert!(line.len() < 128, "{line}");
            assert_eq!(Record::from_line(line.as_bytes()), Some(record));
            for at in 0..line.len() {
                assert_eq!(Record::from_line(&line.as_bytes()[..at]), None, "cut off at {at}");
                let mut changed = line.as_bytes().to_vec();
                changed[at] = if changed[at] == b'7' { b'8' } else { b'7' };
                assert_eq!(Record::from_line(&changed), None, "changed at {at}");
            }
        }
    }

    #[test]
    fn the_end_of_an_earlier_attempt_does_not_end_a_later_one() {
        let ended = |attempt, end| record(attempt, Event::Ended(end));
        assert_eq!(began("1").followed_by(ended("1", AttemptEnd::NotDone)).event, Event::Ended(AttemptEnd::NotDone));
        assert!(matches!(began("2").followed_by(ended("1", AttemptEnd::NotDone)).event, Event::Began { .. }));
        assert_eq!(began("2").followed_by(ended("1", AttemptEnd::Done)).event, Event::Ended(AttemptEnd::Done));
        let next = began("2");
        assert_eq!(ended("1", AttemptEnd::NotDone).followed_by(next.clone()), next);
    }
}
