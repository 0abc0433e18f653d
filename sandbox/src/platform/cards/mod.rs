//! Calls 5 to 11: cards.

pub(crate) mod apply;
pub(crate) mod lookup;
pub(crate) mod read;
pub(crate) mod secrets;
pub(crate) mod status;
