//! The access token: one thread fetches it while the others wait.

mod shared;

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, ThreadId};
use std::time::{Duration, Instant, SystemTime};

use serde::de::{Deserializer, Error as _};

use crate::clock::{Clock, await_change};
use crate::codec::{Decode, OnMismatch, PATH_SEPARATOR, model};
use crate::error::Interrupted;
use crate::error::TransportFault;
use crate::error::{Error, ErrorKind, Outcome};
use crate::secrets::Secret;
use crate::values::instant;
use crate::values::per_process::PerProcess;

pub(crate) use shared::{SharedToken, Time};

/// An access token as the platform gave it.
#[derive(Debug, Clone)]
pub(crate) struct AccessTokenData {
    pub secret: Secret,
    pub expires_at: SystemTime,
    /// When its fleet renews it; set by whoever fetched it.
    pub renew_at: Option<SystemTime>,
}

impl AccessTokenData {
    /// A token that arrived at `now` is renewed before it ends: by a tenth of its life, at most a minute.
    pub(crate) fn with_renewal(self, now: i64) -> Self {
        let ends_at = instant::to_millis(self.expires_at);
        let ahead = (ends_at.saturating_sub(now).max(0) / 10).min(60_000);
        Self { renew_at: instant::from_millis(ends_at.saturating_sub(ahead)), ..self }
    }
}

model! {
    /// The platform's response to a token request.
    secret struct TokenResponse {
        access_token: Secret,
        expired_time: SystemTime,
    }
}

impl Decode for AccessTokenData {
    const EXPECTED: &'static str = TokenResponse::EXPECTED;

    fn read<'de, D: Deserializer<'de>>(deserializer: D, on_mismatch: OnMismatch) -> Result<Self, D::Error> {
        let TokenResponse { access_token: secret, expired_time: expires_at } =
            TokenResponse::read(deserializer, on_mismatch)?;
        // A token goes into a header, so it must be valid there.
        if secret.expose().is_empty() || !secret.expose().bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(D::Error::custom(format_args!("access_token{PATH_SEPARATOR}is not printable ASCII")));
        }
        Ok(Self { secret, expires_at, renew_at: None })
    }
}

/// A token in use. Two are the same if they came from the same fetch.
#[derive(Debug, Clone)]
pub(crate) struct CachedToken(Arc<Fetched>);

#[derive(Debug)]
struct Fetched {
    token: AccessTokenData,
    /// In the platform's Unix milliseconds: from then on a new one is fetched.
    renew_at: i64,
    ends_at: i64,
}

impl CachedToken {
    /// A token that arrived at `now`, from the platform or from the fleet's store.
    fn new(token: AccessTokenData, now: i64) -> Self {
        let token = if token.renew_at.is_some() { token } else { token.with_renewal(now) };
        let ends_at = instant::to_millis(token.expires_at);
        let renew_at = token.renew_at.map_or(ends_at, instant::to_millis);
        Self(Arc::new(Fetched { token, renew_at, ends_at }))
    }

    fn same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl std::ops::Deref for CachedToken {
    type Target = AccessTokenData;

    fn deref(&self) -> &AccessTokenData {
        &self.0.token
    }
}

/// The one token of a client, in each process that uses it.
#[derive(Debug, Default)]
pub(crate) struct TokenCell(PerProcess<Cell>);

#[derive(Debug, Default)]
struct Cell {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    held: Option<CachedToken>,
    /// Who fetches one at this moment.
    fetching: Option<ThreadId>,
    /// Counts the fetches that ended.
    round: u64,
    /// Why the last fetch failed, if it did.
    failure: Option<Error>,
}

impl State {
    /// The token held, unless the platform refused it.
    fn usable(&self, refused: Option<&CachedToken>) -> Option<CachedToken> {
        self.held.clone().filter(|held| !refused.is_some_and(|refused| refused.same(held)))
    }
}

impl TokenCell {
    /// The cell of this process. A forked child keeps its parent's token, but not a fetch in progress: the thread that makes
    /// it, and may hold the lock, exists only in the parent.
    fn cell(&self) -> &Cell {
        self.0.get(|parents| {
            let held = parents.state.try_lock().ok().and_then(|state| state.held.clone());
            Cell { state: Mutex::new(State { held, ..State::default() }), changed: Condvar::new() }
        })
    }

    /// The token in use, unless it is `refused` or due for renewal: then a new one.
    ///
    /// `fetch` runs without a lock, in one thread at a time. The others wait for it, at most `timeout`, and share its
    /// result, also a failure unless it concerns only the call that fetched. `now` is the platform's clock; like `fetch` it
    /// is foreign code and never called under the lock.
    pub(crate) fn get(
        &self,
        refused: Option<&CachedToken>,
        clock: &dyn Clock,
        now: impl Fn() -> i64,
        timeout: Duration,
        fetch: impl FnOnce() -> Result<AccessTokenData, Error>,
    ) -> Result<CachedToken, Error> {
        self.cell().get(refused, clock, now, timeout, fetch)
    }

    /// Waits until there is another token than the refused one, at most `timeout`.
    pub(crate) fn wait_for_replacement(
        &self,
        refused: &CachedToken,
        clock: &dyn Clock,
        timeout: Duration,
    ) -> Result<(), Interrupted> {
        self.cell().wait_for_replacement(refused, clock, timeout)
    }
}

impl Cell {
    fn get(
        &self,
        refused: Option<&CachedToken>,
        clock: &dyn Clock,
        now: impl Fn() -> i64,
        timeout: Duration,
        fetch: impl FnOnce() -> Result<AccessTokenData, Error>,
    ) -> Result<CachedToken, Error> {
        let give_up = Instant::now() + timeout;
        loop {
            let time = now();
            let mut state = self.lock();
            let held = state.usable(refused);
            if let Some(held) = held.as_ref().filter(|held| time < held.0.renew_at) {
                return Ok(held.clone());
            }
            let (here, outer) = (thread::current().id(), state.fetching);
            // A call made from within the fetch, by a signal handler say, must not wait for itself.
            if outer.is_none_or(|fetching| fetching == here) {
                state.fetching = Some(here);
                drop(state);
                return self.fetch_as_leader(outer, held, &now, fetch);
            }
            let state = self.await_round(state, clock, give_up)?;
            let newest = state.usable(refused);
            match (&state.failure, newest) {
                (None, Some(fetched)) => return Ok(fetched),
                // The renewal failed, but the old token has not ended yet.
                (Some(_), Some(old)) if time < old.0.ends_at => return Ok(old),
                (Some(failure), _) if !is_of_its_own_call(failure) => return Err(failure.clone()),
                _ => {}
            }
        }
    }

    fn wait_for_replacement(
        &self,
        refused: &CachedToken,
        clock: &dyn Clock,
        timeout: Duration,
    ) -> Result<(), Interrupted> {
        let give_up = Instant::now() + timeout;
        let mut state = self.lock();
        while state.usable(Some(refused)).is_none() {
            let left = give_up.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            state = await_change(clock, &self.state, state, &self.changed, left)?;
        }
        Ok(())
    }

    /// Waits until the fetch under way has ended.
    fn await_round<'a>(
        &'a self,
        mut state: MutexGuard<'a, State>,
        clock: &dyn Clock,
        give_up: Instant,
    ) -> Result<MutexGuard<'a, State>, Error> {
        let round = state.round;
        while state.round == round {
            let left = give_up.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(Error::timeout(Outcome::NotSent, "time ran out while another thread fetched it"));
            }
            state = await_change(clock, &self.state, state, &self.changed, left)?;
        }
        Ok(state)
    }

    /// Fetches a token for all threads; `old` is the token that is due for renewal, if it is still valid.
    fn fetch_as_leader(
        &self,
        outer: Option<ThreadId>,
        old: Option<CachedToken>,
        now: impl Fn() -> i64,
        fetch: impl FnOnce() -> Result<AccessTokenData, Error>,
    ) -> Result<CachedToken, Error> {
        let mut round = FetchGuard { cell: self, outer, outcome: None };
        let fetched = fetch().map(|token| CachedToken::new(token, now()));
        round.outcome = Some(fetched.clone());
        drop(round);
        match (fetched, old) {
            (Err(_), Some(old)) if now() < old.0.ends_at => Ok(old),
            (fetched, _) => fetched,
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether the failure of a fetch concerns only the call that made it: it timed out, or it was interrupted.
fn is_of_its_own_call(failure: &Error) -> bool {
    failure.kind() == ErrorKind::Timeout || failure.transport_fault() == Some(TransportFault::Interrupted)
}

/// Ends a fetch and wakes the waiting threads, also when the fetch panicked: then the next of them fetches.
struct FetchGuard<'a> {
    cell: &'a Cell,
    /// The fetch within which this one is made.
    outer: Option<ThreadId>,
    outcome: Option<Result<CachedToken, Error>>,
}

impl Drop for FetchGuard<'_> {
    fn drop(&mut self) {
        let mut state = self.cell.lock();
        state.fetching = self.outer;
        state.round += 1;
        match self.outcome.take() {
            Some(Ok(held)) => {
                state.held = Some(held);
                state.failure = None;
            }
            Some(Err(error)) => state.failure = Some(error),
            None => state.failure = Some(Error::timeout(Outcome::NotSent, "the fetch of the token was abandoned")),
        }
        drop(state);
        self.cell.changed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Barrier;
    use std::sync::atomic::{AtomicI64, AtomicU32, Ordering};

    use super::*;
    use crate::clock::SystemClock;
    use crate::error::TransportError;

    const LIFE: i64 = 1_000_000;

    fn token(number: u32, expires_at: i64) -> AccessTokenData {
        AccessTokenData {
            secret: Secret::from(format!("token-{number}")),
            expires_at: instant::from_millis(expires_at).unwrap(),
            renew_at: None,
        }
    }

    struct Platform {
        cell: TokenCell,
        now: AtomicI64,
        fetches: AtomicU32,
    }

    impl Platform {
        fn new() -> Self {
            Self { cell: TokenCell::default(), now: AtomicI64::new(0), fetches: AtomicU32::new(0) }
        }

        fn get(&self, refused: Option<&CachedToken>) -> CachedToken {
            self.get_with(refused, || {
                std::thread::sleep(Duration::from_millis(20));
                Ok(())
            })
            .unwrap()
        }

        fn get_with(
            &self,
            refused: Option<&CachedToken>,
            fetch: impl FnOnce() -> Result<(), Error>,
        ) -> Result<CachedToken, Error> {
            let now = || self.now.load(Ordering::SeqCst);
            self.cell.get(refused, &SystemClock::new(), now, Duration::from_secs(5), || {
                let number = self.fetches.fetch_add(1, Ordering::SeqCst) + 1;
                fetch()?;
                Ok(token(number, now() + LIFE))
            })
        }
    }

    fn broken() -> Error {
        Error::transport(TransportError::not_sent(TransportFault::Connect))
    }

    #[test]
    fn many_threads_fetch_once_for_each_expiry() {
        let platform = Platform::new();
        for expiry in 1..=3 {
            let start = Barrier::new(32);
            std::thread::scope(|scope| {
                for _ in 0..32 {
                    scope.spawn(|| {
                        start.wait();
                        platform.get(None);
                    });
                }
            });
            assert_eq!(platform.fetches.load(Ordering::SeqCst), expiry);
            platform.now.fetch_add(LIFE, Ordering::SeqCst);
        }
    }

    #[test]
    fn many_threads_refused_with_the_same_token_fetch_one_new_one() {
        let platform = Platform::new();
        let refused = platform.get(None);
        let start = Barrier::new(32);
        std::thread::scope(|scope| {
            for _ in 0..32 {
                scope.spawn(|| {
                    start.wait();
                    assert_eq!(platform.get(Some(&refused)).secret.expose(), "token-2");
                });
            }
        });
        assert_eq!(platform.fetches.load(Ordering::SeqCst), 2);
    }

    #[test]
    fn a_token_is_renewed_ahead_of_its_end_and_the_old_one_serves_while_that_fails() {
        let platform = Platform::new();
        platform.get(None);
        platform.now.store(LIFE - 60_001, Ordering::SeqCst);
        platform.get(None);
        assert_eq!(platform.fetches.load(Ordering::SeqCst), 1);
        platform.now.store(LIFE - 60_000, Ordering::SeqCst);
        assert_eq!(platform.get_with(None, || Err(broken())).unwrap().secret.expose(), "token-1");
        platform.now.store(LIFE, Ordering::SeqCst);
        assert_eq!(platform.get_with(None, || Err(broken())).unwrap_err(), broken());
        assert_eq!(platform.get(None).secret.expose(), "token-4");
    }

    #[test]
    fn a_failure_is_shared_by_those_who_waited_for_it() {
        let platform = Platform::new();
        let start = Barrier::new(8);
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    start.wait();
                    let slow_failure = || {
                        std::thread::sleep(Duration::from_millis(200));
                        Err(broken())
                    };
                    assert_eq!(platform.get_with(None, slow_failure).unwrap_err(), broken());
                });
            }
        });
        assert_eq!(platform.fetches.load(Ordering::SeqCst), 1);
    }

    #[test]
    fn a_fetch_that_was_interrupted_ends_no_other_call() {
        let platform = Platform::new();
        let under_way = Barrier::new(2);
        std::thread::scope(|scope| {
            let other = scope.spawn(|| {
                under_way.wait();
                platform.get(None)
            });
            let interrupted = platform.get_with(None, || {
                under_way.wait();
                std::thread::sleep(Duration::from_millis(200));
                Err(Interrupted.into())
            });
            assert_eq!(interrupted.unwrap_err().transport_fault(), Some(TransportFault::Interrupted));
            assert_eq!(other.join().unwrap().secret.expose(), "token-2");
        });
    }

    #[test]
    fn a_panic_while_fetching_does_not_leave_the_others_waiting() {
        let platform = Platform::new();
        let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            platform.get_with(None, || panic!("a foreign transport panicked"))
        }));
        assert!(panicked.is_err());
        assert_eq!(platform.get(None).secret.expose(), "token-2");
    }

    #[test]
    fn a_call_made_from_within_a_fetch_fetches_for_itself() {
        let platform = Platform::new();
        let outer = platform.get_with(None, || {
            assert_eq!(platform.get(None).secret.expose(), "token-2");
            Ok(())
        });
        assert_eq!(outer.unwrap().secret.expose(), "token-1");
        platform.now.store(LIFE, Ordering::SeqCst);
        assert_eq!(platform.get(None).secret.expose(), "token-3", "afterwards there is no fetch under way");
    }

    /// A clock that is asked between the pieces of a wait, and at the third time ends it.
    #[derive(Default)]
    struct Impatient(AtomicU32);

    impl Clock for Impatient {
        fn now(&self) -> SystemTime {
            SystemTime::now()
        }

        fn monotonic(&self) -> Duration {
            Duration::ZERO
        }

        fn sleep(&self, _: Duration) -> Result<(), Interrupted> {
            Ok(())
        }

        fn longest_wait(&self) -> Option<Duration> {
            Some(Duration::from_millis(1))
        }

        fn between_waits(&self) -> Result<(), Interrupted> {
            if self.0.fetch_add(1, Ordering::SeqCst) == 2 { Err(Interrupted) } else { Ok(()) }
        }
    }

    #[test]
    fn a_clock_ends_a_wait_between_its_pieces_and_nobody_is_left_waiting() {
        let platform = Platform::new();
        let clock = Impatient::default();
        std::thread::scope(|scope| {
            scope.spawn(|| {
                platform.get_with(None, || {
                    while clock.0.load(Ordering::SeqCst) < 3 {
                        std::thread::yield_now();
                    }
                    Ok(())
                })
            });
            while platform.fetches.load(Ordering::SeqCst) == 0 {
                std::thread::yield_now();
            }
            let error = platform
                .cell
                .get(None, &clock, || 0, Duration::from_secs(60), || unreachable!("one fetch at a time"))
                .unwrap_err();
            let fault = Some(TransportFault::Interrupted);
            assert_eq!((error.transport_fault(), error.outcome()), (fault, Outcome::NotSent));
        });
        assert_eq!(platform.get(None).secret.expose(), "token-1");
    }

    #[test]
    fn a_waiter_gives_up_in_its_own_time() {
        let platform = Platform::new();
        std::thread::scope(|scope| {
            scope.spawn(|| {
                platform.get_with(None, || {
                    std::thread::sleep(Duration::from_millis(300));
                    Ok(())
                })
            });
            while platform.fetches.load(Ordering::SeqCst) == 0 {
                std::thread::yield_now();
            }
            let clock = SystemClock::new();
            let hurried = platform.cell.get(
                None,
                &clock,
                || 0,
                Duration::from_millis(20),
                || unreachable!("one fetch at a time"),
            );
            let error = hurried.unwrap_err();
            assert_eq!((error.kind(), error.outcome()), (ErrorKind::Timeout, Outcome::NotSent));
        });
    }
}
