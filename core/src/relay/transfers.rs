//! Transfers: once for each tap, and within the limits of the scope.

use zeroize::Zeroizing;

use super::fields::Fields;
use super::limits::{Countable, alone, within_limit};
use super::mutations::{ensured, options};
use super::response::{Data, Refusal};
use super::scope::{Grant, cents};
use super::work::{Work, not_granted};
use crate::codec::to_json;
use crate::ensure::{EnsureOptions, Ensured};
use crate::error::Error;
use crate::resources::accounts::{Accounts, Transfer, TransferRecord, TransferResult, TransferType};

type Served = Result<Data, Refusal>;

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
    let Some((max_transfer, max_per_day)) = work.scope.limits() else { return Err(not_granted()) };
    let countable = Countable {
        target: &request,
        sum: "transfers",
        content: &[request.r#type.as_str(), &cents.to_string()],
        amount: cents,
        limit: (cents <= max_transfer).then_some(max_per_day),
    };
    let mut ensured = alone(work, &request.transfer_unique_no, options, |began| {
        within_limit(work, &countable, || {
            let caller = work.caller_since(began);
            Accounts(&caller).ensure_transfer(&request, options).map_err(|error| work.failed(error))
        })
    })?;
    ensured.value.transfer_unique_no = work.apps_own(ensured.value.transfer_unique_no.take());
    work.notes.subject = Some(ensured.value.transfer_no.clone());
    Ok(ensured)
}
