//! A call before it is sent.

use super::StartBy;
use super::operation::{self, Operation};

/// A call ready to be sent.
#[derive(Clone, Copy)]
pub(crate) struct Call<'a> {
    pub operation: &'static Operation,
    /// The path after `/open-api`, with the variable substituted.
    pub path: &'a str,
    /// Request body, as JSON; empty for GET.
    pub body: &'a [u8],
    /// Headers in addition to the standard ones.
    pub headers: &'a [(&'static str, &'a str)],
    /// The merchant reference of a mutation: `transfer_unique_no`, `card_unique_no` or `cardholder_unique_no`. `None`
    /// for every other call.
    pub reference: Option<&'a str>,
    /// The caller's tap of a mutation without a merchant reference, for a relay. `None`: the engine makes one.
    pub tap: Option<&'a str>,
    /// Deadline for the first byte of the request; after it the request is not sent.
    pub start_by: Option<StartBy>,
}

impl<'a> Call<'a> {
    /// A call without extra headers that carries no merchant reference.
    pub(crate) fn new(operation: &'static Operation, path: &'a str, body: &'a [u8]) -> Self {
        Self { operation, path, body, headers: &[], reference: None, tap: None, start_by: None }
    }
}

impl Call<'static> {
    /// The call that fetches an access token.
    pub(super) fn token() -> Self {
        Self::new(operation::TOKEN, operation::TOKEN.path, &[])
    }
}
