//! A small HTTP/1.1 server on blocking sockets: one thread per connection, keep-alive, hard limits.
//!
//! It is our own because the fault plan needs what ready-made servers hide: to act between the head and the body of a
//! request, to reset a connection instead of closing it, and to send half an answer.

mod connection;
mod reply;
mod request;
mod server;
mod stop;

pub(crate) use reply::{Filler, Reply, Response, Then};
pub(crate) use request::{Head, Origin};
pub(crate) use server::{Bind, Server};
pub(crate) use stop::StopSignal;

/// What a server does with the requests it reads.
pub(crate) trait Service: Send + Sync + 'static {
    /// What [`Service::begin`] hands over to [`Service::answer`].
    type Ticket;

    /// The time that answers show, in Unix milliseconds.
    fn now_ms(&self) -> i64;

    /// The first bytes of a request are here and nothing of it was interpreted. `false` resets the connection.
    fn arrives(&self) -> bool {
        true
    }

    /// The head is read and the body is not. `None` resets the connection.
    fn begin(&self, origin: Origin, head: &Head<'_>) -> Option<Self::Ticket>;

    /// The request is complete.
    fn answer(&self, origin: Origin, head: &Head<'_>, body: &[u8], ticket: Self::Ticket) -> Reply;
}
