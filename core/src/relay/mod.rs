//! Serving apps that hold no secret: the merchant's side of the relay protocol (`docs/relay.md`).
//!
//! A [`Relay`] belongs into the merchant's server. It knows no web framework: the server passes each request on and sends the
//! response. See [`Relay`] for an example, and the guide "Mobile apps" for the whole picture.
//!
//! # Order of the checks
//!
//! 1. Headers and size of the request, by constant rules (400, 413, 431).
//! 2. `authorize`, the merchant's function: without a scope the request is refused (401).
//! 3. Requests of the session, and of all sessions of its cardholder, per second and at the same time (429).
//! 4. The exact path (404) and method (405); the time after which a change is refused (412); the grant for the operation (403).
//! 5. The fields of the body (400).
//! 6. The numbers in it: each must be known to the platform as the cardholder's (404).
//! 7. Limits of transfers (403), and the tap (409).
//!
//! # Numbers of others
//!
//! A number of another cardholder, one that does not exist and one that the platform refuses give the same response, byte for
//! byte. It is sent 300 ms after the request began, or at a later multiple of 50 ms, and the platform's word is kept for a minute
//! for all three, for each cardholder who asks, so that the time shows no difference either.

mod audit;
mod bounded;
mod builder;
mod created;
mod digest;
mod events;
mod expiry;
mod fields;
mod limits;
mod lists;
mod mutations;
mod ownership;
mod places;
mod publish;
mod reads;
mod request;
mod response;
mod route;
mod scope;
mod serve;
mod stream;
mod taps;
mod throttle;
mod transfers;
mod work;

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use crate::client::Client;
pub use audit::{AuditRecord, Denial};
pub use builder::RelayBuilder;
use created::CreatingCalls;
use digest::DigestKey;
pub use events::EventBuffer;
use events::Events;
use ownership::Ownership;
use places::Places;
pub use request::RelayRequest;
pub use response::RelayResponse;
pub use scope::{Grant, Scope};
pub use stream::EventStream;
use throttle::Throttle;
use work::Notes;

type Authorize = Box<dyn Fn(&RelayRequest<'_>) -> Option<Scope> + Send + Sync>;
type Audit = Box<dyn Fn(&AuditRecord) + Send + Sync>;

/// Path of the events after the version.
const EVENTS: &str = "events";

/// Serves apps that hold no secret, with the merchant's client.
///
/// `authorize` is the merchant's own code: it reads the session of a request (a token, a cookie, a client certificate) and returns
/// what the session may do as a [`Scope`]. `None` refuses the request, and so does a panic. It is called for every request, so it
/// should be fast. The server must receive requests over TLS only, and pass paths and headers on as they were received.
///
/// A relay blocks the calling thread for as long as its call takes, at most for the client's timeout, or the deadline of an
/// exactly-once call (180 s). It is cheap to clone; all clones are one relay.
///
/// # Examples
///
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let sandbox = keysecure_sandbox::Sandbox::start()?;
/// # let (api_key, api_secret, url) = (sandbox.api_key(), sandbox.api_secret(), sandbox.base_url());
/// # let cardholder_no = sandbox.seed_approved_cardholder();
/// # let card_no = sandbox.seed_virtual_card(&cardholder_no)?;
/// # let find_session = move |token: &str| (token == "t0ken").then(|| cardholder_no.clone());
/// use keysecure::{Client, Relay, RelayRequest, Scope, Store};
///
/// let client = Client::builder(api_key, api_secret).base_url(url).store(Store::memory()).build()?;
/// let relay = Relay::builder(&client, move |request| {
///     let cardholder_no = find_session(request.bearer()?)?; // the merchant's own sessions
///     Some(Scope::cardholder(cardholder_no).read_only())
/// })
/// .build()?;
///
/// // In the server's handler:
/// let body = format!(r#"{{"card_no":"{card_no}"}}"#);
/// let response = relay.handle(&RelayRequest {
///     method: "POST",
///     path: "/v1/cards.get",
///     headers: &[("Authorization", "Bearer t0ken"), ("Content-Type", "application/json")],
///     body: body.as_bytes(),
/// });
/// assert_eq!(response.status, 200);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Relay {
    inner: Arc<Inner>,
}

struct Inner {
    client: Client,
    authorize: Authorize,
    audit: Option<Audit>,
    mount: String,
    max_request_bytes: usize,
    throttle: Throttle,
    creating_calls: CreatingCalls,
    ownership: Ownership,
    /// Key of digests over what may be secret.
    secret_key: DigestKey,
    /// Names this merchant in the sums of limits. It stays when the apiSecret is replaced.
    merchant_key: DigestKey,
    events: Arc<dyn Events>,
    /// The requests of each session and cardholder that are being served.
    requests: Arc<Places>,
    streams: Arc<Places>,
    stream_lasts: Duration,
}

impl Relay {
    /// Creates a builder of a relay. `authorize` returns the scope of a request, or `None` to refuse it.
    pub fn builder(
        client: &Client,
        authorize: impl Fn(&RelayRequest<'_>) -> Option<Scope> + Send + Sync + 'static,
    ) -> RelayBuilder {
        RelayBuilder::new(client, builder::boxed(authorize))
    }

    /// Returns the maximum size of a request body in bytes. A server may stop to read after one byte more.
    pub fn max_request_bytes(&self) -> usize {
        self.inner.max_request_bytes
    }

    /// Returns whether a request is for [`events`](Self::events): a `GET` of exactly their path.
    pub fn is_events(&self, request: &RelayRequest<'_>) -> bool {
        request.method == "GET" && route::name_in(&self.inner.mount, request.path) == Some(EVENTS)
    }

    /// Serves a request for anything but [`events`](Self::events). It never panics, and every request has a response.
    pub fn handle(&self, request: &RelayRequest<'_>) -> RelayResponse {
        let inner = &*self.inner;
        let (started, mut notes) = (inner.now(), Notes::default());
        let serve = || request.with_one_cookie(|request| inner.serve(request, started, &mut notes));
        let served = catch_unwind(AssertUnwindSafe(serve));
        let result = served.unwrap_or_else(|_| Err(serve::panicked()));
        inner.respond(result, notes, started)
    }

    /// Opens the stream of a session's events: the webhooks that [`publish`](Self::publish) received for its cardholder.
    ///
    /// # Errors
    ///
    /// The response to send if the request is refused: as in [`handle`](Self::handle), and with status 429 if the session has 4
    /// streams already.
    pub fn events(&self, request: &RelayRequest<'_>) -> Result<EventStream, RelayResponse> {
        let inner = &*self.inner;
        let (started, mut notes) = (inner.now(), Notes::default());
        let is_events = self.is_events(request);
        let open = || request.with_one_cookie(|request| inner.open(is_events, request, started, &mut notes));
        let opened = catch_unwind(AssertUnwindSafe(open));
        match opened.unwrap_or_else(|_| Err(serve::panicked())) {
            Ok(stream) => {
                inner.record(None, 200, notes, started);
                Ok(stream)
            }
            Err(refusal) => Err(inner.respond(Err(refusal), notes, started)),
        }
    }
}

impl fmt::Debug for Relay {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Relay").field("mount", &self.inner.mount).finish_non_exhaustive()
    }
}
