//! The administrative API as JSON control calls, for programs in other languages. They are served over HTTP at the control
//! URL, and in process by [`Sandbox::control`](crate::Sandbox::control). The Rust methods are in [`admin`](crate::admin).

pub(crate) mod bodies;
pub(crate) mod error;
mod routes;
pub(crate) mod service;
pub(crate) mod state;
