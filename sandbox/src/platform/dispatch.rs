//! Admits a request and runs the handler of its route.

use super::body::Body;
use super::call::{Call, CallResult};
use super::codes::Refusal;
use super::preconditions;
use super::route::{Access, Route};
use crate::state::platform_state::State;
use crate::state::transaction::Transaction;

/// Checks the preconditions. It runs before the body is read, so that an unauthorized caller gets no error about the body.
pub(crate) fn admit(route: &Route, call: &Call<'_>, state: &State) -> Result<(), Refusal> {
    if route.access == Access::Open { Ok(()) } else { preconditions::check(route, call, state) }
}

/// Runs an admitted call. The caller commits the transaction.
pub(crate) fn run<'a>(
    route: &Route,
    mut call: Call<'a>,
    bytes: &'a [u8],
    state: &State,
    transaction: &mut Transaction,
) -> CallResult {
    if route.method == "POST" {
        call.body = Body::parse(bytes)?;
    }
    (route.handler)(&call, state, transaction)
}
