//! Stores that workers share: access tokens, attempts on merchant references, webhooks, and sums with a limit.
//!
//! [`Store`] is the handle that a client takes. It holds up to one store of each kind.
//!
//! | store | shared by | tokens and webhooks | attempts | sums |
//! |---|---|---|---|---|
//! | [`MemoryStore`] | the clients of one process | yes | of this process only; it cannot tell that a reference is new | of this process only, from its start |
//! | `FileStore` (Unix) | the processes of one user on one machine | yes | durable; a lease ends with its process | durable |
//! | `RedisStore` (feature `redis`) | any number of machines | yes | as durable as that Redis; a lease ends with its time | as durable as that Redis |
//!
//! # Tokens
//!
//! A new token may invalidate the one before it. Workers that share a [`TokenStore`] fetch one token together for each expiry.
//!
//! * A client reads the store only if its token is due, refused or missing, and on one thread.
//! * The lock of a slot ends when its holder is killed. If the lock fails, a token is fetched once too often.
//! * A store that is unavailable fails no call: the client continues with a token that it does not share.
//!
//! # Attempts
//!
//! An [`AttemptStore`] records each attempt on a merchant reference before its first byte is sent, and leases the reference to
//! one worker. The `ensure_*` calls require it; plain mutations with a merchant reference use it if there is one. A store that is
//! unavailable fails `ensure_*` calls only, unless [`EnsureOptions::on_store_failure`](crate::EnsureOptions::on_store_failure)
//! allows them.
//!
//! # Sums
//!
//! A [`QuotaStore`] counts amounts against a limit: what a cardholder transfers through a relay in one day, and how many cards
//! the cardholder applies for. It adds
//! an amount only if the sum stays within the limit, atomically for all workers, and each entry counts once.
//!
//! # All stores
//!
//! * A store gets at most a quarter of the time that the call has left.
//! * An outage is reported once by `log::warn` and by [`Observer::token_store`](crate::Observer::token_store) or
//!   [`Observer::attempt_store`](crate::Observer::attempt_store), and so is its end.
//! * No `Debug` output, log, error or file name shows the token, the Api-Key or a merchant reference: names are SHA-256 digests.

mod attempt_log;
mod attempts;
#[cfg(unix)]
mod file;
mod handle;
mod memory;
mod quota;
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
pub use quota::{QuotaStore, Reservation, Reserved};
#[cfg(feature = "redis")]
pub use redis::RedisStore;
#[cfg(all(feature = "redis", feature = "platform"))]
pub(crate) use redis::{ChannelRead, EventLog, NewsPosition};
#[cfg(test)]
pub(crate) use replays::ReplayChecks;
pub use replays::{OnStoreFailure, ReplayStore};

use crate::secrets::Secret;
use crate::values::{hex, instant};

/// Store of access tokens that several clients share.
///
/// A `slot` identifies one merchant at one platform by 64 hexadecimal digits. It is not a secret. `within` is the time limit of
/// a method; a store that needs longer is unavailable.
///
/// # Examples
///
/// A store without sharing between processes; [`MemoryTokenStore`] does the same:
///
/// ```
/// use std::collections::HashMap;
/// use std::sync::{Arc, Mutex};
/// use std::time::Duration;
///
/// use keysecure::{Store, StoreLock, StoreUnavailable, StoredToken, TokenStore};
///
/// #[derive(Default)]
/// struct Tokens {
///     tokens: Mutex<HashMap<String, StoredToken>>,
/// }
///
/// impl TokenStore for Tokens {
///     fn load(&self, slot: &str, _within: Duration) -> Result<Option<StoredToken>, StoreUnavailable> {
///         Ok(self.tokens.lock().map_err(|_| StoreUnavailable)?.get(slot).cloned())
///     }
///
///     fn save(&self, slot: &str, token: &StoredToken, _within: Duration) -> Result<(), StoreUnavailable> {
///         self.tokens.lock().map_err(|_| StoreUnavailable)?.insert(slot.to_owned(), token.clone());
///         Ok(())
///     }
///
///     fn try_lock(&self, _slot: &str, _within: Duration) -> Result<Option<StoreLock>, StoreUnavailable> {
///         // A store that processes share takes a lock here and releases it in the closure.
///         Ok(Some(StoreLock::new(|_within| ())))
///     }
/// }
///
/// let store = Store::new().tokens(Arc::new(Tokens::default()));
/// ```
pub trait TokenStore: Send + Sync {
    /// Returns the token of a slot, if there is one. It may be expired.
    ///
    /// # Errors
    ///
    /// [`StoreUnavailable`] if the store cannot be reached in time.
    fn load(&self, slot: &str, within: Duration) -> Result<Option<StoredToken>, StoreUnavailable>;

    /// Replaces the token of a slot, atomically for concurrent readers.
    ///
    /// # Errors
    ///
    /// [`StoreUnavailable`] if the store cannot be reached in time.
    fn save(&self, slot: &str, token: &StoredToken, within: Duration) -> Result<(), StoreUnavailable>;

    /// Takes the lock of a slot without waiting for it; `None` if another worker holds it.
    ///
    /// # Errors
    ///
    /// [`StoreUnavailable`] if the store cannot be reached in time.
    fn try_lock(&self, slot: &str, within: Duration) -> Result<Option<StoreLock>, StoreUnavailable>;
}

/// Error of a store that cannot be reached, or not in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the store cannot be reached")]
pub struct StoreUnavailable;

/// Access token as a store keeps it. Its `Debug` output hides the token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredToken {
    secret: Secret,
    renew_at: SystemTime,
    expires_at: SystemTime,
}

impl StoredToken {
    /// Creates a token that is renewed at `renew_at` and expires at `expires_at`, on the platform's clock.
    ///
    /// Times are kept in whole milliseconds. `renew_at` is stored so that all clients of a fleet renew at the same time.
    pub fn new(secret: impl Into<Secret>, renew_at: SystemTime, expires_at: SystemTime) -> Self {
        Self { secret: secret.into(), renew_at, expires_at }
    }

    /// Returns the token.
    pub fn secret(&self) -> &Secret {
        &self.secret
    }

    /// Returns the time from which a new token is fetched.
    pub fn renew_at(&self) -> SystemTime {
        self.renew_at
    }

    /// Returns when the token expires.
    pub fn expires_at(&self) -> SystemTime {
        self.expires_at
    }

    /// Returns the token and its times as one line of text, **including the secret**, for store implementations.
    pub fn expose_as_line(&self) -> Zeroizing<String> {
        let (renew_at, expires_at) = (instant::to_millis(self.renew_at), instant::to_millis(self.expires_at));
        Zeroizing::new(format!("1 {renew_at} {expires_at} {}\n", self.secret.expose()))
    }

    /// Parses a line of [`expose_as_line`](Self::expose_as_line). `None` for any other text, such as a line that is cut off.
    pub fn from_line(line: &str) -> Option<Self> {
        let mut words = line.strip_suffix('\n')?.split(' ');
        let (version, renew_at, expires_at, token) = (words.next()?, words.next()?, words.next()?, words.next()?);
        if version != "1" || words.next().is_some() || !is_token(token) {
            return None;
        }
        Some(Self::new(token, instant::parse(renew_at)?, instant::parse(expires_at)?))
    }
}

/// Whether a string can be the value of a header.
pub(crate) fn is_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic())
}

/// Lock of a slot that is held. Dropping it ends the lock.
pub struct StoreLock(Option<Release>);

type Release = Box<dyn FnOnce(Duration) + Send>;

impl StoreLock {
    /// Creates a lock that `release` ends.
    ///
    /// `release` receives its time limit. The limit is zero if the lock is dropped, for example by a panic: a lock with an
    /// expiry may then be left to it.
    pub fn new(release: impl FnOnce(Duration) + Send + 'static) -> Self {
        Self(Some(Box::new(release)))
    }

    /// Ends the lock, within a time limit.
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

/// Returns the slot of a merchant at a platform.
pub(crate) fn slot(base_url: &str, api_key: &Secret) -> String {
    digest(&["keysecure token", base_url, api_key.expose()])
}

/// SHA-256 in hexadecimal digits. No part may contain a line end.
fn digest(parts: &[&str]) -> String {
    hex::encode(&Sha256::digest(parts.join("\n").as_bytes()))
}

/// A name that is unique across processes and machines.
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
    fn a_token_survives_its_line_and_is_visible_only_there() {
        let line = token().expose_as_line();
        assert_eq!(line.as_str(), "1 1000 2000 t0ps3cret\n");
        assert_eq!(StoredToken::from_line(&line), Some(token()));
        assert!(!format!("{:?}", token()).contains("t0ps3cret"));
    }

    #[test]
    fn an_incomplete_line_is_not_a_token() {
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
    fn a_slot_identifies_a_merchant_without_revealing_it() {
        let slots = [("https://a", "k1"), ("https://a", "k2"), ("https://b", "k1")]
            .map(|(url, key)| slot(url, &Secret::from(key)));
        assert!(slots.iter().all(|slot| slot.len() == 64 && !slot.contains("k1")));
        assert!(slots[0] != slots[1] && slots[0] != slots[2]);
        assert_eq!(slots[0], slot("https://a", &Secret::from("k1")));
    }
}
