//! The interface between the HTTP server and the services that handle its requests.

use super::request::{Head, Origin};
use super::response::EncodedResponse;

/// Handles the requests that a server reads.
pub(crate) trait Service: Send + Sync + 'static {
    /// The value that [`Service::begin`] passes to [`Service::respond`].
    type Ticket;

    /// The time of `Date` headers, in Unix milliseconds.
    fn now_ms(&self) -> i64;

    /// Called when the first bytes of a request have arrived, before they are parsed. `false` resets the connection.
    fn arrives(&self) -> bool {
        true
    }

    /// Called when the head has been read and the body has not. `None` resets the connection.
    fn begin(&self, origin: Origin, head: &Head<'_>) -> Option<Self::Ticket>;

    /// Called with the complete request.
    fn respond(&self, origin: Origin, head: &Head<'_>, body: &[u8], ticket: Self::Ticket) -> EncodedResponse;
}
