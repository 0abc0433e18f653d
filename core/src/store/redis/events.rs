//! Events of cardholders, in Redis. See the buffers of a relay.
//!
//! * `keysecure:events:LOG`: a hash with the `epoch` of the log, which changes if Redis loses its data, and the `last` number.
//! * `keysecure:events:LOG:CHANNEL`: a sorted set of the events of one cardholder by their numbers. The member `missing` has the
//!   number up to which events were dropped; it is the lowest one.
//! * `keysecure:events:LOG:news`: a stream that names the channel of each event, for readers that wait.
//!
//! `LOG` and `CHANNEL` are digests. A number is the time on the clock of Redis in microseconds, and larger than every number
//! before.

use std::time::Duration;

use redis::Cmd;

use super::attempts::millis;
use super::{Link, REPLAY_WITHIN, RedisStore};
use crate::store::{StoreUnavailable, unique};

/// Time for which the hash of a log is kept after its last use.
const LOG_KEPT_FOR: Duration = Duration::from_secs(7 * 24 * 3600);
/// Maximum time for which a command waits for news.
const MAX_WAIT: Duration = Duration::from_millis(500);
/// Number of entries of the stream of news, about. A reader that falls behind reads all of its channels.
const NEWS: &str = "1000";

/// Prefix of scripts: `epoch`, `now` and a new `number`. KEYS: log, channel, news. ARGV: epoch of a new log, time to keep the log.
const NUMBER: &str = "\
    local function text(number) return string.format('%.0f', number) end \
    local time = redis.call('TIME') \
    local now = time[1] * 1000000 + time[2] \
    local epoch = redis.call('HGET', KEYS[1], 'epoch') \
    if not epoch then epoch = ARGV[1] redis.call('HSET', KEYS[1], 'epoch', epoch) end \
    local number = math.max(now, (redis.call('HGET', KEYS[1], 'last') or 0) + 1) \
    redis.call('HSET', KEYS[1], 'last', text(number)) \
    redis.call('PEXPIRE', KEYS[1], ARGV[2]) \
    local function tell() \
        redis.call('PEXPIRE', KEYS[2], ARGV[3]) \
        redis.call('XADD', KEYS[3], 'MAXLEN', '~', ARGV[4], '*', 'channel', ARGV[5]) \
        redis.call('PEXPIRE', KEYS[3], ARGV[3]) \
    end ";

/// ARGV from 3: time to keep the events, length of the news, channel, number of events to keep, event.
///
/// A retry after a lost response finds its event, whose text begins with a unique word.
const PUBLISH: &str = "\
    if redis.call('ZSCORE', KEYS[2], ARGV[7]) then return 0 end \
    redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', text(now - ARGV[3] * 1000)) \
    redis.call('ZADD', KEYS[2], text(number), ARGV[7]) \
    local first = redis.call('ZSCORE', KEYS[2], 'missing') and 1 or 0 \
    local extra = redis.call('ZCARD', KEYS[2]) - first - ARGV[6] \
    if extra > 0 then \
        local dropped = redis.call('ZRANGE', KEYS[2], first, first + extra - 1, 'WITHSCORES') \
        for place = 1, #dropped, 2 do redis.call('ZREM', KEYS[2], dropped[place]) end \
        redis.call('ZADD', KEYS[2], dropped[#dropped], 'missing') \
    end \
    tell() \
    return 1";

/// ARGV from 3: time to keep the events, length of the news, channel.
const MARK_MISSING: &str = "\
    redis.call('DEL', KEYS[2]) \
    redis.call('ZADD', KEYS[2], text(number), 'missing') \
    tell() \
    return 1";

/// ARGV from 3: the last number that the reader knows.
const READ: &str = "\
    local missing = redis.call('ZSCORE', KEYS[2], 'missing') or '0' \
    local found = redis.call('ZRANGEBYSCORE', KEYS[2], '(' .. ARGV[3], '+inf', 'WITHSCORES') \
    return {epoch, text(number), missing, found}";

/// The last id of the news.
const END: &str = "\
    local news = redis.call('XREVRANGE', KEYS[3], '+', '-', 'COUNT', 1) \
    return {epoch, news[1] and news[1][1] or '0-0'}";

/// The events of one merchant's cardholders.
#[derive(Debug, Clone)]
pub(crate) struct EventLog {
    store: RedisStore,
    log: String,
    kept_for: Duration,
}

/// An event as it is stored.
#[derive(Debug)]
pub(crate) struct StoredEvent {
    pub number: u64,
    pub name: String,
    pub data: String,
}

/// What there is on a channel.
#[derive(Debug)]
pub(crate) struct ChannelRead {
    pub epoch: String,
    /// Larger than the number of every event up to now, and smaller than those of later ones.
    pub number: u64,
    /// Number up to which events were dropped.
    pub missing: u64,
    pub events: Vec<StoredEvent>,
}

/// Position in the news.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NewsPosition {
    pub epoch: String,
    pub id: String,
}

/// Reply to a read: epoch, number, number of what is missing, events with their numbers.
type ReadResult = (String, u64, u64, Vec<String>);
/// Reply to `XREAD`: of each stream, its entries with their fields.
type NewsResult = Option<Vec<(String, Vec<(String, Vec<String>)>)>>;

impl EventLog {
    /// Creates the log with this name, a digest. Events are kept for `kept_for`.
    pub(crate) fn new(store: RedisStore, log: String, kept_for: Duration) -> Self {
        Self { store, log, kept_for }
    }

    /// Appends an event to a channel, of which the last `most` are kept.
    pub(crate) fn publish(&self, channel: &str, name: &str, data: &str, most: usize) -> Result<(), StoreUnavailable> {
        let mut publish = self.telling(PUBLISH, channel)?;
        publish.arg(most).arg(format!("{} {name} {data}", unique()?));
        self.run(REPLAY_WITHIN, |link| link.query::<i64>(&publish)).map(drop)
    }

    /// Records that an event of a channel is missing.
    pub(crate) fn mark_missing(&self, channel: &str) -> Result<(), StoreUnavailable> {
        let mark = self.telling(MARK_MISSING, channel)?;
        self.run(REPLAY_WITHIN, |link| link.query::<i64>(&mark)).map(drop)
    }

    /// Records that events of any channel may be missing, by another epoch.
    pub(crate) fn mark_all_missing(&self) -> Result<(), StoreUnavailable> {
        let mut delete = redis::cmd("DEL");
        delete.arg(self.key(""));
        self.run(REPLAY_WITHIN, |link| link.query::<i64>(&delete)).map(drop)
    }

    /// Reads the events of a channel after a number.
    pub(crate) fn read(&self, channel: &str, after: u64) -> Result<ChannelRead, StoreUnavailable> {
        let mut read = self.script(READ, channel)?;
        read.arg(after);
        let (epoch, number, missing, found) = self.run(REPLAY_WITHIN, |link| link.query::<ReadResult>(&read))?;
        let events = found.chunks_exact(2).filter_map(|pair| {
            let mut words = pair[0].splitn(3, ' ').skip(1);
            let (name, data) = (words.next()?.to_owned(), words.next()?.to_owned());
            Some(StoredEvent { number: pair[1].parse().ok()?, name, data })
        });
        Ok(ChannelRead { epoch, number, missing, events: events.collect() })
    }

    /// Returns the end of the news.
    pub(crate) fn end_of_news(&self) -> Result<NewsPosition, StoreUnavailable> {
        let end = self.script(END, "")?;
        let (epoch, id) = self.run(REPLAY_WITHIN, |link| link.query::<(String, String)>(&end))?;
        Ok(NewsPosition { epoch, id })
    }

    /// Waits for events after a position, up to half a second, and returns their channels. `None` if the log is another one.
    pub(crate) fn wait(&self, position: &mut NewsPosition) -> Result<Option<Vec<String>>, StoreUnavailable> {
        let timeout = self.store.0.settings.timeout;
        let (mut read, mut epoch) = (redis::cmd("XREAD"), redis::cmd("HGET"));
        read.arg("BLOCK").arg(millis(MAX_WAIT.min(timeout / 2)));
        read.arg("STREAMS").arg(self.key(":news")).arg(&position.id);
        epoch.arg(self.key("")).arg("epoch");
        let (news, epoch) =
            self.run(timeout, |link| Ok((link.query::<NewsResult>(&read)?, link.query::<Option<String>>(&epoch)?)))?;
        if epoch.as_ref() != Some(&position.epoch) {
            return Ok(None);
        }
        let mut channels = Vec::new();
        for (id, fields) in news.into_iter().flatten().flat_map(|(_, entries)| entries) {
            position.id = id;
            channels.extend(fields.into_iter().nth(1));
        }
        channels.sort_unstable();
        channels.dedup();
        Ok(Some(channels))
    }

    fn run<T>(
        &self,
        within: Duration,
        work: impl Fn(&mut Link) -> redis::RedisResult<T>,
    ) -> Result<T, StoreUnavailable> {
        self.store.0.run(within, work)
    }

    fn key(&self, end: &str) -> String {
        format!("keysecure:events:{}{end}", self.log)
    }

    fn script(&self, text: &str, channel: &str) -> Result<Cmd, StoreUnavailable> {
        let mut eval = redis::cmd("EVAL");
        eval.arg([NUMBER, text].concat()).arg(3);
        eval.arg(self.key("")).arg(self.key(&format!(":{channel}"))).arg(self.key(":news"));
        eval.arg(&unique()?[..16]).arg(millis(LOG_KEPT_FOR));
        Ok(eval)
    }

    /// A script that tells the readers of a channel.
    fn telling(&self, text: &str, channel: &str) -> Result<Cmd, StoreUnavailable> {
        let mut eval = self.script(text, channel)?;
        eval.arg(millis(self.kept_for)).arg(NEWS).arg(channel);
        Ok(eval)
    }
}
