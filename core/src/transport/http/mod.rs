//! The default transport: ureq for HTTP, rustls for TLS, and custom connections below them.

mod connector;
mod exchange;
mod failure;
mod resolver;
mod roots;
mod socket;
mod tls;
mod wire;

use std::io::Read as _;
use std::sync::Arc;
use std::time::Duration;

use ureq::config::Config;
use ureq::http;
use ureq::unversioned::transport::{ConnectProxyConnector, Connector as _};
use ureq::{Agent, Proxy, ProxyProtocol};
use zeroize::Zeroizing;

use connector::WireConnector;
use exchange::Exchange;
use failure::Failure;
use resolver::CachingResolver;

use super::{Method, Request, Response, Transport};
use crate::clock::Clock;
use crate::error::Error;
use crate::error::{ReceivedPart, TransportError, TransportFault};
use crate::settings::base_url::BaseUrl;
use crate::values::per_process::PerProcess;

/// Lifetime of an idle connection, shorter than the limits of servers and middleboxes.
const IDLE: Duration = Duration::from_secs(15);
/// Maximum number of idle connections: one for each thread of a busy server. Each takes two small buffers.
const IDLE_CONNECTIONS: usize = 64;
const LARGEST_HEADER: usize = 64 * 1024;

pub(crate) struct HttpTransport {
    /// One pool for each process: over a shared connection, parent and child would receive the responses of each other.
    pools: PerProcess<Pool>,
    config: Config,
    connector: WireConnector,
}

struct Pool {
    agent: Agent,
    resolver: CachingResolver,
}

impl Pool {
    fn new(config: &Config, connector: &WireConnector) -> Self {
        let resolver = CachingResolver::new(Arc::clone(&connector.clock));
        let connectors = ().chain(ConnectProxyConnector::default()).chain(connector.clone());
        Self { agent: Agent::with_parts(config.clone(), connectors, resolver.clone()), resolver }
    }
}

impl HttpTransport {
    /// Creates the transport. `proxy` and `ca_pem` come from the caller, never from the environment.
    pub(crate) fn new(
        base_url: &BaseUrl,
        proxy: Option<&str>,
        ca_pem: Option<&str>,
        clock: &Arc<dyn Clock>,
    ) -> Result<Self, Error> {
        if !base_url.https && proxy.is_some() {
            return Err(Error::config("a plain http base_url does not go through a proxy: leave one of them out"));
        }
        let connector = WireConnector {
            clock: Arc::clone(clock),
            tls: roots::tls_config(ca_pem)?,
            has_proxy: proxy.is_some(),
            loopback_only: !base_url.listed,
        };
        // Times are limited below ureq: see `exchange`.
        let config = Agent::config_builder()
            .https_only(base_url.https)
            // A redirect would send the Api-Key and the body to another address.
            .max_redirects(0)
            .max_redirects_will_error(false)
            // The platform's own error text is in the body.
            .http_status_as_error(false)
            .proxy(proxy.map(proxy_of).transpose()?)
            .user_agent(concat!("keysecure/", env!("CARGO_PKG_VERSION")))
            .max_idle_age(IDLE)
            .max_idle_connections(IDLE_CONNECTIONS)
            .max_idle_connections_per_host(IDLE_CONNECTIONS)
            .max_response_header_size(LARGEST_HEADER)
            .build();
        Ok(Self { pools: PerProcess::new(Pool::new(&config, &connector)), config, connector })
    }
}

/// The library also reads URLs of proxies that this build cannot use.
fn proxy_of(url: &str) -> Result<Proxy, Error> {
    let proxy = Proxy::new(url).ok();
    proxy
        .filter(|proxy| matches!(proxy.protocol(), ProxyProtocol::Http | ProxyProtocol::Https))
        .ok_or_else(|| Error::config("proxy must be the URL of an http or https proxy"))
}

impl Transport for HttpTransport {
    fn send(&self, request: &Request<'_>) -> Result<Response, TransportError> {
        let pool = self.pools.get(|_| Pool::new(&self.config, &self.connector));
        let _exchange = Exchange::enter(request);
        exchange_on(pool, request).map_err(|Broken { failure: Failure { fault, reason }, received }| {
            // The host may have a new address.
            pool.resolver.forget();
            TransportError { fault, reason, may_have_been_sent: exchange::has_begun(), received }
        })
    }

    fn close(&self) {
        // The connections of another process must not be closed.
        if let Some(pool) = self.pools.existing() {
            pool.agent.clone().shutdown();
        }
    }

    fn aborts_on_failure(&self) -> bool {
        // A proxy may deliver the bytes that it has received.
        !self.connector.has_proxy
    }
}

/// A failed exchange.
struct Broken {
    failure: Failure,
    received: Option<ReceivedPart>,
}

impl From<Failure> for Broken {
    fn from(failure: Failure) -> Self {
        Self { failure, received: None }
    }
}

fn exchange_on(pool: &Pool, request: &Request<'_>) -> Result<Response, Broken> {
    let unusable = Failure { fault: TransportFault::Other, reason: None };
    let mut builder = http::Request::builder().uri(request.url).method(request.method.as_str());
    for (name, value) in request.headers {
        let mut value = http::HeaderValue::from_str(value).map_err(|_| unusable)?;
        value.set_sensitive(true);
        builder = builder.header(*name, value);
    }
    let response = match request.method {
        Method::Get => pool.agent.run(builder.body(()).map_err(|_| unusable)?),
        Method::Post => pool.agent.run(builder.body(request.body).map_err(|_| unusable)?),
    };
    let mut response = response.map_err(|error| Failure::from_ureq(&error))?;
    let text = |name| response.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let (date, retry_after) = (text(http::header::DATE), text(http::header::RETRY_AFTER));
    let (content_type, location) = (text(http::header::CONTENT_TYPE), text(http::header::LOCATION));
    let body = body(&mut response, request.max_response_bytes)?;
    Ok(Response { status: response.status().as_u16(), date, retry_after, content_type, location, body })
}

/// Maximum initial capacity for a body; a larger one grows while it is read.
const FIRST_ROOM: usize = 64 * 1024;

/// Reads the body. The capacity for a usual body is allocated at once: each growth would leave a copy that is not wiped.
fn body(response: &mut http::Response<ureq::Body>, max: usize) -> Result<Zeroizing<Vec<u8>>, Broken> {
    let expected = response.body().content_length();
    let length = expected.and_then(|length| usize::try_from(length).ok()).unwrap_or_default();
    // One byte more, so that the end is seen without growing.
    let mut body = Zeroizing::new(Vec::with_capacity(length.min(FIRST_ROOM).saturating_add(1)));
    let limit = u64::try_from(max).unwrap_or(u64::MAX);
    let mut reader = response.body_mut().with_config().limit(limit).reader();
    match reader.read_to_end(&mut body) {
        Ok(_) => Ok(body),
        Err(error) => {
            let failure = Failure::from_ureq(&error.into());
            let is_cut = matches!(failure.fault, TransportFault::Closed | TransportFault::Timeout);
            let received = is_cut.then(|| ReceivedPart { bytes: body.len() as u64, expected });
            Err(Broken { failure, received })
        }
    }
}

#[cfg(test)]
mod tests;
