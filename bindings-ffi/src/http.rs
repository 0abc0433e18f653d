//! An HTTP stack of the platform's: `java.net.http`, `OkHttp`, `URLSession`.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use keysecure::{Method, Request, Response, TransportError, TransportFault};

/// Carries one request to the platform and its answer back. An implementation
///
/// * never follows a redirect and never repeats a request;
/// * keeps to `timeout` and `connect_timeout`;
/// * does not begin to send after `start_within`: then it fails with a timeout and `sent = false`;
/// * stops reading when an answer grows beyond `max_response_bytes` bytes;
/// * says `sent = false` only when the request provably never left whole.
///
/// Anything else that it throws counts as an exchange whose outcome is unknown.
#[uniffi::export(foreign)]
pub trait Transport: Send + Sync {
    /// Sends the request once and reads the whole answer, whatever its status.
    fn send(&self, request: HttpRequest) -> Result<HttpResponse, TransportFailure>;

    /// Lets go of connections; exchanges under way may be broken off. Called when the client is closed.
    ///
    /// (Not `close`: Kotlin's generated classes have one of their own.)
    fn close_idle(&self) -> Result<(), TransportFailure>;

    /// Whether nothing of a request can reach the platform after `send` has failed: the connection is reset, and no proxy
    /// in between may deliver what it holds. One that fails to say it does not promise it.
    ///
    /// Say `false` unless all of that is certain: the `ensure` calls then wait longer before they take a missing row for
    /// absence.
    fn aborts_on_failure(&self) -> Result<bool, TransportFailure>;
}

/// One HTTP header, in a request to the platform or in a callback.
#[derive(Clone, uniffi::Record)]
#[uniffi::export(Debug)]
pub struct Header {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: String,
}

/// The value may be a secret.
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
    /// The whole address.
    pub url: String,
    /// The headers.
    pub headers: Vec<Header>,
    /// The body, JSON; empty for GET.
    pub body: Vec<u8>,
    /// The most time that the whole exchange may take.
    pub timeout: Duration,
    /// The most time that making a connection may take.
    pub connect_timeout: Duration,
    /// The most bytes that the answer's body may have.
    pub max_response_bytes: i64,
    /// Do not begin to send after this: then the request is not sent, and the failure is a timeout that says so. Counted
    /// from the moment that the transport gets the request; the last moment to look at it is just before the body is
    /// written. None sets no limit.
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

/// One HTTP answer. Its body may hold secrets and is not printed.
#[derive(Clone, uniffi::Record)]
#[uniffi::export(Debug)]
pub struct HttpResponse {
    /// The HTTP status.
    pub status: i32,
    /// The body as it came.
    pub body: Vec<u8>,
    /// The `Date` header: the server's clock.
    #[uniffi(default = None)]
    pub date: Option<String>,
    /// The `Retry-After` header.
    #[uniffi(default = None)]
    pub retry_after: Option<String>,
}

impl fmt::Debug for HttpResponse {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("HttpResponse").field("status", &self.status).finish_non_exhaustive()
    }
}

/// Why no answer came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Error)]
pub enum TransportFailure {
    /// The exchange failed.
    Failed {
        /// What went wrong.
        fault: TransportFault,
        /// Whether the whole request may have reached the platform.
        sent: bool,
    },
}

impl fmt::Display for TransportFailure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        TransportError::from(*self).fmt(formatter)
    }
}

impl std::error::Error for TransportFailure {}

/// It threw what it should not: nobody knows how far it came.
impl From<uniffi::UnexpectedUniFFICallbackError> for TransportFailure {
    fn from(_: uniffi::UnexpectedUniFFICallbackError) -> Self {
        Self::Failed { fault: TransportFault::Other, sent: true }
    }
}

impl From<TransportFailure> for TransportError {
    fn from(failure: TransportFailure) -> Self {
        let TransportFailure::Failed { fault, sent } = failure;
        if sent { Self::maybe_sent(fault) } else { Self::not_sent(fault) }
    }
}

/// The core's view of a foreign transport.
pub(crate) struct Foreign(pub Arc<dyn Transport>);

impl keysecure::Transport for Foreign {
    fn send(&self, request: &Request<'_>) -> Result<Response, TransportError> {
        let headers = request.headers.iter();
        let answer = self.0.send(HttpRequest {
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
        if answer.body.len() > request.max_response_bytes {
            return Err(TransportError::maybe_sent(TransportFault::TooLarge));
        }
        Ok(Response {
            status: u16::try_from(answer.status).map_err(|_| TransportError::maybe_sent(TransportFault::Protocol))?,
            date: answer.date,
            retry_after: answer.retry_after,
            body: answer.body.into(),
        })
    }

    fn close(&self) {
        // There is nobody to tell.
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

    /// What a transport in Kotlin or Swift is to Rust: it promises this, and keeps what it was given.
    struct Stack {
        aborts: Result<bool, TransportFailure>,
        given: Mutex<Option<HttpRequest>>,
    }

    impl Transport for Stack {
        fn send(&self, request: HttpRequest) -> Result<HttpResponse, TransportFailure> {
            *self.given.lock().unwrap() = Some(request);
            Err(TransportFailure::Failed { fault: TransportFault::Timeout, sent: false })
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
        let broken = TransportFailure::Failed { fault: TransportFault::Other, sent: true };
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
