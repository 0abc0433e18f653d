//! Limits of transfers and cards: reserved before a request is sent, given back when it is known not to have been carried out.

use std::time::Duration;

use super::audit::Denial;
use super::response::Refusal;
use super::taps::Tap;
use super::work::Work;
use crate::engine::Limit;
use crate::ensure::{EnsureOptions, EnsureTarget, Ensured, default_deadline, default_settle, is_listed};
use crate::error::{Error, ErrorKind, Outcome};
use crate::resources::accounts::Accounts;
use crate::store::{AttemptEnd, Reservation, Reserved};
use crate::values::civil::UtcOffset;

/// Time for which the sum of a day is kept: longer than any day lasts somewhere.
const KEPT_FOR: Duration = Duration::from_secs(48 * 3600);
/// Time limit of the store.
const WITHIN: Duration = Duration::from_secs(5);

/// How an amount is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Counted {
    /// For this request.
    New,
    /// For an earlier request with the same tap and content.
    Before,
}

/// An exactly-once request that counts against the sum of its day.
pub(super) struct Countable<'a, T> {
    /// The request.
    pub target: &'a T,
    /// What the amount is taken from: `transfers` or `cards`.
    pub sum: &'static str,
    /// What the request counts as, besides its reference. With other content it counts again: a small amount must not make room
    /// for a large one.
    pub content: &'a [&'a str],
    pub amount: u64,
    /// Maximum of the sum of a day; `None` if the request exceeds a limit of its own.
    pub limit: Option<u64>,
}

/// Works on a merchant reference, one worker at a time, so that a reservation that is given back is not the one of another worker
/// that sends. `make` gets the time at which the deadline began to run. Every error has the outcome of the tap.
pub(super) fn alone<T>(
    work: &Work<'_>,
    reference: &str,
    options: &EnsureOptions,
    make: impl FnOnce(Duration) -> Result<T, Refusal>,
) -> Result<T, Refusal> {
    let (engine, began) = (&work.caller().engine, work.caller().engine.now());
    let deadline = options.deadline.unwrap_or(default_deadline(engine.aborts_on_failure()));
    // The exactly-once call ends by its deadline. The read of the platform's clock before it and the store after it may take longer.
    let hold = deadline + engine.settings.timeout + WITHIN;
    let make = |tap: Tap<'_>| {
        let result = make(began);
        tap.end(engine.settings.timeout);
        result
    };
    work.take_when_free(reference, deadline / 2, hold).and_then(make).map_err(Refusal::about_tap)
}

/// Sends a request if it is within the limit of the day, or was carried out before.
pub(super) fn within_limit<T: EnsureTarget>(
    work: &Work<'_>,
    countable: &Countable<'_, T>,
    send: impl FnOnce() -> Result<Ensured<T::Row>, Refusal>,
) -> Result<Ensured<T::Row>, Refusal> {
    let past = recorded(work, countable.target)?;
    if past == Past::Done {
        // It is found again, whatever the limits are now, and never sent twice.
        return send();
    }
    let amount = Amount::new(work, countable)?;
    let Some(counted) = countable.limit.map_or(Ok(None), |limit| amount.reserve(work, limit))? else {
        return Err(exceeded(work, countable.target, past));
    };
    let result = send();
    let is_not_done = result.as_ref().is_err_and(|refusal| refusal.error.outcome() != Outcome::Unknown);
    if is_not_done && counted == Counted::New {
        amount.give_back(work);
    }
    result
}

/// What is recorded about a reference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Past {
    Done,
    NotDone,
    /// Nothing. The record may be in another store, or under another Api-Key.
    Unrecorded,
    Unknown,
}

fn recorded<T: EnsureTarget>(work: &Work<'_>, target: &T) -> Result<Past, Refusal> {
    let lease = work.log()?.acquire(T::OPERATION.name, target.reference(), WITHIN);
    let Ok(Some(lease)) = lease else { return Ok(Past::Unknown) };
    let past = lease.last_attempt().map(|past| past.end);
    // A younger store cannot tell what an earlier process sent, as in an exactly-once call.
    let is_old = lease.store_age() >= default_settle(work.caller().engine.aborts_on_failure());
    lease.release(WITHIN);
    Ok(match past {
        Some(Some(AttemptEnd::Done)) => Past::Done,
        Some(Some(AttemptEnd::NotDone)) if is_old => Past::NotDone,
        None if is_old => Past::Unrecorded,
        _ => Past::Unknown,
    })
}

/// The refusal of a request that exceeds a limit, with the outcome of earlier requests with its reference.
fn exceeded<T: EnsureTarget>(work: &Work<'_>, target: &T, past: Past) -> Refusal {
    let is_absent = || {
        let (caller, engine) = (work.caller(), &work.caller().engine);
        let until = Some(engine.now().saturating_add(engine.settings.timeout));
        is_listed(&caller.limited(Limit { until, ..caller.limit }), target) == Some(false)
    };
    let outcome = if past == Past::NotDone || past == Past::Unrecorded && is_absent() {
        Outcome::NotSent
    } else {
        Outcome::Unknown
    };
    let text = "a limit of the session is exceeded";
    let error = Error::with_kind(ErrorKind::Permission, outcome, text);
    Refusal { error, ..Refusal::denied(Denial::LimitExceeded, ErrorKind::Permission, text) }
}

/// The amount of a request in the sum of its day.
#[derive(Debug)]
struct Amount {
    size: u64,
    /// Name of the day's sum. Taken once: the day may end before the request does.
    key: String,
    entry: String,
}

impl Amount {
    /// A tap counts once for its content.
    fn new<T: EnsureTarget>(work: &Work<'_>, countable: &Countable<'_, T>) -> Result<Self, Refusal> {
        let engine = &work.caller().engine;
        if engine.clock_offset().is_none() {
            // The day is the platform's. A relay that has just started learns its clock by a read, also by one that is refused.
            let read = Accounts(work.caller()).get(work.own());
            if let Err(error) = read
                && engine.clock_offset().is_none()
            {
                return Err(work.failed(error.with_outcome(Outcome::Unknown)));
            }
        }
        let day = UtcOffset::PLATFORM_DEFAULT.date_at(engine.server_now()).to_string();
        let digest = |purpose: &str, parts: &[&str]| work.relay.merchant_key.digest(purpose, parts);
        let entry = [&[countable.target.reference()][..], countable.content].concat();
        let key = digest(&format!("{} of a day", countable.sum), &[work.own(), &day]);
        Ok(Self { size: countable.amount, key, entry: digest(countable.sum, &entry) })
    }

    /// Counts the request. `None`: the limit would be exceeded.
    fn reserve(&self, work: &Work<'_>, limit: u64) -> Result<Option<Counted>, Refusal> {
        let Self { size, key, entry } = self;
        let reservation = Reservation { key, entry, amount: *size, limit, keep: KEPT_FOR };
        let store = work.caller().engine.quota.as_ref();
        match store.map(|store| store.reserve(&reservation, WITHIN)) {
            Some(Ok(Reserved::New)) => Ok(Some(Counted::New)),
            Some(Ok(Reserved::Repeated)) => Ok(Some(Counted::Before)),
            Some(Ok(Reserved::Exceeded)) => Ok(None),
            Some(Err(_)) | None => {
                Err(Refusal { denial: Some(Denial::LimitExceeded), ..work.no_store(Outcome::Unknown) })
            }
        }
    }

    /// Takes a request that was not carried out from the sum.
    fn give_back(&self, work: &Work<'_>) {
        let store = work.caller().engine.quota.as_ref();
        // If this fails, the amount counts for the day although nothing was done: never the other way round.
        if let Some(Err(_)) = store.map(|store| store.release(&self.key, &self.entry, WITHIN)) {
            log::warn!(target: "keysecure", "relay: a request that was not carried out counts against the limit of the day");
        }
    }
}
