//! The `KeySecure` merchant card platform on this machine: stateful, offline, and able to go wrong on purpose.
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
//! The crate shares no code with the client it is made for: a mistake in one must not hide in the other.

#![forbid(unsafe_code)]
// The fields of answers have the names that the platform gave them.
#![allow(clippy::struct_field_names)]

mod callback;
mod cipher;
mod civil;
mod clock;
mod config;
mod control;
mod error;
mod fault;
mod front;
mod http;
mod late;
mod log;
mod manage_fee;
mod money;
mod platform;
mod random;
mod sandbox;
mod seeding;
mod shared;
mod state;
mod steering;

pub use callback::{CallbackFault, CallbackInfo, CallbackNulls, DeliveryRecord, SignStyle};
pub use cipher::{CipherMode, KeyScheme};
pub use config::{HttpStatuses, KeyState, ListRules, MerchantState, Mode, Repeat, RowReference};
pub use control::ControlError;
pub use error::SandboxError;
pub use fault::{Fault, FaultKind, FiredFault};
pub use log::RequestRecord;
pub use sandbox::{Sandbox, SandboxBuilder};
pub use state::{
    Account, CallbackAction, CardRecord, CardStatus, CardType, CardholderRecord, CardholderStatus, ConsumptionRecord,
    ConsumptionType, Fee, Ledger, MerchantInfo, Posting, Status, TransferRecord, TransferType,
};
pub use steering::{Platform, Snapshot};

/// Compiles and runs the example in the readme.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
