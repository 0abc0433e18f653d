//! Sums with a limit, in Redis.
//!
//! `keysecure:quota:DIGEST`: a hash with the field `sum` and one field for each entry. It expires when the sum may be forgotten.
//! Amounts have 20 digits. The scripts compute with two halves of 10 digits, because a number in Lua is exact only up to 2^53.

use std::time::Duration;

use super::RedisStore;
use super::attempts::{attempt, millis};
use crate::store::{QuotaStore, Reservation, Reserved, StoreUnavailable, digest, unique};

/// Prefix of scripts: `halves(AMOUNT)` and `text(HIGH, LOW)`.
const AMOUNTS: &str = "\
    local function halves(digits) \
        return tonumber(string.sub(digits, 1, 10)), tonumber(string.sub(digits, 11, 20)) \
    end \
    local function text(high, low) return string.format('%010.0f%010.0f', high, low) end ";

/// KEYS: hash. ARGV: entry, amount, limit, milliseconds, id of the reservation.
const RESERVE: &str = "\
    local known = redis.call('HGET', KEYS[1], ARGV[1]) \
    if known then return string.sub(known, 22) == ARGV[5] and 'new' or 'repeated' end \
    local high, low = halves(redis.call('HGET', KEYS[1], 'sum') or text(0, 0)) \
    local more_high, more_low = halves(ARGV[2]) \
    local limit_high, limit_low = halves(ARGV[3]) \
    high, low = high + more_high, low + more_low \
    if low >= 1e10 then high, low = high + 1, low - 1e10 end \
    if high > limit_high or (high == limit_high and low > limit_low) then return 'exceeded' end \
    redis.call('HSET', KEYS[1], 'sum', text(high, low), ARGV[1], ARGV[2] .. ' ' .. ARGV[5]) \
    if redis.call('PTTL', KEYS[1]) < tonumber(ARGV[4]) then redis.call('PEXPIRE', KEYS[1], ARGV[4]) end \
    return 'new'";

/// KEYS: hash. ARGV: entry.
const RELEASE: &str = "\
    local known = redis.call('HGET', KEYS[1], ARGV[1]) \
    if not known then return 0 end \
    redis.call('HDEL', KEYS[1], ARGV[1]) \
    if redis.call('HLEN', KEYS[1]) == 1 then return redis.call('DEL', KEYS[1]) end \
    local high, low = halves(redis.call('HGET', KEYS[1], 'sum')) \
    local less_high, less_low = halves(known) \
    high, low = high - less_high, low - less_low \
    if low < 0 then high, low = high - 1, low + 1e10 end \
    redis.call('HSET', KEYS[1], 'sum', text(high, low)) \
    return 1";

fn script(text: &str, key: &str, entry: &str) -> redis::Cmd {
    let mut eval = redis::cmd("EVAL");
    eval.arg([AMOUNTS, text].concat()).arg(1);
    eval.arg(format!("keysecure:quota:{}", digest(&["keysecure quota", key])));
    eval.arg(digest(&["keysecure quota entry", key, entry]));
    eval
}

impl QuotaStore for RedisStore {
    fn reserve(&self, reservation: &Reservation<'_>, within: Duration) -> Result<Reserved, StoreUnavailable> {
        let Reservation { key, entry, amount, limit, keep } = *reservation;
        let mut reserve = script(RESERVE, key, entry);
        // A retry on a new connection recognizes the entry of the first try by its id.
        reserve.arg(format!("{amount:020}")).arg(format!("{limit:020}")).arg(millis(keep)).arg(attempt(&unique()?));
        let reserved: String = self.0.run(within, |link| link.query(&reserve))?;
        Ok(match reserved.as_str() {
            "new" => Reserved::New,
            "repeated" => Reserved::Repeated,
            _ => Reserved::Exceeded,
        })
    }

    fn release(&self, key: &str, entry: &str, within: Duration) -> Result<(), StoreUnavailable> {
        let release = script(RELEASE, key, entry);
        self.0.run(within, |link| link.query::<i64>(&release)).map(drop)
    }
}
