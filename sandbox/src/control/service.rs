//! Runs control calls, in process and over HTTP.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use serde_json::{Value, json};

use super::error::ControlError;
use super::routes;
use super::state::ControlState;
use crate::admin::platform::Platform;
use crate::console::guard;
use crate::console::respond::{JSON_HEADERS, Reply, respond};
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

    /// Handles a request that arrived over HTTP.
    fn run(&self, head: &Head<'_>, body: &[u8]) -> Reply {
        if head.path == REDIRECT_PATH {
            self.0.platform.shared.redirect_hits.fetch_add(1, Ordering::Relaxed);
            return Reply::Json(Err(ControlError::new(410, "a redirect was followed that must not be followed")));
        }
        if let Err(reason) = guard::check(head) {
            return Reply::Json(Err(ControlError::new(403, reason)));
        }
        respond(&self.0, head, body).unwrap_or_else(|| Reply::Json(self.call(head.method, head.path, body)))
    }
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
            Reply::Encoded(response) => return response,
            Reply::Json(Ok(value)) => (200, value),
            Reply::Json(Err(error)) => (error.status(), json!({"error": error.to_string()})),
        };
        let body = value.to_string();
        EncodedResponse::new(&Response {
            status,
            extra: JSON_HEADERS,
            ..Response::json(self.0.platform.now_ms(), body.as_bytes())
        })
    }
}
