//! Stores that workers share: access tokens, attempts on merchant references, and webhooks.
//!
//! [`Store`] is the handle that a client takes. It holds up to one store of each kind.
//!
//! | store | shared by | tokens and webhooks | attempts |
//! |---|---|---|---|
//! | [`MemoryStore`] | the clients of one process | yes | of this process; it cannot tell that a reference is new |
//! | `FileStore` (Unix) | the processes of one user on one machine | yes | durable; a lease ends with its process |
//! | `RedisStore` (feature `redis`) | any number of machines | yes | as durable as that Redis; a lease ends with its time |
//!
//! # Tokens
//!
//! A new token may invalidate the one before it. Workers that share a [`TokenStore`] fetch one between them for each expiry.
//!
//! * The store is asked only when a token is due, refused or missing, by one thread of a client.
//! * The lock of a slot ends by itself when its holder is killed. Should it fail, a token is fetched once too often.
//! * A store that cannot be reached fails no call: the client continues with a token of its own.
//!
//! # Attempts
//!
//! An [`AttemptStore`] records each attempt on a merchant reference before its first byte leaves, and leases the reference to
//! one worker. The `ensure_*` calls need it; plain mutations that carry a reference use it when there is one. A store that
//! cannot be reached fails `ensure_*` calls only, unless
//! [`EnsureOptions::on_store_failure`](crate::Ensure::on_store_failure) says otherwise.
//!
//! # All stores
//!
//! * A store gets at most a quarter of the time that the call has left.
//! * An outage is reported once by `log::warn` and by [`Observer::token_store`](crate::Observer::token_store) or
//!   [`Observer::attempt_store`](crate::Observer::attempt_store), and so is its end.
//! * No `Debug`, log, error or file name shows the token, the Api-Key or a merchant reference: names are SHA-256 digests.

mod attempt_log;
mod attempts;
#[cfg(unix)]
mod file;
mod handle;
mod memory;
#[cfg(feature = "redis")]
mod redis;
mod replays;

use std::fmt;
use std::time::{Duration, SystemTime};

use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

pub(crate) use attempt_log::{AttemptLog, Lease, reference};
pub use attempts::{Acquired, AttemptEnd, AttemptStart, AttemptStore, PastAttempt};
#[cfg(unix)]
pub use file::FileStore;
pub use handle::Store;
pub use memory::{MemoryReplayStore, MemoryStore, MemoryTokenStore};
#[cfg(feature = "redis")]
pub use redis::RedisStore;
#[cfg(test)]
pub(crate) use replays::ReplayChecks;
pub use replays::{OnStoreFailure, ReplayStore};

use crate::secrets::Secret;
use crate::values::{hex, instant};

/// Keeps access tokens for several clients. A `slot` stands for one merchant at one platform; its name is 64 hexadecimal
/// digits and no secret.
///
/// `within` is how long the caller can wait at most. A store that cannot answer by then is unavailable.
pub trait TokenStore: Send + Sync {
    /// The token of a slot, if there is one; it need not be valid any more.
    fn load(&self, slot: &str, within: Duration) -> Result<Option<StoredToken>, StoreUnavailable>;

    /// Replaces the token of a slot. A reader at the same moment sees the old one or the new one, whole.
    fn save(&self, slot: &str, token: &StoredToken, within: Duration) -> Result<(), StoreUnavailable>;

    /// Takes the lock of a slot; `None` when somebody else has it. It does not wait for the lock.
    fn try_lock(&self, slot: &str, within: Duration) -> Result<Option<StoreLock>, StoreUnavailable>;
}

/// The store could not be asked, or not in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the store cannot be reached")]
pub struct StoreUnavailable;

/// An access token as a store keeps it. It prints without the token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredToken {
    secret: Secret,
    renew_at: SystemTime,
    expires_at: SystemTime,
}

impl StoredToken {
    /// A token that is to be renewed at `renew_at` and ends at `expires_at`, both on the platform's clock and in whole
    /// milliseconds. All clients of a fleet renew at the same moment because it is kept with the token.
    pub fn new(secret: impl Into<Secret>, renew_at: SystemTime, expires_at: SystemTime) -> Self {
        Self { secret: secret.into(), renew_at, expires_at }
    }

    /// The token.
    pub fn secret(&self) -> &Secret {
        &self.secret
    }

    /// From then on a new one is fetched.
    pub fn renew_at(&self) -> SystemTime {
        self.renew_at
    }

    /// When the platform ends it.
    pub fn expires_at(&self) -> SystemTime {
        self.expires_at
    }

    /// One line of text, **with the token in it**: for a store's own use.
    pub fn expose_as_line(&self) -> Zeroizing<String> {
        let (renew_at, expires_at) = (instant::to_millis(self.renew_at), instant::to_millis(self.expires_at));
        Zeroizing::new(format!("1 {renew_at} {expires_at} {}\n", self.secret.expose()))
    }

    /// Reads such a line. `None` for anything else, a line that is cut off or that holds no token included.
    pub fn from_line(line: &str) -> Option<Self> {
        let mut words = line.strip_suffix('\n')?.split(' ');
        let (version, renew_at, expires_at, token) = (words.next()?, words.next()?, words.next()?, words.next()?);
        if version != "1" || words.next().is_some() || !is_token(token) {
            return None;
        }
        Some(Self::new(token, instant::parse(renew_at)?, instant::parse(expires_at)?))
    }
}

/// What can stand in a header.
pub(crate) fn is_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic())
}

/// A lock that is held. It ends when it is dropped, and by itself when its holder is killed.
pub struct StoreLock(Option<Release>);

type Release = Box<dyn FnOnce(Duration) + Send>;

impl StoreLock {
    /// A lock that `release` ends. It is told how long it may take: no time at all when the holder panicked, and then a
    /// lock that ends by itself may be left alone.
    pub fn new(release: impl FnOnce(Duration) + Send + 'static) -> Self {
        Self(Some(Box::new(release)))
    }

    /// Ends the lock.
    pub fn release(mut self, within: Duration) {
        if let Some(release) = self.0.take() {
            release(within);
        }
    }
}

impl Drop for StoreLock {
    fn drop(&mut self) {
        if let Some(release) = self.0.take() {
            release(Duration::ZERO);
        }
    }
}

impl fmt::Debug for StoreLock {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("StoreLock")
    }
}

/// The slot of a merchant at a platform.
pub(crate) fn slot(base_url: &str, api_key: &Secret) -> String {
    digest(&["keysecure token", base_url, api_key.expose()])
}

/// SHA-256 in hexadecimal digits. No part may hold a line end.
fn digest(parts: &[&str]) -> String {
    hex::encode(&Sha256::digest(parts.join("\n").as_bytes()))
}

/// A name that nobody else has, in this process or another, on this machine or another.
pub(crate) fn unique() -> Result<String, StoreUnavailable> {
    let (high, low) = (getrandom::u64(), getrandom::u64());
    match (high, low) {
        (Ok(high), Ok(low)) => Ok(format!("{high:016x}{low:016x}")),
        _ => Err(StoreUnavailable),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token() -> StoredToken {
        let at = |millis| instant::from_millis(millis).unwrap();
        StoredToken::new("t0ps3cret", at(1_000), at(2_000))
    }

    #[test]
    fn a_token_survives_its_line_and_shows_only_there() {
        let line = token().expose_as_line();
        assert_eq!(line.as_str(), "1 1000 2000 t0ps3cret\n");
        assert_eq!(StoredToken::from_line(&line), Some(token()));
        assert!(!format!("{:?}", token()).contains("t0ps3cret"));
    }

    #[test]
    fn a_line_that_is_not_whole_is_no_token() {
        for line in [
            "",
            "\n",
            "1 1000 2000 t0ps3",
            "1 1000 2000 \n",
            "2 1000 2000 x\n",
            "1 x 2000 x\n",
            "1 1 2 x y\n",
            "1 1 2 \u{e9}\n",
        ] {
            assert_eq!(StoredToken::from_line(line), None, "{line:?}");
        }
    }

    #[test]
    fn a_slot_names_platform_and_merchant_without_showing_them() {
        let slots = [("https://a", "k1"), ("https://a", "k2"), ("https://b", "k1")]
            .map(|(url, key)| slot(url, &Secret::from(key)));
        assert!(slots.iter().all(|slot| slot.len() == 64 && !slot.contains("k1")));
        assert!(slots[0] != slots[1] && slots[0] != slots[2]);
        assert_eq!(slots[0], slot("https://a", &Secret::from("k1")));
    }
}
