//! HMAC-SHA256, with which the platform signs webhooks.

// The signatures of its twin in `absent.rs`, which has no values.
#![allow(clippy::unnecessary_wraps, clippy::unused_self)]

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::error::Error;
use crate::secrets::Secret;

/// Computes signatures.
#[derive(Clone, Copy)]
pub(crate) struct Signer(());

impl Signer {
    /// Never fails in this build.
    pub(crate) fn new() -> Result<Self, Error> {
        Ok(Self(()))
    }

    /// Does nothing. In a build without signatures it tells the compiler that this point is never reached.
    pub(crate) fn is_present(self) {}

    /// The HMAC-SHA256 of a text.
    pub(crate) fn sign(self, secret: &Secret, text: &str) -> [u8; 32] {
        match Hmac::<Sha256>::new_from_slice(secret.expose().as_bytes()) {
            Ok(mac) => mac.chain_update(text.as_bytes()).finalize().into_bytes().into(),
            // HMAC takes keys of any length.
            Err(_) => [0; 32],
        }
    }
}
