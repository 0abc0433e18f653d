//! The default transport: ureq over rustls.

mod patience;
mod resolver;

use std::cell::Cell;
use std::io::{self, Read};
use std::sync::Arc;
use std::time::Duration;

use ureq::http;
use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig, parse_pem};
use ureq::unversioned::transport::{ConnectProxyConnector, Connector as _, RustlsConnector};
use ureq::{Agent, Proxy, ProxyProtocol, SendBody, Timeout};
use zeroize::Zeroizing;

use patience::{Patience, PatientConnector};
use resolver::RememberingResolver;

use super::{Method, Request, Response, Transport, TransportError, TransportFault};
use crate::base_url::BaseUrl;
use crate::clock::Clock;
use crate::error::Error;

/// Idle connections are dropped before a server or a middlebox would drop them.
const IDLE: Duration = Duration::from_secs(15);
/// One idle connection for each thread of a busy server; a connection costs two small buffers.
const IDLE_CONNECTIONS: usize = 64;
const BUFFER: usize = 16 * 1024;
const LARGEST_HEADER: usize = 64 * 1024;

pub(crate) struct HttpTransport {
    agent: Agent,
    resolver: RememberingResolver,
}

impl HttpTransport {
    /// `https_only` is off only for a loopback address; `proxy` and `ca_pem` come from the caller, never from the
    /// environment.
    pub(crate) fn new(
        base_url: &BaseUrl,
        proxy: Option<&str>,
        ca_pem: Option<&str>,
        clock: &Arc<dyn Clock>,
    ) -> Result<Self, Error> {
        let proxy = proxy.map(proxy_of).transpose()?;
        let roots = match ca_pem {
            Some(pem) => RootCerts::new_with_certs(&certificates(pem)?),
            None => RootCerts::WebPki,
        };
        let config = Agent::config_builder()
            .https_only(base_url.https)
            // A redirect would carry the Api-Key and the body to wherever it points.
            .max_redirects(0)
            .max_redirects_will_error(false)
            // The platform's own error text is in the body.
            .http_status_as_error(false)
            .proxy(proxy)
            .tls_config(TlsConfig::builder().root_certs(roots).build())
            .user_agent(concat!("keysecure/", env!("CARGO_PKG_VERSION")))
            .max_idle_age(IDLE)
            .max_idle_connections(IDLE_CONNECTIONS)
            .max_idle_connections_per_host(IDLE_CONNECTIONS)
            .input_buffer_size(BUFFER)
            .output_buffer_size(BUFFER)
            .max_response_header_size(LARGEST_HEADER)
            .build();
        let patience = Patience::new(Arc::clone(clock));
        let resolver = RememberingResolver::new(patience.clone());
        // ureq's own chain, with a patient one in the place of its TCP.
        let connector =
            ().chain(ConnectProxyConnector::default())
                .chain(PatientConnector::new(patience))
                .chain(RustlsConnector::default());
        Ok(Self { agent: Agent::with_parts(config, connector, resolver.clone()), resolver })
    }
}

/// The library also reads URLs of proxies that this build cannot use.
fn proxy_of(url: &str) -> Result<Proxy, Error> {
    let proxy = Proxy::new(url).ok();
    proxy
        .filter(|proxy| matches!(proxy.protocol(), ProxyProtocol::Http | ProxyProtocol::Https))
        .ok_or_else(|| Error::config("proxy must be the URL of an http or https proxy"))
}

fn certificates(pem: &str) -> Result<Vec<Certificate<'static>>, Error> {
    let wrong = || Error::config("ca_pem must hold at least one certificate in PEM form");
    let mut found = Vec::new();
    for item in parse_pem(pem.as_bytes()) {
        if let PemItem::Certificate(certificate) = item.map_err(|_| wrong())? {
            found.push(certificate);
        }
    }
    if found.is_empty() { Err(wrong()) } else { Ok(found) }
}

impl Transport for HttpTransport {
    fn send(&self, request: &Request<'_>) -> Result<Response, TransportError> {
        let unsent = || TransportError::not_sent(TransportFault::Other);
        let mut builder = http::Request::builder().uri(request.url).method(request.method.as_str());
        for (name, value) in request.headers {
            let mut value = http::HeaderValue::from_str(value).map_err(|_| unsent())?;
            value.set_sensitive(true);
            builder = builder.header(*name, value);
        }
        let body = WatchedBody { rest: Cell::new(request.body), read: Cell::new(false) };
        let answer = match request.method {
            Method::Get => {
                let whole = builder.body(()).map_err(|_| unsent())?;
                self.agent.run(self.bounded(whole, request))
            }
            Method::Post => {
                let mut reader = &body;
                let whole = builder
                    .header(http::header::CONTENT_LENGTH, request.body.len())
                    .body(SendBody::from_reader(&mut reader))
                    .map_err(|_| unsent())?;
                self.agent.run(self.bounded(whole, request))
            }
        };
        let maybe_sent = |error: &ureq::Error| match request.method {
            Method::Get => !before_sending(error),
            Method::Post => body.read.get(),
        };
        let mut answer = answer.map_err(|error| {
            // The host may have moved.
            self.resolver.forget();
            TransportError { fault: fault_of(&error), sent: maybe_sent(&error) }
        })?;
        let text = |name| answer.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
        let (date, retry_after) = (text(http::header::DATE), text(http::header::RETRY_AFTER));
        let body = self::body(&mut answer, request.max_answer)?;
        Ok(Response { status: answer.status().as_u16(), date, retry_after, body })
    }

    fn close(&self) {
        self.agent.clone().shutdown();
    }
}

impl HttpTransport {
    fn bounded<S: ureq::AsSendBody>(&self, whole: http::Request<S>, request: &Request<'_>) -> http::Request<S> {
        self.agent
            .configure_request(whole)
            .timeout_global(Some(request.timeout))
            .timeout_connect(Some(request.connect_timeout))
            .timeout_resolve(Some(request.connect_timeout))
            .build()
    }
}

/// Room that is made for an answer before it is read; a larger one grows as it comes.
const FIRST_ROOM: usize = 64 * 1024;

/// Reads the answer's body. Room for a usual one is made at once: each growth would leave a copy behind that nobody wipes.
fn body(answer: &mut http::Response<ureq::Body>, max: usize) -> Result<Zeroizing<Vec<u8>>, TransportError> {
    let told = answer.body().content_length().and_then(|length| usize::try_from(length).ok()).unwrap_or_default();
    // One byte more, so that the end is seen without growing.
    let mut body = Zeroizing::new(Vec::with_capacity(told.min(FIRST_ROOM).saturating_add(1)));
    let limit = u64::try_from(max).unwrap_or(u64::MAX);
    let mut reader = answer.body_mut().with_config().limit(limit).reader();
    reader.read_to_end(&mut body).map_err(|error| TransportError::maybe_sent(fault_of(&error.into())))?;
    Ok(body)
}

/// The request's body, which knows whether the HTTP library has begun to send it.
///
/// The library reads the body only when the connection stands and the head is written. As long as it has not, the
/// platform cannot have got a whole request: that is the proof behind `sent: false`.
struct WatchedBody<'a> {
    rest: Cell<&'a [u8]>,
    read: Cell<bool>,
}

impl Read for &WatchedBody<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.read.set(true);
        let mut rest = self.rest.get();
        let count = rest.read(buffer)?;
        self.rest.set(rest);
        Ok(count)
    }
}

/// Whether an error can only come from before the first byte of a request.
fn before_sending(error: &ureq::Error) -> bool {
    use ureq::Error as E;
    match error {
        E::Io(error) => matches!(
            error.kind(),
            io::ErrorKind::ConnectionRefused | io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable
        ),
        E::Timeout(phase) => matches!(phase, Timeout::Resolve | Timeout::Connect),
        E::HostNotFound
        | E::ConnectionFailed
        | E::Tls(_)
        | E::Rustls(_)
        | E::TlsRequired
        | E::ConnectProxyFailed(_)
        | E::InvalidProxyUrl
        | E::BadUri(_)
        | E::RequireHttpsOnly(_) => true,
        _ => false,
    }
}

/// The library's errors in our words; its texts may hold the whole URL and are not kept.
fn fault_of(error: &ureq::Error) -> TransportFault {
    use ureq::Error as E;
    match error {
        E::Timeout(_) => TransportFault::Timeout,
        E::HostNotFound => TransportFault::Dns,
        E::ConnectProxyFailed(_) | E::InvalidProxyUrl => TransportFault::Proxy,
        E::Tls(_) | E::Rustls(_) | E::TlsRequired | E::Pem(_) => TransportFault::Tls,
        E::BodyExceedsLimit(_) | E::LargeResponseHeader(..) => TransportFault::TooLarge,
        E::Protocol(_) => TransportFault::Protocol,
        E::ConnectionFailed => TransportFault::Connect,
        E::Other(_) => TransportFault::Interrupted,
        E::Io(error) => match error.kind() {
            io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock => TransportFault::Timeout,
            io::ErrorKind::ConnectionRefused
            | io::ErrorKind::HostUnreachable
            | io::ErrorKind::NetworkUnreachable
            | io::ErrorKind::AddrNotAvailable => TransportFault::Connect,
            io::ErrorKind::InvalidData => TransportFault::Tls,
            _ => TransportFault::Closed,
        },
        _ => TransportFault::Other,
    }
}
