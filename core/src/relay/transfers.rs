//! Transfers: once for each tap, and within the limits of the scope.

use std::time::Duration;

use zeroize::Zeroizing;

use super::audit::Denial;
use super::fields::Fields;
use super::limits::{Amount, Counted};
use super::mutations::{ensured, options};
use super::response::{Data, Refusal};
use super::scope::{Grant, cents};
use super::work::{Work, not_granted};
use crate::codec::to_json;
use crate::engine::Limit;
use crate::ensure::{EnsureOptions, Ensured};
use crate::error::{Error, ErrorKind, Outcome};
use crate::resources::accounts::{Accounts, Transfer, TransferRecord, TransferResult, TransferType};
use crate::store::AttemptEnd;

type Served = Result<Data, Refusal>;

/// Time limit of an exactly-once call without a deadline of its own, over a transport that aborts failed requests and over one
/// that does not: see [`EnsureOptions::deadline`].
const DEADLINES: (Duration, Duration) = (Duration::from_secs(60), Duration::from_secs(180));

pub(super) fn transfer(work: &mut Work<'_>, fields: &Fields<'_>) -> Served {
    let Ensured { value, .. } = ensure(work, fields, &EnsureOptions::default())?;
    let result = TransferResult {
        transfer_no: value.transfer_no,
        transfer_unique_no: value.transfer_unique_no,
        before_balance: value.before_balance,
        after_balance: value.after_balance,
        ..TransferResult::blank()
    };
    Ok(Zeroizing::new(result.to_json()))
}

pub(super) fn ensure_transfer(work: &mut Work<'_>, fields: &Fields<'_>) -> Served {
    let options = options(work, fields)?;
    let Ensured { value, created } = ensure(work, fields, &options)?;
    Ok(ensured(&to_json(&value), work.call_created(created)))
}

fn ensure(
    work: &mut Work<'_>,
    fields: &Fields<'_>,
    options: &EnsureOptions,
) -> Result<Ensured<TransferRecord>, Refusal> {
    let (direction, grant) = match fields.required("type").map_err(Refusal::invalid)? {
        "In" => (TransferType::In, Grant::AccountsTransferIn),
        "Out" => (TransferType::Out, Grant::AccountsTransferOut),
        _ => return Err(Refusal::invalid(Error::invalid_input("type", "must be In or Out"))),
    };
    work.require(grant)?;
    let request = Transfer {
        cardholder_no: work.own().to_owned(),
        transfer_unique_no: work.reference("transfer_unique_no", fields)?,
        r#type: direction,
        amount: fields.amount("balance").map_err(Refusal::invalid)?,
    };
    request.check().map_err(Refusal::invalid)?;
    let Some(cents) = cents(request.amount) else {
        return Err(Refusal::invalid(Error::invalid_input("amount", "is too large")));
    };
    // One worker at a time, so that a reservation that is given back is not the one of another worker that sends.
    let (engine, arrived) = (&work.caller().engine, work.caller().engine.now());
    let usual = if engine.aborts_on_failure() { DEADLINES.0 } else { DEADLINES.1 };
    let deadline = options.deadline.unwrap_or(usual);
    let tap = work.take_when_free(&request.transfer_unique_no, deadline / 2, deadline)?;
    let waited = engine.now().saturating_sub(arrived);
    let result = limited(work, &request, cents, options, waited);
    tap.end(engine.settings.timeout);
    let mut ensured = result?;
    ensured.value.transfer_unique_no = work.apps_own(ensured.value.transfer_unique_no.take());
    work.notes.subject = Some(ensured.value.transfer_no.clone());
    Ok(ensured)
}

fn limited(
    work: &Work<'_>,
    request: &Transfer,
    cents: u64,
    options: &EnsureOptions,
    waited: Duration,
) -> Result<Ensured<TransferRecord>, Refusal> {
    let Some((max_transfer, max_per_day)) = work.scope.limits() else { return Err(not_granted()) };
    let amount = Amount::new(work, request, cents)?;
    let past = recorded(work, request)?;
    let counted = if cents > max_transfer { None } else { amount.reserve(work, max_per_day)? };
    // What was done before is found again, whatever the limits are now: it is never sent twice.
    let Some(counted) = counted else {
        return if past == Past::Done { send(work, request, options, waited) } else { Err(exceeded(past)) };
    };
    let result = send(work, request, options, waited);
    let is_not_done = match &result {
        // Otherwise it may have been sent by this request.
        Ok(_) => past == Past::Done,
        Err(refusal) => refusal.error.outcome() != Outcome::Unknown,
    };
    if is_not_done && counted == Counted::New {
        amount.give_back(work);
    }
    result
}

fn send(
    work: &Work<'_>,
    request: &Transfer,
    options: &EnsureOptions,
    waited: Duration,
) -> Result<Ensured<TransferRecord>, Refusal> {
    let caller = work.caller();
    let caller = caller.limited(Limit { waited, ..caller.limit });
    Accounts(&caller).ensure_transfer(request, options).map_err(|error| work.failed(error))
}

/// What is recorded about the reference of a transfer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Past {
    Done,
    NotDone,
    Unknown,
}

fn recorded(work: &Work<'_>, request: &Transfer) -> Result<Past, Refusal> {
    let timeout = work.caller().engine.settings.timeout;
    let lease = work.log()?.acquire("accounts.transfer", &request.transfer_unique_no, timeout);
    let Ok(Some(lease)) = lease else { return Ok(Past::Unknown) };
    let past = lease.last_attempt().map(|past| past.end);
    lease.release(timeout);
    Ok(match past {
        Some(Some(AttemptEnd::Done)) => Past::Done,
        Some(Some(AttemptEnd::NotDone)) | None => Past::NotDone,
        Some(Some(AttemptEnd::Unknown) | None) => Past::Unknown,
    })
}

/// The refusal of a transfer that exceeds a limit, with the outcome of what was recorded.
fn exceeded(past: Past) -> Refusal {
    let outcome = if past == Past::NotDone { Outcome::NotSent } else { Outcome::Unknown };
    let text = "a limit of the session is exceeded";
    let error = Error::with_kind(ErrorKind::Permission, outcome, text);
    Refusal { error, ..Refusal::denied(Denial::LimitExceeded, ErrorKind::Permission, text) }
}
