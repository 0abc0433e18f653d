//! Exactly once: finishing what an unknown outcome left open.
//!
//! What the platform does with a number that it has seen before is not known, so a number alone does not protect from
//! doing a thing twice. These forms look the thing up by the merchant's own number and send only when it is absent.
//!
//! **Absent** means: not found by a look-up that began `settle` (10 s) or more after the end of the last attempt, because
//! a platform may commit late. Whoever has never sent a number before says so with [`Ensure::never_sent`]; otherwise an
//! attempt of an earlier process may still be on its way, and the wait counts from the start of the call.
//!
//! Two errors end the matter, and calling again does not help: kind `Conflict` (another thing, or more than one, stands
//! under the number) and kind `State` (it was made and stands at `Fail`).

mod numbers;
mod thing;

use std::time::Duration;

pub(crate) use numbers::Numbers;
pub(crate) use thing::Thing;

use crate::client::Client;
use crate::clock::LONGEST;
use crate::error::{Error, ErrorKind, Outcome};
use crate::store::slot;
use crate::transport::TransportFault;
use crate::values::civil::{LONGEST_WINDOW, When};
use crate::values::instant;

/// How to make sure of a thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Ensure {
    /// The most time that all of it may take. Default: 60 s. It must be longer than `settle`.
    pub deadline: Duration,
    /// How long after an attempt the platform may still commit it. Default: 10 s.
    pub settle: Duration,
    /// Since when the thing may have been sent. Default: the last 90 days, less an hour that the look-up reaches ahead.
    pub since: Option<When>,
    /// That this number was never sent before, by any process: it is then sent at once, without waiting for `settle`.
    pub never_sent: bool,
}

impl Default for Ensure {
    fn default() -> Self {
        Self { deadline: Duration::from_secs(60), settle: Duration::from_secs(10), since: None, never_sent: false }
    }
}

impl Ensure {
    /// For a number made just now, which no process has sent before.
    pub fn never_sent() -> Self {
        Self { never_sent: true, ..Self::default() }
    }
}

/// A thing that exists exactly once.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Ensured<T> {
    /// The thing.
    pub value: T,
    /// Whether this call made it; otherwise it was found.
    pub created: bool,
}

/// Makes sure that a thing exists once.
pub(crate) fn ensure<T: Thing>(client: &Client, thing: &T, options: &Ensure) -> Result<Ensured<T::Row>, Error> {
    let options = &Ensure { deadline: options.deadline.min(LONGEST), ..*options };
    if options.deadline <= options.settle {
        return Err(Error::invalid_input("deadline", "must be longer than settle"));
    }
    let engine = &client.engine;
    let end = engine.now().saturating_add(options.deadline);
    let merchant = slot(&engine.settings.base_url, &engine.settings.api_key);
    let key = format!("{merchant} {} {}", T::OPERATION.name, thing.number());
    let claimed = engine.numbers.claim(key, engine.clock(), options.deadline);
    let Some(claim) = claimed.map_err(|ended| Error::from(ended).in_call(T::OPERATION.name, 0))? else {
        let detail = "another thread, or the call that was interrupted here, is making sure of the same number";
        return Err(Error::of_kind(ErrorKind::Timeout, Outcome::Unknown, detail).in_call(T::OPERATION.name, 0));
    };
    let mut search = Search {
        client: client.until(end),
        thing,
        options,
        end,
        attempts: 0,
        // Unless the number is new, an attempt that we do not know of may have ended just now.
        last_attempt: (!options.never_sent || claim.is_open()).then(|| engine.now()),
        last_look: "it was not looked up",
    };
    let result = search.run();
    let open = result.as_ref().is_err_and(|error| error.outcome() == Outcome::Unknown);
    claim.finish(open);
    result
}

/// One thread's work on one number.
struct Search<'a, T> {
    client: Client,
    thing: &'a T,
    options: &'a Ensure,
    /// On the monotonic clock, like all times here.
    end: Duration,
    /// Requests sent to make the thing.
    attempts: u32,
    /// When the last attempt that may have been carried out ended, ours or one that we cannot know of.
    last_attempt: Option<Duration>,
    last_look: &'static str,
}

impl<T: Thing> Search<'_, T> {
    fn run(&mut self) -> Result<Ensured<T::Row>, Error> {
        let mut waits = 0;
        loop {
            let began = self.client.engine.now();
            match self.look() {
                Ok(Look::Found(value)) => return Ok(Ensured { value, created: false }),
                Ok(Look::Absent) => self.last_look = NOT_FOUND,
                Ok(Look::NoProof) => self.last_look = "the platform's clock moved while it was looked up",
                Err(error) if may_pass(&error) => self.last_look = "it could not be looked up",
                Err(error) if matches!(error.kind(), ErrorKind::Conflict | ErrorKind::State) => return Err(error),
                Err(error) => return Err(self.still_open(error)),
            }
            if self.last_look == NOT_FOUND && self.is_late_enough(began) {
                if let Some(done) = self.send()? {
                    return Ok(done);
                }
                waits = 0;
            }
            self.wait(waits)?;
            waits += 1;
        }
    }

    /// Whether a look-up that began then is late enough to prove absence.
    fn is_late_enough(&self, began: Duration) -> bool {
        self.last_attempt.is_none_or(|end| began >= end.saturating_add(self.options.settle))
    }

    /// Sends. `None`: whether it was done must be looked up.
    fn send(&mut self) -> Result<Option<Ensured<T::Row>>, Error> {
        self.attempts += 1;
        let error = match self.thing.send(&self.client) {
            Ok(value) => return Ok(Some(Ensured { value, created: true })),
            Err(error) => error,
        };
        match error.outcome() {
            // Whoever interrupted it does not want it to go on.
            _ if is_interrupted(&error) => Err(error),
            Outcome::Unknown => {
                self.last_attempt = Some(self.client.engine.now());
                Ok(None)
            }
            _ if may_pass(&error) => Ok(None),
            // Perhaps it is refused because somebody else has just made the very thing.
            Outcome::Rejected => match self.look()? {
                Look::Found(value) => Ok(Some(Ensured { value, created: false })),
                Look::Absent | Look::NoProof => Err(error),
            },
            Outcome::NotSent => Err(error),
        }
    }

    /// Looks the thing up over all pages, in the platform's time.
    fn look(&self) -> Result<Look<T::Row>, Error> {
        let end = self.client.engine.server_now().div_euclid(1000) + AHEAD;
        let at = |second: i64| instant::from_millis(second.saturating_mul(1000)).unwrap_or(std::time::UNIX_EPOCH);
        let start = self.options.since.unwrap_or_else(|| at((end - LONGEST_WINDOW).max(0)).into());
        let mut found = Vec::new();
        for row in self.thing.look(&self.client, start, at(end).into())? {
            found.extend(Some(row?).filter(|row| T::unique_no(row) == Some(self.thing.number())));
        }
        let Some(row) = found.pop() else {
            // The answer may have shown that the clock by which the window was cut was wrong.
            let lag = self.client.engine.server_now().div_euclid(1000) - (end - AHEAD);
            return Ok(if (-AHEAD..AHEAD).contains(&lag) { Look::Absent } else { Look::NoProof });
        };
        if !found.is_empty() {
            let error = self.ended(ErrorKind::Conflict, "more than one thing stands under this number");
            return Err(error.with_outcome(Outcome::Unknown));
        }
        if let Some(field) = self.thing.difference(&row) {
            let detail = format!("another thing stands under this number: its {field} differs");
            let error = self.ended(ErrorKind::Conflict, detail);
            // An attempt of ours may still be carried out beside it.
            let open = self.attempts > 0 && !self.is_late_enough(self.client.engine.now());
            return Err(if open { error.with_outcome(Outcome::Unknown) } else { error });
        }
        if T::failed(&row) {
            return Err(self.ended(ErrorKind::State, "it was made and stands at Fail; to try again use a new number"));
        }
        Ok(Look::Found(row))
    }

    /// Waits a little longer each time, and exactly until the look-up that can prove absence.
    fn wait(&self, waits: u32) -> Result<(), Error> {
        let now = self.client.engine.now();
        let pause = Duration::from_millis(250).saturating_mul(1 << waits.min(3));
        let proof = self.last_attempt.map(|end| end.saturating_add(self.options.settle).saturating_sub(now));
        let pause = proof.filter(|left| !left.is_zero()).map_or(pause, |left| left.min(pause));
        if now.saturating_add(pause) >= self.end {
            let detail = format!("not settled by the deadline: {}; calling again later is safe", self.last_look);
            return Err(self.still_open(self.ended(ErrorKind::Timeout, detail)));
        }
        let interrupted = |ended| self.still_open(Error::from(ended).in_call(T::OPERATION.name, self.attempts));
        self.client.engine.sleep(pause).map_err(interrupted)
    }

    fn ended(&self, kind: ErrorKind, detail: impl Into<String>) -> Error {
        Error::of_kind(kind, Outcome::Rejected, detail).in_call(T::OPERATION.name, self.attempts)
    }

    /// An error that leaves open whether the thing exists, as long as an attempt may have been carried out.
    fn still_open(&self, error: Error) -> Error {
        let open = self.last_attempt.is_some();
        error.with_outcome(if open { Outcome::Unknown } else { Outcome::NotSent })
    }
}

/// What a look-up showed.
enum Look<R> {
    Found(R),
    /// There was nothing when it was made.
    Absent,
    /// Nothing was found, but not everything was looked at.
    NoProof,
}

const NOT_FOUND: &str = "it was not found";
/// Seconds that a look-up reaches past the platform's clock as we know it: for rows of a server whose clock runs ahead or
/// was set back.
const AHEAD: i64 = 3600;

/// Whether an error may be gone a little later.
fn may_pass(error: &Error) -> bool {
    let kind = error.kind();
    let passes =
        matches!(kind, ErrorKind::Transport | ErrorKind::Timeout | ErrorKind::RateLimit | ErrorKind::InvalidResponse);
    (passes || error.code() == Some(1001)) && !is_interrupted(error)
}

fn is_interrupted(error: &Error) -> bool {
    error.transport_fault() == Some(TransportFault::Interrupted)
}
