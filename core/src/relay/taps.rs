//! Taps: the references of an app, by which each action of a user is carried out once.

use std::time::Duration;

use super::audit::Denial;
use super::fields::Fields;
use super::response::Refusal;
use super::work::Work;
use crate::engine::{Caller, Limit, end_of};
use crate::error::{Error, ErrorKind, Outcome};
use crate::redact::scrub;
use crate::store::{AttemptEnd, AttemptLog, Lease, StoreUnavailable};
use crate::validate;

/// Operation under which the store knows a tap, whatever it is for.
const TAP: &str = "relay.tap";
/// First wait for another worker.
const FIRST_PAUSE: Duration = Duration::from_millis(10);
/// Maximum wait for another worker.
const MAX_PAUSE: Duration = Duration::from_millis(250);
/// Maximum length of a merchant reference at the platform.
const MAX_REFERENCE: usize = 64;

/// A tap in use by this worker. It ends when it is dropped.
pub(super) struct Tap<'a> {
    lease: Lease<'a>,
}

impl<'a> Work<'a> {
    /// The tap in the header, of a mutation that carries no merchant reference.
    pub(super) fn tap_of_header(&mut self) -> Result<&'a str, Refusal> {
        let Some(tap) = self.request.header("idempotency-key") else {
            return Err(Refusal::invalid(Error::invalid_input("idempotency-key", "is required")));
        };
        self.note_tap("idempotency-key", tap)?;
        Ok(tap)
    }

    /// The merchant reference of a tap in the body.
    pub(super) fn reference(&mut self, name: &'static str, fields: &Fields<'_>) -> Result<String, Refusal> {
        let tap = fields.required(name).map_err(Refusal::invalid)?;
        self.note_tap(name, tap)?;
        if self.request.header("idempotency-key").is_some_and(|header| header != tap) {
            let error = Error::invalid_input("idempotency-key", "must be absent: the reference in the body is the tap");
            return Err(Refusal::invalid(error));
        }
        let reference = format!("{}{tap}", self.prefix());
        if reference.len() > MAX_REFERENCE {
            let most = MAX_REFERENCE - self.prefix().len();
            // No request with it was ever carried out.
            return Err(
                Refusal::invalid(Error::invalid_input(name, &format!("must be at most {most} characters"))).about_tap()
            );
        }
        Ok(reference)
    }

    fn note_tap(&mut self, name: &str, tap: &str) -> Result<(), Refusal> {
        self.notes.tap = Some(scrub(tap).chars().take(MAX_REFERENCE).collect());
        validate::tap(name, tap).map_err(Refusal::invalid)
    }

    /// The log of the client, which the builder requires.
    pub(super) fn log(&self) -> Result<&'a AttemptLog, Refusal> {
        let log = self.caller().engine.attempt_log.as_ref();
        log.ok_or_else(|| self.failed(Error::config("the client has no store that records attempts")))
    }

    /// Takes the tap for the time `left`, if no other worker has it.
    fn take(&self, tap: &str, left: Duration) -> Result<Option<Tap<'a>>, Refusal> {
        let taken = self.log()?.acquire(TAP, &format!("{} {tap}", self.own()), left);
        taken.map(|lease| lease.map(|lease| Tap { lease })).map_err(|_| self.no_store(Outcome::Unknown))
    }

    /// Takes the tap for the time `hold`, and waits up to `within` for a worker that has it.
    pub(super) fn take_when_free(&self, tap: &str, within: Duration, hold: Duration) -> Result<Tap<'a>, Refusal> {
        let engine = &self.caller().engine;
        let end = engine.now().saturating_add(within);
        let mut pause = FIRST_PAUSE;
        loop {
            if let Some(tap) = self.take(tap, hold)? {
                return Ok(tap);
            }
            if pause >= end.saturating_sub(engine.now()) {
                // As an exactly-once call ends whose reference another worker has.
                let detail = "another request is working on this tap; calling again later is safe";
                return Err(self.failed(Error::timeout(Outcome::Unknown, detail)));
            }
            engine.sleep(pause).map_err(|ended| self.failed(Error::from(ended).with_outcome(Outcome::Unknown)))?;
            pause = (pause * 2).min(MAX_PAUSE);
        }
    }

    /// Carries out a mutation once for its tap. `request` is all that the tap stands for: the operation and its fields.
    pub(super) fn once(
        &mut self,
        operation: &'static str,
        request: &[&str],
        call: impl FnOnce(&Caller) -> Result<(), Error>,
    ) -> Result<(), Refusal> {
        let tap = self.tap_of_header()?;
        let engine = &self.caller().engine;
        let deadline = engine.now().saturating_add(engine.settings.timeout);
        let left = || deadline.saturating_sub(engine.now());
        let mut held = self.take(tap, left())?.ok_or_else(in_progress)?;
        let number = format!("{} {tap} {}", self.own(), self.relay.secret_key.digest(operation, request));
        let result = match self.log()?.acquire(operation, &number, left()) {
            Ok(Some(mut lease)) => {
                let result = self.once_held(&mut held, &mut lease, deadline, call);
                lease.release(left());
                result
            }
            Ok(None) => Err(in_progress()),
            Err(StoreUnavailable) => Err(self.no_store(Outcome::Unknown)),
        };
        held.end(left());
        result
    }

    fn once_held(
        &self,
        tap: &mut Tap<'_>,
        lease: &mut Lease<'_>,
        deadline: Duration,
        call: impl FnOnce(&Caller) -> Result<(), Error>,
    ) -> Result<(), Refusal> {
        let caller = self.caller();
        let left = || deadline.saturating_sub(caller.engine.now());
        match lease.last_attempt().map(|past| past.end) {
            Some(Some(AttemptEnd::Done)) => return Ok(()),
            Some(Some(AttemptEnd::Unknown) | None) => {
                let text = "the outcome of this tap is unknown; read the card, and use a new tap";
                return Err(conflict(Outcome::Unknown, text));
            }
            None if tap.lease.last_attempt().is_some() => {
                return Err(conflict(Outcome::NotSent, "this tap belongs to another request"));
            }
            Some(Some(AttemptEnd::NotDone)) | None => {}
        }
        // The request is recorded before the tap: a worker that is killed in between leaves a tap that is still free.
        match lease.begin(left(), left()) {
            Ok(true) => {}
            Ok(false) => return Err(in_progress()),
            Err(StoreUnavailable) => return Err(self.no_store(Outcome::NotSent)),
        }
        if tap.mark(left()) != Ok(true) {
            lease.finish(AttemptEnd::NotDone, left());
            return Err(self.no_store(Outcome::NotSent));
        }
        let result = call(&caller.limited(Limit { until: Some(deadline), ..caller.limit }));
        lease.finish(end_of(&result), left());
        result.map_err(|error| self.failed(error))
    }

    /// The refusal when the store cannot be reached. Nothing was sent, but only a tap whose record was read is known not to have
    /// been carried out before.
    pub(super) fn no_store(&self, outcome: Outcome) -> Refusal {
        self.failed(Error::store_unavailable(outcome))
    }
}

impl Tap<'_> {
    /// Records that the tap belongs to a request, unless that is recorded. `false`: the lease was lost.
    fn mark(&mut self, left: Duration) -> Result<bool, StoreUnavailable> {
        if self.lease.last_attempt().is_some() {
            return Ok(true);
        }
        let is_held = self.lease.begin(Duration::ZERO, left)?;
        self.lease.finish(AttemptEnd::Done, left);
        Ok(is_held)
    }

    /// Ends the use of the tap.
    pub(super) fn end(self, left: Duration) {
        self.lease.release(left);
    }
}

/// Another worker has the tap. What it does is not known here.
fn in_progress() -> Refusal {
    conflict(Outcome::Unknown, "this tap is in progress; sending it again later is safe")
}

fn conflict(outcome: Outcome, text: &str) -> Refusal {
    let error = Error::with_kind(ErrorKind::Conflict, outcome, text);
    Refusal { error, ..Refusal::denied(Denial::TapConflict, ErrorKind::Conflict, text) }
}
