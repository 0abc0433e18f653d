//! Operations that change a card, or apply for one.

use std::time::Duration;

use zeroize::Zeroizing;

use super::fields::Fields;
use super::limits::{Countable, alone, within_limit};
use super::response::{Data, Refusal};
use super::scope::Grant;
use super::work::Work;
use crate::codec::to_json;
use crate::engine::Caller;
use crate::ensure::{EnsureOptions, Ensured, default_settle};
use crate::error::{Error, ErrorKind, Outcome};
use crate::resources::cards::{ActivateCard, Address, ApplyCard, Card, CardApplied, CardStatus, Cards, SetPin};
use crate::secrets::{Cvv, Pin};

type Served = Result<Data, Refusal>;

/// The fields of an address.
const ADDRESS: [&str; 10] = [
    "first_name",
    "last_name",
    "phone_code",
    "phone",
    "postal_code",
    "country",
    "state",
    "city",
    "address_line1",
    "address_line2",
];

fn done() -> Data {
    Zeroizing::new("{\"result\":true}".to_owned())
}

pub(super) fn activate(work: &mut Work<'_>, fields: &Fields<'_>) -> Served {
    let read = || {
        Ok(ActivateCard {
            card_no: fields.required("card_no")?.to_owned(),
            cardholder_no: work.own().to_owned(),
            cvv: Cvv::new(fields.secret("cvv")?)?,
            card_last_no: fields.required("card_last_no")?.to_owned(),
        })
    };
    let request = read().map_err(Refusal::invalid)?;
    work.own_card(&request.card_no)?;
    let parts = [&*request.card_no, request.cvv.expose(), &request.card_last_no];
    work.once("cards.activate", &parts, |caller| Cards::new(caller).activate(&request))?;
    Ok(done())
}

pub(super) fn set_pin(work: &mut Work<'_>, fields: &Fields<'_>) -> Served {
    let read = || {
        Ok(SetPin {
            card_no: fields.required("card_no")?.to_owned(),
            cardholder_no: work.own().to_owned(),
            pin: Pin::new(fields.secret("pin")?)?,
        })
    };
    let request = read().map_err(Refusal::invalid)?;
    work.own_card(&request.card_no)?;
    let parts = [&*request.card_no, request.pin.expose()];
    work.once("cards.set_pin", &parts, |caller| Cards::new(caller).set_pin(&request))?;
    Ok(done())
}

pub(super) fn update_status(work: &mut Work<'_>, fields: &Fields<'_>) -> Served {
    let read = || Ok((fields.required("card_no")?, fields.required("status")?));
    let (card_no, status) = read().map_err(Refusal::invalid)?;
    let (status, grant) = match status {
        "Frozen" => (CardStatus::Frozen, Grant::CardsFreeze),
        "Activated" => (CardStatus::Activated, Grant::CardsUnfreeze),
        "Delete" => (CardStatus::Delete, Grant::CardsDelete),
        _ => return Err(Refusal::invalid(Error::invalid_input("status", "must be Frozen, Activated or Delete"))),
    };
    work.require(grant)?;
    work.own_card(card_no)?;
    let parts = [card_no, status.as_str()];
    work.once("cards.update_status", &parts, |caller| {
        if grant == Grant::CardsUnfreeze {
            check_is_frozen(caller, card_no)?;
        }
        Cards::new(caller).update_status(card_no, status.clone())
    })?;
    Ok(done())
}

/// Unfreezing is for cards that were in use. A new card is activated with its CVV, which is another grant; the platform does not
/// document that it refuses this.
fn check_is_frozen(caller: &Caller, card_no: &str) -> Result<(), Error> {
    let card = Cards::new(caller).get(card_no).map_err(|error| error.with_outcome(Outcome::NotSent))?;
    match card.status {
        CardStatus::Frozen | CardStatus::Activated => Ok(()),
        _ => Err(Error::with_kind(ErrorKind::State, Outcome::NotSent, "the card is not frozen")),
    }
}

pub(super) fn apply(work: &mut Work<'_>, fields: &Fields<'_>) -> Served {
    let Ensured { value, .. } = ensure(work, fields, &EnsureOptions::default())?;
    let applied = CardApplied { card_no: value.card_no, card_unique_no: value.card_unique_no, ..CardApplied::blank() };
    Ok(Zeroizing::new(applied.to_json()))
}

pub(super) fn ensure_card(work: &mut Work<'_>, fields: &Fields<'_>) -> Served {
    let options = options(work, fields)?;
    let Ensured { value, created } = ensure(work, fields, &options)?;
    Ok(ensured(&to_json(&value), work.call_created(created)))
}

fn ensure(work: &mut Work<'_>, fields: &Fields<'_>, options: &EnsureOptions) -> Result<Ensured<Card>, Refusal> {
    let card_unique_no = work.reference("card_unique_no", fields)?;
    let address = fields.object("address_info", "address_info.", &ADDRESS).map_err(Refusal::invalid)?;
    let read = || {
        Ok(ApplyCard {
            cardholder_no: work.own().to_owned(),
            card_unique_no,
            card_type: fields.required("card_type")?.into(),
            package_no: fields.owned("package_no")?,
            card_bin_no: fields.owned("card_bin_no")?,
            address_info: address.as_ref().map(address_of).transpose()?,
        })
    };
    let request = read().map_err(Refusal::invalid)?;
    request.check().map_err(Refusal::invalid)?;
    let countable =
        Countable { target: &request, sum: "cards", content: &[], amount: 1, limit: Some(work.scope.card_limit()) };
    let mut ensured = alone(work, &request.card_unique_no, options, |began| {
        within_limit(work, &countable, || {
            let caller = work.caller_since(began);
            Cards::new(&caller).ensure_card(&request, options).map_err(|error| work.failed(error))
        })
    })?;
    ensured.value.card_unique_no = work.apps_own(ensured.value.card_unique_no.take());
    work.notes.subject = Some(ensured.value.card_no.clone());
    Ok(ensured)
}

fn address_of(fields: &Fields<'_>) -> Result<Address, Error> {
    let text = |name| Ok::<_, Error>(fields.text_or_empty(name)?.unwrap_or_default().to_owned());
    let optional = |name| Ok::<_, Error>(fields.text_or_empty(name)?.map(str::to_owned));
    Ok(Address {
        first_name: optional("first_name")?,
        last_name: optional("last_name")?,
        phone_code: optional("phone_code")?,
        phone: optional("phone")?,
        postal_code: text("postal_code")?,
        country: text("country")?,
        state: text("state")?,
        city: text("city")?,
        address_line1: text("address_line1")?,
        address_line2: optional("address_line2")?,
    })
}

/// The options of an exactly-once call. `first_attempt` is not the app's to say.
pub(super) fn options(work: &Work<'_>, fields: &Fields<'_>) -> Result<EnsureOptions, Refusal> {
    let deadline = match fields.whole("deadline_ms").map_err(Refusal::invalid)? {
        None => None,
        // The app does not know `settle`. It may stop waiting earlier; the result is there for the next request with this tap.
        Some(millis @ 1_000..=180_000) => {
            let settle = default_settle(work.caller().engine.aborts_on_failure());
            Some(Duration::from_millis(millis.into()).max(settle + Duration::from_secs(1)))
        }
        Some(_) => return Err(Refusal::invalid(Error::invalid_input("deadline_ms", "must be 1000 to 180000"))),
    };
    Ok(EnsureOptions { deadline, ..EnsureOptions::default() })
}

/// The data of an exactly-once call.
pub(super) fn ensured(value: &str, created: bool) -> Data {
    Zeroizing::new(format!("{{\"value\":{value},\"created\":{created}}}"))
}
