//! Attempts on merchant references, in Redis.
//!
//! * `keysecure:lease:DIGEST`: the lease of a reference, with an expiry.
//! * `keysecure:attempts:XXXX`: a hash of the references whose digest starts with these digits. Redis packs small hashes, so that
//!   65,536 of them take about 70 bytes for each reference, less than a key for each.
//! * `keysecure:attempts`: the creation time of the store.

use std::time::Duration;

use redis::{Cmd, RedisResult};

use super::{Link, RedisStore};
use crate::store::{Acquired, AttemptEnd, AttemptStart, AttemptStore, PastAttempt, StoreUnavailable, digest, unique};

/// Number of digits of a digest that name its hash, and of all digits that are used: 128 bits.
const HASH: usize = 4;
const NAME: usize = 32;
/// Number of digits of a lease id that distinguish the attempts on one reference.
const ATTEMPT: usize = 8;

/// Prefix of scripts: the clock of Redis in milliseconds.
const NOW: &str = "local time = redis.call('TIME') \
    local now = time[1] * 1000 + math.floor(time[2] / 1000) ";

/// KEYS: lease, hash, creation. ARGV: lease, its milliseconds, field.
///
/// A record is `STATE ATTEMPT TIME LASTS`. An attempt that began and has time left makes the reference busy, even without its
/// lease, which Redis may have evicted.
const ACQUIRE: &str = "\
    local created = redis.call('GET', KEYS[3]) \
    if not created then created = string.format('%.0f', now) redis.call('SET', KEYS[3], created) end \
    local lease = redis.call('GET', KEYS[1]) \
    if lease and lease ~= ARGV[1] then return false end \
    local record = redis.call('HGET', KEYS[2], ARGV[3]) \
    local state, ended = '', 0 \
    if record then \
        local at, lasts \
        state, at, lasts = string.match(record, '^(%a) %S+ (%d+) (%d+)$') \
        if not state then state, at, lasts = 'B', now, 0 end \
        ended = now - at - lasts \
        if state == 'B' and ended < 0 and lease ~= ARGV[1] then return false end \
    end \
    redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2]) \
    return {string.format('%.0f', now - created), state, string.format('%.0f', ended)}";

/// KEYS: lease, hash. ARGV: lease, its milliseconds, field, attempt, how long it lasts.
const BEGIN: &str = "\
    if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end \
    redis.call('PEXPIRE', KEYS[1], ARGV[2]) \
    local record = string.format('B %s %.0f %s', ARGV[4], now, ARGV[5]) \
    redis.call('HSET', KEYS[2], ARGV[3], record) \
    return 1";

/// KEYS: hash. ARGV: field, attempt, state. Only `D` ends the attempt of another lease.
const FINISH: &str = "\
    local record = redis.call('HGET', KEYS[1], ARGV[1]) \
    if record and ARGV[3] ~= 'D' and string.match(record, '^%a (%S+) ') ~= ARGV[2] then return 0 end \
    redis.call('HSET', KEYS[1], ARGV[1], string.format('%s %s %.0f 0', ARGV[3], ARGV[2], now)) \
    return 1";

struct Keys {
    lease: String,
    hash: String,
    field: String,
}

impl Keys {
    fn for_reference(reference: &str) -> Self {
        let digest = digest(&["keysecure attempt", reference]);
        Self {
            lease: format!("keysecure:lease:{}", &digest[..NAME]),
            hash: format!("keysecure:attempts:{}", &digest[..HASH]),
            field: digest[HASH..NAME].to_owned(),
        }
    }
}

/// Creates the command of a script, with the clock of Redis.
fn script(text: &str, keys: &[&str]) -> Cmd {
    let mut eval = redis::cmd("EVAL");
    eval.arg([NOW, text].concat()).arg(keys.len());
    for key in keys {
        eval.arg(*key);
    }
    eval
}

pub(super) fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX).clamp(1, i64::MAX.unsigned_abs() / 4)
}

pub(super) fn attempt(lease_id: &str) -> String {
    lease_id.chars().take(ATTEMPT).collect()
}

/// Result of the acquire script: age of the store, state of the last attempt, and time since its end.
type AcquireResult = Option<(i64, String, i64)>;

impl AttemptStore for RedisStore {
    fn acquire(&self, reference: &str, lease: Duration, within: Duration) -> Result<Acquired, StoreUnavailable> {
        let (keys, lease_id) = (Keys::for_reference(reference), unique()?);
        let mut acquire = script(ACQUIRE, &[&keys.lease, &keys.hash, "keysecure:attempts"]);
        // A retry on a new connection accepts the lease of the first try.
        acquire.arg(&lease_id).arg(millis(lease)).arg(&keys.field);
        let Some((age, state, ended)) = self.0.run(within, |link| link.query::<AcquireResult>(&acquire))? else {
            return Ok(Acquired::Busy);
        };
        let duration = |millis: i64| Duration::from_millis(u64::try_from(millis).unwrap_or(0));
        let last_attempt = (!state.is_empty()).then(|| PastAttempt { ended: duration(ended), end: end_of(&state) });
        Ok(Acquired::Leased { lease_id, last_attempt, store_age: duration(age) })
    }

    fn begin(&self, start: &AttemptStart<'_>, within: Duration) -> Result<bool, StoreUnavailable> {
        let keys = Keys::for_reference(start.reference);
        let mut begin = script(BEGIN, &[&keys.lease, &keys.hash]);
        begin.arg(start.lease_id).arg(millis(start.lease)).arg(&keys.field);
        begin.arg(attempt(start.lease_id)).arg(millis(start.lasts));
        self.0.run(within, |link| link.query::<i64>(&begin)).map(|begun| begun == 1)
    }

    fn finish(
        &self,
        reference: &str,
        lease_id: &str,
        end: AttemptEnd,
        within: Duration,
    ) -> Result<(), StoreUnavailable> {
        let keys = Keys::for_reference(reference);
        let mut finish = script(FINISH, &[&keys.hash]);
        finish.arg(&keys.field).arg(attempt(lease_id)).arg(letter(end));
        self.run_in_time(within, |link| link.query::<i64>(&finish).map(|_| ()))
    }

    fn release(&self, reference: &str, lease_id: &str, within: Duration) -> Result<(), StoreUnavailable> {
        let keys = Keys::for_reference(reference);
        let mut delete = redis::cmd("EVAL");
        delete.arg(super::COMPARE_AND_DELETE).arg(1).arg(&keys.lease).arg(lease_id);
        self.run_in_time(within, |link| link.query::<i64>(&delete).map(|_| ()))
    }
}

impl RedisStore {
    /// Fails at once without time left: the lease expires, and an attempt without an end is unknown.
    fn run_in_time(
        &self,
        within: Duration,
        work: impl Fn(&mut Link) -> RedisResult<()>,
    ) -> Result<(), StoreUnavailable> {
        if within.is_zero() { Err(StoreUnavailable) } else { self.0.run(within, work) }
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
