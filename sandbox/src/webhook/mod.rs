//! Webhooks: signed messages from the platform to the merchant, delivered in order and retried. The platform's own
//! documentation calls them callbacks.
//!
//! A committed change becomes an [`event`], waits in the [`outbox`], and is delivered by [`send`] on the thread of the
//! [`dispatcher`].

pub(crate) mod decision;
pub(crate) mod dispatcher;
mod event;
mod json;
pub(crate) mod outbox;
mod post;
pub(crate) mod send;
pub(crate) mod settings;
mod signature;
pub(crate) mod target;
pub(crate) mod types;
