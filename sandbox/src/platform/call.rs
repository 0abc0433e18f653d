//! One request to the platform, as passed to its handler.

use std::net::IpAddr;
use std::time::Duration;

use super::body::Body;
use super::codes::Refusal;
use crate::cipher::FieldCipher;
use crate::config::{Mode, Repeat};
use crate::http::request::Head;
use crate::state::platform_state::State;
use crate::state::transaction::Transaction;
use crate::webhook::decision::Decision;

/// The settings that are fixed while the sandbox runs.
#[derive(Debug)]
pub(crate) struct Setup {
    pub(crate) mode: Mode,
    pub(crate) api_key: String,
    pub(crate) cipher: FieldCipher,
    pub(crate) token_lifetime: Duration,
    pub(crate) token_voids_previous: bool,
    pub(crate) repeated_numbers: Repeat,
    pub(crate) manual_cards: bool,
    pub(crate) hosted_origin: String,
    pub(crate) parent_origin: String,
}

/// One request to the platform.
#[derive(Debug, Clone)]
pub(crate) struct Call<'a> {
    pub(crate) setup: &'a Setup,
    pub(crate) head: &'a Head<'a>,
    pub(crate) address: IpAddr,
    pub(crate) now_ms: i64,
    /// The variable part of the path, or empty.
    pub(crate) path_no: &'a str,
    pub(crate) body: Body<'a>,
    /// The merchant's decision; `None` if the call has not requested one.
    pub(crate) decision: Option<&'a Decision>,
}

impl Call<'_> {
    /// The value of a header; `None` if it is absent or empty.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.header(name).filter(|value| !value.is_empty())
    }
}

/// The JSON text of `data`, or a refusal.
pub(crate) type CallResult = Result<Vec<u8>, Refusal>;

/// The handler of a call. It reads the state and adds its changes to the transaction; it has no other effect.
pub(crate) type Handler = fn(&Call<'_>, &State, &mut Transaction) -> CallResult;
