//! A store in Redis, for any number of machines.

mod attempts;

use std::fmt;
use std::sync::mpsc;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use redis::{Client, Cmd, Connection, FromRedisValue, RedisError, RedisResult};
use zeroize::Zeroizing;

use super::{StoreLock, StoreUnavailable, StoredToken, TokenStore, digest, unique};
use crate::error::Error;
use crate::secrets::Secret;
use crate::store::ReplayStore;

/// How many connections are kept open while nobody uses them.
const MOST_IDLE: usize = 8;
/// The most time for a callback: an `Auth` callback must be answered within 800 ms.
const REPLAY_WITHIN: Duration = Duration::from_millis(300);
/// How long Redis is left alone after it failed, so that an outage does not cost every caller the time-out.
const LEFT_ALONE: Duration = Duration::from_secs(1);
/// A token stays that much longer than this machine's clock thinks that it is valid: the clock may be wrong by hours.
const CLOCK_DOUBT: Duration = Duration::from_secs(24 * 3600);

/// Deletes a key if it still has the value that its maker gave it.
const COMPARE_AND_DELETE: &str =
    "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) else return 0 end";

/// A [`TokenStore`], [`AttemptStore`](crate::AttemptStore) and [`ReplayStore`] in Redis, version 5 or later: for any number
/// of machines.
///
/// Locks and leases are keys with an end; only who made one deletes it. Ages are measured on Redis's own clock. Keys begin
/// with `keysecure:`. The token is stored in the clear, and goes over the network so: use loopback, a Unix socket, a private
/// network, or `rediss://`, for which your own program must enable a `tls-rustls` feature of the crate `redis`.
///
/// **What the record of attempts is worth depends on how this Redis keeps its data.** With `appendonly yes` and
/// `appendfsync always` a record survives a crash of Redis. In each of the following cases a record of the last moments may
/// be lost; its reference then looks new, and only a look-up that finds the result protects it:
///
/// * `appendfsync everysec`, the default of `appendonly yes`: the last second before a crash.
/// * A failover to a replica: what had not been copied yet.
/// * `maxmemory-policy` other than `noeviction`: what Redis evicts. A lease that is evicted does no harm by itself, because the
///   record of the attempt keeps other workers away until its time is over.
///
/// A Redis without persistence forgets everything when it restarts, its own age included: every reference then waits for
/// `settle` again until Redis has been up for that long. An evicted or lost webhook may be accepted a second time.
///
/// A worker that is killed keeps its lease for as long as its call had time left. Other workers wait for it.
///
/// No operation takes longer than [`RedisStore::timeout`], connecting and looking up a name included.
#[derive(Clone)]
pub struct RedisStore(Arc<Inner>);

#[derive(Clone)]
struct Settings {
    timeout: Duration,
    lease: Duration,
}

struct Inner {
    client: Client,
    settings: Settings,
    idle: Mutex<Vec<Idle>>,
    /// Not to be asked before then.
    left_alone: Mutex<Option<Instant>>,
}

struct Idle {
    connection: Connection,
    /// A child of a fork must not use its parent's connection.
    process: u32,
}

impl RedisStore {
    /// A store at a URL such as `redis://:password@10.0.0.5:6379/0` or `redis+unix:///run/redis.sock`. Nothing is sent
    /// yet.
    pub fn open(url: impl Into<Secret>) -> Result<Self, Error> {
        // The error of the crate may quote the URL, which may hold a password.
        let client = Client::open(url.into().expose())
            .map_err(|_| Error::config("the URL of the Redis store cannot be used (or its kind is not built in)"))?;
        Ok(Self::with(client, Settings { timeout: Duration::from_secs(1), lease: Duration::from_secs(10) }))
    }

    /// The most time that one operation may take. Default: 1 s. For a callback it is 300 ms at most, whatever is set here:
    /// an `Auth` callback must be answered soon.
    #[must_use]
    pub fn timeout(self, timeout: Duration) -> Self {
        Self::with(self.0.client.clone(), Settings { timeout, ..self.0.settings.clone() })
    }

    /// How long a lock lasts when its holder is killed. Default: 10 s. A fetch that takes longer than this may be doubled
    /// by another worker.
    #[must_use]
    pub fn lease(self, lease: Duration) -> Self {
        Self::with(self.0.client.clone(), Settings { lease, ..self.0.settings.clone() })
    }

    fn with(client: Client, settings: Settings) -> Self {
        Self(Arc::new(Inner { client, settings, idle: Mutex::default(), left_alone: Mutex::default() }))
    }
}

impl Inner {
    /// Does some work on a connection. It is done again on a new connection when an idle one turns out to be broken, as
    /// after a restart of Redis.
    fn run<T>(&self, within: Duration, work: impl Fn(&mut Link) -> RedisResult<T>) -> Result<T, StoreUnavailable> {
        let end = Instant::now() + within.min(self.settings.timeout);
        // Who has less time than a callback learns nothing about Redis when it runs out.
        let hurried = within < self.settings.timeout.min(REPLAY_WITHIN);
        let mut again = false;
        if let Some(connection) = self.idle_connection() {
            match self.work_on(connection, end, again, &work) {
                Err(error) if error.is_io_error() && !error.is_timeout() => again = true,
                done => return done.map_err(|error| self.failed(&error, hurried)),
            }
        }
        let mut left_alone = take(&self.left_alone);
        if left_alone.is_some_and(|until| Instant::now() < until) {
            return Err(StoreUnavailable);
        }
        *left_alone = None;
        drop(left_alone);
        self.connect(end)
            .and_then(|connection| self.work_on(connection, end, again, &work))
            .map_err(|error| self.failed(&error, hurried))
    }

    fn work_on<T>(
        &self,
        connection: Connection,
        end: Instant,
        again: bool,
        work: impl Fn(&mut Link) -> RedisResult<T>,
    ) -> RedisResult<T> {
        let mut link = Link { connection, end, again };
        let done = work(&mut link)?;
        let mut idle = take(&self.idle);
        if idle.len() < MOST_IDLE {
            idle.push(Idle { connection: link.connection, process: std::process::id() });
        }
        Ok(done)
    }

    fn idle_connection(&self) -> Option<Connection> {
        let mut idle = take(&self.idle);
        let process = std::process::id();
        idle.retain(|idle| idle.process == process);
        idle.pop().map(|idle| idle.connection)
    }

    /// Connects in a thread of its own: looking up a name knows no time-out.
    fn connect(&self, end: Instant) -> RedisResult<Connection> {
        let client = self.client.clone();
        let left = left_until(end)?;
        let (sender, receiver) = mpsc::sync_channel(1);
        std::thread::Builder::new().name("keysecure-redis-connect".to_owned()).spawn(move || {
            // Nobody may wait for it any more; then the connection is dropped here.
            drop(sender.send(client.get_connection_with_timeout(left)));
        })?;
        receiver.recv_timeout(left).unwrap_or_else(|_| Err(timed_out()))
    }

    fn failed(&self, error: &RedisError, hurried: bool) -> StoreUnavailable {
        // The text of the error is left out: it may quote what was sent.
        log::debug!(target: "keysecure", "redis store: {:?}", error.kind());
        if !(hurried && error.is_timeout()) {
            *take(&self.left_alone) = Some(Instant::now() + LEFT_ALONE);
        }
        StoreUnavailable
    }

    /// Makes a key with that value and end; `false` if there is one.
    fn put_new(&self, key: &str, value: &str, keep: Duration, within: Duration) -> Result<bool, StoreUnavailable> {
        let millis = u64::try_from(keep.as_millis()).unwrap_or(u64::MAX).clamp(1, i64::MAX.unsigned_abs() / 4);
        self.run(within, |link| {
            let again = link.again;
            let mut set = redis::cmd("SET");
            set.arg(key).arg(value).arg("NX").arg("PX").arg(millis);
            if link.query::<Option<String>>(&set)?.is_some() {
                return Ok(true);
            }
            // The answer to the first try may have been lost after the key was made.
            Ok(again && link.query::<Option<String>>(redis::cmd("GET").arg(key))?.as_deref() == Some(value))
        })
    }
}

/// A connection, the time it may take, and whether the same work may have been done on another one before.
struct Link {
    connection: Connection,
    end: Instant,
    again: bool,
}

impl Link {
    fn query<T: FromRedisValue>(&mut self, command: &Cmd) -> RedisResult<T> {
        let left = left_until(self.end)?;
        self.connection.set_read_timeout(Some(left))?;
        self.connection.set_write_timeout(Some(left))?;
        command.query(&mut self.connection)
    }
}

impl TokenStore for RedisStore {
    fn load(&self, slot: &str, within: Duration) -> Result<Option<StoredToken>, StoreUnavailable> {
        let mut get = redis::cmd("GET");
        get.arg(token_key(slot));
        let line = self.0.run(within, |link| link.query::<Option<Vec<u8>>>(&get))?.map(Zeroizing::new);
        Ok(line.and_then(|line| StoredToken::from_line(std::str::from_utf8(&line).ok()?)))
    }

    fn save(&self, slot: &str, token: &StoredToken, within: Duration) -> Result<(), StoreUnavailable> {
        let valid = token.expires_at().duration_since(SystemTime::now()).unwrap_or_default();
        let seconds = valid.saturating_add(CLOCK_DOUBT).as_secs().min(u64::from(u32::MAX));
        let mut set = redis::cmd("SET");
        set.arg(token_key(slot)).arg(token.expose_as_line().as_bytes()).arg("EX").arg(seconds);
        self.0.run(within, |link| link.query::<()>(&set))
    }

    fn try_lock(&self, slot: &str, within: Duration) -> Result<Option<StoreLock>, StoreUnavailable> {
        let (key, value) = (format!("keysecure:lock:{slot}"), unique()?);
        if !self.0.put_new(&key, &value, self.0.settings.lease, within)? {
            return Ok(None);
        }
        let inner = Arc::clone(&self.0);
        Ok(Some(StoreLock::new(move |within| {
            if !within.is_zero() {
                let mut delete = redis::cmd("EVAL");
                delete.arg(COMPARE_AND_DELETE).arg(1).arg(key).arg(value);
                // If it fails, the lease ends by itself.
                let _ = inner.run(within, |link| link.query::<i64>(&delete));
            }
        })))
    }
}

impl ReplayStore for RedisStore {
    fn insert(&self, key: &str, value: &str, keep: Duration) -> Result<Option<String>, StoreUnavailable> {
        // The unique part tells our own value from an equal one when the answer to `SET` was lost.
        let own = format!("{} {value}", unique()?);
        if self.0.put_new(&replay_key(key), &own, keep, REPLAY_WITHIN)? {
            return Ok(None);
        }
        // A key that ends between the two commands was present when the first was answered.
        Ok(Some(self.get(key)?.unwrap_or_default()))
    }

    fn get(&self, key: &str) -> Result<Option<String>, StoreUnavailable> {
        let mut get = redis::cmd("GET");
        get.arg(replay_key(key));
        let stored = self.0.run(REPLAY_WITHIN, |link| link.query::<Option<String>>(&get))?;
        Ok(stored.map(|stored| stored.split_once(' ').map_or_else(String::new, |(_, value)| value.to_owned())))
    }

    fn remove(&self, key: &str) -> Result<(), StoreUnavailable> {
        let mut delete = redis::cmd("DEL");
        delete.arg(replay_key(key));
        self.0.run(REPLAY_WITHIN, |link| link.query::<()>(&delete))
    }
}

impl fmt::Debug for RedisStore {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("RedisStore")
            .field("timeout", &self.0.settings.timeout)
            .field("lease", &self.0.settings.lease)
            .finish_non_exhaustive()
    }
}

fn replay_key(key: &str) -> String {
    format!("keysecure:replay:{}", digest(&["keysecure replay", key]))
}

fn token_key(slot: &str) -> String {
    format!("keysecure:token:{slot}")
}

fn left_until(end: Instant) -> RedisResult<Duration> {
    let left = end.saturating_duration_since(Instant::now());
    // A socket takes a time-out of zero for none at all.
    if left.is_zero() { Err(timed_out()) } else { Ok(left) }
}

fn timed_out() -> RedisError {
    std::io::Error::from(std::io::ErrorKind::TimedOut).into()
}

/// Held for a few instructions only, never over the network.
fn take<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
