//! A call before it is sent.

use super::StartBy;
use super::operation::{self, Operation};

/// A call ready to be sent.
#[derive(Clone, Copy)]
pub(crate) struct Call<'a> {
    pub operation: &'static Operation,
    /// The path behind `/open-api`, its variable filled in.
    pub path: &'a str,
    /// JSON; empty for GET.
    pub body: &'a [u8],
    /// Headers beside the standard ones.
    pub headers: &'a [(&'static str, &'a str)],
    /// The merchant reference of a mutation: `transfer_unique_no`, `card_unique_no` or `cardholder_unique_no`. `None`
    /// for every other call.
    pub reference: Option<&'a str>,
    /// A request whose first byte has not left by then is not sent.
    pub start_by: Option<StartBy>,
}

impl<'a> Call<'a> {
    /// A call without extra headers that carries no merchant reference.
    pub(crate) fn new(operation: &'static Operation, path: &'a str, body: &'a [u8]) -> Self {
        Self { operation, path, body, headers: &[], reference: None, start_by: None }
    }
}

impl Call<'static> {
    /// The call that fetches an access token.
    pub(super) fn token() -> Self {
        Self::new(operation::TOKEN, operation::TOKEN.path, &[])
    }
}
