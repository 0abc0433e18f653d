//! Webhooks that are kept for the apps of their cardholders.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::bounded::Bounded;

/// Time for which an event is kept.
const KEPT_FOR: Duration = Duration::from_secs(3600);
/// Maximum number of cardholders whose events are kept. The one without traffic for the longest time is forgotten first.
const MAX_CARDHOLDERS: usize = 20_000;

/// An event of a cardholder.
#[derive(Debug, Clone)]
pub(super) struct Kept {
    pub number: u64,
    /// Name of the action.
    pub name: &'static str,
    /// The data as JSON in one line.
    pub data: Arc<str>,
    at: Instant,
}

/// Where a reader of events is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Position {
    /// After the event with this number.
    After(u64),
    /// Unknown: events may be missing before this number.
    Lost(u64),
}

/// What there is for a reader.
#[derive(Debug)]
pub(super) enum News {
    /// Events, in their order. None if the time ran out.
    Events(Vec<Kept>),
    /// Events before this number may be missing.
    Reset(u64),
}

/// Buffer of the events of all cardholders.
pub(super) trait EventBuffer: Send + Sync {
    /// Keeps an event of a cardholder and wakes the readers.
    fn publish(&self, cardholder_no: &str, name: &'static str, data: &str);

    /// The position of a new reader: at the end, or after the event that it names.
    fn position(&self, cardholder_no: &str, last_id: Option<&str>) -> Position;

    /// Waits for events after a position.
    fn read(&self, cardholder_no: &str, after: u64, timeout: Duration) -> News;

    /// The id of an event, or of a position.
    fn id(&self, number: u64) -> String;
}

/// Buffer in the memory of this process.
#[derive(Debug)]
pub(super) struct MemoryEvents {
    /// Distinguishes the ids of this process from those of an earlier one.
    epoch: String,
    most: usize,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    /// Number of the last event of all cardholders.
    last: u64,
    /// Number up to which events of forgotten cardholders may be missing.
    forgotten: u64,
    channels: Bounded<Arc<Channel>>,
}

/// The events of one cardholder.
#[derive(Debug)]
struct Channel {
    events: Mutex<Events>,
    changed: Condvar,
}

#[derive(Debug)]
struct Events {
    kept: VecDeque<Kept>,
    /// Number up to which events may be missing.
    missing: u64,
}

impl MemoryEvents {
    /// Creates a buffer of the last `most` events of each cardholder.
    pub(super) fn new(most: usize, epoch: String) -> Self {
        let state = State { last: 0, forgotten: 0, channels: Bounded::new(MAX_CARDHOLDERS) };
        Self { epoch, most: most.max(1), state: Mutex::new(state) }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn channel(&mut self, cardholder_no: &str) -> Arc<Channel> {
        if let Some(channel) = self.channels.get(cardholder_no) {
            return Arc::clone(channel);
        }
        let events = Events { kept: VecDeque::new(), missing: self.forgotten };
        let channel = Arc::new(Channel { events: Mutex::new(events), changed: Condvar::new() });
        if let Some(old) = self.channels.insert(cardholder_no, Arc::clone(&channel)) {
            let old = old.lock();
            self.forgotten = self.forgotten.max(old.kept.back().map_or(old.missing, |kept| kept.number));
        }
        channel
    }
}

impl Channel {
    fn lock(&self) -> MutexGuard<'_, Events> {
        self.events.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Events {
    fn forget(&mut self, most: usize) {
        while let Some(oldest) = self.kept.front()
            && (self.kept.len() > most || oldest.at.elapsed() > KEPT_FOR)
        {
            self.missing = self.missing.max(oldest.number);
            self.kept.pop_front();
        }
    }
}

impl EventBuffer for MemoryEvents {
    fn publish(&self, cardholder_no: &str, name: &'static str, data: &str) {
        let mut state = self.state();
        let channel = state.channel(cardholder_no);
        state.last += 1;
        // The number and the place in the buffer in one step: a reader never sees a later event first.
        let mut events = channel.lock();
        // A line end in JSON is white space: within a string it is written as an escape.
        let data = data.replace(['\r', '\n'], " ").into();
        events.kept.push_back(Kept { number: state.last, name, data, at: Instant::now() });
        events.forget(self.most);
        channel.changed.notify_all();
    }

    fn position(&self, cardholder_no: &str, last_id: Option<&str>) -> Position {
        let mut state = self.state();
        let last = state.last;
        let Some(id) = last_id else { return Position::After(last) };
        let number = id.strip_prefix(&*self.epoch).and_then(|rest| rest.strip_prefix('-')?.parse::<u64>().ok());
        let channel = state.channel(cardholder_no);
        let mut events = channel.lock();
        events.forget(self.most);
        match number {
            Some(number) if number <= last && number >= events.missing => Position::After(number),
            _ => Position::Lost(last),
        }
    }

    fn read(&self, cardholder_no: &str, after: u64, timeout: Duration) -> News {
        let channel = self.state().channel(cardholder_no);
        let mut events = channel.lock();
        let is_news =
            |events: &Events| events.missing > after || events.kept.back().is_some_and(|kept| kept.number > after);
        if !is_news(&events) {
            let waited = channel.changed.wait_timeout_while(events, timeout, |events| !is_news(events));
            events = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        if events.missing > after {
            return News::Reset(events.kept.back().map_or(events.missing, |kept| kept.number));
        }
        News::Events(events.kept.iter().filter(|kept| kept.number > after).cloned().collect())
    }

    fn id(&self, number: u64) -> String {
        format!("{}-{number}", self.epoch)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Duration = Duration::ZERO;

    fn buffer() -> MemoryEvents {
        MemoryEvents::new(3, "e1".to_owned())
    }

    fn read(buffer: &MemoryEvents, cardholder_no: &str, after: u64) -> Option<Vec<String>> {
        match buffer.read(cardholder_no, after, NOW) {
            News::Events(events) => Some(events.iter().map(|kept| kept.data.to_string()).collect()),
            News::Reset(_) => None,
        }
    }

    #[test]
    fn a_reader_gets_what_it_missed_of_its_own_cardholder() {
        let buffer = buffer();
        assert_eq!(buffer.position("1", None), Position::After(0));
        buffer.publish("1", "Consumption", "a");
        buffer.publish("2", "Consumption", "b");
        buffer.publish("1", "Consumption", "c\r\n d");
        assert_eq!(read(&buffer, "1", 0).unwrap(), ["a", "c   d"]);
        assert_eq!(read(&buffer, "2", 0).unwrap(), ["b"]);
        assert_eq!(buffer.position("1", Some("e1-1")), Position::After(1));
        assert_eq!(read(&buffer, "1", 1).unwrap(), ["c   d"]);
        assert_eq!(buffer.position("1", None), Position::After(3));
        assert!(read(&buffer, "3", 0).unwrap().is_empty());
    }

    #[test]
    fn an_id_that_the_buffer_does_not_reach_is_lost() {
        let buffer = buffer();
        for data in ["a", "b", "c", "d"] {
            buffer.publish("1", "Consumption", data);
        }
        assert_eq!(buffer.position("1", Some("e1-1")), Position::After(1));
        for lost in ["e1-0", "e0-2", "e1-5", "e1-", "e1", "", "-1", "e1-x", "e1-99999999999999999999", "e1-+1\n"] {
            assert_eq!(buffer.position("1", Some(lost)), Position::Lost(4), "{lost}");
        }
        assert!(read(&buffer, "1", 0).is_none());
        assert_eq!(read(&buffer, "1", 1).unwrap().len(), 3);
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
        let News::Events(events) = buffer.read("1", 0, Duration::from_secs(20)) else { panic!("reset") };
        assert_eq!(events.len(), 1);
        thread.join().unwrap();
    }
}
