//! The web console: its assets, its data, and the stream of changes that keeps a page up to date. It is served at the control
//! URL, to this machine only.
//!
//! The calls below `/console/data` are private to the console: their shape changes with its pages. Programs use the control
//! calls.

mod assets;
mod compare;
mod data;
mod faults;
pub(crate) mod guard;
mod ledger;
mod merchant_call;
mod overview;
mod requests;
pub(crate) mod respond;
mod rows;
mod stream;

/// The path of the console below the control URL.
pub(crate) const PATH: &str = "/console/";
