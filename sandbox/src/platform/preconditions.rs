//! The checks that precede every call, in this order:
//!
//! 1. `Api-Key` present (1002), known (1008), enabled (1010), not expired (1011)
//! 2. merchant exists (1021) and is active (1022)
//! 3. the caller's address is allowed (1003)
//! 4. `Timestamp` (1005)
//! 5. `Access-Token` present (1006), valid (1007); not for the token call itself
//! 6. the merchant's mode supports the call (1012)
//! 7. `Content-Type` (1004), then the parameters, which the call checks itself

use super::call::Call;
use super::codes::Refusal;
use super::route::{Access, Route};
use crate::config::{KeyState, MerchantState};
use crate::state::platform_state::State;

/// The maximum age of a request's `Timestamp`. A time in the future is refused.
const MAX_AGE_MS: i64 = 60_000;

/// Checks all preconditions of a call except the parameters.
pub(super) fn check(route: &Route, call: &Call<'_>, state: &State) -> Result<(), Refusal> {
    api_key(call, state)?;
    merchant(state)?;
    address(call, state)?;
    timestamp(call)?;
    if route.access == Access::Token {
        token(call, state)?;
    }
    if !route.modes.contains(&call.setup.mode) {
        return Err(Refusal::code(1012));
    }
    content_type(call)
}

fn api_key(call: &Call<'_>, state: &State) -> Result<(), Refusal> {
    let key = call.header("api-key").ok_or(Refusal::code(1002))?;
    if key != call.setup.api_key {
        return Err(Refusal::code(1008));
    }
    match state.settings.key_state {
        KeyState::Active => Ok(()),
        KeyState::NotEnabled => Err(Refusal::code(1010)),
        KeyState::Expired => Err(Refusal::code(1011)),
    }
}

fn merchant(state: &State) -> Result<(), Refusal> {
    match state.settings.merchant_state {
        MerchantState::Active => Ok(()),
        MerchantState::Missing => Err(Refusal::code(1021)),
        MerchantState::Abnormal => Err(Refusal::code(1022)),
    }
}

fn address(call: &Call<'_>, state: &State) -> Result<(), Refusal> {
    let allowed = &state.settings.ip_whitelist;
    if allowed.is_empty() || allowed.contains(&call.address) { Ok(()) } else { Err(Refusal::code(1003)) }
}

fn timestamp(call: &Call<'_>) -> Result<(), Refusal> {
    call.header("timestamp")
        .filter(|text| text.len() == 13 && text.bytes().all(|byte| byte.is_ascii_digit()))
        .and_then(|text| text.parse::<i64>().ok())
        .filter(|sent_ms| (0..=MAX_AGE_MS).contains(&(call.now_ms.saturating_sub(*sent_ms))))
        .map(|_| ())
        .ok_or(Refusal::code(1005))
}

fn token(call: &Call<'_>, state: &State) -> Result<(), Refusal> {
    let token = call.header("access-token").ok_or(Refusal::code(1006))?;
    if state.token_is_valid(token, call.now_ms) { Ok(()) } else { Err(Refusal::code(1007)) }
}

fn content_type(call: &Call<'_>) -> Result<(), Refusal> {
    let is_json = call.header("content-type").is_some_and(|value| {
        let kind = value.split(';').next().unwrap_or_default();
        kind.trim().eq_ignore_ascii_case("application/json")
    });
    if is_json { Ok(()) } else { Err(Refusal::parameter("content_type", "must be application/json")) }
}
