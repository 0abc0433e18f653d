//! Call 1: the access token.

use serde::Serialize;

use super::call::{Call, CallResult};
use super::output::data;
use crate::clock;
use crate::state::platform_state::State;
use crate::state::transaction::{Change, Transaction};

/// Call 1, `token`: issues an access token.
pub(crate) fn issue(call: &Call<'_>, _: &State, transaction: &mut Transaction) -> CallResult {
    #[derive(Serialize)]
    struct Token<'a> {
        access_token: &'a str,
        expired_time: i64,
    }
    let token = transaction.numbers.hex(48);
    let expires_ms = call.now_ms.saturating_add(clock::to_ms(call.setup.token_lifetime));
    transaction.add(Change::AccessToken {
        token: token.clone(),
        expires_ms,
        voids_previous: call.setup.token_voids_previous,
    });
    data(&Token { access_token: &token, expired_time: expires_ms })
}
