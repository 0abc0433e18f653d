//! The token that a fleet shares through a store.
//!
//! A worker loads it from the store. If it is due, the worker locks the slot, loads it again, fetches a new one and saves it.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::data::AccessTokenData;
use crate::error::Error;
use crate::error::Interrupted;
use crate::observe::Observer;
use crate::store::{StoreLock, StoreUnavailable, StoredToken, TokenStore, is_token};
use crate::values::instant;

/// First wait for another worker's fetch.
const FIRST_PAUSE: Duration = Duration::from_millis(2);
/// Maximum wait for another worker's fetch.
const MAX_PAUSE: Duration = Duration::from_millis(100);

/// The slot of a client in a token store.
pub(crate) struct SharedToken {
    store: Arc<dyn TokenStore>,
    slot: String,
    observer: Option<Arc<dyn Observer>>,
    /// Whether the last access to the store failed: an outage is reported once.
    down: AtomicBool,
}

/// The time of one call.
pub(crate) struct Time<'a> {
    /// The platform's clock, in Unix milliseconds.
    pub server_now: &'a dyn Fn() -> i64,
    /// The time that the call has left.
    pub left: &'a dyn Fn() -> Duration,
    pub sleep: &'a dyn Fn(Duration) -> Result<(), Interrupted>,
}

/// Result of the access to the store.
enum Found {
    /// The store has a valid token.
    Token(AccessTokenData),
    /// There is no valid token: this worker fetches one under the lock.
    Lock(StoreLock),
    /// The store is unavailable, or another worker takes too long: this worker fetches without the lock.
    Nothing,
}

impl SharedToken {
    /// Creates the token of one slot of the store.
    pub(crate) fn new(store: Arc<dyn TokenStore>, slot: String, observer: Option<Arc<dyn Observer>>) -> Self {
        Self { store, slot, observer, down: AtomicBool::new(false) }
    }

    /// Whether the last access to the store failed.
    pub(crate) fn is_down(&self) -> bool {
        self.down.load(Ordering::Acquire)
    }

    /// A token that is not due and newer than the `refused` one: the store's, else a new one for all workers.
    pub(crate) fn get(
        &self,
        refused: Option<&AccessTokenData>,
        time: &Time<'_>,
        fetch: impl FnOnce() -> Result<AccessTokenData, Error>,
    ) -> Result<AccessTokenData, Error> {
        let lock = match self.find_or_lock(refused, time)? {
            Found::Token(token) => return Ok(token),
            Found::Lock(lock) => Some(lock),
            Found::Nothing => None,
        };
        let fetched = fetch().map(|token| token.with_renewal((time.server_now)()));
        if let Ok(token) = &fetched {
            self.save(token, time);
        }
        if let Some(lock) = lock {
            lock.release((time.left)() / 4);
        }
        fetched
    }

    fn find_or_lock(&self, refused: Option<&AccessTokenData>, time: &Time<'_>) -> Result<Found, Interrupted> {
        let timeout = (time.left)() / 2;
        let mut pause = FIRST_PAUSE;
        loop {
            match self.load(refused, time) {
                Err(StoreUnavailable) => return Ok(Found::Nothing),
                Ok(Some(token)) => return Ok(Found::Token(token)),
                Ok(None) => {}
            }
            match self.ask(time, |within| self.store.try_lock(&self.slot, within)) {
                Err(StoreUnavailable) => return Ok(Found::Nothing),
                // Another worker may have saved a token before this one got the lock.
                Ok(Some(lock)) => {
                    return Ok(match self.load(refused, time) {
                        Ok(Some(token)) => {
                            lock.release((time.left)() / 4);
                            Found::Token(token)
                        }
                        _ => Found::Lock(lock),
                    });
                }
                Ok(None) => {}
            }
            if (time.left)() <= timeout + pause {
                return Ok(Found::Nothing);
            }
            (time.sleep)(pause)?;
            pause = (pause * 2).min(MAX_PAUSE);
        }
    }

    /// The token in the store, if it is valid, not due and newer than the refused one.
    fn load(
        &self,
        refused: Option<&AccessTokenData>,
        time: &Time<'_>,
    ) -> Result<Option<AccessTokenData>, StoreUnavailable> {
        let stored = self.ask(time, |within| self.store.load(&self.slot, within))?;
        let now = (time.server_now)();
        let usable = stored.filter(|stored| {
            // A store may be custom code, and its token goes into a header.
            is_token(stored.secret().expose())
                && now < instant::to_millis(stored.renew_at())
                && is_newer(stored, refused)
        });
        Ok(usable.map(|stored| AccessTokenData {
            secret: stored.secret().clone(),
            expires_at: stored.expires_at(),
            renew_at: Some(stored.renew_at()),
        }))
    }

    fn save(&self, token: &AccessTokenData, time: &Time<'_>) {
        let renew_at = token.renew_at.unwrap_or(token.expires_at);
        let stored = StoredToken::new(token.secret.clone(), renew_at, token.expires_at);
        // A token that is not saved is still used by this client.
        let _ = self.ask(time, |within| self.store.save(&self.slot, &stored, within));
    }

    /// Calls the store with a quarter of the time that is left.
    fn ask<T>(
        &self,
        time: &Time<'_>,
        operation: impl FnOnce(Duration) -> Result<T, StoreUnavailable>,
    ) -> Result<T, StoreUnavailable> {
        let within = (time.left)() / 4;
        if within.is_zero() {
            return Err(StoreUnavailable);
        }
        let result = operation(within);
        let down = result.is_err();
        if self.down.swap(down, Ordering::AcqRel) != down {
            if down {
                log::warn!(
                    target: "keysecure",
                    "the token store cannot be reached: this client continues with its own token, which may invalidate those of other workers"
                );
            } else {
                log::warn!(target: "keysecure", "the token store can be reached again");
            }
            if let Some(observer) = &self.observer {
                observer.token_store(!down);
            }
        }
        result
    }
}

/// Whether a stored token differs from the refused one and is not older: one from before an outage may still be stored, and
/// would be refused as well.
fn is_newer(stored: &StoredToken, refused: Option<&AccessTokenData>) -> bool {
    refused.is_none_or(|refused| stored.secret() != &refused.secret && stored.expires_at() >= refused.expires_at)
}

impl fmt::Debug for SharedToken {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("SharedToken").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::sync::Mutex;

    use super::*;
    use crate::secrets::Secret;
    use crate::store::MemoryTokenStore;

    const SLOT: &str = "slot";

    fn token(name: &str, expires_at: i64) -> AccessTokenData {
        AccessTokenData {
            secret: Secret::from(name),
            expires_at: instant::from_millis(expires_at).unwrap(),
            renew_at: None,
        }
    }

    /// A call at `now` with ten seconds, whose sleeps take no time but count.
    fn get(shared: &SharedToken, refused: Option<&AccessTokenData>, now: i64, new: &str) -> (String, Duration) {
        let slept = Cell::new(Duration::ZERO);
        let time = Time {
            server_now: &|| now,
            left: &|| Duration::from_secs(10).saturating_sub(slept.get()),
            sleep: &|pause| {
                slept.set(slept.get() + pause);
                Ok(())
            },
        };
        let got = shared.get(refused, &time, || Ok(token(new, now + 1_000))).unwrap();
        (got.secret.expose().to_owned(), slept.get())
    }

    fn two_clients(store: &Arc<MemoryTokenStore>) -> [SharedToken; 2] {
        [0, 1].map(|_| SharedToken::new(Arc::clone(store) as _, SLOT.to_owned(), None))
    }

    #[test]
    fn one_fetches_and_the_other_takes_it_until_it_is_due_or_refused() {
        let [a, b] = two_clients(&Arc::default());
        assert_eq!(get(&a, None, 0, "one").0, "one");
        assert_eq!(get(&b, None, 899, "two").0, "one");
        assert_eq!(get(&b, None, 900, "two").0, "two");
        assert_eq!(get(&a, Some(&token("one", 1_000)), 950, "three").0, "two", "another client renewed it already");
        assert_eq!(get(&a, Some(&token("two", 1_900)), 960, "three").0, "three");
    }

    #[test]
    fn a_token_older_than_the_refused_one_is_not_taken() {
        let store = Arc::<MemoryTokenStore>::default();
        let [a, _] = two_clients(&store);
        store.save(SLOT, &token("old", 5_000).into_stored(4_000), Duration::ZERO).unwrap();
        assert_eq!(get(&a, Some(&token("own", 5_001)), 0, "new").0, "new");
    }

    #[test]
    fn a_lock_that_stays_taken_is_waited_for_during_half_the_time() {
        let store = Arc::<MemoryTokenStore>::default();
        let [a, b] = two_clients(&store);
        let lock = store.try_lock(SLOT, Duration::ZERO).unwrap();
        let (got, slept) = get(&a, None, 0, "one");
        assert_eq!(got, "one");
        assert!(slept > Duration::from_secs(4) && slept <= Duration::from_secs(5), "{slept:?}");
        assert_eq!(get(&b, None, 0, "two"), ("one".to_owned(), Duration::ZERO), "it saved the token that it fetched");
        drop(lock);
    }

    #[test]
    fn a_fetch_that_fails_or_panics_frees_the_lock() {
        let store = Arc::<MemoryTokenStore>::default();
        let [a, _] = two_clients(&store);
        let time = Time { server_now: &|| 0, left: &|| Duration::from_secs(1), sleep: &|_| Ok(()) };
        assert!(a.get(None, &time, || Err(Error::config("no"))).is_err());
        let panicked =
            std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| a.get(None, &time, || panic!("foreign"))));
        assert!(panicked.is_err());
        assert!(store.try_lock(SLOT, Duration::ZERO).unwrap().is_some());
    }

    /// A store that can be switched off, and an observer of it.
    #[derive(Default)]
    struct Broken {
        inner: MemoryTokenStore,
        down: AtomicBool,
        asked: Mutex<Vec<Duration>>,
        seen: Mutex<Vec<bool>>,
    }

    impl Broken {
        fn check(&self, within: Duration) -> Result<(), StoreUnavailable> {
            self.asked.lock().unwrap().push(within);
            if self.down.load(Ordering::SeqCst) { Err(StoreUnavailable) } else { Ok(()) }
        }
    }

    impl TokenStore for Broken {
        fn load(&self, slot: &str, within: Duration) -> Result<Option<StoredToken>, StoreUnavailable> {
            self.check(within)?;
            self.inner.load(slot, within)
        }

        fn save(&self, slot: &str, token: &StoredToken, within: Duration) -> Result<(), StoreUnavailable> {
            self.check(within)?;
            self.inner.save(slot, token, within)
        }

        fn try_lock(&self, slot: &str, within: Duration) -> Result<Option<StoreLock>, StoreUnavailable> {
            self.check(within)?;
            self.inner.try_lock(slot, within)
        }
    }

    impl Observer for Broken {
        fn token_store(&self, available: bool) {
            self.seen.lock().unwrap().push(available);
        }
    }

    #[test]
    fn an_outage_fails_nothing_and_is_reported_once_and_so_is_its_end() {
        let store = Arc::<Broken>::default();
        let shared = SharedToken::new(store.clone(), SLOT.to_owned(), Some(store.clone()));
        assert_eq!(get(&shared, None, 0, "one").0, "one");
        store.down.store(true, Ordering::SeqCst);
        for now in [0, 2_000, 4_000] {
            assert_eq!(get(&shared, None, now, "own").0, "own");
        }
        assert_eq!(*store.seen.lock().unwrap(), [false]);
        store.down.store(false, Ordering::SeqCst);
        assert_eq!(get(&shared, None, 6_000, "two").0, "two");
        assert_eq!(*store.seen.lock().unwrap(), [false, true]);
        assert!(store.asked.lock().unwrap().iter().all(|within| *within <= Duration::from_millis(2_500)));
    }

    #[test]
    fn a_token_that_is_not_a_valid_header_is_rejected() {
        let store = Arc::<MemoryTokenStore>::default();
        let [a, _] = two_clients(&store);
        store.save(SLOT, &token("x\r\nEvil: 1", 5_000).into_stored(4_000), Duration::ZERO).unwrap();
        assert_eq!(get(&a, None, 0, "good").0, "good");
    }

    impl AccessTokenData {
        fn into_stored(self, renew_at: i64) -> StoredToken {
            StoredToken::new(self.secret, instant::from_millis(renew_at).unwrap(), self.expires_at)
        }
    }
}
