//! Everything the platform stores, and the one place where it changes.
//!
//! [`platform_state::State`] holds the rows; [`transaction`] collects the changes of one call before they are committed.

pub(crate) mod card_lifecycle;
pub(crate) mod compact_ledger;
pub(crate) mod enums;
pub(crate) mod ledger;
mod ordered;
pub(crate) mod platform_state;
pub(crate) mod rows;
pub(crate) mod table;
pub(crate) mod transaction;
