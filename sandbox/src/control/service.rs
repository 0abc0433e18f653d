//! Runs control calls, in process and over HTTP.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use serde_json::{Value, json};

use super::error::ControlError;
use super::routes;
use super::state::ControlState;
use crate::admin::platform::Platform;
use crate::http::request::{Head, Origin};
use crate::http::response::{EncodedResponse, Response};
use crate::http::service::Service;

/// The target of redirect faults. It is not in the table of routes, because a correct client never calls it.
pub(crate) const REDIRECT_PATH: &str = "/trap";

/// The service of `control_url`. Clones share their snapshots.
#[derive(Clone)]
pub(crate) struct Control(Arc<ControlState>);

impl Control {
    pub(crate) fn new(platform: Platform) -> Self {
        Self(Arc::new(ControlState::new(platform)))
    }

    /// Runs the control call of that method and path.
    pub(crate) fn call(&self, method: &str, path: &str, body: &[u8]) -> Result<Value, ControlError> {
        (routes::find(method, path)?.run)(&self.0, body)
    }

    fn run(&self, head: &Head<'_>, body: &[u8]) -> Result<Value, ControlError> {
        if head.path == REDIRECT_PATH {
            self.0.platform.shared.redirect_hits.fetch_add(1, Ordering::Relaxed);
            return Err(ControlError::new(410, "a redirect was followed that must not be followed"));
        }
        // A web page in the user's browser can reach loopback, but it cannot remove its `Origin` header.
        if head.header("origin").is_some() {
            return Err(ControlError::new(403, "web pages may not control the sandbox"));
        }
        // Nor can a page whose own domain resolves to loopback hide that domain: it is in `Host`.
        if head.header("host").is_some_and(|host| !is_loopback(host)) {
            return Err(ControlError::new(403, "the host of the control URL must be a loopback address or localhost"));
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

impl Service for Control {
    type Ticket = ();

    fn now_ms(&self) -> i64 {
        self.0.platform.now_ms()
    }

    fn begin(&self, _: Origin, _: &Head<'_>) -> Option<()> {
        Some(())
    }

    fn respond(&self, _: Origin, head: &Head<'_>, body: &[u8], (): ()) -> EncodedResponse {
        let (status, value) = match self.run(head, body) {
            Ok(value) => (200, value),
            Err(error) => (error.status(), json!({"error": error.to_string()})),
        };
        let body = value.to_string();
        EncodedResponse::new(&Response { status, ..Response::json(self.0.platform.now_ms(), body.as_bytes()) })
    }
}
