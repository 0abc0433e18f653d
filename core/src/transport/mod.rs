//! One HTTP exchange with the platform: the trait [`Transport`].

#[cfg(feature = "http")]
mod http;

use std::fmt;
use std::time::Duration;

use zeroize::Zeroizing;

use crate::error::TransportError;

#[cfg(feature = "http")]
pub(crate) use http::HttpTransport;

/// Sends one HTTP request to the platform and returns its response.
///
/// The default transport uses `ureq` and `rustls`. Implement this trait for another HTTP stack or for tests, and set it with
/// [`ClientBuilder::transport`](crate::ClientBuilder::transport). An implementation
///
/// * never follows a redirect and never sends a request again;
/// * observes [`Request::timeout`], [`Request::connect_timeout`] and [`Request::start_within`];
/// * stops reading when a response exceeds [`Request::max_response_bytes`];
/// * sets [`TransportError::may_have_been_sent`] to `false` only if the request provably never left as a whole.
///
/// # Examples
///
/// A transport for tests:
///
/// ```
/// use std::sync::Arc;
///
/// use keysecure::{Client, Outcome, Request, Response, Transport, TransportError, TransportFault};
///
/// struct Offline;
///
/// impl Transport for Offline {
///     fn send(&self, _request: &Request<'_>) -> Result<Response, TransportError> {
///         Err(TransportError::not_sent(TransportFault::Connect))
///     }
/// }
///
/// let client = Client::builder("api-key", "api-secret-of-16").transport(Arc::new(Offline)).max_retries(0).build()?;
/// let error = client.cards().get("42").unwrap_err();
/// assert_eq!((error.outcome(), error.transport_fault()), (Outcome::NotSent, Some(TransportFault::Connect)));
/// # Ok::<(), keysecure::Error>(())
/// ```
pub trait Transport: Send + Sync {
    /// Sends the request once and reads the whole response, regardless of its status.
    ///
    /// # Errors
    ///
    /// A [`TransportError`] if there is no complete response. It says whether the request may have been sent.
    fn send(&self, request: &Request<'_>) -> Result<Response, TransportError>;

    /// Closes idle connections, and may abort exchanges in progress. Called when the client is closed. Default: does nothing.
    fn close(&self) {}

    /// Returns whether nothing of a request can reach the platform after [`send`](Self::send) has returned an error: the
    /// connection is reset, and no proxy in between can still deliver the request.
    ///
    /// Default: `false`. The `ensure_*` calls then wait longer before they take a missing row for absence.
    fn aborts_on_failure(&self) -> bool {
        false
    }
}

/// HTTP method of a call. The platform uses GET and POST only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
pub enum Method {
    /// GET, for reading one object.
    Get,
    /// POST, for everything else, including lists.
    Post,
}

impl Method {
    /// Returns the name of the method: `GET` or `POST`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
        }
    }
}

/// HTTP request of a call. It contains secrets: its `Debug` output shows the method and the header names only.
pub struct Request<'a> {
    /// GET or POST.
    pub method: Method,
    /// Full URL.
    pub url: &'a str,
    /// Headers, as names and values.
    pub headers: &'a [(&'static str, &'a str)],
    /// Body in JSON; empty for GET.
    pub body: &'a [u8],
    /// Time limit of the whole exchange.
    pub timeout: Duration,
    /// Time limit of establishing a connection.
    pub connect_timeout: Duration,
    /// Time limit until the first byte of the request is sent. After it the request is not sent, and the error is a
    /// [`Timeout`](crate::TransportFault::Timeout) that was not sent. `None`: no limit.
    pub start_within: Option<Duration>,
    /// Maximum size of the response body.
    pub max_response_bytes: usize,
}

impl fmt::Debug for Request<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.headers.iter().map(|(name, _)| *name).collect();
        formatter.debug_struct("Request").field("method", &self.method).field("headers", &names).finish_non_exhaustive()
    }
}

/// HTTP response. Its body may contain secrets: `Debug` does not show it, and it is wiped from memory when dropped.
pub struct Response {
    /// HTTP status.
    pub status: u16,
    /// `Date` header, from which the client learns the platform's clock.
    pub date: Option<String>,
    /// `Retry-After` header.
    pub retry_after: Option<String>,
    /// `Content-Type` header, named in the error of a response that is not the platform's.
    pub content_type: Option<String>,
    /// `Location` header, whose host is named in the error of a redirect.
    pub location: Option<String>,
    /// Body as received.
    pub body: Zeroizing<Vec<u8>>,
}

impl fmt::Debug for Response {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Response").field("status", &self.status).finish_non_exhaustive()
    }
}
