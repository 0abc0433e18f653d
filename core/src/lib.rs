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

mod builder;
mod client;
mod clock;
mod codec;
mod crypto;
mod doctor;
mod engine;
pub mod ensure;
mod error;
#[cfg(feature = "uniffi")]
mod ffi_error;
mod observe;
mod pager;
mod redact;
mod resources;
mod secrets;
mod settings;
pub mod store;
mod transport;
mod validate;
mod values;
pub mod webhook;

pub use rust_decimal::Decimal;

pub use crate::builder::ClientBuilder;
pub use crate::client::{AccessToken, Client};
pub use crate::clock::{Clock, SystemClock};
pub use crate::codec::json::{Extra, Json};
pub use crate::crypto::{AesSettings, CipherMode, KeyScheme};
pub use crate::doctor::{Check, CheckResult, CheckStatus, Report};
pub use crate::engine::operation::{Auth, Effect, Mode, OPERATIONS, Operation};
pub use crate::ensure::{EnsureOptions, Ensured};
#[cfg(feature = "python")]
pub use crate::error::python::{ExceptionFactory, set_exception_factory};
pub use crate::error::{
    ConnectReason, Error, ErrorKind, Interrupted, Outcome, Rejection, TransportError, TransportFault,
};
#[cfg(feature = "uniffi")]
pub use crate::ffi_error::{ErrorDetails, FfiError, masked};
pub use crate::observe::{AttemptRecord, CallRecord, Observer};
pub use crate::pager::{Page, Pager};
pub use crate::resources::Status;
pub use crate::resources::accounts::{
    Account, AccountInfo, Accounts, ListTransfers, Transfer, TransferRecord, TransferResult, TransferType,
};
pub use crate::resources::cardholders::{
    ApplyCardholder, Cardholder, CardholderApplied, CardholderCard, CardholderStatus, Cardholders, ListCardholders,
};
pub use crate::resources::cards::{
    ActivateCard, Address, ApplyCard, Bin, Card, CardApplied, CardStatus, CardType, Cards, FeeSchedule, FeeWaiver,
    Limits, ListBins, ListCards, ListPackages, Package, SetPin,
};
pub use crate::resources::consumptions::{
    Consumption, ConsumptionType, Consumptions, Fee, FeeType, ListConsumptions, MerchantInfo,
};
pub use crate::resources::pci::{CardDetail, ClientToken, Pci};
pub use crate::resources::simulation::{SimulatedFee, Simulation, SimulationRequest, SimulationResult};
pub use crate::secrets::{CardSecrets, Cvv, Pin, Secret};
pub use crate::settings::{Environment, Language};
#[cfg(unix)]
pub use crate::store::FileStore;
#[cfg(feature = "redis")]
pub use crate::store::RedisStore;
pub use crate::store::{
    Acquired, AttemptEnd, AttemptStart, AttemptStore, MemoryReplayStore, MemoryStore, MemoryTokenStore, OnStoreFailure,
    PastAttempt, ReplayStore, Store, StoreLock, StoreUnavailable, StoredToken, TokenStore,
};
pub use crate::transport::{Method, Request, Response, Transport};
pub use crate::values::civil::{Date, UtcOffset, WindowBound};
pub use crate::webhook::{
    AuthEvent, CanonicalForm, CardUpdateEvent, Claim, ConsumptionEvent, Decision, Event, KeyOrder, Responder,
    SignatureMatch, VerifiedWebhook, WebhookVerifier, Writer, reply_accept, reply_decline, reply_duplicate,
};

/// Compiles the README's code.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;

/// Compiles the code of the page on fleets.
#[cfg(all(doctest, unix))]
#[doc = include_str!("../../docs/fleets.md")]
struct Fleets;
