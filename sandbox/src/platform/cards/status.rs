//! Calls 9 to 11: activation, status and PIN.

use super::lookup::existing;
use crate::platform::call::{Call, CallResult};
use crate::platform::codes::Refusal;
use crate::platform::output::DONE;
use crate::state::card_lifecycle::Actor;
use crate::state::enums::{CardStatus, CardType};
use crate::state::platform_state::State;
use crate::state::rows::Card;
use crate::state::transaction::{Change, Transaction};

/// Call 9, `cards.activate`: activates a physical card that has arrived.
pub(crate) fn activate(call: &Call<'_>, state: &State, transaction: &mut Transaction) -> CallResult {
    let card = owned_physical(call, state)?;
    let activated = card.with_status(CardStatus::Activated, Actor::Activate, "").ok_or(Refusal::code(4005))?;
    let cvv = secret_digits(call, "cvv", 3)?;
    let last_no = call.body.required("card_last_no")?;
    if last_no != card.record.card_last_no {
        return Err(Refusal::mismatch("card_last_no"));
    }
    if cvv != card.cvv {
        return Err(Refusal::mismatch("cvv"));
    }
    transaction.add(Change::Card(Box::new(activated)));
    Ok(DONE.to_vec())
}

/// Call 10, `cards.update_status`: freezes, unfreezes or deletes a card.
pub(crate) fn update_status(call: &Call<'_>, state: &State, transaction: &mut Transaction) -> CallResult {
    let no = call.body.required("card_no")?;
    let settable = |text: &str| {
        CardStatus::parse(text)
            .filter(|status| matches!(status, CardStatus::Frozen | CardStatus::Activated | CardStatus::Delete))
    };
    let status = call.body.required_enum("status", settable)?;
    let changed = existing(state, &no)?.with_status(status, Actor::UpdateStatus, "").ok_or(Refusal::code(4005))?;
    transaction.add(Change::Card(Box::new(changed)));
    Ok(DONE.to_vec())
}

/// Call 11, `cards.set_pin`: sets the PIN of a physical card.
pub(crate) fn set_pin(call: &Call<'_>, state: &State, transaction: &mut Transaction) -> CallResult {
    let card = owned_physical(call, state)?;
    if card.record.status != CardStatus::Activated {
        return Err(Refusal::code(4005));
    }
    let pin = decrypted(call, "pin")?;
    if !follows_pin_rule(&pin) {
        return Err(Refusal::code(4016));
    }
    let mut changed = card.clone();
    changed.pin = Some(pin);
    changed.record.has_pin = true;
    transaction.add(Change::Card(Box::new(changed)));
    Ok(DONE.to_vec())
}

/// The physical card that the body names, which must belong to the cardholder that the body names.
fn owned_physical<'s>(call: &Call<'_>, state: &'s State) -> Result<&'s Card, Refusal> {
    let cardholder_no = call.body.required("cardholder_no")?;
    let card = existing(state, &call.body.required("card_no")?)?;
    if card.record.cardholder_no != cardholder_no {
        return Err(Refusal::parameter("cardholder_no", "does not own the card"));
    }
    match card.record.card_type {
        CardType::Physical => Ok(card),
        CardType::Virtual => Err(Refusal::code(4017)),
    }
}

/// The decrypted text of a field, which must be `count` digits.
fn secret_digits(call: &Call<'_>, field: &'static str, count: usize) -> Result<String, Refusal> {
    let text = decrypted(call, field)?;
    if text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit()) {
        Ok(text)
    } else {
        Err(Refusal::parameter(field, format!("must be {count} digits")))
    }
}

/// The decrypted text of a field. The message is the same for every flaw of the ciphertext, so that it reveals nothing.
fn decrypted(call: &Call<'_>, field: &'static str) -> Result<String, Refusal> {
    call.setup
        .cipher
        .decrypt(&call.body.required(field)?)
        .and_then(|plain| String::from_utf8(plain).ok())
        .ok_or_else(|| Refusal::parameter(field, "cannot be decrypted"))
}

/// Whether the PIN is six digits without three neighbours that are equal, ascending or descending.
fn follows_pin_rule(pin: &str) -> bool {
    let digits = pin.as_bytes();
    digits.len() == 6
        && digits.iter().all(u8::is_ascii_digit)
        && !digits.windows(3).any(|three| {
            let first = i16::from(three[1]) - i16::from(three[0]);
            let second = i16::from(three[2]) - i16::from(three[1]);
            first == second && first.abs() <= 1
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pin_with_three_equal_or_sequential_digits_is_refused() {
        for good in ["112233", "135791", "909090", "121212", "890890"] {
            assert!(follows_pin_rule(good), "{good}");
        }
        for bad in ["111222", "123567", "987125", "012946", "654987", "12345", "1357913", "13579a", "", "１３５７９１"]
        {
            assert!(!follows_pin_rule(bad), "{bad}");
        }
    }
}
