//! Fault injection: the plan that decides which requests fail, and the faulty responses.

mod gzip;
pub(crate) mod kinds;
pub(crate) mod plan;
pub(crate) mod responses;
