//! The platform's calls: one file per resource, and what they share.

pub(crate) mod accounts;
mod address;
pub(crate) mod body;
pub(crate) mod cardholders;
pub(crate) mod cards;
pub(crate) mod catalog;
pub(crate) mod codes;
mod consumptions;
mod gate;
mod pci;
pub(crate) mod routes;
pub(crate) mod rows;
pub(crate) mod simulation;
pub(crate) mod tariff;
mod token;
mod window;

use std::net::IpAddr;
use std::time::Duration;

use serde::Serialize;

use crate::callback::Decision;
use crate::cipher::FieldCipher;
use crate::config::{Mode, Repeat};
use crate::http::Head;
use crate::state::{State, Transaction};
use body::Body;
use codes::Refusal;
use routes::{Access, Route};

/// What is fixed while the sandbox runs.
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

/// One request on its way through the platform.
#[derive(Debug, Clone)]
pub(crate) struct Call<'a> {
    pub(crate) setup: &'a Setup,
    pub(crate) head: &'a Head<'a>,
    pub(crate) address: IpAddr,
    pub(crate) now_ms: i64,
    /// The variable part of the path, or empty.
    pub(crate) path_no: &'a str,
    pub(crate) body: Body<'a>,
    /// What the merchant answered when the call asked; `None` before that.
    pub(crate) decision: Option<&'a Decision>,
}

impl Call<'_> {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.header(name).filter(|value| !value.is_empty())
    }
}

/// The JSON text of `data`, or a refusal.
pub(crate) type Answer = Result<Vec<u8>, Refusal>;

/// A call's code. It reads the state and writes down what is to change; it changes nothing itself.
pub(crate) type Handler = fn(&Call<'_>, &State, &mut Transaction) -> Answer;

/// What the platform refuses at the door, before it looks at the body: a caller without rights learns nothing about it.
pub(crate) fn admit(route: &Route, call: &Call<'_>, state: &State) -> Result<(), Refusal> {
    if route.access == Access::Open { Ok(()) } else { gate::check(route, call, state) }
}

/// Runs an admitted call up to, and without, the commit.
pub(crate) fn run<'a>(
    route: &Route,
    mut call: Call<'a>,
    bytes: &'a [u8],
    state: &State,
    transaction: &mut Transaction,
) -> Answer {
    if route.method == "POST" {
        call.body = Body::parse(bytes)?;
    }
    (route.handler)(&call, state, transaction)
}

/// Writes `data`.
pub(crate) fn data(value: &impl Serialize) -> Answer {
    // None of the answers' types can fail to be written; if one ever does, it is a system error.
    serde_json::to_vec(value).map_err(|_| Refusal::code(1001))
}

/// Writes `data` of a list call.
pub(crate) fn list_data<T: Serialize>(rows: impl Iterator<Item = T>) -> Answer {
    #[derive(Serialize)]
    struct List<T> {
        list: Vec<T>,
    }
    data(&List { list: rows.collect() })
}

/// `data` of the calls that only do something.
const DONE: &[u8] = br#"{"result":true}"#;
