//! The values that models are made of: decimals, instants, civil dates, raw JSON, open enums.

pub(crate) mod civil;
pub(crate) mod decimal;
pub(crate) mod enums;
#[cfg(feature = "uniffi")]
mod faces;
pub(crate) mod hex;
pub(crate) mod instant;
pub(crate) mod json;
#[cfg(feature = "python")]
pub(crate) mod python;
pub(crate) mod surrogates;
pub(crate) mod tree;
