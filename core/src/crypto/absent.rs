//! A build without the cargo feature `platform`, for apps that call through a relay: no cipher, no signatures.
//!
//! Both types have no values, so that the compiler leaves out everything that needs one.

use super::settings::AesSettings;
use crate::error::Error;
use crate::secrets::Secret;

const RELAY_ONLY: &str =
    "this build calls through a relay only: use Client::relay, or build it with the cargo feature platform";

/// A type without values.
#[derive(Clone, Copy)]
enum Never {}

/// A cipher that does not exist.
pub(crate) struct Cipher(Never);

impl Cipher {
    /// Always fails.
    pub(crate) fn new(_: AesSettings, _: &str) -> Result<Self, Error> {
        Err(Error::config(RELAY_ONLY))
    }

    pub(crate) fn encrypt(&self, _: &str) -> Result<String, Error> {
        match self.0 {}
    }

    pub(crate) fn decrypt(&self, _: &str) -> Result<Secret, Error> {
        match self.0 {}
    }
}

/// A signer that does not exist.
#[derive(Clone, Copy)]
pub(crate) struct Signer(Never);

impl Signer {
    /// Always fails.
    pub(crate) fn new() -> Result<Self, Error> {
        Err(Error::config(RELAY_ONLY))
    }

    pub(crate) fn is_present(self) {
        match self.0 {}
    }

    pub(crate) fn sign(self, _: &Secret, _: &str) -> [u8; 32] {
        match self.0 {}
    }
}
