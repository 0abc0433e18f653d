//! The stream of changes (server-sent events): it says what changed, and the page reads it.

use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::admin::platform::Platform;
use crate::clock::Clock;
use crate::control::state::ControlState;
use crate::http::response::{BodyStream, ConnectionAction, EncodedResponse, Send};

/// The pause between two looks at the state. A page gets at most that many events.
const INTERVAL: Duration = Duration::from_millis(100);
/// The time after which a comment is sent, to notice a page that was closed.
const HEARTBEAT: Duration = Duration::from_secs(5);

/// The maximum number of streams at once. Each holds a connection, and control calls need some too.
const MAX_STREAMS: usize = 64;

const HEAD: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-store\r\n\
    X-Content-Type-Options: nosniff\r\nCross-Origin-Resource-Policy: same-origin\r\nConnection: close\r\n\r\n";

/// The numbers that grow with changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Versions {
    rows: u64,
    requests: u64,
    webhooks: u64,
    faults: u64,
    snapshots: usize,
    clock: Clock,
}

impl Versions {
    fn now(platform: &Platform, snapshots: usize) -> Self {
        let sandbox = platform.shared.lock();
        Self {
            rows: sandbox.commits,
            requests: sandbox.log.changes(),
            webhooks: sandbox.outbox.changes(),
            faults: sandbox.faults.changes(),
            snapshots,
            clock: sandbox.state.clock,
        }
    }

    fn to_json(self) -> Value {
        json!({
            "rows": self.rows,
            "requests": self.requests,
            "webhooks": self.webhooks,
            "faults": self.faults,
            "snapshots": self.snapshots,
            "now_ms": self.clock.now_ms(),
            "frozen": self.clock.is_frozen(),
        })
    }
}

/// A response that lasts until the page is closed or the sandbox stops; `None`: too many of them are open.
pub(super) fn respond(control: &ControlState) -> Option<EncodedResponse> {
    let platform = control.platform.clone();
    let snapshots = control.snapshots.clone();
    // Each stream holds a clone, so that the end of its connection counts it out.
    let open = Arc::clone(&control.streams);
    if Arc::strong_count(&open) > MAX_STREAMS + 1 {
        return None;
    }
    Some(EncodedResponse {
        bytes: HEAD.to_vec(),
        padding: None,
        stream: Some(BodyStream(Box::new(move |send| {
            let told = tell(send, &platform, || snapshots.lock().map_or(0, |snapshots| snapshots.len()));
            drop(open);
            told
        }))),
        action: ConnectionAction::Close,
    })
}

fn tell(send: Send<'_>, platform: &Platform, snapshots: impl Fn() -> usize) -> io::Result<()> {
    let stop = &platform.shared.stop;
    let mut told = None;
    let mut last = Instant::now();
    while !stop.is_set() {
        let now = Versions::now(platform, snapshots());
        if told != Some(now) {
            told = Some(now);
            send(format!("data: {}\n\n", now.to_json()).as_bytes())?;
            last = Instant::now();
        } else if last.elapsed() >= HEARTBEAT {
            send(b":\n\n")?;
            last = Instant::now();
        }
        stop.sleep(INTERVAL);
    }
    Ok(())
}
