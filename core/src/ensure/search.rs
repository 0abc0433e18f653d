//! The state machine of one `ensure_*` call: lease, look up, send, wait.

use std::time::Duration;

use super::lookup::{self, Lookup, NO_REFERENCE};
use super::{EnsureOptions, EnsureTarget, Ensured};
use crate::engine::Caller;
use crate::engine::{Limit, StartBy, Stopwatch, end_of};
use crate::error::TransportFault;
use crate::error::{Error, ErrorKind, Outcome};
use crate::observe::{CallRecord, log_wait};
use crate::store::{AttemptEnd, AttemptLog, Lease, StoreUnavailable};

/// Maximum number of requests of one call that may create the target.
const MAX_SENDS: u32 = 3;
/// Maximum time between a lookup and the request that relies on it.
const MAX_LOOKUP_AGE: Duration = Duration::from_secs(1);
/// Maximum number of consecutive slow lookups that are repeated. After that the platform is assumed to be slow, not the
/// process to have been suspended.
const MAX_SLOW_LOOKUPS: u32 = 2;
/// First wait for another worker.
const FIRST_PAUSE: Duration = Duration::from_millis(10);
/// Maximum wait for another worker.
const MAX_PAUSE: Duration = Duration::from_millis(250);
/// Time by which the window of a lookup starts before a recorded attempt.
const BEFORE: Duration = Duration::from_secs(24 * 3600);

const NOT_FOUND: &str = "it was not found";

// Why the outcome of a call that sent nothing is unknown.
pub(super) const BUSY: &str = "this call sent nothing, but another worker is working on the same reference";
const ATTEMPTED: &str = "this call sent nothing, but an earlier attempt on this reference may be carried out";
const DONE: &str =
    "this call sent nothing: the operation is recorded as done, and the platform's list does not show it";
const NEARLY_FOUND: &str = "this call sent nothing, but the platform's list has a row that may be the target";
const UNRECORDED: &str = "this call sent nothing, but the store cannot tell whether an earlier run sent this reference; \
    first_attempt declares that none did";
const LATE: &str = "this call sent nothing, but after its deadline another worker may have sent this reference";

/// One `ensure_*` call in progress.
pub(super) struct Search<'a, T> {
    caller: Caller,
    target: &'a T,
    options: &'a EnsureOptions,
    logs: Logs<'a>,
    lease: Option<Lease<'a>>,
    settle: Duration,
    /// The deadline, on the monotonic clock like all times here.
    end: Duration,
    earlier: Earlier,
    /// The time from which a lookup that begins then or later proves absence; `None`: at any time.
    proof_from: Option<Duration>,
    /// Number of requests of this call that may have reached the platform.
    sends: u32,
    /// Number of requests of this call, including those that were never sent.
    attempts: u32,
    /// Whether the outcome of any request of this call is unknown.
    unknown: bool,
    /// The error of the last request.
    last_error: Option<Error>,
    /// Description of the last lookup, for error texts.
    last_lookup: &'static str,
    /// Number of consecutive lookups that took longer than [`MAX_LOOKUP_AGE`].
    slow_lookups: u32,
    /// The `proof_from` of the last wait that was logged.
    logged_wait: Option<Duration>,
}

/// The logs in which attempts are recorded.
#[derive(Debug, Clone, Copy)]
pub(super) struct Logs<'a> {
    pub log: &'a AttemptLog,
    /// Used instead of `log` when that cannot be reached. `None`: the call fails then.
    pub fallback: Option<&'a AttemptLog>,
}

/// State of the attempts before this call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Earlier {
    /// No earlier attempt had any effect.
    Nothing,
    /// No attempt is recorded, but the store cannot tell that the reference is new.
    Unrecorded,
    /// A recorded attempt may have been carried out. It began at or after this Unix second of the platform.
    Attempted(i64),
    /// The operation is recorded as done, at or after this Unix second of the platform.
    Done(i64),
}

impl<'a, T: EnsureTarget> Search<'a, T> {
    /// Prepares a call that ends at `end`, on the monotonic clock.
    pub(super) fn new(
        caller: &Caller,
        target: &'a T,
        options: &'a EnsureOptions,
        logs: Logs<'a>,
        settle: Duration,
        end: Duration,
    ) -> Self {
        let limit = Limit { until: Some(end), leased: true, ..Limit::default() };
        Self {
            caller: caller.limited(limit),
            target,
            options,
            logs,
            lease: None,
            settle,
            end,
            earlier: Earlier::Unrecorded,
            proof_from: None,
            sends: 0,
            attempts: 0,
            unknown: false,
            last_error: None,
            last_lookup: "it was not looked up",
            slow_lookups: 0,
            logged_wait: None,
        }
    }

    /// Leases the reference, finds or creates the target, and releases the lease.
    pub(super) fn run(mut self) -> Result<Ensured<T::Row>, Error> {
        let started = self.caller.engine.now();
        let result = self.acquire().and_then(|()| self.search());
        if result.is_ok() && self.unknown {
            // The record of the request whose outcome was unknown is an error, which this one settles.
            let duration = self.caller.engine.now().saturating_sub(started);
            CallRecord::new(T::CALL.name, true, self.attempts, duration, None).log_settled();
        }
        let left = self.left();
        if let Some(lease) = self.lease.take() {
            lease.release(left);
        }
        result
    }

    /// Leases the reference, waiting for a worker that holds it.
    fn acquire(&mut self) -> Result<(), Error> {
        let mut pause = FIRST_PAUSE;
        while !self.left().is_zero() {
            let acquire = |log: &'a AttemptLog| log.acquire(T::OPERATION.name, self.target.reference(), self.left());
            let lease = match (acquire(self.logs.log), self.logs.fallback) {
                (Err(StoreUnavailable), Some(fallback)) => acquire(fallback),
                (lease, _) => lease,
            };
            if let Some(lease) = lease.map_err(|StoreUnavailable| self.no_store())? {
                self.learn(&lease);
                self.lease = Some(lease);
                return Ok(());
            }
            self.sleep(pause.min(self.left()))?;
            pause = (pause * 2).min(MAX_PAUSE);
        }
        let detail = "another worker is working on the same reference; calling again later is safe";
        Err(self.ended(ErrorKind::Timeout, detail).with_outcome(Outcome::Unknown))
    }

    fn no_store(&self) -> Error {
        let open = self.unknown
            || match self.earlier {
                Earlier::Nothing => false,
                // A store that cannot be read rules out no earlier attempt.
                Earlier::Unrecorded => !self.options.first_attempt,
                Earlier::Attempted(_) | Earlier::Done(_) => true,
            };
        let outcome = if open { Outcome::Unknown } else { Outcome::NotSent };
        Error::store_unavailable(outcome).in_call(T::OPERATION.name, self.attempts)
    }

    /// Reads the recorded attempts of the reference.
    fn learn(&mut self, lease: &Lease<'_>) {
        let engine = &self.caller.engine;
        let now = engine.now();
        let begun = |ended: Duration| {
            let ago = i64::try_from(ended.saturating_add(BEFORE).as_secs()).unwrap_or(i64::MAX);
            engine.server_now().div_euclid(1000).saturating_sub(ago)
        };
        let in_doubt = |ended: Duration| Some(now.saturating_add(self.settle.saturating_sub(ended)));
        let is_new = self.options.first_attempt || lease.store_age() >= self.settle;
        (self.earlier, self.proof_from) = match lease.last_attempt().map(|past| (past.end, past.ended)) {
            Some((Some(AttemptEnd::Done), ended)) => (Earlier::Done(begun(ended)), None),
            Some((Some(AttemptEnd::Unknown) | None, ended)) => (Earlier::Attempted(begun(ended)), in_doubt(ended)),
            Some((Some(AttemptEnd::NotDone), _)) | None if is_new => (Earlier::Nothing, None),
            _ => (Earlier::Unrecorded, in_doubt(Duration::ZERO)),
        };
    }

    fn search(&mut self) -> Result<Ensured<T::Row>, Error> {
        let mut waits = 0;
        loop {
            let (began, watch) = (self.caller.engine.now(), Stopwatch::start());
            let looked = self.look_up();
            // The process may have been suspended while it waited for the response; a platform that is slow each time is not.
            let slow = watch.elapsed().is_none_or(|elapsed| elapsed > MAX_LOOKUP_AGE);
            if matches!(looked, Ok(Lookup::Absent)) && slow && self.slow_lookups < MAX_SLOW_LOOKUPS {
                self.slow_lookups += 1;
                continue;
            }
            self.slow_lookups = 0;
            let start_by = StartBy::within(MAX_LOOKUP_AGE);
            match looked {
                Ok(Lookup::Found(row)) => return self.found(row),
                Ok(Lookup::Ambiguous) => return Err(self.ambiguous()),
                Ok(Lookup::Inconclusive(why)) => self.last_lookup = why,
                Ok(Lookup::Absent) => self.last_lookup = NOT_FOUND,
                Err(error) if is_transient(&error) => self.last_lookup = "it could not be looked up",
                Err(error) => return Err(self.unknown_or_not_sent(error)),
            }
            if self.last_lookup == NOT_FOUND && self.proves_absence(began) {
                if self.sends >= MAX_SENDS {
                    return Err(self.too_many_sends());
                }
                if let Some(done) = self.send(start_by)? {
                    return Ok(done);
                }
                waits = 0;
            }
            self.wait(waits)?;
            waits += 1;
        }
    }

    /// Whether a lookup that began at `began` and found no row proves absence.
    fn proves_absence(&self, began: Duration) -> bool {
        // An operation that is recorded as done is never repeated, regardless of the platform's list.
        !matches!(self.earlier, Earlier::Done(_)) && self.proof_from.is_none_or(|from| began >= from)
    }

    fn look_up(&self) -> Result<Lookup<T::Row>, Error> {
        let attempted = match self.earlier {
            Earlier::Attempted(second) | Earlier::Done(second) => Some(second),
            Earlier::Nothing | Earlier::Unrecorded => None,
        };
        lookup::look_up(&self.caller, self.target, self.options.since, attempted)
    }

    /// A row has the reference: it must be the target.
    fn found(&self, row: T::Row) -> Result<Ensured<T::Row>, Error> {
        if let Some(field) = self.target.difference(&row) {
            let detail = format!("another target has this reference: its {field} differs");
            return Err(self.final_error(self.ended(ErrorKind::Conflict, detail)));
        }
        if T::failed(&row) {
            let detail = "the target has the status Fail; to try again use a new reference";
            // The platform's own row says that it was not done.
            return Err(self.final_error(self.ended(ErrorKind::State, detail).with_outcome(Outcome::Rejected)));
        }
        // Absence was proven before this call sent the request, and no other worker had the lease.
        let ours = self.unknown && matches!(self.earlier, Earlier::Nothing | Earlier::Unrecorded);
        Ok(Ensured { value: row, created: ours })
    }

    fn ambiguous(&self) -> Error {
        self.ended(ErrorKind::Conflict, "more than one target has this reference").with_outcome(Outcome::Unknown)
    }

    /// Sends the request, unless `start_by` passes first. `None`: the result must be looked up.
    fn send(&mut self, start_by: StartBy) -> Result<Option<Ensured<T::Row>>, Error> {
        if !self.begin()? {
            return Ok(None);
        }
        let limit = Limit { until: Some(self.end), start_by: Some(start_by), leased: true, ..Limit::default() };
        let result = self.target.send(&self.caller.limited(limit));
        let left = self.left();
        if let Some(lease) = &mut self.lease {
            lease.finish(end_of(&result), left);
        }
        let error = match result {
            Ok(value) => {
                self.attempts += 1;
                return Ok(Some(Ensured { value, created: true }));
            }
            Err(error) => error,
        };
        self.attempts += error.attempts();
        self.sends += u32::from(error.outcome() != Outcome::NotSent);
        self.last_error = Some(error.clone());
        self.unknown |= error.outcome() == Outcome::Unknown;
        match error.outcome() {
            // The caller wants the call to end.
            _ if is_interrupted(&error) => Err(self.unknown_or_not_sent(error)),
            Outcome::Unknown => {
                self.proof_from = Some(self.caller.engine.now().saturating_add(self.settle));
                Ok(None)
            }
            _ if is_transient(&error) => Ok(None),
            // The platform may have refused it because the target exists by now.
            Outcome::Rejected => match self.look_up() {
                Ok(Lookup::Found(row)) => self.found(row).map(Some),
                Ok(Lookup::Ambiguous) => Err(self.ambiguous()),
                Ok(Lookup::Absent) => Err(self.keep_unknown(error)),
                Ok(Lookup::Inconclusive(_)) | Err(_) if self.earlier == Earlier::Nothing => {
                    Err(self.keep_unknown(error))
                }
                Ok(Lookup::Inconclusive(_)) | Err(_) => Err(error.with_outcome(Outcome::Unknown)),
            },
            Outcome::NotSent => Err(self.unknown_or_not_sent(error)),
        }
    }

    /// Records that an attempt begins. `false`: a new lease was taken, because the first was lost and another worker may have
    /// sent the request meanwhile, or because its store is unavailable.
    fn begin(&mut self) -> Result<bool, Error> {
        let left = self.left();
        let lasts = left.min(self.caller.engine.settings.timeout);
        let Some(lease) = &mut self.lease else { return Ok(true) };
        match lease.begin(lasts, left) {
            Ok(true) => return Ok(true),
            Ok(false) => {}
            Err(StoreUnavailable) => {
                let Some(fallback) = self.logs.fallback.take() else { return Err(self.no_store()) };
                self.logs.log = fallback;
            }
        }
        if let Some(lease) = self.lease.take() {
            lease.release(left);
        }
        // The new record may hold other attempts: the target is looked up again.
        self.acquire().map(|()| false)
    }

    /// Waits before the next lookup: a little longer each time, but never past the time from which a lookup proves absence.
    fn wait(&mut self, waits: u32) -> Result<(), Error> {
        let now = self.caller.engine.now();
        let pause = Duration::from_millis(250).saturating_mul(1 << waits.min(3));
        let proof = self.proof_from.map(|from| from.saturating_sub(now));
        let pause = proof.filter(|left| !left.is_zero()).map_or(pause, |left| left.min(pause));
        if now.saturating_add(pause) >= self.end {
            let detail = format!("not settled by the deadline: {}; calling again later is safe", self.last_lookup);
            return Err(self.unknown_or_not_sent(self.ended(ErrorKind::Timeout, detail)));
        }
        if let Some(left) = proof.filter(|left| !left.is_zero() && self.logged_wait != self.proof_from) {
            self.logged_wait = self.proof_from;
            self.log_wait(left);
        }
        self.sleep(pause)
    }

    /// Logs that the call waits until the last attempt is settled.
    fn log_wait(&self, left: Duration) {
        let reason = match self.earlier {
            _ if self.unknown => "the outcome of its request is unknown",
            Earlier::Attempted(_) => "an earlier attempt may still be carried out",
            _ => "the store cannot tell whether the reference is new",
        };
        log_wait(T::CALL.name, self.target.reference(), left, reason);
    }

    /// Sleeps. An interruption ends the call.
    fn sleep(&self, pause: Duration) -> Result<(), Error> {
        self.caller.engine.sleep(pause).map_err(|ended| self.unknown_or_not_sent(ended.into()))
    }

    fn left(&self) -> Duration {
        self.end.saturating_sub(self.caller.engine.now())
    }

    /// The error of a call that has reached [`MAX_SENDS`].
    fn too_many_sends(&self) -> Error {
        let error = self
            .last_error
            .clone()
            .unwrap_or_else(|| self.ended(ErrorKind::Timeout, "maximum number of sends reached"));
        self.keep_unknown(error)
    }

    /// An error that this call finds, with outcome `NotSent` if none of its requests can have reached the platform. If one did
    /// and its outcome is not unknown, it was rejected.
    fn ended(&self, kind: ErrorKind, detail: impl Into<String>) -> Error {
        let outcome = if self.sends == 0 { Outcome::NotSent } else { Outcome::Rejected };
        Error::with_kind(kind, outcome, detail).in_call(T::OPERATION.name, self.attempts)
    }

    /// An error that a further call would repeat, unless an attempt may still be carried out.
    fn final_error(&self, error: Error) -> Error {
        let pending = self.proof_from.is_some_and(|from| self.caller.engine.now() < from);
        let open = matches!(self.earlier, Earlier::Attempted(_)) && pending;
        self.keep_unknown(if open { error.with_outcome(Outcome::Unknown) } else { error })
    }

    /// The error with outcome `Unknown` if a request of this call has that outcome.
    fn keep_unknown(&self, error: Error) -> Error {
        let error = error.in_call(T::OPERATION.name, self.attempts);
        if self.unknown { error.with_outcome(Outcome::Unknown) } else { error }
    }

    /// The error with outcome `NotSent` if certainly no attempt was carried out, else with outcome `Unknown`.
    fn unknown_or_not_sent(&self, error: Error) -> Error {
        // After the deadline the lease may have expired, and another worker may have sent the request.
        let late = self.left().is_zero();
        let open = self.unknown || self.earlier != Earlier::Nothing || self.last_lookup == NO_REFERENCE || late;
        let error = error.in_call(T::OPERATION.name, self.attempts);
        if !open {
            return error.with_outcome(Outcome::NotSent);
        }
        let error = error.with_outcome(Outcome::Unknown);
        if self.sends == 0 { error.or_hint(self.why_unknown()) } else { error }
    }

    /// Why the outcome of a call that sent nothing is unknown.
    fn why_unknown(&self) -> &'static str {
        match self.earlier {
            _ if self.lease.is_none() => BUSY,
            Earlier::Attempted(_) => ATTEMPTED,
            Earlier::Done(_) => DONE,
            _ if self.last_lookup == NO_REFERENCE => NEARLY_FOUND,
            Earlier::Unrecorded => UNRECORDED,
            Earlier::Nothing => LATE,
        }
    }
}

/// Whether a later retry may help. This includes codes that may come from a gateway, whose outcome is
/// unknown.
fn is_transient(error: &Error) -> bool {
    let kind = error.kind();
    let passes =
        matches!(kind, ErrorKind::Transport | ErrorKind::Timeout | ErrorKind::RateLimit | ErrorKind::InvalidResponse);
    let from_gateway = kind == ErrorKind::Api && error.outcome() == Outcome::Unknown;
    (passes || from_gateway) && !is_interrupted(error)
}

fn is_interrupted(error: &Error) -> bool {
    error.transport_fault() == Some(TransportFault::Interrupted)
}
