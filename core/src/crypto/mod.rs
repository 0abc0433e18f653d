//! AES as the platform uses it for PIN, CVV and card secrets.

mod aes;

pub(crate) use aes::Cipher;
pub use aes::{AesSettings, CipherMode, KeyScheme};
