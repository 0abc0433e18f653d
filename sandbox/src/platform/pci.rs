//! Calls 14 and 25: the hosted card page.

use serde::Serialize;

use super::call::{Call, CallResult};
use super::cards::lookup::existing;
use super::cards::secrets::CardSecrets;
use super::codes::Refusal;
use super::output::data;
use crate::state::enums::CardStatus;
use crate::state::platform_state::State;
use crate::state::transaction::{Change, ClientToken, Transaction};

/// The lifetime of a client token.
const LIFETIME_SECONDS: i64 = 300;

/// The headers that a browser sends when the hosted page calls its own origin.
const SEC_FETCH: [(&str, &str); 3] =
    [("sec-fetch-site", "same-origin"), ("sec-fetch-mode", "cors"), ("sec-fetch-dest", "empty")];

/// Call 14, `pci.client_token`: issues a token with which the hosted page shows one card.
pub(crate) fn client_token(call: &Call<'_>, state: &State, transaction: &mut Transaction) -> CallResult {
    #[derive(Serialize)]
    struct Token<'a> {
        client_access_token: &'a str,
        expires_in: i64,
    }
    if !state.settings.pci_enabled {
        return Err(Refusal::code(1013));
    }
    let card = &existing(state, call.path_no)?.record;
    // As for cards.private_info, only an active card may be shown (inferred).
    if card.status != CardStatus::Activated {
        return Err(Refusal::code(4005));
    }
    let token = transaction.numbers.hex(48);
    transaction.add(Change::ClientToken(ClientToken {
        token: token.clone(),
        card_no: card.card_no.clone(),
        expires_ms: call.now_ms.saturating_add(LIFETIME_SECONDS * 1000),
    }));
    data(&Token { client_access_token: &token, expires_in: LIFETIME_SECONDS })
}

/// Call 25, `pci.card_detail`: the card number and CVV for the hosted page. **Inferred**: the platform documents only the
/// error codes 1014 to 1018.
///
/// Order of the checks: `Sec-Fetch-*`, `Origin`, parent origin, nonce, token. A refused call consumes neither the nonce
/// nor the token.
pub(crate) fn card_detail(call: &Call<'_>, state: &State, transaction: &mut Transaction) -> CallResult {
    let fetched_by_page = SEC_FETCH.iter().all(|(name, value)| call.header(name) == Some(value));
    if !fetched_by_page {
        return Err(Refusal::code(1018));
    }
    if call.header("origin") != Some(&call.setup.hosted_origin) {
        return Err(Refusal::code(1016));
    }
    let token = call.body.required("client_access_token")?;
    let nonce = call.body.required("nonce")?;
    if call.body.required("parent_origin")? != call.setup.parent_origin {
        return Err(Refusal::code(1015));
    }
    if state.nonce_is_used(&nonce) {
        return Err(Refusal::code(1017));
    }
    let known = state.client_token(&token).filter(|known| call.now_ms < known.expires_ms).ok_or(Refusal::code(1014))?;
    if !state.settings.pci_enabled {
        return Err(Refusal::code(1013));
    }
    let card = existing(state, &known.card_no)?;
    if card.record.status != CardStatus::Activated {
        return Err(Refusal::code(4005));
    }
    transaction.add(Change::ClientTokenUsed { token, nonce });
    data(&CardSecrets::from_card(card))
}
