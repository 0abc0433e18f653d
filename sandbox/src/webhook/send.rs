//! Delivers webhooks: the queue of the outbox, and the `Auth` webhook that precedes a purchase.

use std::io::ErrorKind;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use serde::Deserialize;

use super::decision::Decision;
use super::event;
use super::outbox::{Delivery, Record};
use super::post::post;
use super::settings::WebhookSettings;
use super::signature::{sign, signed_text};
use super::target::Target;
use super::types::WebhookFault;
use crate::shared::Shared;
use crate::state::enums::WebhookAction;
use crate::state::rows::ConsumptionRecord;

/// The time limit for the response to any webhook but `Auth`.
const RESPONSE_TIMEOUT: Duration = Duration::from_secs(5);
/// The time limit for the decision on a purchase, in real time.
const AUTH_TIMEOUT: Duration = Duration::from_millis(800);

/// Starts the delivery thread, unless it runs already or the sandbox is stopping.
pub(crate) fn start_dispatcher(shared: &Arc<Shared>) {
    // The lock is held until the thread is stored, so that a stop joins it.
    let sandbox = shared.lock();
    if !sandbox.outbox.stopping {
        let of_thread = Arc::clone(shared);
        shared.dispatcher.start(move || deliver_until_stopped(&of_thread));
    }
}

fn deliver_until_stopped(shared: &Shared) {
    let mut sandbox = shared.lock();
    while !sandbox.outbox.stopping {
        let now_ms = sandbox.state.clock.now_ms();
        if let Some(delivery) = sandbox.outbox.take_due(now_ms) {
            drop(sandbox);
            deliver(shared, delivery);
            sandbox = shared.lock();
            continue;
        }
        // Nothing becomes due under a frozen clock; moving the clock signals `wake`.
        let due_ms = sandbox.outbox.next_due_ms().filter(|_| !sandbox.state.clock.is_frozen());
        let left = due_ms.map(|due_ms| Duration::from_millis(due_ms.abs_diff(now_ms)));
        let wake = Arc::clone(&sandbox.outbox.wake);
        sandbox = match left {
            Some(left) => wake.wait_timeout(sandbox, left).unwrap_or_else(PoisonError::into_inner).0,
            None => wake.wait(sandbox).unwrap_or_else(PoisonError::into_inner),
        };
    }
}

/// Makes one attempt to deliver a webhook of the queue.
fn deliver(shared: &Shared, delivery: Delivery) {
    let accepted = attempt(shared, &delivery, RESPONSE_TIMEOUT).is_none();
    let dropped = delivery.fault == Some(WebhookFault::Drop);
    let mut sandbox = shared.lock();
    let now_ms = sandbox.state.clock.now_ms();
    sandbox.outbox.attempted(delivery, !accepted && !dropped, now_ms);
}

/// Requests the merchant's decision on a purchase and waits for it. The caller must not hold the lock.
pub(crate) fn request_decision(shared: &Shared, row: &ConsumptionRecord) -> Decision {
    let delivery = {
        let mut sandbox = shared.lock();
        let (nulls, now_ms) = (sandbox.state.settings.webhooks.nulls, sandbox.state.clock.now_ms());
        sandbox.outbox.delivery(WebhookAction::Auth, event::auth(row), nulls, now_ms)
    };
    let refusal = if let Some(WebhookFault::Delay(_) | WebhookFault::Reorder) = delivery.fault {
        // It is sent long after the purchase was decided.
        shared.lock().outbox.put(delivery);
        Some(Failure::NoReply.as_remark())
    } else {
        attempt(shared, &delivery, AUTH_TIMEOUT).map(Failure::as_remark)
    };
    Decision { consume_no: row.consume_no.clone(), refusal }
}

/// The way in which an attempt failed.
#[derive(Debug, Clone, Copy)]
enum Failure {
    Refused,
    UnreadableReply,
    NoReply,
}

impl Failure {
    /// The remark of a purchase that is declined for this reason.
    fn as_remark(self) -> &'static str {
        match self {
            Self::Refused => "declined by the merchant",
            Self::UnreadableReply => "the merchant's reply could not be read",
            Self::NoReply => "the merchant did not reply",
        }
    }
}

/// A webhook as it is sent.
struct Message {
    target: Target,
    headers: String,
    body: String,
    record: Record,
}

impl Message {
    fn new(target: Target, settings: &WebhookSettings, delivery: &Delivery, now_ms: i64) -> Self {
        let (event, fault) = (&delivery.event, delivery.fault);
        let timestamp_ms = match fault {
            Some(WebhookFault::StaleTimestamp(by_ms)) => now_ms.saturating_sub(by_ms),
            _ => now_ms,
        };
        let secret = match fault {
            Some(WebhookFault::OldSecret) => settings.old_secret.as_ref(),
            _ => None,
        };
        let text = signed_text(&settings.app_id, &timestamp_ms.to_string(), &event.fields(), settings.sign_style);
        let mut signature = sign(&secret.unwrap_or(&settings.secret).0, &text);
        if fault == Some(WebhookFault::WrongSignature) {
            let other = if signature.starts_with('0') { "1" } else { "0" };
            signature.replace_range(..1, other);
        }
        Self {
            target,
            headers: format!(
                "Timestamp: {timestamp_ms}\r\nSignature: {signature}\r\nSign-Version: V1\r\nTimezone: UTC+8\r\n"
            ),
            body: if fault == Some(WebhookFault::TamperBody) { event.tampered_body() } else { event.body() },
            record: Record {
                event: Arc::clone(event),
                attempt: delivery.attempt,
                time_ms: now_ms,
                timestamp_ms,
                signature: signature.into(),
                http_status: None,
                code: None,
                error: None,
                fault,
            },
        }
    }
}

/// Sends a webhook once and records the attempt. `None`: the merchant accepted it.
fn attempt(shared: &Shared, delivery: &Delivery, timeout: Duration) -> Option<Failure> {
    let message = {
        let sandbox = shared.lock();
        let settings = &sandbox.state.settings.webhooks;
        // The URL may have been removed since the webhook was queued.
        let target = settings.target.clone()?;
        Message::new(target, settings, delivery, sandbox.state.clock.now_ms())
    };
    if delivery.fault == Some(WebhookFault::Drop) {
        let error = Some("dropped by a fault".into());
        shared.lock().outbox.record(Record { error, ..message.record });
        return Some(Failure::NoReply);
    }
    let copies = if delivery.fault == Some(WebhookFault::Duplicate) { 2 } else { 1 };
    let mut first = None;
    for copy in 0..copies {
        let (failure, record) = send(shared, &message, timeout);
        shared.lock().outbox.record(record);
        if copy == 0 {
            first = failure;
        }
    }
    first
}

fn send(shared: &Shared, message: &Message, timeout: Duration) -> (Option<Failure>, Record) {
    let result = post(&message.target, &message.headers, &message.body, timeout, &shared.stop, |connection| {
        shared.lock().outbox.connected(connection);
    });
    let mut record = message.record.clone();
    let (failure, error) = match result {
        Err(error) => match error.kind() {
            ErrorKind::InvalidData => (Failure::UnreadableReply, error.to_string()),
            ErrorKind::TimedOut | ErrorKind::WouldBlock => {
                (Failure::NoReply, format!("no response in {} ms", timeout.as_millis()))
            }
            _ => (Failure::NoReply, error.to_string()),
        },
        Ok((status, body)) => {
            record.http_status = Some(status);
            let reply = serde_json::from_slice::<MerchantReply>(&body);
            record.code = reply.as_ref().ok().map(|reply| reply.code);
            match (status, reply) {
                (200..300, Ok(reply)) if reply.code == 0 => return (None, record),
                (200..300, Ok(reply)) => {
                    let message = reply.message.as_str().unwrap_or("no message, which is required").to_owned();
                    (Failure::Refused, format!("code {}: {message}", reply.code))
                }
                (200..300, Err(_)) => (Failure::UnreadableReply, "the response has no code".to_owned()),
                (status, _) => (Failure::UnreadableReply, format!("HTTP status {status}")),
            }
        }
    };
    record.error = Some(error.into());
    (Some(failure), record)
}

/// The JSON of the merchant's response.
#[derive(Deserialize)]
struct MerchantReply {
    code: i64,
    #[serde(default)]
    message: serde_json::Value,
}
