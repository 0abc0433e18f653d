//! The control URL: what the library offers, as JSON over HTTP, for programs in other languages.

mod answer;
mod routes;

use std::sync::atomic::Ordering;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::{Value, json};

use crate::http::{Head, Origin, Reply, Response, Service};
use crate::steering::{Platform, Snapshot};
use answer::ControlError;

pub(crate) use routes::TRAP;

/// The service behind `control_url`.
pub(crate) struct Control {
    platform: Platform,
    /// A snapshot's place is its name.
    snapshots: Mutex<Vec<Snapshot>>,
}

impl Control {
    pub(crate) fn new(platform: Platform) -> Self {
        Self { platform, snapshots: Mutex::default() }
    }

    fn snapshots(&self) -> MutexGuard<'_, Vec<Snapshot>> {
        self.snapshots.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn run(&self, head: &Head<'_>, body: &[u8]) -> Result<Value, ControlError> {
        if head.path == TRAP {
            self.platform.shared.trapped.fetch_add(1, Ordering::Relaxed);
            return Err(ControlError::new(410, "a redirect was followed that must not be followed"));
        }
        // A web page in the user's browser can reach loopback, but cannot hide where it comes from.
        if head.header("origin").is_some() {
            return Err(ControlError::new(403, "web pages may not steer the sandbox"));
        }
        let route = routes::find(head.method, head.path)?;
        (route.run)(self, body)
    }
}

impl Service for Control {
    type Ticket = ();

    fn now_ms(&self) -> i64 {
        self.platform.now_ms()
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
        Reply::new(&Response { status, ..Response::json(self.platform.now_ms(), body.as_bytes()) })
    }
}
