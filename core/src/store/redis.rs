//! The store in Redis.

mod attempts;
#[cfg(feature = "platform")]
mod events;
mod quota;

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
#[cfg(feature = "platform")]
pub(crate) use events::{ChannelRead, EventLog, NewsPosition};

/// Maximum number of idle connections.
const MAX_IDLE: usize = 8;
/// Time limit of a webhook operation: the reply to an `Auth` webhook is due within 800 ms.
const REPLAY_WITHIN: Duration = Duration::from_millis(300);
/// Pause after a failure of Redis, so that an outage does not cost every caller the timeout.
const LEFT_ALONE: Duration = Duration::from_secs(1);
/// Time by which a stored token outlasts its expiry on this machine's clock, which may be wrong by hours.
const CLOCK_DOUBT: Duration = Duration::from_secs(24 * 3600);

/// Deletes a key if it still has the value of its creator.
const COMPARE_AND_DELETE: &str =
    "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) else return 0 end";

/// [`TokenStore`], [`AttemptStore`](crate::AttemptStore), [`ReplayStore`] and [`QuotaStore`](crate::QuotaStore) in Redis, version
/// 5 or later, for any number of machines (cargo feature `redis`).
///
/// Locks and leases are keys with an expiry that only their creator deletes. Ages are measured on the clock of Redis. Keys start
/// with `keysecure:`. The token is stored in plain text and sent so over the network: use loopback, a Unix socket, a private
/// network, or `rediss://`, for which your program must enable a `tls-rustls` feature of the crate `redis`.
///
/// # Durability
///
/// The record of attempts is as durable as the data of this Redis. With `appendonly yes` and `appendfsync always` a record
/// survives a crash of Redis. In the following cases a recent record may be lost; its reference then looks new, and only a
/// lookup that finds the target protects it:
///
/// * `appendfsync everysec`, the default of `appendonly yes`: the last second before a crash.
/// * A failover to a replica: records that were not replicated yet.
/// * A `maxmemory-policy` other than `noeviction`: records that Redis evicts. The eviction of a lease alone does no harm, because
///   the record of its attempt keeps other workers away until its time limit.
///
/// A Redis without persistence loses everything when it restarts, including the age of the store: every reference then waits for
/// `settle` until Redis has been up for that long. An evicted or lost webhook may be accepted a second time, and an
/// evicted or lost sum counts from zero again.
///
/// # Time
///
/// No operation takes longer than [`RedisStore::timeout`], including connecting and resolving a host name. The lease of a killed
/// worker ends when the time limit of its call would have ended; other workers wait for it.
///
/// # Examples
///
/// ```no_run
/// use keysecure::{Client, RedisStore};
///
/// let store = RedisStore::open("redis://10.0.0.5/")?;
/// let client = Client::builder("api-key", "api-secret-of-16").store(store).build()?;
/// # Ok::<(), keysecure::Error>(())
/// ```
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
    /// End of the pause after a failure.
    left_alone: Mutex<Option<Instant>>,
}

struct Idle {
    connection: Connection,
    /// Process that opened the connection. A forked child must not use it.
    process: u32,
}

impl RedisStore {
    /// Creates a store at a URL such as `redis://:password@10.0.0.5:6379/0` or `redis+unix:///run/redis.sock`. Nothing is sent.
    ///
    /// # Errors
    ///
    /// Kind [`Config`](crate::ErrorKind::Config) if the URL cannot be used. The error does not repeat it.
    pub fn open(url: impl Into<Secret>) -> Result<Self, Error> {
        let url = url.into();
        // The error of the crate may quote the URL, which may contain a password.
        let client = Client::open(url.expose()).map_err(|_| Error::config(why_unusable(url.expose())))?;
        Ok(Self::with(client, Settings { timeout: Duration::from_secs(1), lease: Duration::from_secs(10) }))
    }

    /// Sets the time limit of one operation. Default: 1 s. For webhooks it is 300 ms at most, because the reply to an `Auth`
    /// webhook is due within 800 ms.
    #[must_use]
    pub fn timeout(self, timeout: Duration) -> Self {
        Self::with(self.0.client.clone(), Settings { timeout, ..self.0.settings.clone() })
    }

    /// Sets how long the lock of a killed worker lasts. Default: 10 s. If fetching a token takes longer, another worker may fetch
    /// one too.
    #[must_use]
    pub fn lease(self, lease: Duration) -> Self {
        Self::with(self.0.client.clone(), Settings { lease, ..self.0.settings.clone() })
    }

    fn with(client: Client, settings: Settings) -> Self {
        Self(Arc::new(Inner { client, settings, idle: Mutex::default(), left_alone: Mutex::default() }))
    }
}

/// Why a URL cannot be used.
fn why_unusable(url: &str) -> &'static str {
    if url.starts_with("rediss:") && Client::open("rediss://localhost/").is_err() {
        "rediss:// (TLS) is not built into this package"
    } else {
        "the URL of the Redis store cannot be used: give redis://[[USER]:PASSWORD@]HOST[:PORT][/DATABASE] or redis+unix://PATH"
    }
}

impl Inner {
    /// Runs `work` on a connection. If an idle connection is broken, for example after a restart of Redis, it runs again on a new
    /// one.
    fn run<T>(&self, within: Duration, work: impl Fn(&mut Link) -> RedisResult<T>) -> Result<T, StoreUnavailable> {
        let end = Instant::now() + within.min(self.settings.timeout);
        // A timeout shorter than that of a webhook says nothing about the state of Redis.
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
        if idle.len() < MAX_IDLE {
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

    /// Connects on a separate thread, because resolving a host name has no timeout.
    fn connect(&self, end: Instant) -> RedisResult<Connection> {
        let client = self.client.clone();
        let left = left_until(end)?;
        let (sender, receiver) = mpsc::sync_channel(1);
        std::thread::Builder::new().name("keysecure-redis-connect".to_owned()).spawn(move || {
            // If the receiver has given up, the connection is dropped here.
            drop(sender.send(client.get_connection_with_timeout(left)));
        })?;
        receiver.recv_timeout(left).unwrap_or_else(|_| Err(timed_out()))
    }

    fn failed(&self, error: &RedisError, hurried: bool) -> StoreUnavailable {
        // Without the text of the error, which may quote the command.
        log::debug!(target: "keysecure", "redis store: {:?}", error.kind());
        if !(hurried && error.is_timeout()) {
            *take(&self.left_alone) = Some(Instant::now() + LEFT_ALONE);
        }
        StoreUnavailable
    }

    /// Creates a key with a value and an expiry; `false` if it exists.
    fn put_new(&self, key: &str, value: &str, keep: Duration, within: Duration) -> Result<bool, StoreUnavailable> {
        let millis = u64::try_from(keep.as_millis()).unwrap_or(u64::MAX).clamp(1, i64::MAX.unsigned_abs() / 4);
        self.run(within, |link| {
            let again = link.again;
            let mut set = redis::cmd("SET");
            set.arg(key).arg(value).arg("NX").arg("PX").arg(millis);
            if link.query::<Option<String>>(&set)?.is_some() {
                return Ok(true);
            }
            // The response to the first try may have been lost after the key was created.
            Ok(again && link.query::<Option<String>>(redis::cmd("GET").arg(key))?.as_deref() == Some(value))
        })
    }
}

/// Connection with its deadline, and whether the same work may have run on another connection before.
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
                // If this fails, the lease expires.
                let _ = inner.run(within, |link| link.query::<i64>(&delete));
            }
        })))
    }
}

impl ReplayStore for RedisStore {
    fn insert(&self, key: &str, value: &str, keep: Duration) -> Result<Option<String>, StoreUnavailable> {
        // The unique part distinguishes our value from an equal one if the response to `SET` was lost.
        let own = format!("{} {value}", unique()?);
        if self.0.put_new(&replay_key(key), &own, keep, REPLAY_WITHIN)? {
            return Ok(None);
        }
        // A key that expires between the two commands was present at the first one.
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
    // A socket takes a timeout of zero for no timeout.
    if left.is_zero() { Err(timed_out()) } else { Ok(left) }
}

fn timed_out() -> RedisError {
    std::io::Error::from(std::io::ErrorKind::TimedOut).into()
}

/// Locks a mutex that is held for a few instructions only, never during network access.
fn take<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
