//! Values without protocol: decimals, instants, civil dates, hexadecimal digits, the JSON tree.

pub(crate) mod civil;
pub(crate) mod decimal;
pub(crate) mod hex;
pub(crate) mod instant;
pub(crate) mod per_process;
pub(crate) mod surrogates;
pub(crate) mod tree;
