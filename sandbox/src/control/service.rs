//! The control calls: what the library offers, as JSON, for programs in other languages. They are answered over HTTP at the
//! control URL, and in process by [`Sandbox::control`](crate::Sandbox::control).

mod answer;
mod routes;

use std::net::IpAddr;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::{Value, json};

use crate::http::{Head, Origin, Reply, Response, Service};
use crate::steering::{Platform, Snapshot};

pub use answer::ControlError;
pub(crate) use routes::TRAP;

/// The service behind `control_url`. Clones share their snapshots.
#[derive(Clone)]
pub(crate) struct Control(Arc<Parts>);

struct Parts {
    platform: Platform,
    /// A snapshot's place is its name.
    snapshots: Mutex<Vec<Snapshot>>,
}

impl Control {
    pub(crate) fn new(platform: Platform) -> Self {
        Self(Arc::new(Parts { platform, snapshots: Mutex::default() }))
    }

    /// Runs the call of that method and path.
    pub(crate) fn call(&self, method: &str, path: &str, body: &[u8]) -> Result<Value, ControlError> {
        (routes::find(method, path)?.run)(&self.0, body)
    }

    fn run(&self, head: &Head<'_>, body: &[u8]) -> Result<Value, ControlError> {
        if head.path == TRAP {
            self.0.platform.shared.trapped.fetch_add(1, Ordering::Relaxed);
            return Err(ControlError::new(410, "a redirect was followed that must not be followed"));
        }
        // A web page in the user's browser can reach loopback, but cannot hide where it comes from.
        if head.header("origin").is_some() {
            return Err(ControlError::new(403, "web pages may not steer the sandbox"));
        }
        // Neither can a page whose own name leads to loopback: that name is in `Host`.
        if head.header("host").is_some_and(|host| !is_loopback(host)) {
            return Err(ControlError::new(403, "the control URL is called by a loopback address or localhost"));
        }
        self.call(head.method, head.path, body)
    }
}

/// Whether a `Host` header, with or without a port, names this machine.
fn is_loopback(host: &str) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    };
    let address = name.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    name.eq_ignore_ascii_case("localhost") || address.is_ok_and(|address| address.is_loopback())
}

impl std::fmt::Debug for Control {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Control")
    }
}

impl Parts {
    fn snapshots(&self) -> MutexGuard<'_, Vec<Snapshot>> {
        self.snapshots.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Service for Control {
    type Ticket = ();

    fn now_ms(&self) -> i64 {
        self.0.platform.now_ms()
    }

    fn begin(&self, _: Origin, _: &Head<'_>) -> Option<()> {
        Some(())
    }

    fn answer(&self, _: Origin, head: &Head<'_>, body: &[u8], (): ()) -> Reply {
        let (status, value) = match self.run(head, body) {
            Ok(value) => (200, value),
            Err(error) => (error.status, json!({"error": error.text})),
        };
        let body = value.to_string();
        Reply::new(&Response { status, ..Response::json(self.0.platform.now_ms(), body.as_bytes()) })
    }
}
