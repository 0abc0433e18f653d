//! The access token of a client, and that of its fleet.

mod cell;
mod data;
mod shared;

pub(crate) use cell::TokenCell;
pub(crate) use data::{AccessTokenData, CachedToken};
pub(crate) use shared::{SharedToken, Time};
