//! Exactly once: resolving unknown outcomes.
//!
//! How the platform treats a merchant reference that it has seen before is not documented, so a reference alone does not
//! prevent a second payment. The `ensure_*` calls look the target up by its reference, and send only when it is absent.
//!
//! # What absent means
//!
//! A target is absent when it is not found by a look-up over all pages that began `settle` or more after the last attempt
//! ended, because a platform may commit late. The request leaves within a second after that look-up, or another look-up is
//! made. A row without its reference, or with one that differs in case or outer spaces only, is no proof of absence.
//!
//! # What the store is for
//!
//! An [`AttemptStore`](crate::AttemptStore) records every attempt before its first byte leaves, and leases a reference to one
//! worker. So two workers never work on one reference at once, a reference that no worker ever sent is sent at once, and after
//! a crash the wait counts from the recorded attempt. Calls without a store are refused. See [`Store`](crate::Store).
//!
//! # Errors
//!
//! Two errors are final, and calling again does not help: kind `Conflict` (another target, or more than one, has this
//! reference) and kind `State` (the target has the status `Fail`). A `Timeout` means that it is not settled yet: call again.
//! After an attempt of the call itself whose outcome is unknown, every error of the call has the outcome `Unknown`.

mod calls;
mod in_flight;
mod lookup;
mod search;
mod target;

use std::time::Duration;

pub(crate) use target::EnsureTarget;

use crate::clock::MAX_DURATION;
use crate::engine::Caller;
use crate::error::{Error, ErrorKind, Outcome};
use crate::store::{OnStoreFailure, reference, slot};
use crate::values::civil::WindowBound;
use in_flight::InFlight;
use search::{Logs, Search};

/// Options of the `ensure_*` calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct EnsureOptions {
    /// The most time that the whole call may take; it must be longer than `settle`. Default: 60 s, or 180 s over a transport
    /// that does not abort a failed request
    /// ([`Transport::aborts_on_failure`](crate::Transport::aborts_on_failure)).
    pub deadline: Option<Duration>,
    /// How long after an attempt the platform may still commit it. Default: 10 s, or 120 s over a transport that does not
    /// abort a failed request.
    pub settle: Option<Duration>,
    /// Since when the target may have been sent. Default: the last 90 days, less an hour that the look-up reaches ahead. A
    /// recorded attempt that is older extends it.
    pub since: Option<WindowBound>,
    /// Declares that no process ever sent this reference: it is then sent at once, also by a store that cannot tell. A
    /// recorded attempt that may have been carried out overrides it.
    pub first_attempt: bool,
    /// What to do when the attempt store cannot be reached. `Reject`, the default, fails the call: before its first attempt
    /// with outcome `NotSent`. `Accept` continues with the record of this process alone: another worker may do the same
    /// operation at the same time.
    pub on_store_failure: OnStoreFailure,
}

impl EnsureOptions {
    /// Options for a reference that was created just now, which no process has sent before.
    pub fn first_attempt() -> Self {
        Self { first_attempt: true, ..Self::default() }
    }

    /// `settle` and `deadline`, over a transport that aborts its failed requests or one that does not.
    fn times(&self, aborts: bool) -> Result<(Duration, Duration), Error> {
        let (settle, deadline) = if aborts { (10, 60) } else { (120, 180) };
        let settle = self.settle.unwrap_or(Duration::from_secs(settle));
        let deadline = self.deadline.unwrap_or(Duration::from_secs(deadline)).min(MAX_DURATION);
        if deadline <= settle {
            return Err(Error::invalid_input("deadline", "must be longer than settle"));
        }
        Ok((settle, deadline))
    }
}

/// A target that exists exactly once.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Ensured<T> {
    /// The target.
    pub value: T,
    /// Whether this call created it, also when the response to the request was lost. `false`: it was found.
    pub created: bool,
}

/// Creates a target exactly once.
pub(crate) fn ensure<T: EnsureTarget>(
    caller: &Caller,
    target: &T,
    options: &EnsureOptions,
) -> Result<Ensured<T::Row>, Error> {
    let (engine, operation) = (&caller.engine, T::OPERATION.name);
    let Some(log) = &engine.attempt_log else {
        return Err(Error::config(NO_STORE).in_call(operation, 0));
    };
    let (settle, deadline) = options.times(engine.aborts_on_failure())?;
    let end = engine.now().saturating_add(deadline);
    let merchant = slot(&engine.settings.base_url, &engine.settings.api_key);
    let key = reference(&merchant, operation, target.reference());
    let fallback = (options.on_store_failure == OnStoreFailure::Accept).then(|| log.in_memory());
    let logs = Logs { log, fallback: fallback.as_ref() };
    let claimed = InFlight::for_this_process().claim(key, engine.clock(), deadline);
    let Some(_claim) = claimed.map_err(|ended| Error::from(ended).in_call(operation, 0))? else {
        let detail = "another thread, or the call that was interrupted here, is working on the same reference";
        return Err(Error::with_kind(ErrorKind::Timeout, Outcome::Unknown, detail).in_call(operation, 0));
    };
    Search::new(caller, target, options, logs, settle, end).run()
}

const NO_STORE: &str = "ensure_* needs a store that records attempts. Set store to one of: memory, when this process is the \
    only one that works on its references (each waits for settle, unless it is given as never sent); file:DIRECTORY, for the \
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
