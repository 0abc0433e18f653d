//! AES as the platform uses it for PIN, CVV and card secrets, and the signatures of webhooks.

#[cfg(not(feature = "platform"))]
mod absent;
#[cfg(feature = "platform")]
mod aes;
#[cfg(feature = "platform")]
mod hmac;
mod settings;

#[cfg(not(feature = "platform"))]
pub(crate) use absent::{Cipher, Signer};
#[cfg(feature = "platform")]
pub(crate) use aes::Cipher;
#[cfg(feature = "platform")]
pub(crate) use hmac::Signer;
pub use settings::{AesSettings, CipherMode, KeyScheme};
