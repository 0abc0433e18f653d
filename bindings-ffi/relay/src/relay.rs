//! The relay.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use keysecure::{Event, FfiError};
use keysecure_ffi::Client;

use crate::audit::{self, AuditSink};
use crate::authorize::{self, Authorizer};
use crate::messages::{RelayRequest, RelayResponse};
use crate::stream::EventStream;

/// The largest limit on the size of a request, in bytes.
const MAX_REQUEST_BYTES: i32 = 1024 * 1024;

/// The settings of a relay. All are optional.
#[derive(Clone, uniffi::Record)]
pub struct RelayOptions {
    /// The path under which the server passes requests on. Default: the root.
    #[uniffi(default = None)]
    pub mount: Option<String>,
    /// Receives the record of each request.
    #[uniffi(default = None)]
    pub audit: Option<Arc<dyn AuditSink>>,
    /// The largest body of a request, in bytes. Default: 16384; at most 1 MiB.
    #[uniffi(default = None)]
    pub max_request_bytes: Option<i32>,
    /// How many requests a session may make each second. Default: 20.
    #[uniffi(default = None)]
    pub requests_per_second: Option<i32>,
    /// How many requests of a session are served at the same time. Default: 16.
    #[uniffi(default = None)]
    pub concurrent_requests: Option<i32>,
    /// Where events are kept: `memory` (default) or a Redis URL.
    #[uniffi(default = None)]
    pub events: Option<String>,
    /// How many events of each cardholder are kept. Default: 100.
    #[uniffi(default = None)]
    pub events_kept: Option<i32>,
    /// The time after which a stream of events ends. Default: 5 minutes.
    #[uniffi(default = None)]
    pub stream_lasts: Option<Duration>,
}

impl fmt::Debug for RelayOptions {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("RelayOptions").field("mount", &self.mount).finish_non_exhaustive()
    }
}

impl RelayOptions {
    fn applied_to(self, mut builder: keysecure::RelayBuilder) -> Result<keysecure::RelayBuilder, FfiError> {
        if let Some(mount) = self.mount {
            builder = builder.mount(mount);
        }
        if let Some(sink) = self.audit {
            builder = builder.audit(move |record| audit::pass(&*sink, record));
        }
        if let Some(bytes) = self.max_request_bytes {
            if !(1..=MAX_REQUEST_BYTES).contains(&bytes) {
                return Err(FfiError::config("max_request_bytes must be from 1 to 1048576"));
            }
            builder = builder.max_request_bytes(size(count("max_request_bytes", bytes)?));
        }
        if let Some(requests) = self.requests_per_second {
            builder = builder.requests_per_second(count("requests_per_second", requests)?);
        }
        if let Some(requests) = self.concurrent_requests {
            builder = builder.concurrent_requests(size(count("concurrent_requests", requests)?));
        }
        if let Some(buffer) = self.events {
            builder = builder.events(buffer.parse::<keysecure::EventBuffer>()?);
        }
        if let Some(events) = self.events_kept {
            builder = builder.events_kept(size(count("events_kept", events)?));
        }
        if let Some(time) = self.stream_lasts {
            builder = builder.stream_lasts(time);
        }
        Ok(builder)
    }
}

fn count(setting: &str, number: i32) -> Result<u32, FfiError> {
    u32::try_from(number).map_err(|_| FfiError::config(&format!("{setting} must not be negative")))
}

fn size(count: u32) -> usize {
    usize::try_from(count).unwrap_or(usize::MAX)
}

/// Serves apps that hold no secret, with the merchant's client. It blocks the calling thread.
#[derive(uniffi::Object)]
pub struct Relay(keysecure::Relay);

/// A stream, or why there is none.
#[derive(Debug, Clone, uniffi::Record)]
pub struct OpenedEvents {
    /// The stream.
    pub stream: Option<Arc<EventStream>>,
    /// The response to send without one.
    pub refusal: Option<RelayResponse>,
}

#[uniffi::export]
impl Relay {
    /// Creates a relay.
    #[uniffi::constructor]
    pub fn new(client: Arc<Client>, authorizer: Arc<dyn Authorizer>, options: RelayOptions) -> Result<Self, FfiError> {
        let builder =
            keysecure::Relay::builder(client.core(), move |request| authorize::scope(&*authorizer, request.bearer()));
        Ok(Self(options.applied_to(builder)?.build()?))
    }

    /// Returns the maximum size of a request body in bytes.
    pub fn max_request_bytes(&self) -> i32 {
        i32::try_from(self.0.max_request_bytes()).unwrap_or(i32::MAX)
    }

    /// Returns whether a request is for the events.
    pub fn is_events(&self, method: String, path: String) -> bool {
        let request = RelayRequest { method, path, headers: Vec::new(), body: Vec::new() };
        request.pass(|request| self.0.is_events(request))
    }

    /// Serves a request for anything but the events.
    pub fn handle(&self, request: RelayRequest) -> RelayResponse {
        request.pass(|request| self.0.handle(request)).into()
    }

    /// Opens the stream of a session's events.
    pub fn events(&self, request: RelayRequest) -> OpenedEvents {
        match request.pass(|request| self.0.events(request)) {
            Ok(stream) => OpenedEvents { stream: Some(Arc::new(EventStream::new(stream))), refusal: None },
            Err(refusal) => OpenedEvents { stream: None, refusal: Some(refusal.into()) },
        }
    }

    /// Passes a webhook on to the apps of its cardholder.
    pub fn publish(&self, event: Event) {
        self.0.publish(&event);
    }
}

impl fmt::Debug for Relay {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}
