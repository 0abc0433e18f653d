//! An HTTP stack of the platform's: `java.net.http`, `OkHttp`, `URLSession`.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use keysecure::{Method, Request, Response, TransportError, TransportFault};

/// An HTTP stack that replaces the built-in one. An implementation
///
/// * never follows a redirect and never repeats a request;
/// * respects `timeout` and `connect_timeout`;
/// * does not start to send after `start_within`: it fails with a timeout and `may_have_been_sent = false` instead;
/// * stops reading when a response exceeds `max_response_bytes`;
/// * reports `may_have_been_sent = false` only when the complete request provably was not sent.
///
/// Anything else that it throws means an unknown outcome.
#[uniffi::export(foreign)]
pub trait Transport: Send + Sync {
    /// Sends the request once and reads the complete response, regardless of its status.
    fn send(&self, request: HttpRequest) -> Result<HttpResponse, TransportFailure>;

    // Not named `close`: the generated classes of Kotlin have such a method.
    /// Closes connections; exchanges in progress may fail. Called when the client is closed.
    fn close_idle(&self) -> Result<(), TransportFailure>;

    /// Whether no part of a request can reach the platform after `send` has failed: the connection is reset, and no
    /// proxy can deliver buffered data. An implementation that throws promises nothing.
    ///
    /// Return `false` unless all of that is certain: `ensure` calls then wait longer before they accept that the
    /// target does not exist.
    fn aborts_on_failure(&self) -> Result<bool, TransportFailure>;
}

crate::tables::in_c_order!(UniFfiTraitVtableTransport: send, close_idle, aborts_on_failure);

/// One HTTP header of a request to the platform or of a webhook.
#[derive(Clone, uniffi::Record)]
#[uniffi::export(Debug)]
pub struct Header {
    /// The name.
    pub name: String,
    /// The value.
    pub value: String,
}

/// Omits the value, which may be a secret.
impl fmt::Debug for Header {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Header").field("name", &self.name).finish_non_exhaustive()
    }
}

/// One HTTP request. It holds secrets and prints without them.
#[derive(Clone, uniffi::Record)]
#[uniffi::export(Debug)]
pub struct HttpRequest {
    /// GET or POST.
    pub method: Method,
    /// The complete URL.
    pub url: String,
    /// The headers.
    pub headers: Vec<Header>,
    /// The body, JSON; empty for GET.
    pub body: Vec<u8>,
    /// Limits the whole exchange.
    pub timeout: Duration,
    /// Limits the time to open a connection.
    pub connect_timeout: Duration,
    /// The maximum size of the response body in bytes.
    pub max_response_bytes: i64,
    /// The time in which sending may start, from the moment that the transport gets the request. Afterwards the
    /// request must not be sent, and the failure is a timeout that says so. Check it last before the body is written.
    /// Null sets no limit.
    #[uniffi(default = None)]
    pub start_within: Option<Duration>,
}

impl fmt::Debug for HttpRequest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.headers.iter().map(|header| &header.name).collect();
        formatter
            .debug_struct("HttpRequest")
            .field("method", &self.method)
            .field("headers", &names)
            .finish_non_exhaustive()
    }
}

/// One HTTP response. Its body may hold secrets and is not printed.
#[derive(Clone, uniffi::Record)]
#[uniffi::export(Debug)]
pub struct HttpResponse {
    /// The HTTP status.
    pub status: i32,
    /// The unchanged body.
    pub body: Vec<u8>,
    /// The `Date` header, from which the client learns the clock of the server.
    #[uniffi(default = None)]
    pub date: Option<String>,
    /// The `Retry-After` header.
    #[uniffi(default = None)]
    pub retry_after: Option<String>,
    /// The `Content-Type` header, named in the error of a response that is not the platform's.
    #[uniffi(default = None)]
    pub content_type: Option<String>,
    /// The `Location` header, whose host is named in the error of a redirect.
    #[uniffi(default = None)]
    pub location: Option<String>,
}

impl fmt::Debug for HttpResponse {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("HttpResponse").field("status", &self.status).finish_non_exhaustive()
    }
}

/// Thrown by a transport that got no complete response.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Error)]
pub enum TransportFailure {
    /// The exchange failed.
    Failed {
        /// What went wrong.
        fault: TransportFault,
        /// Whether the platform may have received the complete request.
        may_have_been_sent: bool,
    },
}

impl fmt::Display for TransportFailure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        TransportError::from(*self).fmt(formatter)
    }
}

impl std::error::Error for TransportFailure {}

/// The transport threw something else: whether the request was sent is not known.
impl From<uniffi::UnexpectedUniFFICallbackError> for TransportFailure {
    fn from(_: uniffi::UnexpectedUniFFICallbackError) -> Self {
        Self::Failed { fault: TransportFault::Other, may_have_been_sent: true }
    }
}

impl From<TransportFailure> for TransportError {
    fn from(failure: TransportFailure) -> Self {
        let TransportFailure::Failed { fault, may_have_been_sent } = failure;
        if may_have_been_sent { Self::maybe_sent(fault) } else { Self::not_sent(fault) }
    }
}

/// Adapts a foreign transport to the core.
pub(crate) struct Foreign(pub Arc<dyn Transport>);

impl keysecure::Transport for Foreign {
    fn send(&self, request: &Request<'_>) -> Result<Response, TransportError> {
        let headers = request.headers.iter();
        let response = self.0.send(HttpRequest {
            method: request.method,
            url: request.url.to_owned(),
            headers: headers
                .map(|(name, value)| Header { name: (*name).to_owned(), value: (*value).to_owned() })
                .collect(),
            body: request.body.to_vec(),
            timeout: request.timeout,
            connect_timeout: request.connect_timeout,
            max_response_bytes: i64::try_from(request.max_response_bytes).unwrap_or(i64::MAX),
            start_within: request.start_within,
        })?;
        if response.body.len() > request.max_response_bytes {
            return Err(TransportError::maybe_sent(TransportFault::TooLarge));
        }
        Ok(Response {
            status: u16::try_from(response.status).map_err(|_| TransportError::maybe_sent(TransportFault::Protocol))?,
            date: response.date,
            retry_after: response.retry_after,
            content_type: response.content_type,
            location: response.location,
            body: response.body.into(),
        })
    }

    fn close(&self) {
        // There is nobody to report it to.
        let _ = self.0.close_idle();
    }

    fn aborts_on_failure(&self) -> bool {
        self.0.aborts_on_failure().unwrap_or(false)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};
    use std::time::Duration;

    use keysecure::{Method, Request, Transport as _, TransportFault};

    use super::{Foreign, HttpRequest, HttpResponse, Transport, TransportFailure};

    /// A transport as Kotlin or Swift implements it: promises to abort requests, and records them.
    struct Stack {
        aborts: Result<bool, TransportFailure>,
        given: Mutex<Option<HttpRequest>>,
    }

    impl Transport for Stack {
        fn send(&self, request: HttpRequest) -> Result<HttpResponse, TransportFailure> {
            *self.given.lock().unwrap() = Some(request);
            Err(TransportFailure::Failed { fault: TransportFault::Timeout, may_have_been_sent: false })
        }

        fn close_idle(&self) -> Result<(), TransportFailure> {
            Ok(())
        }

        fn aborts_on_failure(&self) -> Result<bool, TransportFailure> {
            self.aborts
        }
    }

    fn stack(aborts: Result<bool, TransportFailure>) -> Arc<Stack> {
        Arc::new(Stack { aborts, given: Mutex::default() })
    }

    #[test]
    fn only_a_transport_that_says_so_aborts_on_failure() {
        let broken = TransportFailure::Failed { fault: TransportFault::Other, may_have_been_sent: true };
        for (says, means) in [(Ok(true), true), (Ok(false), false), (Err(broken), false)] {
            assert_eq!(Foreign(stack(says)).aborts_on_failure(), means);
        }
    }

    #[test]
    fn a_transport_is_given_the_time_within_which_to_begin() {
        let stack = stack(Ok(false));
        let limit = Some(Duration::from_millis(300));
        let request = Request {
            method: Method::Post,
            url: "https://platform.test/",
            headers: &[("Content-Type", "application/json")],
            body: b"{}",
            timeout: Duration::from_secs(30),
            connect_timeout: Duration::from_secs(5),
            start_within: limit,
            max_response_bytes: 10,
        };
        let error = Foreign(Arc::clone(&stack) as Arc<dyn Transport>).send(&request).unwrap_err();
        assert!(!error.may_have_been_sent && error.fault == TransportFault::Timeout);
        assert_eq!(stack.given.lock().unwrap().as_ref().unwrap().start_within, limit);
    }
}
