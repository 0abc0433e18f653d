//! Operations that read one object.

use zeroize::Zeroizing;

use super::fields::Fields;
use super::ownership::is_own;
use super::response::{Data, Refusal};
use super::work::Work;
use crate::codec::json::Json;
use crate::codec::to_json;
use crate::resources::accounts::Accounts;
use crate::resources::cardholders::Cardholders;
use crate::resources::cards::Cards;
use crate::resources::pci::Pci;

type Served = Result<Data, Refusal>;

pub(super) fn cardholder(work: &mut Work<'_>, _: &Fields<'_>) -> Served {
    let own = work.own();
    let mut found = Cardholders(work.caller()).get(own).map_err(|error| work.failed(error))?;
    if !is_own(own, Some(&found.cardholder_no)) {
        return Err(Refusal::not_found(None));
    }
    for card in &mut found.card_list {
        // The platform does not document this field.
        if let Some(reference) = work.apps_own(card.extra.get("card_unique_no").and_then(Json::text)) {
            card.extra.insert("card_unique_no", Json::valid(&to_json(&reference)));
        }
    }
    Ok(Zeroizing::new(found.to_json()))
}

pub(super) fn card(work: &mut Work<'_>, fields: &Fields<'_>) -> Served {
    let card_no = fields.required("card_no").map_err(Refusal::invalid)?;
    let mut card = match work.own_card(card_no)? {
        Some(card) => *card,
        None => Cards::new(work.caller()).get(card_no).map_err(|error| work.failed(error))?,
    };
    if card.card_no != card_no || !is_own(work.own(), card.cardholder_no.as_deref()) {
        return Err(Refusal::not_found(None));
    }
    card.card_unique_no = work.apps_own(card.card_unique_no.take());
    Ok(Zeroizing::new(card.to_json()))
}

pub(super) fn private_info(work: &mut Work<'_>, fields: &Fields<'_>) -> Served {
    let card_no = fields.required("card_no").map_err(Refusal::invalid)?;
    work.own_card(card_no)?;
    let secrets = Cards::new(work.caller()).private_info(card_no).map_err(|error| work.failed(error))?;
    if secrets.card_no() != card_no {
        return Err(Refusal::not_found(None));
    }
    let card_unique_no = work.apps_own(secrets.card_unique_no().map(str::to_owned));
    let plain = [
        ("{\"card_no\":", quoted(card_no)),
        (",\"card_unique_no\":", card_unique_no.as_deref().map_or_else(|| Zeroizing::new("null".to_owned()), quoted)),
        (",\"pan\":", quoted(secrets.expose_pan())),
        (",\"cvv\":", quoted(secrets.expose_cvv())),
        (",\"exp_year\":", quoted(secrets.exp_year())),
        (",\"exp_month\":", quoted(secrets.exp_month())),
    ];
    // All within the room that it starts with: what a growing string leaves behind is not wiped.
    let length: usize = plain.iter().map(|(name, value)| name.len() + value.len()).sum();
    let mut json = Zeroizing::new(String::with_capacity(length + 1));
    for (name, value) in &plain {
        json.push_str(name);
        json.push_str(value);
    }
    json.push('}');
    Ok(json)
}

/// A JSON string, which is wiped like what is in it.
fn quoted(text: &str) -> Zeroizing<String> {
    let is_plain = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    if !is_plain {
        return Zeroizing::new(to_json(&text.to_owned()));
    }
    let mut json = Zeroizing::new(String::with_capacity(text.len() + 2));
    json.push('"');
    json.push_str(text);
    json.push('"');
    json
}

pub(super) fn consumption(work: &mut Work<'_>, fields: &Fields<'_>) -> Served {
    let consume_no = fields.required("consume_no").map_err(Refusal::invalid)?;
    Ok(Zeroizing::new(work.own_consumption(consume_no)?.to_json()))
}

pub(super) fn accounts(work: &mut Work<'_>, _: &Fields<'_>) -> Served {
    let mut found = Accounts(work.caller()).get(work.own()).map_err(|error| work.failed(error))?;
    let all = found.list.len();
    // The platform may leave the number out: the path of the request names it.
    found.list.retain(|account| account.cardholder_no.as_deref().is_none_or(|number| is_own(work.own(), Some(number))));
    super::lists::warn_of_dropped("accounts.get", all - found.list.len());
    Ok(Zeroizing::new(found.to_json()))
}

pub(super) fn client_token(work: &mut Work<'_>, fields: &Fields<'_>) -> Served {
    let card_no = fields.required("card_no").map_err(Refusal::invalid)?;
    work.own_card(card_no)?;
    let token = Pci(work.caller()).client_token(card_no).map_err(|error| work.failed(error))?;
    let (text, seconds) = (quoted(token.expose()), token.expires_in().to_string());
    let parts = ["{\"client_access_token\":", &text, ",\"expires_in\":", &seconds, "}"];
    let mut json = Zeroizing::new(String::with_capacity(parts.iter().map(|part| part.len()).sum()));
    for part in parts {
        json.push_str(part);
    }
    Ok(json)
}
