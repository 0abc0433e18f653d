//! Sends callbacks: the queue's worker, and the question before a purchase.

use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use serde::Deserialize;

use super::outbox::{Delivery, Record};
use super::post::post;
use super::settings::CallbackSettings;
use super::signature::{sign, signed_text};
use super::target::Target;
use super::{CallbackFault, event};
use crate::shared::Shared;
use crate::state::{CallbackAction, ConsumptionRecord};

/// How long the merchant may take for an ordinary callback.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long the merchant may take to decide on a purchase, in real time.
const AUTH_PATIENCE: Duration = Duration::from_millis(800);

/// The worker's thread. It starts with the first callback URL and ends with the sandbox.
#[derive(Debug, Default)]
pub(crate) struct Courier(Mutex<Option<JoinHandle<()>>>);

impl Courier {
    pub(crate) fn start(&self, shared: &Arc<Shared>) {
        let mut thread = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if thread.is_none() && !shared.lock().outbox.stopping {
            let shared = Arc::clone(shared);
            *thread = std::thread::Builder::new().name("callbacks".to_owned()).spawn(move || work(&shared)).ok();
        }
    }

    /// Joins the thread, after [`begin_stop`](super::Outbox::begin_stop).
    pub(crate) fn join(&self) {
        let thread = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread {
            let _ = thread.join();
        }
    }
}

fn work(shared: &Shared) {
    let mut world = shared.lock();
    while !world.outbox.stopping {
        let now_ms = world.state.clock.now_ms();
        if let Some(delivery) = world.outbox.take_due(now_ms) {
            drop(world);
            deliver(shared, delivery);
            world = shared.lock();
            continue;
        }
        // A frozen clock makes nothing due; whoever moves it signals.
        let due_ms = world.outbox.next_due_ms().filter(|_| !world.state.clock.is_frozen());
        let left = due_ms.map(|due_ms| Duration::from_millis(due_ms.abs_diff(now_ms)));
        let wake = Arc::clone(&world.outbox.wake);
        world = match left {
            Some(left) => wake.wait_timeout(world, left).unwrap_or_else(PoisonError::into_inner).0,
            None => wake.wait(world).unwrap_or_else(PoisonError::into_inner),
        };
    }
}

/// One attempt of the queue.
fn deliver(shared: &Shared, delivery: Delivery) {
    let accepted = attempt(shared, &delivery, PATIENCE).is_none();
    let dropped = delivery.fault == Some(CallbackFault::Drop);
    let mut world = shared.lock();
    let now_ms = world.state.clock.now_ms();
    world.outbox.attempted(delivery, !accepted && !dropped, now_ms);
}

/// What the merchant decided on a purchase.
#[derive(Debug)]
pub(crate) struct Decision {
    /// The number that the question named.
    pub(crate) consume_no: String,
    /// Why not, or `None` for yes.
    pub(crate) refusal: Option<&'static str>,
}

/// Asks the merchant about a purchase and waits for the answer. No lock may be held.
pub(crate) fn ask(shared: &Shared, row: &ConsumptionRecord) -> Decision {
    let delivery = {
        let mut world = shared.lock();
        let (nulls, now_ms) = (world.state.settings.callbacks.nulls, world.state.clock.now_ms());
        world.outbox.delivery(CallbackAction::Auth, event::auth(row), nulls, now_ms)
    };
    let refusal = if let Some(CallbackFault::Delay(_) | CallbackFault::Reorder) = delivery.fault {
        // It will be asked when the purchase has long been decided.
        shared.lock().outbox.put(delivery);
        Some("the merchant did not answer")
    } else {
        attempt(shared, &delivery, AUTH_PATIENCE).map(Failure::as_remark)
    };
    Decision { consume_no: row.consume_no.clone(), refusal }
}

/// How an attempt failed.
#[derive(Debug, Clone, Copy)]
enum Failure {
    Refused,
    BadAnswer,
    NoAnswer,
}

impl Failure {
    fn as_remark(self) -> &'static str {
        match self {
            Self::Refused => "declined by the merchant",
            Self::BadAnswer => "the merchant's answer could not be read",
            Self::NoAnswer => "the merchant did not answer",
        }
    }
}

/// A callback as it goes out.
struct Message {
    target: Target,
    headers: String,
    body: String,
    record: Record,
}

impl Message {
    fn new(target: Target, settings: &CallbackSettings, delivery: &Delivery, now_ms: i64) -> Self {
        let (event, fault) = (&delivery.event, delivery.fault);
        let timestamp_ms = match fault {
            Some(CallbackFault::StaleTimestamp(by_ms)) => now_ms.saturating_sub(by_ms),
            _ => now_ms,
        };
        let secret = match fault {
            Some(CallbackFault::OldSecret) => settings.old_secret.as_ref(),
            _ => None,
        };
        let text = signed_text(&settings.app_id, &timestamp_ms.to_string(), &event.fields(), settings.sign_style);
        let mut signature = sign(&secret.unwrap_or(&settings.secret).0, &text);
        if fault == Some(CallbackFault::WrongSignature) {
            let other = if signature.starts_with('0') { "1" } else { "0" };
            signature.replace_range(..1, other);
        }
        Self {
            target,
            headers: format!(
                "Timestamp: {timestamp_ms}\r\nSignature: {signature}\r\nSign-Version: V1\r\nTimezone: UTC+8\r\n"
            ),
            body: if fault == Some(CallbackFault::TamperBody) { event.tampered_body() } else { event.body() },
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

/// Sends a delivery and records it. `None`: the merchant took it.
fn attempt(shared: &Shared, delivery: &Delivery, patience: Duration) -> Option<Failure> {
    let message = {
        let world = shared.lock();
        let settings = &world.state.settings.callbacks;
        // Without a URL there is nobody any more to tell.
        let target = settings.target.clone()?;
        Message::new(target, settings, delivery, world.state.clock.now_ms())
    };
    if delivery.fault == Some(CallbackFault::Drop) {
        let error = Some("dropped by a fault".into());
        shared.lock().outbox.record(Record { error, ..message.record });
        return Some(Failure::NoAnswer);
    }
    let copies = if delivery.fault == Some(CallbackFault::Duplicate) { 2 } else { 1 };
    let mut first = None;
    for copy in 0..copies {
        let (failure, record) = send(shared, &message, patience);
        shared.lock().outbox.record(record);
        if copy == 0 {
            first = failure;
        }
    }
    first
}

fn send(shared: &Shared, message: &Message, patience: Duration) -> (Option<Failure>, Record) {
    let result = post(&message.target, &message.headers, &message.body, patience, |line| {
        shared.lock().outbox.connected(line);
    });
    let mut record = message.record.clone();
    let (failure, error) = match result {
        Err(error) => match error.kind() {
            std::io::ErrorKind::InvalidData => (Failure::BadAnswer, error.to_string()),
            std::io::ErrorKind::TimedOut | std::io::ErrorKind::WouldBlock => {
                (Failure::NoAnswer, format!("no answer in {} ms", patience.as_millis()))
            }
            _ => (Failure::NoAnswer, error.to_string()),
        },
        Ok((status, body)) => {
            record.http_status = Some(status);
            let answer = serde_json::from_slice::<MerchantAnswer>(&body);
            record.code = answer.as_ref().ok().map(|answer| answer.code);
            match (status, answer) {
                (200..300, Ok(answer)) if answer.code == 0 => return (None, record),
                (200..300, Ok(answer)) => {
                    let message = answer.message.as_str().unwrap_or("no message, which is required").to_owned();
                    (Failure::Refused, format!("code {}: {message}", answer.code))
                }
                (200..300, Err(_)) => (Failure::BadAnswer, "the answer has no code".to_owned()),
                (status, _) => (Failure::BadAnswer, format!("HTTP status {status}")),
            }
        }
    };
    record.error = Some(error.into());
    (Some(failure), record)
}

#[derive(Deserialize)]
struct MerchantAnswer {
    code: i64,
    #[serde(default)]
    message: serde_json::Value,
}
