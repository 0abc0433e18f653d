//! The token of a client: one thread fetches it while the others wait.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, ThreadId};
use std::time::{Duration, Instant};

use super::data::{AccessTokenData, CachedToken};
use crate::clock::{Clock, await_change};
use crate::error::{Error, ErrorKind, Interrupted, Outcome, TransportFault};
use crate::values::per_process::PerProcess;

/// The token of a client, one in each process that uses it.
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
    /// The thread that is fetching a token.
    fetching: Option<ThreadId>,
    /// Number of fetches that have ended.
    round: u64,
    /// The error of the last fetch, if it failed.
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
    /// result, even a failure unless it concerns only the call that fetched. `now` is the platform's clock; like `fetch` it
    /// may be custom code and is never called under the lock.
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
            if let Some(held) = held.as_ref().filter(|held| time < held.renew_at()) {
                return Ok(held.clone());
            }
            let (here, outer) = (thread::current().id(), state.fetching);
            // A call made from within the fetch, by a signal handler say, must not wait for itself.
            if outer.is_none_or(|fetching| fetching == here) {
                state.fetching = Some(here);
                drop(state);
                return self.fetch_as_leader(outer, held, &now, fetch);
            }
            let state = self.wait_for_fetch(state, clock, give_up)?;
            let newest = state.usable(refused);
            match (&state.failure, newest) {
                (None, Some(fetched)) => return Ok(fetched),
                // The renewal failed, but the old token has not ended yet.
                (Some(_), Some(old)) if time < old.ends_at() => return Ok(old),
                (Some(failure), _) if !concerns_only_its_call(failure) => return Err(failure.clone()),
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

    /// Waits until the fetch in progress has ended.
    fn wait_for_fetch<'a>(
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
            (Err(_), Some(old)) if now() < old.ends_at() => Ok(old),
            (fetched, _) => fetched,
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether the failure of a fetch concerns only the call that made it: it timed out, or it was interrupted.
fn concerns_only_its_call(failure: &Error) -> bool {
    failure.kind() == ErrorKind::Timeout || failure.transport_fault() == Some(TransportFault::Interrupted)
}

/// Ends a fetch and wakes the waiting threads, even when the fetch panicked: then the next of them fetches.
struct FetchGuard<'a> {
    cell: &'a Cell,
    /// The thread of the fetch within which this one is made.
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
mod tests;
