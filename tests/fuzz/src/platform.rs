//! A platform in memory: a transport that responds as an input says, and a clock whose waits take no time.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use keysecure::{Client, ClientBuilder, Clock, Error, Interrupted, Request, Response, Transport, TransportError};

pub const BASE_URL: &str = "https://platform.test";
/// The time on the clock at its start, in Unix milliseconds: 2026-01-01T00:00:00Z.
pub const START: u64 = 1_767_225_600_000;

/// The virtual clock. It moves only when somebody waits.
#[derive(Default)]
pub struct VirtualClock(AtomicU64);

impl Clock for VirtualClock {
    fn now(&self) -> SystemTime {
        UNIX_EPOCH + Duration::from_millis(START) + self.monotonic()
    }

    fn monotonic(&self) -> Duration {
        Duration::from_micros(self.0.load(Ordering::Relaxed))
    }

    fn sleep(&self, duration: Duration) -> Result<(), Interrupted> {
        self.0.fetch_add(u64::try_from(duration.as_micros()).unwrap(), Ordering::Relaxed);
        Ok(())
    }
}

/// One request as the transport received it.
pub struct Sent {
    pub url: String,
    pub timestamp: Option<String>,
    pub body: Vec<u8>,
}

/// The response to request number `n` (from 0), token calls excluded.
pub type Script = Box<dyn FnMut(usize, &Request<'_>) -> Result<Response, TransportError> + Send>;

#[derive(Default)]
struct State {
    script: Option<Script>,
    sent: Vec<Sent>,
    /// Whether the script responds to token calls too.
    scripts_token: bool,
}

/// The transport. It responds to token calls with a token unless the script handles them.
#[derive(Default)]
pub struct ScriptedTransport(Mutex<State>);

impl ScriptedTransport {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }
}

impl Transport for ScriptedTransport {
    fn send(&self, request: &Request<'_>) -> Result<Response, TransportError> {
        let state = &mut *self.state();
        if request.url.ends_with("/v1/merchant/token") && !state.scripts_token {
            return Ok(response(200, TOKEN.to_vec()));
        }
        let number = state.sent.len();
        let timestamp = request.headers.iter().find(|(name, _)| *name == "Timestamp");
        state.sent.push(Sent {
            url: request.url.to_owned(),
            timestamp: timestamp.map(|(_, value)| (*value).to_owned()),
            body: request.body.to_vec(),
        });
        state.script.as_mut().expect("a script before any call")(number, request)
    }
}

const TOKEN: &[u8] =
    br#"{"code":0,"msg":"success","data":{"access_token":"token-of-the-harness","expired_time":4102444800000}}"#;

/// A response without headers.
pub fn response(status: u16, body: Vec<u8>) -> Response {
    Response { status, date: None, retry_after: None, content_type: None, location: None, body: body.into() }
}

/// A client and its platform.
pub struct Platform {
    pub client: Client,
    transport: Arc<ScriptedTransport>,
}

impl Platform {
    /// Creates the client with the target's settings, which may be refused.
    pub fn try_with(settings: impl FnOnce(ClientBuilder) -> ClientBuilder) -> Result<Self, Error> {
        let transport = Arc::new(ScriptedTransport::default());
        let builder = Client::builder("ak_fuzz", "0123456789abcdef")
            .base_url(BASE_URL)
            .max_retries(0)
            .clock(Arc::new(VirtualClock::default()))
            .transport(transport.clone());
        Ok(Self { client: settings(builder).build()?, transport })
    }

    pub fn new() -> Self {
        Self::try_with(|builder| builder).unwrap()
    }

    /// Lets the script respond to all further requests.
    pub fn respond_with(
        &self,
        script: impl FnMut(usize, &Request<'_>) -> Result<Response, TransportError> + Send + 'static,
    ) {
        let mut state = self.transport.state();
        state.sent.clear();
        state.script = Some(Box::new(script));
    }

    /// Lets the script respond to token calls too.
    pub fn respond_to_token_calls(&self) {
        self.transport.state().scripts_token = true;
    }

    /// The requests since [`Self::respond_with`].
    pub fn sent(&self) -> Vec<Sent> {
        std::mem::take(&mut self.transport.state().sent)
    }
}
