//! Blocking client for the KeySecure merchant card API.
//!
//! ```
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let sandbox = keysecure_sandbox::Sandbox::start()?;
//! # let (api_key, api_secret, url) = (sandbox.api_key(), sandbox.api_secret(), sandbox.base_url());
//! # let cardholder_no = sandbox.seed_approved_cardholder();
//! use keysecure::{Client, Outcome, Transfer, TransferType};
//!
//! let client = Client::builder(api_key, api_secret).base_url(url).build()?;
//! let result = client.accounts().transfer(&Transfer {
//!     cardholder_no,
//!     transfer_unique_no: "order-7-topup".into(),
//!     r#type: TransferType::In,
//!     amount: "25.00".parse()?,
//! });
//! match result {
//!     Ok(transfer) => println!("balance: {:?}", transfer.after_balance),
//!     Err(error) if error.outcome() == Outcome::Unknown => println!("look it up before sending it again: {error}"),
//!     Err(error) => println!("nothing was transferred: {error}"),
//! }
//! # Ok(())
//! # }
//! ```
//!
//! # Guarantees of every call
//!
//! * It blocks the calling thread, at most for the client's [`timeout`](ClientBuilder::timeout). No async runtime is needed.
//! * Its error says by [`Error::outcome`] whether the operation may have been carried out: [`NotSent`](Outcome::NotSent),
//!   [`Rejected`](Outcome::Rejected) or [`Unknown`](Outcome::Unknown).
//! * A call that changes something is never sent again while its outcome is unknown.
//! * No secret appears in `Debug` output, errors or logs.
//!
//! # See also
//!
//! * [`Client`] and [`ClientBuilder`]: construction and settings.
//! * [`Accounts`], [`Cardholders`], [`Cards`], [`Consumptions`], [`Pci`], [`Simulation`]: the calls.
//! * [`Error`] and [`Outcome`]: the meaning of a failure and the next step.
//! * [`Pager`] and [`Page`]: lists.
//! * [`mod@ensure`]: exactly-once transfers, cards and cardholders.
//! * [`mod@webhook`]: verifying webhooks (the platform's documentation calls them callbacks) and deciding on purchases.
//! * [`mod@relay`]: serving apps on customers' phones, which hold no secret.
//! * [`mod@store`]: sharing access tokens, attempts and webhooks among workers.
//! * [`Transport`], [`Clock`], [`Observer`]: traits to implement.
//! * `docs/inferred.md` in the repository: facts about the platform that are inferred, not documented.
//!
//! # Cargo features
//!
//! * `http` (default): the built-in transport on `ureq` and `rustls`. Without it, set a [`Transport`].
//! * `platform` (default): clients with the merchant's credentials. Without it only [`Client::relay`] makes a client.
//! * `redis`: `RedisStore`, for workers on several machines.
//! * `python` and `uniffi`: used by the language bindings.

#![cfg_attr(not(any(feature = "python", feature = "uniffi")), forbid(unsafe_code))]
#![deny(clippy::missing_errors_doc)]

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
mod named_enum;
mod observe;
mod pager;
#[cfg(feature = "platform")]
mod probe;
mod redact;
#[cfg(feature = "platform")]
pub mod relay;
mod resources;
mod secrets;
mod session;
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
#[cfg(feature = "python")]
#[doc(hidden)]
pub use crate::codec::python::{
    DictMode, dict_value, is_date, is_datetime, parse_decimal, pydantic_schema, python_time,
};
pub use crate::crypto::{AesSettings, CipherMode, KeyScheme};
pub use crate::doctor::{Check, CheckResult, CheckStatus, Report, Setting};
pub use crate::engine::operation::{Auth, Effect, Mode, OPERATIONS, Operation};
pub use crate::ensure::{EnsureOptions, Ensured};
#[cfg(feature = "python")]
pub use crate::error::python::{ExceptionFactory, set_exception_factory};
pub use crate::error::{
    ConnectReason, Error, ErrorKind, Interrupted, Outcome, ReceivedPart, Rejection, TransportError, TransportFault,
};
#[cfg(feature = "uniffi")]
pub use crate::ffi_error::{ErrorDetails, FfiError};
pub use crate::observe::{AttemptRecord, CallRecord, Observer};
pub use crate::pager::{Page, Pager};
#[cfg(feature = "platform")]
pub use crate::probe::{CapturedWebhook, Inference, ProbeFinding, ProbeOptions, ProbeReport, Verdict};
#[cfg(any(feature = "python", feature = "uniffi"))]
#[doc(hidden)]
pub use crate::redact::masked;
#[cfg(feature = "platform")]
pub use crate::relay::{
    AuditRecord, Denial, EventBuffer, EventStream, Grant, Relay, RelayBuilder, RelayRequest, RelayResponse, Scope,
};
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
pub use crate::session::{Session, SessionUnavailable};
pub use crate::settings::{Environment, Language};
#[cfg(unix)]
pub use crate::store::FileStore;
#[cfg(feature = "redis")]
pub use crate::store::RedisStore;
pub use crate::store::{
    Acquired, AttemptEnd, AttemptStart, AttemptStore, MemoryReplayStore, MemoryStore, MemoryTokenStore, OnStoreFailure,
    PastAttempt, QuotaStore, ReplayStore, Reservation, Reserved, Store, StoreLock, StoreUnavailable, StoredToken,
    TokenStore,
};
pub use crate::transport::{Method, Request, Response, Transport};
pub use crate::values::civil::{Date, UtcOffset, WindowBound};
pub use crate::webhook::{
    AuthEvent, CanonicalForm, CardUpdateEvent, Claim, ConsumptionEvent, Decision, Event, KeyOrder, NoDecision,
    Responder, SignatureMatch, VerifiedWebhook, WebhookVerifier, Writer, reply_accept, reply_decline, reply_duplicate,
};

/// Compiles the code blocks of the README.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;

/// Compiles the code blocks of the page on stores.
#[cfg(all(doctest, unix))]
#[doc = include_str!("../../docs/fleets.md")]
struct Fleets;
