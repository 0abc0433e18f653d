//! Buffer in the memory of one process.
//!
//! Numbers of events are times, as in Redis: an app sees them, and a count would tell it how many events others get.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::{EventReader, Events, KEPT_FOR, Kept, News, Opening, one_line};
use crate::relay::bounded::Bounded;

/// Maximum number of cardholders whose events are kept. The one that nobody published or read for the longest time is forgotten
/// first.
const MAX_CARDHOLDERS: usize = 20_000;
/// Maximum size of all events together, in bytes.
const MAX_BYTES: usize = 64 * 1024 * 1024;
/// Size of an event besides its data, about.
const OVERHEAD: usize = 128;

/// An event of a cardholder.
#[derive(Debug, Clone)]
struct Entry {
    number: u64,
    name: &'static str,
    data: Arc<str>,
    at: Instant,
}

/// Where a reader of events is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Position {
    /// After the event with this number.
    After(u64),
    /// Unknown: events may be missing before this number.
    Lost(u64),
}

/// What there is for a reader.
#[derive(Debug)]
enum Found {
    /// Events, in their order. None if the time ran out.
    Entries(Vec<Entry>),
    /// Events before this number may be missing.
    Missing(u64),
}

/// Buffer in the memory of this process.
#[derive(Debug)]
pub(in crate::relay) struct MemoryEvents {
    /// Distinguishes the ids of this process from those of an earlier one.
    epoch: String,
    /// Maximum number of events of a cardholder.
    most: usize,
    max_bytes: usize,
    /// Numbers are microseconds since then.
    started: Instant,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    /// The last number of an event or a position.
    last: u64,
    /// Number up to which events of forgotten cardholders may be missing.
    forgotten: u64,
    /// Size of all events.
    bytes: usize,
    channels: Bounded<Channel>,
}

/// The events of one cardholder.
#[derive(Debug)]
struct Channel {
    kept: VecDeque<Entry>,
    /// Number up to which events may be missing.
    missing: u64,
    changed: Arc<Condvar>,
}

impl MemoryEvents {
    /// Creates a buffer of the last `most` events of each cardholder.
    pub(in crate::relay) fn new(most: usize, epoch: String) -> Self {
        let state = State { last: 0, forgotten: 0, bytes: 0, channels: Bounded::new(MAX_CARDHOLDERS) };
        Self { epoch, most: most.max(1), max_bytes: MAX_BYTES, started: Instant::now(), state: Mutex::new(state) }
    }

    /// The number of this moment.
    fn now(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_micros()).unwrap_or(u64::MAX)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Uses the events of a cardholder, after those that are too old or too many are dropped.
    fn with<T>(&mut self, cardholder_no: &str, most: usize, work: impl FnOnce(&mut Channel) -> T) -> T {
        let missing = self.forgotten;
        let make = || Channel { kept: VecDeque::new(), missing, changed: Arc::default() };
        let (channel, old) = self.channels.entry(cardholder_no, make);
        let before = channel.bytes();
        let result = work(channel);
        channel.drop_old(most);
        let after = channel.bytes();
        self.bytes = (self.bytes + after).saturating_sub(before);
        self.forget(old);
        result
    }

    /// Counts the events of a cardholder who is forgotten as missing. Its readers learn of it.
    fn forget(&mut self, old: Option<Channel>) {
        let Some(old) = old else { return };
        self.bytes = self.bytes.saturating_sub(old.bytes());
        self.forgotten = self.forgotten.max(old.last());
        old.changed.notify_all();
    }
}

impl Channel {
    /// Number of the last event.
    fn last(&self) -> u64 {
        self.kept.back().map_or(self.missing, |kept| kept.number)
    }

    fn bytes(&self) -> usize {
        self.kept.iter().map(|kept| kept.data.len() + OVERHEAD).sum()
    }

    fn drop_old(&mut self, most: usize) {
        while let Some(oldest) = self.kept.front()
            && (self.kept.len() > most || oldest.at.elapsed() > KEPT_FOR)
        {
            self.missing = self.missing.max(oldest.number);
            self.kept.pop_front();
        }
    }

    /// What there is after a position; `None` if there is nothing.
    fn news(&self, after: u64) -> Option<Found> {
        if self.missing > after {
            return Some(Found::Missing(self.last()));
        }
        if self.last() <= after {
            return None;
        }
        Some(Found::Entries(self.kept.iter().filter(|kept| kept.number > after).cloned().collect()))
    }
}

impl MemoryEvents {
    /// The position of a new reader: at the end, or after the event that it names.
    fn position(&self, cardholder_no: &str, last_id: Option<&str>) -> Position {
        let mut state = self.state();
        let last = state.last.max(self.now());
        state.last = last;
        let Some(id) = last_id else { return Position::After(last) };
        let number = id.strip_prefix(&*self.epoch).and_then(|rest| rest.strip_prefix('-')?.parse::<u64>().ok());
        state.with(cardholder_no, self.most, |channel| channel.drop_old(self.most));
        let missing = state.with(cardholder_no, self.most, |channel| channel.missing);
        match number {
            Some(number) if number <= last && number >= missing => Position::After(number),
            _ => Position::Lost(last),
        }
    }

    /// Waits for events after a position.
    fn read(&self, cardholder_no: &str, after: u64, timeout: Duration) -> Found {
        let until = Instant::now() + timeout;
        let mut state = self.state();
        loop {
            let (found, changed) =
                state.with(cardholder_no, self.most, |channel| (channel.news(after), Arc::clone(&channel.changed)));
            let left = until.saturating_duration_since(Instant::now());
            match found {
                Some(found) => return found,
                None if left.is_zero() => return Found::Entries(Vec::new()),
                None => state = changed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0,
            }
        }
    }

    /// The id of an event, or of a position.
    fn id(&self, number: u64) -> String {
        format!("{}-{number}", self.epoch)
    }
}

impl Events for MemoryEvents {
    fn publish(&self, cardholder_no: &str, name: &'static str, data: &str) {
        let mut state = self.state();
        let number = self.now().max(state.last + 1);
        state.last = number;
        let data = one_line(data);
        state.with(cardholder_no, self.most, |channel| {
            channel.kept.push_back(Entry { number, name, data, at: Instant::now() });
            channel.changed.notify_all();
        });
        while state.bytes > self.max_bytes {
            let Some(oldest) = state.channels.remove_oldest() else { return };
            state.forget(Some(oldest));
        }
    }

    fn open(self: Arc<Self>, cardholder_no: &str, last_id: Option<&str>) -> (Opening, Box<dyn EventReader>) {
        let position = self.position(cardholder_no, last_id);
        let (Position::After(after) | Position::Lost(after)) = position;
        let opening = Opening { id: Some(self.id(after)), is_lost: matches!(position, Position::Lost(_)) };
        (opening, Box::new(Reader { buffer: self, cardholder_no: cardholder_no.to_owned(), after }))
    }
}

/// A reader of one cardholder's events.
struct Reader {
    buffer: Arc<MemoryEvents>,
    cardholder_no: String,
    /// Number of the last event that was read.
    after: u64,
}

impl EventReader for Reader {
    fn read(&mut self, timeout: Duration) -> News {
        match self.buffer.read(&self.cardholder_no, self.after, timeout) {
            Found::Missing(number) => {
                self.after = number;
                News::Reset(Some(self.buffer.id(number)))
            }
            Found::Entries(entries) => {
                self.after = entries.last().map_or(self.after, |last| last.number);
                let kept = |entry: Entry| Kept {
                    id: Some(self.buffer.id(entry.number)),
                    name: entry.name.into(),
                    data: entry.data,
                };
                News::Events(entries.into_iter().map(kept).collect())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Duration = Duration::ZERO;

    fn buffer() -> MemoryEvents {
        MemoryEvents::new(3, "e1".to_owned())
    }

    /// The position of a new reader.
    fn begin(buffer: &MemoryEvents, cardholder_no: &str) -> u64 {
        let Position::After(number) = buffer.position(cardholder_no, None) else { panic!("lost") };
        number
    }

    /// The numbers of the kept events.
    fn numbers(buffer: &MemoryEvents, cardholder_no: &str) -> Vec<u64> {
        buffer.state().with(cardholder_no, 3, |channel| channel.kept.iter().map(|kept| kept.number).collect())
    }

    fn read(buffer: &MemoryEvents, cardholder_no: &str, after: u64) -> Option<Vec<String>> {
        match buffer.read(cardholder_no, after, NOW) {
            Found::Entries(events) => Some(events.iter().map(|kept| kept.data.to_string()).collect()),
            Found::Missing(_) => None,
        }
    }

    #[test]
    fn a_reader_gets_what_it_missed_of_its_own_cardholder() {
        let buffer = buffer();
        let start = begin(&buffer, "1");
        buffer.publish("1", "Consumption", "a");
        buffer.publish("2", "Consumption", "b");
        buffer.publish("1", "Consumption", "c\r\n d");
        assert_eq!(read(&buffer, "1", start).unwrap(), ["a", "c   d"]);
        assert_eq!(read(&buffer, "2", start).unwrap(), ["b"]);
        let first = numbers(&buffer, "1")[0];
        assert_eq!(buffer.position("1", Some(&buffer.id(first))), Position::After(first));
        assert_eq!(read(&buffer, "1", first).unwrap(), ["c   d"]);
        let end = begin(&buffer, "1");
        assert!(read(&buffer, "1", end).unwrap().is_empty() && read(&buffer, "3", end).unwrap().is_empty());
        buffer.publish("1", "Consumption", "d");
        assert_eq!(read(&buffer, "1", end).unwrap(), ["d"]);
    }

    #[test]
    fn an_id_that_the_buffer_does_not_reach_is_lost() {
        let buffer = buffer();
        buffer.publish("1", "Consumption", "a");
        let first = numbers(&buffer, "1")[0];
        for data in ["b", "c", "d"] {
            buffer.publish("1", "Consumption", data);
        }
        assert_eq!(buffer.position("1", Some(&buffer.id(first))), Position::After(first));
        let (other, later) = (format!("e0-{first}"), buffer.id(1 << 60));
        for lost in ["e1-0", &other, &later, "e1-", "e1", "", "-1", "e1-x", "e1-99999999999999999999", "e1-+1\n"] {
            assert!(matches!(buffer.position("1", Some(lost)), Position::Lost(_)), "{lost}");
        }
        assert!(read(&buffer, "1", first - 1).is_none());
        assert_eq!(read(&buffer, "1", first).unwrap().len(), 3);
    }

    #[test]
    fn numbers_are_times_and_do_not_count_the_events_of_others() {
        let started = Instant::now().checked_sub(Duration::from_secs(1)).unwrap();
        let buffer = MemoryEvents { started, ..buffer() };
        assert!(begin(&buffer, "1") >= 1_000_000);
        for _ in 0..100 {
            buffer.publish("1", "Consumption", "a");
            let numbers = numbers(&buffer, "1");
            assert!(numbers.is_sorted_by(|one, next| one < next) && numbers[0] >= 1_000_000, "{numbers:?}");
        }
    }

    #[test]
    fn the_events_of_all_cardholders_together_are_bounded() {
        let buffer = MemoryEvents { max_bytes: 1000, ..buffer() };
        buffer.publish("1", "Consumption", &"x".repeat(400));
        buffer.publish("2", "Consumption", &"y".repeat(400));
        assert!(read(&buffer, "1", 0).is_none(), "forgotten, and said so");
        assert_eq!(read(&buffer, "2", 0).unwrap().len(), 1);
        assert_eq!(buffer.state().bytes, 400 + OVERHEAD);
        for number in 0..100 {
            buffer.publish(&number.to_string(), "Consumption", "z");
        }
        assert!(buffer.state().bytes <= 1000);
    }

    #[test]
    fn a_reader_that_waits_wakes_up() {
        let buffer = Arc::new(buffer());
        let writer = Arc::clone(&buffer);
        let thread = std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(30));
            writer.publish("2", "Consumption", "other");
            writer.publish("1", "Consumption", "own");
        });
        let Found::Entries(events) = buffer.read("1", 0, Duration::from_secs(20)) else { panic!("reset") };
        assert_eq!(events.len(), 1);
        thread.join().unwrap();
    }
}
