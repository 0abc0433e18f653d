//! The platform's calls: one module per resource, the catalog of packages and card BINs, and shared helpers.
//!
//! A request passes through [`routes`] (the table), [`preconditions`] (key, token, timestamp, address), and a handler.

mod account_info;
pub(crate) mod accounts;
mod address;
pub(crate) mod body;
pub(crate) mod call;
pub(crate) mod cardholders;
pub(crate) mod cards;
pub(crate) mod catalog;
pub(crate) mod codes;
mod consumptions;
pub(crate) mod dispatch;
mod output;
mod pci;
mod preconditions;
pub(crate) mod route;
pub(crate) mod routes;
pub(crate) mod rows;
pub(crate) mod simulation;
pub(crate) mod tariff;
mod token;
mod window;
