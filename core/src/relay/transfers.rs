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
    let counted = if cents > max_transfer { None } else { amount.reserve(work, max_per_day)? };
    // What was done before is found again, whatever the limits are now: it is never sent twice.
    let Some(counted) = counted.map_or_else(|| refuse_unless_done(work, request), |counted| Ok(Some(counted)))? else {
        return send(work, request, options, waited);
    };
    let result = send(work, request, options, waited);
    let is_not_done = match &result {
        Ok(ensured) => !ensured.created,
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

/// A limit is exceeded: `None` if this tap is recorded as done before. Otherwise the refusal, with the outcome of the tap.
fn refuse_unless_done(work: &Work<'_>, request: &Transfer) -> Result<Option<Counted>, Refusal> {
    let timeout = work.caller().engine.settings.timeout;
    let lease = work.log()?.acquire("accounts.transfer", &request.transfer_unique_no, timeout);
    let Ok(Some(lease)) = lease else { return Err(exceeded(Outcome::Unknown)) };
    let past = lease.last_attempt().map(|past| past.end);
    lease.release(timeout);
    match past {
        Some(Some(AttemptEnd::Done)) => Ok(None),
        Some(Some(AttemptEnd::NotDone)) | None => Err(exceeded(Outcome::NotSent)),
        Some(Some(AttemptEnd::Unknown) | None) => Err(exceeded(Outcome::Unknown)),
    }
}

fn exceeded(outcome: Outcome) -> Refusal {
    let text = "a limit of the session is exceeded";
    let error = Error::with_kind(ErrorKind::Permission, outcome, text);
    Refusal { error, ..Refusal::denied(Denial::LimitExceeded, ErrorKind::Permission, text) }
}
