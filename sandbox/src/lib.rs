//! The `KeySecure` merchant card platform on this machine: stateful and offline, with a virtual clock, a ledger and fault
//! injection.
//!
//! [`Sandbox`] runs it; [`Platform`] is its administrative API.
//!
//! ```
//! use keysecure_sandbox::Sandbox;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let sandbox = Sandbox::start()?;
//! let client_settings = (sandbox.base_url(), sandbox.api_key(), sandbox.api_secret());
//! let cardholder_no = sandbox.seed_approved_cardholder();
//! let card_no = sandbox.seed_virtual_card(&cardholder_no)?;
//! assert_eq!(card_no, sandbox.cards()[0].card_no);
//! # Ok(())
//! # }
//! ```
//!
//! The crate shares no protocol code with the client: an error in one must not hide the same error in the other.

#![forbid(unsafe_code)]
// The fields of responses have the names that the platform gave them.
#![allow(clippy::struct_field_names)]

mod admin;
mod api_service;
mod cipher;
mod civil_time;
mod clock;
mod config;
mod console;
mod control;
mod delay_queue;
mod error;
mod exchange;
mod fault;
mod http;
mod log;
mod masking;
mod millis;
mod money;
mod numbers;
mod platform;
mod sandbox;
mod shared;
mod state;
mod webhook;

pub use admin::platform::Platform;
pub use admin::snapshot::Snapshot;
pub use cipher::{CipherMode, KeyScheme};
pub use config::{HttpStatuses, KeyState, ListRules, MerchantState, Mode, Repeat, RowReference};
pub use control::error::ControlError;
pub use error::SandboxError;
pub use fault::kinds::{Fault, FaultKind, FiredFault};
pub use log::RequestRecord;
pub use sandbox::{Sandbox, SandboxBuilder};
pub use state::enums::{CardStatus, CardType, CardholderStatus, ConsumptionType, Status, TransferType, WebhookAction};
pub use state::ledger::{Account, Ledger, Posting};
pub use state::rows::{CardRecord, CardholderRecord, ConsumptionRecord, Fee, MerchantInfo, TransferRecord};
pub use webhook::types::{DeliveryRecord, NullFields, SignStyle, WebhookFault, WebhookInfo};

/// Compiles and runs the example in the README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
