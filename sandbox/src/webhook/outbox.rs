//! The queue of webhooks, and the record of attempts to deliver them. The sandbox's mutex protects all of it.

use std::collections::VecDeque;
use std::net::{Shutdown, TcpStream};
use std::sync::{Arc, Condvar, Weak};

use fastrand::Rng;
use serde::Serialize;

use super::event::{self, Event};
use super::json::Json;
use super::signature::signed_text;
use super::types::{DeliveryRecord, NullFields, SignStyle, WebhookFault};
use crate::clock::to_ms;
use crate::numbers;
use crate::state::enums::WebhookAction;
use crate::state::transaction::Notification;

/// The delays of retries, in virtual milliseconds after the failed attempt. The platform gives up after the last one.
///
/// **Inferred.** The platform does not document this.
const RETRY_AFTER_MS: [i64; 5] = [10_000, 30_000, 120_000, 600_000, 3_600_000];
/// The maximum number of recorded attempts; the oldest are removed first.
const MAX_RECORDS: usize = 100_000;

/// The queue and the record.
#[derive(Debug)]
pub(crate) struct Outbox {
    waiting: Vec<Delivery>,
    /// Attempts, oldest first.
    records: VecDeque<Record>,
    faults: Vec<(Option<WebhookAction>, WebhookFault)>,
    ids: Rng,
    /// The number of deliveries created so far.
    created: u64,
    /// The highest `order` of all attempted deliveries.
    latest_attempted: u64,
    in_flight: usize,
    /// Incremented when the queue is cleared, so that deliveries in progress at that time are not retried.
    generation: u64,
    pub(crate) stopping: bool,
    /// The open connections to the merchant, which a stop closes.
    connections: Vec<Weak<TcpStream>>,
    changes: u64,
    /// Signaled by everything that may make a delivery due, and by the end of every attempt.
    pub(crate) wake: Arc<Condvar>,
}

/// A webhook to be delivered.
#[derive(Debug)]
pub(super) struct Delivery {
    pub(super) event: Arc<Event>,
    order: u64,
    generation: u64,
    /// The number of the next attempt, from 1.
    pub(super) attempt: u32,
    /// The number of delays of [`RETRY_AFTER_MS`] that were used.
    retries: usize,
    due_ms: i64,
    pub(super) fault: Option<WebhookFault>,
}

/// A recorded attempt. Its body is created only on request.
#[derive(Debug, Clone)]
pub(super) struct Record {
    pub(super) event: Arc<Event>,
    pub(super) attempt: u32,
    pub(super) time_ms: i64,
    pub(super) timestamp_ms: i64,
    pub(super) signature: Box<str>,
    pub(super) http_status: Option<u16>,
    pub(super) code: Option<i64>,
    pub(super) error: Option<Box<str>>,
    pub(super) fault: Option<WebhookFault>,
    pub(super) app_id: Arc<str>,
    pub(super) style: SignStyle,
}

/// One attempt, with the text whose signature was sent.
#[derive(Debug, Serialize)]
pub(crate) struct SignedDelivery {
    #[serde(flatten)]
    pub(crate) record: DeliveryRecord,
    pub(crate) signed_text: String,
    pub(crate) sign_style: SignStyle,
    pub(crate) app_id: String,
}

/// A webhook that waits for its next attempt.
#[derive(Debug, Serialize)]
pub(crate) struct WaitingDelivery {
    pub(crate) id: String,
    pub(crate) action: WebhookAction,
    pub(crate) attempt: u32,
    pub(crate) due_ms: i64,
    pub(crate) fault: Option<WebhookFault>,
    pub(crate) body: String,
}

impl Record {
    fn to_signed(&self) -> SignedDelivery {
        let timestamp = self.timestamp_ms.to_string();
        SignedDelivery {
            record: self.to_public(),
            signed_text: signed_text(&self.app_id, &timestamp, &self.event.fields(), self.style),
            sign_style: self.style,
            app_id: self.app_id.to_string(),
        }
    }

    fn to_public(&self) -> DeliveryRecord {
        let tampered = self.fault == Some(WebhookFault::TamperBody);
        let body = if tampered { self.event.tampered_body() } else { self.event.body() };
        DeliveryRecord {
            id: self.event.id.to_string(),
            action: self.event.action,
            attempt: self.attempt,
            time_ms: self.time_ms,
            timestamp_ms: self.timestamp_ms,
            signature: self.signature.to_string(),
            http_status: self.http_status,
            code: self.code,
            error: self.error.as_deref().map(str::to_owned),
            fault: self.fault,
            body: event::masked(&body),
        }
    }
}

impl Outbox {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            waiting: Vec::new(),
            records: VecDeque::new(),
            faults: Vec::new(),
            // A separate generator: webhooks must not change the numbers that the platform assigns.
            ids: Rng::with_seed(seed ^ 0xCA11_BAC4),
            created: 0,
            latest_attempted: 0,
            in_flight: 0,
            generation: 0,
            stopping: false,
            connections: Vec::new(),
            changes: 0,
            wake: Arc::default(),
        }
    }

    /// Wakes the dispatcher and everything that waits for deliveries.
    pub(crate) fn notify(&self) {
        self.wake.notify_all();
    }

    /// Stops the delivery of webhooks and closes the connections to the merchant.
    pub(crate) fn begin_stop(&mut self) {
        self.stopping = true;
        for connection in self.connections.drain(..).filter_map(|connection| connection.upgrade()) {
            let _ = connection.shutdown(Shutdown::Both);
        }
        self.notify();
    }

    /// Registers a connection to the merchant, so that a stop closes it.
    pub(super) fn connected(&mut self, connection: &Arc<TcpStream>) {
        self.connections.retain(|connection| connection.strong_count() > 0);
        self.connections.push(Arc::downgrade(connection));
        if self.stopping {
            self.begin_stop();
        }
    }

    /// Clears the queue and the planned faults.
    pub(crate) fn clear(&mut self) {
        self.waiting.clear();
        self.faults.clear();
        self.changes += 1;
        self.generation += 1;
        self.notify();
    }

    /// Queues the webhook of a notification.
    pub(crate) fn notify_merchant(&mut self, notification: &Notification, nulls: NullFields, now_ms: i64) {
        let (action, data) = event::from_notification(notification, now_ms);
        let delivery = self.delivery(action, data, nulls, now_ms);
        self.put(delivery);
    }

    /// Creates a delivery without adding it to the queue.
    pub(super) fn delivery(&mut self, action: WebhookAction, data: Json, nulls: NullFields, now_ms: i64) -> Delivery {
        let event = Arc::new(Event::new(numbers::hex(&mut self.ids, 32), action, data, nulls));
        self.first_attempt(event, 1, now_ms)
    }

    fn first_attempt(&mut self, event: Arc<Event>, attempt: u32, now_ms: i64) -> Delivery {
        self.created += 1;
        let at = self.faults.iter().position(|(action, _)| action.is_none_or(|action| action == event.action));
        let fault = at.map(|at| self.faults.remove(at).1);
        let delay_ms = match fault {
            Some(WebhookFault::Delay(delay)) => to_ms(delay),
            _ => 0,
        };
        Delivery {
            event,
            order: self.created,
            generation: self.generation,
            attempt,
            retries: 0,
            due_ms: now_ms.saturating_add(delay_ms),
            fault,
        }
    }

    /// Puts a delivery into the queue.
    pub(super) fn put(&mut self, delivery: Delivery) {
        if !self.stopping {
            self.waiting.push(delivery);
            self.changes += 1;
            self.notify();
        }
    }

    /// Plans a fault for the next webhook of that action; `None` for any action.
    pub(crate) fn plan(&mut self, action: Option<WebhookAction>, fault: WebhookFault) {
        self.faults.push((action, fault));
        self.changes += 1;
    }

    /// Queues a webhook again; `false` if there is none with that id.
    pub(crate) fn redeliver(&mut self, id: &str, now_ms: i64) -> bool {
        if let Some(waiting) = self.waiting.iter_mut().find(|delivery| *delivery.event.id == *id) {
            waiting.due_ms = now_ms;
            self.changes += 1;
            self.notify();
            return true;
        }
        let Some(last) = self.records.iter().rev().find(|record| *record.event.id == *id) else { return false };
        let (event, attempt) = (Arc::clone(&last.event), last.attempt + 1);
        let delivery = self.first_attempt(event, attempt, now_ms);
        self.put(delivery);
        true
    }

    /// The time of the next attempt; in the past if it is already due.
    pub(super) fn next_due_ms(&self) -> Option<i64> {
        self.next().map(|at| self.waiting[at].due_ms)
    }

    fn next(&self) -> Option<usize> {
        let eligible = |delivery: &Delivery| {
            delivery.fault != Some(WebhookFault::Reorder) || self.latest_attempted > delivery.order
        };
        (0..self.waiting.len())
            .filter(|at| eligible(&self.waiting[*at]))
            .min_by_key(|at| (self.waiting[*at].due_ms, self.waiting[*at].order))
    }

    /// Takes the next delivery out of the queue if it is due.
    pub(super) fn take_due(&mut self, now_ms: i64) -> Option<Delivery> {
        let at = self.next().filter(|at| self.waiting[*at].due_ms <= now_ms)?;
        self.in_flight += 1;
        self.changes += 1;
        Some(self.waiting.remove(at))
    }

    /// Ends an attempt that [`Self::take_due`] began. `retry` says whether the webhook is to be sent again.
    pub(super) fn attempted(&mut self, mut delivery: Delivery, retry: bool, now_ms: i64) {
        self.in_flight -= 1;
        self.changes += 1;
        self.latest_attempted = self.latest_attempted.max(delivery.order);
        // `Auth` is not retried: the purchase has been decided.
        let retries = if delivery.event.action == WebhookAction::Auth { &[][..] } else { &RETRY_AFTER_MS };
        let retry = retry && delivery.generation == self.generation;
        if let (true, Some(after_ms)) = (retry, retries.get(delivery.retries)) {
            delivery.retries += 1;
            delivery.attempt += 1;
            delivery.due_ms = now_ms.saturating_add(*after_ms);
            delivery.fault = None;
            self.put(delivery);
        }
        self.notify();
    }

    /// Records an attempt.
    pub(super) fn record(&mut self, record: Record) {
        if self.records.len() >= MAX_RECORDS {
            self.records.pop_front();
        }
        self.changes += 1;
        self.records.push_back(record);
    }

    /// Whether no webhook is due or being sent.
    pub(crate) fn is_settled(&self, now_ms: i64) -> bool {
        self.in_flight == 0 && self.next_due_ms().is_none_or(|due_ms| due_ms > now_ms)
    }

    /// The number of webhooks that wait for an attempt or are being sent.
    pub(crate) fn waiting(&self) -> usize {
        self.waiting.len() + self.in_flight
    }

    /// The number of recorded attempts that the merchant did not accept.
    pub(crate) fn failed(&self) -> usize {
        self.records.iter().filter(|record| record.error.is_some()).count()
    }

    /// The number of recorded attempts.
    pub(crate) fn attempts(&self) -> usize {
        self.records.len()
    }

    /// The last recorded attempts, newest first.
    pub(crate) fn newest(&self, limit: usize) -> Vec<DeliveryRecord> {
        self.records.iter().rev().take(limit).map(Record::to_public).collect()
    }

    /// The attempts of one webhook, oldest first.
    pub(crate) fn attempts_of(&self, id: &str) -> Vec<SignedDelivery> {
        self.records.iter().filter(|record| *record.event.id == *id).map(Record::to_signed).collect()
    }

    /// The webhooks that wait for an attempt, in the order of their queue.
    pub(crate) fn queue(&self) -> Vec<WaitingDelivery> {
        let waiting = self.waiting.iter().map(|delivery| WaitingDelivery {
            id: delivery.event.id.to_string(),
            action: delivery.event.action,
            attempt: delivery.attempt,
            due_ms: delivery.due_ms,
            fault: delivery.fault,
            body: event::masked(&delivery.event.body()),
        });
        waiting.collect()
    }

    /// The faults planned for webhooks.
    pub(crate) fn planned_faults(&self) -> &[(Option<WebhookAction>, WebhookFault)] {
        &self.faults
    }

    /// A number that grows with every change.
    pub(crate) fn changes(&self) -> u64 {
        self.changes
    }

    /// All recorded attempts, oldest first.
    pub(crate) fn records(&self) -> Vec<DeliveryRecord> {
        self.records.iter().map(Record::to_public).collect()
    }
}
