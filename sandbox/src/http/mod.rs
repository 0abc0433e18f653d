//! A small HTTP/1.1 server on blocking sockets: one thread per connection, keep-alive, fixed limits.
//!
//! It is hand-written because faults need what HTTP libraries hide: to act between the head and the body of a request, to
//! reset a connection instead of closing it, and to send half a response.

mod connection;
pub(crate) mod request;
pub(crate) mod response;
pub(crate) mod server;
pub(crate) mod service;
pub(crate) mod stop;
pub(crate) mod stream;
