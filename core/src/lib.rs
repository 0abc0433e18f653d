//! Blocking client for the KeySecure merchant card API.
//!
//! ```no_run
//! use keysecure::{ApplyCard, CardType, Client, Transfer, TransferType};
//!
//! # fn main() -> Result<(), keysecure::Error> {
//! let client = Client::from_env()?;
//! let card = client.cards().apply(&ApplyCard {
//!     cardholder_no: "1001".into(),
//!     card_unique_no: "order-7-card".into(),
//!     card_type: CardType::Virtual,
//!     package_no: Some("P1".into()),
//!     ..Default::default()
//! })?;
//! let moved = client.accounts().transfer(&Transfer {
//!     cardholder_no: "1001".into(),
//!     transfer_unique_no: "order-7-topup".into(),
//!     r#type: TransferType::In,
//!     amount: "25.00".parse().unwrap(),
//! });
//! if let Err(error) = moved {
//!     eprintln!("{} was not confirmed: {error}; outcome: {}", card.card_no, error.outcome());
//! }
//! # Ok(())
//! # }
//! ```
//!
//! # What every call promises
//!
//! * It blocks, at most for the client's `timeout`, and needs no async runtime.
//! * Its error says by [`Error::outcome`] whether the thing was done: `NotSent`, `Rejected` or `Unknown`.
//! * A call that changes something is never sent again while its outcome is unknown.
//! * No secret is printed: not by `Debug`, not by errors, not in logs.
//!
//! More is told where it lives: what is only inferred about the platform in [`mod@inferred`], exactly-once calls in
//! [`mod@ensure`], callbacks in [`mod@webhook`], tokens shared by many workers in [`mod@store`].

#![cfg_attr(not(any(feature = "python", feature = "uniffi")), forbid(unsafe_code))]

#[cfg(feature = "uniffi")]
uniffi::setup_scaffolding!();

mod aes;
mod base_url;
mod builder;
mod check;
mod client;
mod clock;
mod doctor;
mod engine;
pub mod ensure;
mod error;
pub mod inferred;
mod list;
mod model;
mod observe;
mod per_process;
mod resources;
mod secrets;
mod settings;
pub mod store;
#[cfg(feature = "uniffi")]
mod thrown;
mod transport;
mod values;
pub mod webhook;

pub use rust_decimal::Decimal;

pub use crate::aes::{AesSettings, CipherMode, KeyScheme};
pub use crate::builder::ClientBuilder;
pub use crate::client::{AccessToken, Client};
pub use crate::clock::{Clock, Interrupted, SystemClock};
pub use crate::doctor::{Check, Finding, Health, Report};
pub use crate::engine::operation::{Auth, Effect, Mode, OPERATIONS, Operation};
pub use crate::ensure::{Ensure, Ensured};
pub use crate::error::{Error, ErrorKind, Outcome};
pub use crate::inferred::{CardDetail, Simulated, SimulatedFee, Simulation, SimulationResult};
pub use crate::list::{List, Page};
pub use crate::observe::{AttemptRecord, CallRecord, Observer};
pub use crate::resources::accounts::{
    Account, AccountInfo, Accounts, ListTransfers, Transfer, TransferRecord, TransferResult,
};
pub use crate::resources::cardholders::{
    ApplyCardholder, Cardholder, CardholderApplied, CardholderCard, Cardholders, ListCardholders,
};
pub use crate::resources::cards::{
    ActivateCard, Address, ApplyCard, Bin, Card, CardApplied, Cards, Limits, ListBins, ListCards, ListPackages,
    Package, SetPin, Tariff,
};
pub use crate::resources::consumptions::{Consumption, Consumptions, Fee, ListConsumptions, MerchantInfo};
pub use crate::resources::pci::{ClientToken, Pci};
pub use crate::secrets::{CardSecrets, Cvv, Pin, Secret};
pub use crate::settings::{Environment, Language};
#[cfg(unix)]
pub use crate::store::FileStore;
#[cfg(feature = "redis")]
pub use crate::store::RedisStore;
pub use crate::store::{
    Acquired, AttemptEnd, AttemptStart, AttemptStore, MemoryStore, MemoryTokenStore, PastAttempt, Store, StoreLock,
    StoreUnavailable, StoredToken, TokenStore,
};
#[cfg(feature = "uniffi")]
pub use crate::thrown::{ErrorFacts, FfiError, masked};
pub use crate::transport::{ConnectReason, Method, Request, Response, Transport, TransportError, TransportFault};
pub use crate::values::civil::{Date, Timezone, When};
pub use crate::values::enums::{
    CardStatus, CardType, CardholderStatus, ConsumptionType, Exemption, FeeType, Status, TransferType,
};
pub use crate::values::json::{Extra, Json};

pub use crate::webhook::{
    AuthEvent, CanonicalForm, CardUpdateEvent, Claim, ConsumptionEvent, Decision, Event, KeyOrder, MemoryReplayStore,
    Received, Rejection, ReplayStore, Responder, Verified, WebhookVerifier, WhenUnavailable, Writer, reply_accept,
    reply_again, reply_decline,
};

/// Compiles the README's code.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;

/// Compiles the code of the page on fleets.
#[cfg(all(doctest, unix))]
#[doc = include_str!("../../docs/fleets.md")]
struct Fleets;
