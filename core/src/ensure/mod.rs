//! Exactly-once calls: `ensure_transfer`, `ensure_card` and `ensure_cardholder`.
//!
//! The platform does not document how it handles a merchant reference that it has seen before, so a reference alone does not
//! prevent a second payment. The `ensure_*` calls look the target up by its reference and send the request only if the target is
//! absent. They resolve unknown outcomes, including those of earlier calls and processes.
//!
//! # When a target is absent
//!
//! A target is absent if a lookup over all pages does not find it, and that lookup began
//! [`settle`](EnsureOptions::settle) or more after the last attempt ended, because the platform may commit late. The request
//! leaves within a second after that lookup; otherwise the lookup is repeated. A row without its reference, or with one that
//! differs in letter case or outer spaces only, does not prove absence.
//!
//! # Store
//!
//! An [`AttemptStore`](crate::AttemptStore) records every attempt before its first byte leaves, and leases a reference to one
//! worker. So two workers never work on one reference at once, a reference that no worker ever sent is sent at once, and after a
//! crash the wait starts with the recorded attempt. Calls without a store fail with kind
//! [`Config`](crate::ErrorKind::Config). See [`Store`](crate::Store).
//!
//! # Errors
//!
//! | kind | meaning | calling again |
//! |---|---|---|
//! | [`Conflict`](crate::ErrorKind::Conflict) | another target, or more than one, has this reference | does not help |
//! | [`State`](crate::ErrorKind::State) | the target has the status `Fail` | does not help |
//! | [`Timeout`](crate::ErrorKind::Timeout) | not settled by the deadline | is safe and continues |
//! | [`Transport`](crate::ErrorKind::Transport) with fault `Store` | the attempt store is unavailable | is safe |
//! | any other | as for the plain call | is safe |
//!
//! The outcome of an error is about the operation on this reference, whoever sent it. If the outcome of an attempt of the call
//! itself is unknown, every error of the call has the outcome [`Unknown`](crate::Outcome::Unknown). So has the error of a call
//! that sent nothing and ends before absence is proven, by its deadline, an interruption or
//! [`Client::close`](crate::Client::close), while an attempt before it may be carried out: one that is recorded, one of another
//! worker, or one that the store cannot rule out, as when it is unavailable. A memory store does not know what an earlier run
//! of the process sent, so with it this is every call without [`first_attempt`](EnsureOptions::first_attempt); the text of the
//! error says which of these it is. A conflict that the call finds before it sends anything has the outcome
//! [`NotSent`](crate::Outcome::NotSent).
//!
//! A call that begins to wait until an attempt is settled is logged at `INFO`, with its reference and the time.
//!
//! A call that fails is logged once under its own name, such as `accounts.ensure_transfer`: at level `ERROR` if its outcome is
//! unknown, else at `WARN`. So is, at `INFO`, a call that is done although the outcome of a request was unknown. Its requests are
//! logged as those of any call.

mod calls;
mod in_flight;
mod lookup;
mod relayed;
mod search;
mod target;

use std::time::Duration;

pub(crate) use target::EnsureTarget;

use crate::clock::MAX_DURATION;
use crate::engine::{Caller, Known};
use crate::error::{Error, ErrorKind, Outcome};
use crate::observe::CallRecord;
use crate::store::{OnStoreFailure, reference, slot};
use crate::values::civil::WindowBound;
use in_flight::InFlight;
use search::{BUSY, Logs, Search};

/// Options of the `ensure_*` calls.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
///
/// use keysecure::{Date, EnsureOptions};
///
/// // A reference that was created for this call:
/// let new = EnsureOptions::first_attempt();
///
/// // A reference that may have been sent since May, with a longer deadline:
/// let old = EnsureOptions {
///     since: Some(Date::new(2026, 5, 1)?.into()),
///     deadline: Some(Duration::from_secs(120)),
///     ..EnsureOptions::default()
/// };
/// # Ok::<(), keysecure::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct EnsureOptions {
    /// Time limit of the whole call. It must be longer than [`settle`](Self::settle), or the call fails with kind
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) for the field `deadline`. Default: 60 s, or 180 s over a transport that
    /// does not abort failed requests ([`Transport::aborts_on_failure`](crate::Transport::aborts_on_failure)).
    pub deadline: Option<Duration>,
    /// Time after an attempt during which the platform may still commit it; shorter than `deadline`. Default: 10 s, or 120 s
    /// over a transport that does not abort failed requests.
    pub settle: Option<Duration>,
    /// Start of the lookup: the earliest time at which the target may have been sent. Default: 90 days ago, less the hour
    /// that the lookup reaches ahead. An older recorded attempt extends the lookup. A date is a day in the client's time zone;
    /// a time in the future is refused.
    pub since: Option<WindowBound>,
    /// Declares that no process has ever sent this reference: it is then sent at once, even with a store that cannot tell.
    /// A recorded attempt that may have been carried out overrides it. Default: `false`.
    pub first_attempt: bool,
    /// Behaviour when the attempt store is unavailable. `Reject`, the default, fails the call; before its first attempt with
    /// outcome `Unknown`, because an earlier call may have sent the reference, or `NotSent` with `first_attempt`. `Accept`
    /// continues with the record of this process alone: another worker may carry out the same operation at the same time.
    pub on_store_failure: OnStoreFailure,
}

impl EnsureOptions {
    /// Creates options for a new reference, which no process has ever sent.
    pub fn first_attempt() -> Self {
        Self { first_attempt: true, ..Self::default() }
    }

    /// Returns `settle` and `deadline`. The defaults depend on whether the transport aborts failed requests.
    fn times(&self, aborts: bool) -> Result<(Duration, Duration), Error> {
        let settle = self.settle.unwrap_or(default_settle(aborts));
        let deadline = self.deadline.unwrap_or(default_deadline(aborts)).min(MAX_DURATION);
        if deadline <= settle {
            return Err(Error::invalid_input("deadline", "must be longer than settle"));
        }
        Ok((settle, deadline))
    }
}

/// The default of [`EnsureOptions::deadline`] over a transport that aborts failed requests, or does not.
pub(crate) fn default_deadline(aborts: bool) -> Duration {
    Duration::from_secs(if aborts { 60 } else { 180 })
}

/// The default of [`EnsureOptions::settle`] over a transport that aborts failed requests, or does not.
pub(crate) fn default_settle(aborts: bool) -> Duration {
    Duration::from_secs(if aborts { 10 } else { 120 })
}

/// Result of an `ensure_*` call: a target that exists exactly once.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Ensured<T> {
    /// The target.
    ///
    /// If this call created it and received the response to its request, the value holds what the request and that response say:
    /// a transfer then has no status and no time, and a card or a cardholder is `Pending`. Otherwise it is the row of the
    /// platform's list.
    pub value: T,
    /// Whether this call created the target, even if the response to its request was lost. `false` if it was found.
    pub created: bool,
}

/// Finds or creates a target, exactly once. A failure is logged, because the requests of the call may all have succeeded.
pub(crate) fn ensure<T: EnsureTarget>(
    caller: &Caller,
    target: &T,
    options: &EnsureOptions,
) -> Result<Ensured<T::Row>, Error> {
    if caller.engine.settings.is_relayed() {
        return relayed::ensure(caller, target, options);
    }
    let started = caller.engine.now();
    let result = ensure_unlogged(caller, target, options);
    if let Err(error) = &result {
        let duration = caller.engine.now().saturating_sub(started);
        CallRecord::new(T::CALL.name, true, error.attempts(), duration, Some(error)).log();
    }
    result
}

fn ensure_unlogged<T: EnsureTarget>(
    caller: &Caller,
    target: &T,
    options: &EnsureOptions,
) -> Result<Ensured<T::Row>, Error> {
    let (engine, operation) = (&caller.engine, T::OPERATION.name);
    let Some(log) = &engine.attempt_log else {
        return Err(Error::config(NO_STORE).in_call(operation, 0));
    };
    let (settle, deadline) = options.times(engine.aborts_on_failure())?;
    if let Some(since) = options.since {
        engine.check_since(since, Known::Platform)?;
    }
    let deadline = deadline.saturating_sub(caller.limit.waited);
    let end = engine.now().saturating_add(deadline);
    let merchant = slot(&engine.settings.base_url, &engine.settings.credentials()?.api_key);
    let key = reference(&merchant, operation, target.reference());
    let fallback = (options.on_store_failure == OnStoreFailure::Accept).then(|| log.in_memory());
    let logs = Logs { log, fallback: fallback.as_ref() };
    let claimed = InFlight::for_this_process().claim(key, engine.clock(), deadline);
    let interrupted = |ended| Error::from(ended).with_outcome(Outcome::Unknown).or_hint(BUSY).in_call(operation, 0);
    let Some(_claim) = claimed.map_err(interrupted)? else {
        let detail = "another thread, or the call that was interrupted here, is working on the same reference";
        return Err(Error::with_kind(ErrorKind::Timeout, Outcome::Unknown, detail).in_call(operation, 0));
    };
    Search::new(caller, target, options, logs, settle, end).run()
}

/// Whether the platform lists a target with this merchant reference. `None` if its list cannot tell.
#[cfg(feature = "platform")]
pub(crate) fn is_listed<T: EnsureTarget>(caller: &Caller, target: &T) -> Option<bool> {
    use lookup::Lookup;

    match lookup::look_up(caller, target, None, None) {
        Ok(Lookup::Found(_) | Lookup::Ambiguous) => Some(true),
        Ok(Lookup::Absent) => Some(false),
        Ok(Lookup::Inconclusive(_)) | Err(_) => None,
    }
}

/// Error text for a client without a store.
const NO_STORE: &str = "ensure_* needs a store that records attempts. Set store to one of: memory, when this process is the \
    only one that works on its references (each waits for settle, unless it is given as first_attempt); file:DIRECTORY, for the \
    processes of one machine; redis://HOST, for several machines";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_depend_on_the_transport_unless_they_are_given() {
        let seconds = Duration::from_secs;
        assert_eq!(EnsureOptions::default().times(true).unwrap(), (seconds(10), seconds(60)));
        assert_eq!(EnsureOptions::default().times(false).unwrap(), (seconds(120), seconds(180)));
        let given = EnsureOptions { settle: Some(seconds(1)), deadline: Some(seconds(2)), ..EnsureOptions::default() };
        assert_eq!(given.times(false).unwrap(), (seconds(1), seconds(2)));
        let short = EnsureOptions { deadline: Some(seconds(10)), ..EnsureOptions::default() };
        assert_eq!(short.times(true).unwrap_err().field(), Some("deadline"));
    }
}
