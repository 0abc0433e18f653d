//! The wire below the protocol: one HTTP exchange, behind a trait of our own.

#[cfg(feature = "http")]
mod http;

use std::fmt;
use std::time::Duration;

use zeroize::Zeroizing;

use crate::error::TransportError;

#[cfg(feature = "http")]
pub(crate) use http::HttpTransport;

/// Carries one request to the platform and its answer back.
///
/// The default is made on `ureq` and `rustls`. Tests and other HTTP stacks plug in here. An implementation
///
/// * never follows a redirect and never repeats a request;
/// * keeps to [`Request::timeout`] and [`Request::connect_timeout`];
/// * stops reading when an answer grows beyond [`Request::max_response_bytes`] bytes;
/// * says [`TransportError::may_have_been_sent`] `false` only when the request provably never left whole.
pub trait Transport: Send + Sync {
    /// Sends the request once and reads the whole response, whatever its status.
    fn send(&self, request: &Request<'_>) -> Result<Response, TransportError>;

    /// Lets go of connections; exchanges under way may be broken off. Called when the client is closed.
    fn close(&self) {}

    /// Whether nothing of a request can reach the platform after [`send`](Self::send) has returned an error: the
    /// connection is reset, and no proxy in between may deliver what it holds.
    ///
    /// Default: `false`. The `ensure_*` calls then wait longer before they take a missing row for absence.
    fn aborts_on_failure(&self) -> bool {
        false
    }
}

/// GET or POST: the platform knows no other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
pub enum Method {
    /// Reads.
    Get,
    /// Everything else, lists too.
    Post,
}

impl Method {
    /// The method's name in HTTP.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
        }
    }
}

/// One HTTP request. It holds secrets: its `Debug` shows the method and the names of the headers only.
pub struct Request<'a> {
    /// GET or POST.
    pub method: Method,
    /// The whole address.
    pub url: &'a str,
    /// Name and value of each header.
    pub headers: &'a [(&'static str, &'a str)],
    /// The body, JSON; empty for GET.
    pub body: &'a [u8],
    /// The most time that the whole exchange may take.
    pub timeout: Duration,
    /// The most time that making a connection may take.
    pub connect_timeout: Duration,
    /// The most time that may pass before the request begins to leave: after that it is not sent, and the error is a
    /// timeout that says so. `None` sets no limit.
    pub start_within: Option<Duration>,
    /// The most bytes that the answer's body may have.
    pub max_response_bytes: usize,
}

impl fmt::Debug for Request<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.headers.iter().map(|(name, _)| *name).collect();
        formatter.debug_struct("Request").field("method", &self.method).field("headers", &names).finish_non_exhaustive()
    }
}

/// One HTTP response. Its body may hold secrets: `Debug` does not show it, and it is wiped when dropped.
pub struct Response {
    /// The HTTP status.
    pub status: u16,
    /// The `Date` header: the server's clock.
    pub date: Option<String>,
    /// The `Retry-After` header.
    pub retry_after: Option<String>,
    /// The body as it came.
    pub body: Zeroizing<Vec<u8>>,
}

impl fmt::Debug for Response {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Response").field("status", &self.status).finish_non_exhaustive()
    }
}
