//! Buffer in Redis, which several processes share.
//!
//! A thread follows the log of events as long as somebody reads, and brings new events to the readers of this process. What
//! Redis could not keep reaches these readers without an id; once Redis is back, the log tells all readers of the cardholder that
//! an event is missing.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

use super::{EventReader, Events, KEPT_FOR, Kept, News, Opening, one_line};
use crate::relay::digest::DigestKey;
use crate::store::{ChannelRead, EventLog, NewsPosition, RedisStore, StoreUnavailable};

/// Pause of the thread while Redis cannot be reached.
const PAUSE: Duration = Duration::from_millis(500);
/// Maximum number of cardholders of whom it is recorded that an event is missing. Of more, events of all may be missing.
const MAX_LOST: usize = 1_000;
/// The number after all events. Numbers are exact up to 2^53.
const NO_BACKLOG: u64 = 1 << 53;

/// Events in Redis.
pub(super) struct SharedEvents {
    /// For the thread.
    own: Weak<Self>,
    log: EventLog,
    /// Names the channels.
    key: DigestKey,
    most: usize,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// The channels that have readers in this process.
    channels: HashMap<String, Arc<Channel>>,
    /// Channels with an event that Redis could not keep.
    lost: HashSet<String>,
    is_down: bool,
    is_followed: bool,
}

/// The events of one cardholder for the readers of this process.
#[derive(Default)]
struct Channel {
    state: Mutex<ChannelState>,
    changed: Condvar,
}

#[derive(Default)]
struct ChannelState {
    readers: usize,
    /// Epoch of the log. `None` until it is read.
    epoch: Option<String>,
    /// Number up to which the log was read.
    read_to: u64,
    /// Number up to which events were dropped by Redis.
    missing: u64,
    items: VecDeque<Item>,
    /// Place of the last item.
    last: u64,
    /// Place up to which items were dropped.
    dropped: u64,
}

struct Item {
    /// Place in this process.
    place: u64,
    /// Number in the log. `None` if it is not there.
    number: Option<u64>,
    name: Arc<str>,
    data: Arc<str>,
}

impl ChannelState {
    fn push(&mut self, number: Option<u64>, name: &str, data: Arc<str>, most: usize) {
        self.last += 1;
        self.items.push_back(Item { place: self.last, number, name: name.into(), data });
        while self.items.len() > most {
            self.dropped = self.items.pop_front().map_or(self.dropped, |item| item.place);
        }
    }

    fn id(&self, number: u64) -> Option<String> {
        self.epoch.as_ref().map(|epoch| id(epoch, number))
    }
}

impl Channel {
    fn state(&self) -> MutexGuard<'_, ChannelState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes what was read from the log.
    fn merge(&self, read: ChannelRead, most: usize) {
        let mut state = self.state();
        if state.epoch.as_ref().is_some_and(|epoch| *epoch != read.epoch) {
            (state.read_to, state.missing) = (0, 0);
            state.items.clear();
        }
        state.epoch = Some(read.epoch);
        for event in read.events {
            if event.number > state.read_to {
                state.push(Some(event.number), &event.name, one_line(&event.data), most);
            }
        }
        state.read_to = state.read_to.max(read.number);
        state.missing = state.missing.max(read.missing);
        self.changed.notify_all();
    }
}

fn id(epoch: &str, number: u64) -> String {
    format!("{epoch}-{number}")
}

impl SharedEvents {
    pub(super) fn start(store: RedisStore, key: DigestKey, most: usize) -> Arc<Self> {
        let log = EventLog::new(store, key.digest("events", &[]), KEPT_FOR);
        Arc::new_cyclic(|own| Self { own: own.clone(), log, key, most, state: Mutex::default() })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn channel_of(&self, cardholder_no: &str) -> String {
        self.key.digest("events of a cardholder", &[cardholder_no])
    }

    /// Reads the log for the readers of a channel.
    fn refresh(&self, name: &str, channel: &Channel) -> Result<(), StoreUnavailable> {
        let after = channel.state().read_to;
        channel.merge(self.log.read(name, after)?, self.most);
        Ok(())
    }

    /// Remembers that Redis cannot be reached, and the channel whose event it did not keep.
    fn failed(&self, lost: Option<&str>) {
        let mut state = self.state();
        if let Some(name) = lost
            && state.lost.len() <= MAX_LOST
        {
            state.lost.insert(name.to_owned());
        }
        if !std::mem::replace(&mut state.is_down, true) {
            drop(state);
            log::warn!(
                target: "keysecure",
                "relay: the Redis of the events cannot be reached. Apps get the events that their own process publishes"
            );
        }
    }

    fn recovered(&self) {
        if std::mem::replace(&mut self.state().is_down, false) {
            log::warn!(target: "keysecure", "relay: the Redis of the events can be reached again");
        }
    }

    /// Starts the thread that follows the log, unless it runs.
    fn follow(&self) {
        let mut state = self.state();
        if state.is_followed {
            return;
        }
        let events = self.own.clone();
        let thread = std::thread::Builder::new().name("keysecure-events".to_owned());
        // Without it, an app gets what its own process publishes.
        state.is_followed = thread.spawn(move || follow(&events)).is_ok();
    }

    /// Whether anything is to be done by the thread. If not, it ends.
    fn is_needed(&self) -> bool {
        let mut state = self.state();
        state.is_followed = !state.channels.is_empty() || !state.lost.is_empty() || state.is_down;
        state.is_followed
    }

    /// Records in the log which events are missing in it.
    fn record_lost(&self) -> Result<(), StoreUnavailable> {
        let lost = std::mem::take(&mut self.state().lost);
        let recorded = if lost.len() > MAX_LOST {
            self.log.mark_all_missing()
        } else {
            lost.iter().try_for_each(|name| self.log.mark_missing(name))
        };
        if recorded.is_err() {
            self.state().lost.extend(lost);
        }
        recorded
    }

    /// One step of the thread: waits for news, half a second at most, and brings them to the readers.
    fn step(&self, position: &mut Option<NewsPosition>) -> Result<(), StoreUnavailable> {
        self.record_lost()?;
        let found = match position {
            Some(position) => self.log.wait(position)?,
            None => None,
        };
        let Some(names) = found else {
            // The beginning, or another log. What comes after this position is news, what was before is read now.
            let end = self.log.end_of_news()?;
            let channels: Vec<_> = self.state().channels.clone().into_iter().collect();
            channels.iter().try_for_each(|(name, channel)| self.refresh(name, channel))?;
            *position = Some(end);
            return Ok(());
        };
        for name in names {
            let channel = self.state().channels.get(&name).cloned();
            channel.map_or(Ok(()), |channel| self.refresh(&name, &channel))?;
        }
        Ok(())
    }
}

/// Follows the log until nobody reads any more.
fn follow(events: &Weak<SharedEvents>) {
    let mut position = None;
    while let Some(events) = events.upgrade()
        && events.is_needed()
    {
        if events.step(&mut position).is_ok() {
            events.recovered();
            continue;
        }
        // What comes meanwhile is read when Redis is back.
        position = None;
        events.failed(None);
        drop(events);
        std::thread::sleep(PAUSE);
    }
}

impl Events for SharedEvents {
    fn publish(&self, cardholder_no: &str, name: &'static str, data: &str) {
        let (channel_name, data) = (self.channel_of(cardholder_no), one_line(data));
        let published = self.log.publish(&channel_name, name, &data, self.most);
        let channel = self.state().channels.get(&channel_name).cloned();
        if published.is_err() {
            if let Some(channel) = &channel {
                channel.state().push(None, name, data, self.most);
                channel.changed.notify_all();
            }
            self.failed(Some(&channel_name));
            self.follow();
        } else if channel.is_some_and(|channel| self.refresh(&channel_name, &channel).is_err()) {
            // The thread brings it to the readers when Redis is back.
            self.failed(None);
            self.follow();
        }
    }

    fn open(self: Arc<Self>, cardholder_no: &str, last_id: Option<&str>) -> (Opening, Box<dyn EventReader>) {
        let name = self.channel_of(cardholder_no);
        let channel = {
            let mut state = self.state();
            let channel = Arc::clone(state.channels.entry(name.clone()).or_default());
            channel.state().readers += 1;
            channel
        };
        let place = channel.state().last;
        let mut reader =
            Reader { events: Arc::clone(&self), name, channel, backlog: Vec::new(), epoch: None, after: 0, place };
        let opening = reader.begin(last_id);
        self.follow();
        (opening, Box::new(reader))
    }
}

/// A reader of one channel.
struct Reader {
    events: Arc<SharedEvents>,
    name: String,
    channel: Arc<Channel>,
    /// Events from before the reader began.
    backlog: Vec<Kept>,
    /// `None` if the position in the log is not known.
    epoch: Option<String>,
    /// Number up to which events were read.
    after: u64,
    /// Place up to which items were read.
    place: u64,
}

impl Reader {
    fn begin(&mut self, last_id: Option<&str>) -> Opening {
        let known = last_id.and_then(|id| {
            let (epoch, number) = id.rsplit_once('-')?;
            Some((epoch, number.parse::<u64>().ok().filter(|number| *number < NO_BACKLOG)?))
        });
        let Ok(read) = self.events.log.read(&self.name, known.map_or(NO_BACKLOG, |(_, number)| number)) else {
            self.events.failed(None);
            // What the other readers of this process know.
            let state = self.channel.state();
            (self.epoch, self.after) = (state.epoch.clone(), state.read_to);
            return Opening { id: state.id(state.read_to), is_lost: last_id.is_some() };
        };
        let oldest =
            read.number.saturating_sub(u64::try_from(KEPT_FOR.as_micros()).unwrap_or(u64::MAX)).max(read.missing);
        let known = known.filter(|(epoch, number)| *epoch == read.epoch && (oldest..=read.number).contains(number));
        (self.epoch, self.after) = (Some(read.epoch.clone()), read.number);
        let position = known.map_or(read.number, |(_, number)| number);
        if known.is_some() {
            self.backlog =
                read.events.iter().map(|event| kept(&read.epoch, event.number, &event.name, &event.data)).collect();
        }
        let mut state = self.channel.state();
        if state.epoch.is_none() {
            (state.epoch, state.read_to, state.missing) = (Some(read.epoch.clone()), read.number, read.missing);
        }
        Opening { id: Some(id(&read.epoch, position)), is_lost: last_id.is_some() && known.is_none() }
    }

    /// What there is in the channel; `None` if there is nothing.
    fn news_in(&mut self, state: &ChannelState) -> Option<News> {
        let is_other_log = state.epoch.is_some() && state.epoch != self.epoch;
        if is_other_log || state.missing > self.after || state.dropped > self.place {
            self.epoch.clone_from(&state.epoch);
            (self.after, self.place) = (state.read_to, state.last);
            return Some(News::Reset(state.id(state.read_to)));
        }
        let is_new = |item: &&Item| item.place > self.place && item.number.is_none_or(|number| number > self.after);
        let found: Vec<&Item> = state.items.iter().filter(is_new).collect();
        let events: Vec<Kept> = found
            .iter()
            .map(|item| Kept {
                id: item.number.and_then(|number| state.id(number)),
                name: Arc::clone(&item.name),
                data: Arc::clone(&item.data),
            })
            .collect();
        self.after = found.iter().filter_map(|item| item.number).fold(self.after, u64::max);
        self.place = state.last;
        (!events.is_empty()).then_some(News::Events(events))
    }
}

fn kept(epoch: &str, number: u64, name: &str, data: &str) -> Kept {
    Kept { id: Some(id(epoch, number)), name: name.into(), data: one_line(data) }
}

impl EventReader for Reader {
    fn read(&mut self, timeout: Duration) -> News {
        if !self.backlog.is_empty() {
            return News::Events(std::mem::take(&mut self.backlog));
        }
        let until = Instant::now() + timeout;
        let channel = Arc::clone(&self.channel);
        let mut state = channel.state();
        loop {
            if let Some(news) = self.news_in(&state) {
                return news;
            }
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return News::Events(Vec::new());
            }
            state = channel.changed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        let mut state = self.events.state();
        let mut channel = self.channel.state();
        channel.readers -= 1;
        if channel.readers == 0 {
            state.channels.remove(&self.name);
        }
    }
}
