//! What each fuzz target executes and the properties it checks. `docs/fuzzing.md` lists them.
//!
//! The ordinary tests compile these files too and run the committed corpora through them.

#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)] // test code

pub mod base_url;
pub mod ca_pem;
pub mod call;
pub mod envelope;
pub mod headers;
mod json;
pub mod json_text;
pub mod list;
pub mod model;
mod pan;
mod platform;
pub mod relay;
pub mod stored_token;
pub mod verify_webhook;

/// Separates the parts of an input. It cannot occur in JSON.
const SEPARATOR: u8 = 0x1e;

/// A target by its name, which is also the name of its corpus.
pub type Target = (&'static str, fn(&[u8]));

pub const TARGETS: &[Target] = &[
    ("base_url", base_url::run),
    ("ca_pem", ca_pem::run),
    ("call", call::run),
    ("envelope", envelope::run),
    ("headers", headers::run),
    ("json_text", json_text::run),
    ("list", list::run),
    ("model", model::run),
    ("relay", relay::run),
    ("stored_token", stored_token::run),
    ("verify_webhook", verify_webhook::run),
];
