//! What the Rust tests share: the helpers of `support/`, and the exactly-once campaign of `campaign/`.

pub mod campaign;
mod support;

pub use support::*;
