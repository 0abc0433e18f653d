//! The client for Kotlin and Swift: thin objects over the core, by UniFFI. Records and enums come from the core itself.
//!
//! What a caller sees is the layer of each language over this one; the names here are those of the core.

// UniFFI takes arguments by value.
#![allow(clippy::needless_pass_by_value)]

mod accounts;
#[expect(unsafe_code, reason = "symbols that Kotlin calls")]
mod buffers;
mod cardholders;
mod cards;
mod client;
mod clock;
mod consumptions;
mod convert;
mod ensured;
mod extra;
mod http;
mod interrupts;
mod observer;
mod pages;
mod pci;
mod secrets;
mod session;
mod simulation;
mod stores;
mod tables;
mod texts;
mod warnings;
mod webhook;

pub use accounts::Accounts;
pub use cardholders::Cardholders;
pub use cards::Cards;
pub use client::{Client, ClientOptions};
pub use clock::{LocalZone, TimeSource, set_local_zone};
pub use consumptions::Consumptions;
pub use convert::ForeignFailure;
pub use ensured::{EnsureOptions, EnsuredCard, EnsuredCardholder, EnsuredTransfer};
pub use extra::{extra_names, extra_value, json_boolean, json_decimal, json_text};
pub use http::{Header, HttpRequest, HttpResponse, Transport, TransportFailure};
pub use interrupts::{InterruptPoll, set_interrupt_poll};
pub use observer::{AttemptRecord, CallRecord, Observer};
pub use pages::{
    BinPage, BinPages, CardPage, CardPages, CardholderPage, CardholderPages, ConsumptionPage, ConsumptionPages,
    PackagePage, PackagePages, TransferPage, TransferPages,
};
pub use pci::Pci;
pub use secrets::{AccessToken, CardSecrets, ClientToken};
pub use session::Session;
pub use simulation::Simulation;
pub use stores::{Acquired, AttemptStart, AttemptStore, PastAttempt, ReplayStore, Store, StoredToken, TokenStore};
pub use warnings::{LogLevel, Warning, WarningField, WarningSink, set_warning_sink};
pub use webhook::{Decider, Decision, Responder, SignatureMatch, VerifiedWebhook, WebhookOptions, WebhookVerifier};

uniffi::setup_scaffolding!();

/// Whether the library has its own HTTP and TLS. Without them a client needs a `Transport`.
#[uniffi::export]
pub fn has_http() -> bool {
    cfg!(feature = "http")
}

/// The version of the library, which must be that of the code generated for it.
#[uniffi::export]
pub fn library_version() -> String {
    env!("CARGO_PKG_VERSION").to_owned()
}
