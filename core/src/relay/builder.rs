//! The builder of a relay.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::audit::AuditRecord;
use super::created::CreatingCalls;
use super::digest::DigestKey;
use super::events::EventBuffer;
use super::ownership::Ownership;
use super::places::Places;
use super::request::RelayRequest;
use super::scope::Scope;
use super::throttle::Throttle;
use super::{Audit, Authorize, Inner, Relay};
use crate::client::Client;
use crate::error::Error;
use crate::store::{slot, unique};

/// Maximum number of streams of one session; all sessions of a cardholder may have three times as many.
const MAX_STREAMS: usize = 4;

/// Settings of a [`Relay`]. Created by [`Relay::builder`].
#[must_use]
pub struct RelayBuilder {
    client: Client,
    authorize: Authorize,
    audit: Option<Audit>,
    mount: String,
    max_request_bytes: usize,
    requests_per_second: u32,
    concurrent_requests: usize,
    events: EventBuffer,
    events_kept: usize,
    stream_lasts: Duration,
}

impl RelayBuilder {
    pub(super) fn new(client: &Client, authorize: Authorize) -> Self {
        Self {
            client: client.clone(),
            authorize,
            audit: None,
            mount: String::new(),
            max_request_bytes: 16 * 1024,
            requests_per_second: 20,
            concurrent_requests: 16,
            events: EventBuffer::memory(),
            events_kept: 100,
            stream_lasts: Duration::from_secs(300),
        }
    }

    /// Sets the path under which the server passes requests on, such as `/relay` for `/relay/v1/cards.get`. Default: the root.
    pub fn mount(mut self, path: impl Into<String>) -> Self {
        self.mount = path.into();
        self
    }

    /// Sets the maximum size of a request body in bytes. Default: 16384.
    pub fn max_request_bytes(mut self, bytes: usize) -> Self {
        self.max_request_bytes = bytes;
        self
    }

    /// Sets how many requests a session may make each second, on average; at once it may make twice as many. All sessions of a
    /// cardholder together may make three times as many. Each process counts for itself. Default: 20. 0 counts as 1.
    pub fn requests_per_second(mut self, requests: u32) -> Self {
        self.requests_per_second = requests;
        self
    }

    /// Sets how many requests of a session are served at the same time, and three times as many of all sessions of a cardholder.
    /// Each blocks a thread of the server, a transfer for up to 180 s. Default: 16. 0 counts as 1.
    pub fn concurrent_requests(mut self, requests: usize) -> Self {
        self.concurrent_requests = requests.max(1);
        self
    }

    /// Sets a function that receives the record of every request, also of those that are refused. It should return soon. A panic
    /// in it changes nothing for the request.
    pub fn audit(mut self, audit: impl Fn(&AuditRecord) + Send + Sync + 'static) -> Self {
        self.audit = Some(Box::new(audit));
        self
    }

    /// Sets where events are kept. Default: in the memory of this relay.
    pub fn events(mut self, buffer: impl Into<EventBuffer>) -> Self {
        self.events = buffer.into();
        self
    }

    /// Sets how many events of each cardholder are kept, for one hour, for apps that connect again. Default: 100.
    pub fn events_kept(mut self, events: usize) -> Self {
        self.events_kept = events;
        self
    }

    /// Sets the time after which a stream of events ends, so that its session is authorized again. Default: 5 minutes.
    pub fn stream_lasts(mut self, time: Duration) -> Self {
        self.stream_lasts = time.min(crate::clock::MAX_DURATION);
        self
    }

    /// Creates the relay.
    ///
    /// With [`Store::memory`](crate::Store::memory) each new transfer and card waits for
    /// [`settle`](crate::EnsureOptions::settle), 10 s: such a store cannot tell that a tap is new. A file or Redis store can, once
    /// it is that old.
    ///
    /// # Errors
    ///
    /// Kind [`Config`](crate::ErrorKind::Config) if the client has no [`Store`](crate::Store) that records attempts, if it is a
    /// client of a relay itself, or if the path of [`mount`](Self::mount) does not begin with `/`, ends with it, or holds
    /// anything but letters, digits and `- _ . ~ /`.
    pub fn build(self) -> Result<Relay, Error> {
        let engine = &self.client.caller().engine;
        let credentials = engine.settings.credentials()?;
        if engine.attempt_log.is_none() {
            return Err(Error::config(NO_STORE));
        }
        check_mount(&self.mount)?;
        let merchant = slot(&engine.settings.base_url, &credentials.api_key);
        let secret = credentials.api_secret.expose().as_bytes();
        let epoch = unique().map_err(|_| Error::config("this machine has no source of randomness"))?;
        let inner = Inner {
            secret_key: DigestKey::new(&[b"keysecure relay\n", secret].concat()),
            merchant_key: DigestKey::new(merchant.as_bytes()),
            authorize: self.authorize,
            audit: self.audit,
            mount: self.mount,
            max_request_bytes: self.max_request_bytes,
            throttle: Throttle::new(self.requests_per_second),
            creating_calls: CreatingCalls::new(),
            ownership: Ownership::new(),
            events: self.events.open(&merchant, self.events_kept, &epoch[..16]),
            requests: Places::new(self.concurrent_requests),
            streams: Places::new(MAX_STREAMS),
            stream_lasts: self.stream_lasts,
            client: self.client,
        };
        Ok(Relay { inner: Arc::new(inner) })
    }
}

/// Error text for a client without a store.
const NO_STORE: &str = "a relay needs a store that records attempts and counts transfers. Set the store of the client to one of: \
    memory, when this process is the only server; file:DIRECTORY, for the processes of one machine; redis://HOST, for several \
    machines";

fn check_mount(mount: &str) -> Result<(), Error> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~');
    let is_path = |rest: &str| rest.split('/').all(|part| !matches!(part, "" | "." | "..") && part.bytes().all(plain));
    if mount.is_empty() || mount.strip_prefix('/').is_some_and(is_path) {
        return Ok(());
    }
    Err(Error::config(
        "the path of mount must begin with /, must not end with it, and hold only letters, digits and - _ . ~ /",
    ))
}

impl fmt::Debug for RelayBuilder {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("RelayBuilder").field("mount", &self.mount).finish_non_exhaustive()
    }
}

/// Turns a function into the one that a relay keeps.
pub(super) fn boxed(authorize: impl Fn(&RelayRequest<'_>) -> Option<Scope> + Send + Sync + 'static) -> Authorize {
    Box::new(authorize)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Store;

    fn relay(store: Store, mount: &str) -> Result<Relay, Error> {
        let client = Client::builder("key", "api-secret-of-16").store(store).build().unwrap();
        Relay::builder(&client, |_| None).mount(mount).build()
    }

    #[test]
    fn a_client_without_a_store_is_refused_with_the_three_choices() {
        let error = relay(Store::new(), "").unwrap_err();
        assert_eq!(error.kind(), crate::ErrorKind::Config);
        assert!(["memory", "file:", "redis:"].into_iter().all(|choice| error.to_string().contains(choice)), "{error}");
    }

    #[test]
    fn a_mount_is_a_plain_path() {
        for good in ["", "/relay", "/api/v2/relay.x~y-z_"] {
            assert!(relay(Store::memory(), good).is_ok(), "{good}");
        }
        for bad in ["/", "relay", "/relay/", "//relay", "/a/../b", "/a?b", "/a b", "/%61", "/é"] {
            assert!(relay(Store::memory(), bad).is_err(), "{bad}");
        }
    }
}
