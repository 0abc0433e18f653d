//! Attempts on merchant references, in Redis.
//!
//! * `keysecure:lease:DIGEST`: the lease of a reference, with an end.
//! * `keysecure:attempts:XXXX`: a hash of the references whose digest begins with these letters. 65,536 small hashes and not
//!   one key for each reference: Redis packs a small hash, so that a reference costs about 70 bytes.
//! * `keysecure:attempts`: when the first reference was recorded.

use std::time::Duration;

use redis::{Cmd, RedisResult};

use super::{Link, RedisStore};
use crate::store::{Acquired, AttemptEnd, AttemptStart, AttemptStore, PastAttempt, StoreUnavailable, digest, unique};

/// Letters of a digest that name its hash, and its field there: 128 bits together.
const HASH: usize = 4;
const NAME: usize = 32;
/// How many letters of a lease tell the attempts on one reference apart.
const ATTEMPT: usize = 8;

/// Redis's own clock in milliseconds, for scripts.
const NOW: &str = "local time = redis.call('TIME') \
    local now = time[1] * 1000 + math.floor(time[2] / 1000) ";

/// KEYS: lease, hash, creation. ARGV: lease, its milliseconds, field.
///
/// A record is `STATE ATTEMPT TIME LASTS`. One that began and may still last makes the reference busy, also when its lease is
/// gone: Redis may have evicted it.
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
    fn of(reference: &str) -> Self {
        let digest = digest(&["keysecure attempt", reference]);
        Self {
            lease: format!("keysecure:lease:{}", &digest[..NAME]),
            hash: format!("keysecure:attempts:{}", &digest[..HASH]),
            field: digest[HASH..NAME].to_owned(),
        }
    }
}

/// A script that knows the time.
fn script(text: &str, keys: &[&str]) -> Cmd {
    let mut eval = redis::cmd("EVAL");
    eval.arg([NOW, text].concat()).arg(keys.len());
    for key in keys {
        eval.arg(*key);
    }
    eval
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX).clamp(1, i64::MAX.unsigned_abs() / 4)
}

fn attempt(lease_id: &str) -> String {
    lease_id.chars().take(ATTEMPT).collect()
}

/// What a script says of a reference: the store's age, the state of the last attempt, and how long ago it ended.
type Answer = Option<(i64, String, i64)>;

impl AttemptStore for RedisStore {
    fn acquire(&self, reference: &str, lease: Duration, within: Duration) -> Result<Acquired, StoreUnavailable> {
        let (keys, lease_id) = (Keys::of(reference), unique()?);
        let mut acquire = script(ACQUIRE, &[&keys.lease, &keys.hash, "keysecure:attempts"]);
        // A second try on a new connection finds its own lease.
        acquire.arg(&lease_id).arg(millis(lease)).arg(&keys.field);
        let Some((age, state, ended)) = self.0.run(within, |link| link.query::<Answer>(&acquire))? else {
            return Ok(Acquired::Busy);
        };
        let duration = |millis: i64| Duration::from_millis(u64::try_from(millis).unwrap_or(0));
        let last_attempt = (!state.is_empty()).then(|| PastAttempt { ended: duration(ended), end: end_of(&state) });
        Ok(Acquired::Leased { lease_id, last_attempt, store_age: duration(age) })
    }

    fn begin(&self, start: &AttemptStart<'_>, within: Duration) -> Result<bool, StoreUnavailable> {
        let keys = Keys::of(start.reference);
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
        let keys = Keys::of(reference);
        let mut finish = script(FINISH, &[&keys.hash]);
        finish.arg(&keys.field).arg(attempt(lease_id)).arg(letter(end));
        self.run_in_time(within, |link| link.query::<i64>(&finish).map(|_| ()))
    }

    fn release(&self, reference: &str, lease_id: &str, within: Duration) -> Result<(), StoreUnavailable> {
        let keys = Keys::of(reference);
        let mut delete = redis::cmd("EVAL");
        delete.arg(super::COMPARE_AND_DELETE).arg(1).arg(&keys.lease).arg(lease_id);
        self.run_in_time(within, |link| link.query::<i64>(&delete).map(|_| ()))
    }
}

impl RedisStore {
    /// Without time nothing is tried: a lease ends by its time, and an attempt without an end is unknown.
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
