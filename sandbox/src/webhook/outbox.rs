//! Callbacks that wait, and the record of those that were sent. Everything here is under the sandbox's one mutex.

use std::collections::VecDeque;
use std::net::{Shutdown, TcpStream};
use std::sync::{Arc, Condvar, Weak};

use super::event::{self, Event};
use super::json::Json;
use super::{CallbackFault, CallbackNulls, DeliveryRecord};
use crate::clock::to_ms;
use crate::random::Random;
use crate::state::{CallbackAction, Notice};

/// When a failed attempt is made again, in virtual milliseconds after it. After the last one the platform gives up.
///
/// **Inferred.** The platform does not say.
const RETRY_AFTER_MS: [i64; 5] = [10_000, 30_000, 120_000, 600_000, 3_600_000];
/// So many attempts are kept on record; the oldest go first.
const MOST_RECORDS: usize = 100_000;

#[derive(Debug)]
pub(crate) struct Outbox {
    waiting: Vec<Delivery>,
    /// Attempts, oldest first.
    records: VecDeque<Record>,
    faults: Vec<(Option<CallbackAction>, CallbackFault)>,
    ids: Random,
    /// How many deliveries were ever put in.
    arrived: u64,
    /// The latest delivery that was attempted.
    latest_attempted: u64,
    in_flight: usize,
    /// Goes up when all that waits is forgotten, so that what is on its way then is not sent again.
    era: u64,
    pub(super) stopping: bool,
    /// The connections to the merchant, to be cut by a stop.
    lines: Vec<Weak<TcpStream>>,
    /// Signalled by everything that may make a callback due, and by the end of every attempt.
    pub(super) wake: Arc<Condvar>,
}

/// A callback on its way.
#[derive(Debug)]
pub(super) struct Delivery {
    pub(super) event: Arc<Event>,
    order: u64,
    era: u64,
    /// The number of the next attempt, from 1.
    pub(super) attempt: u32,
    /// How many retries of [`RETRY_AFTER_MS`] are used.
    retries: usize,
    due_ms: i64,
    pub(super) fault: Option<CallbackFault>,
}

/// An attempt. Its text is worked out only when somebody asks.
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
    pub(super) fault: Option<CallbackFault>,
}

impl Record {
    fn shown(&self) -> DeliveryRecord {
        let tampered = self.fault == Some(CallbackFault::TamperBody);
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
            // Ids must not change the numbers that the platform gives out.
            ids: Random::new(seed ^ 0xCA11_BAC4),
            arrived: 0,
            latest_attempted: 0,
            in_flight: 0,
            era: 0,
            stopping: false,
            lines: Vec::new(),
            wake: Arc::default(),
        }
    }

    /// Something has changed that callbacks may wait for.
    pub(crate) fn notify(&self) {
        self.wake.notify_all();
    }

    /// Ends all waiting.
    pub(crate) fn begin_stop(&mut self) {
        self.stopping = true;
        for line in self.lines.drain(..).filter_map(|line| line.upgrade()) {
            let _ = line.shutdown(Shutdown::Both);
        }
        self.notify();
    }

    /// There is a connection to the merchant.
    pub(super) fn connected(&mut self, line: &Arc<TcpStream>) {
        self.lines.retain(|line| line.strong_count() > 0);
        self.lines.push(Arc::downgrade(line));
        if self.stopping {
            self.begin_stop();
        }
    }

    pub(crate) fn forget_waiting(&mut self) {
        self.waiting.clear();
        self.faults.clear();
        self.era += 1;
        self.notify();
    }

    /// A change of the state is to be told.
    pub(crate) fn tell(&mut self, notice: &Notice, nulls: CallbackNulls, now_ms: i64) {
        let (action, data) = event::of_notice(notice, now_ms);
        let delivery = self.delivery(action, data, nulls, now_ms);
        self.put(delivery);
    }

    pub(super) fn delivery(
        &mut self,
        action: CallbackAction,
        data: Json,
        nulls: CallbackNulls,
        now_ms: i64,
    ) -> Delivery {
        let event = Arc::new(Event::new(self.ids.hex(32), action, data, nulls));
        self.first_attempt(event, 1, now_ms)
    }

    fn first_attempt(&mut self, event: Arc<Event>, attempt: u32, now_ms: i64) -> Delivery {
        self.arrived += 1;
        let at = self.faults.iter().position(|(action, _)| action.is_none_or(|action| action == event.action));
        let fault = at.map(|at| self.faults.remove(at).1);
        let delay_ms = match fault {
            Some(CallbackFault::Delay(delay)) => to_ms(delay),
            _ => 0,
        };
        Delivery {
            event,
            order: self.arrived,
            era: self.era,
            attempt,
            retries: 0,
            due_ms: now_ms.saturating_add(delay_ms),
            fault,
        }
    }

    pub(super) fn put(&mut self, delivery: Delivery) {
        if !self.stopping {
            self.waiting.push(delivery);
            self.notify();
        }
    }

    /// Plans a fault.
    pub(super) fn plan(&mut self, action: Option<CallbackAction>, fault: CallbackFault) {
        self.faults.push((action, fault));
    }

    /// Sends a callback again; `false` if there is none of that id.
    pub(super) fn redeliver(&mut self, id: &str, now_ms: i64) -> bool {
        if let Some(waiting) = self.waiting.iter_mut().find(|delivery| *delivery.event.id == *id) {
            waiting.due_ms = now_ms;
            self.notify();
            return true;
        }
        let Some(last) = self.records.iter().rev().find(|record| *record.event.id == *id) else { return false };
        let (event, attempt) = (Arc::clone(&last.event), last.attempt + 1);
        let delivery = self.first_attempt(event, attempt, now_ms);
        self.put(delivery);
        true
    }

    /// When the next attempt is due; in the past if it is due already.
    pub(super) fn next_due_ms(&self) -> Option<i64> {
        self.next().map(|at| self.waiting[at].due_ms)
    }

    fn next(&self) -> Option<usize> {
        let eligible = |delivery: &Delivery| {
            delivery.fault != Some(CallbackFault::Reorder) || self.latest_attempted > delivery.order
        };
        (0..self.waiting.len())
            .filter(|at| eligible(&self.waiting[*at]))
            .min_by_key(|at| (self.waiting[*at].due_ms, self.waiting[*at].order))
    }

    /// Hands out the next delivery if it is due.
    pub(super) fn take_due(&mut self, now_ms: i64) -> Option<Delivery> {
        let at = self.next().filter(|at| self.waiting[*at].due_ms <= now_ms)?;
        self.in_flight += 1;
        Some(self.waiting.remove(at))
    }

    /// The end of an attempt that [`Self::take_due`] began. `again` says whether the merchant must be asked again.
    pub(super) fn attempted(&mut self, mut delivery: Delivery, again: bool, now_ms: i64) {
        self.in_flight -= 1;
        self.latest_attempted = self.latest_attempted.max(delivery.order);
        // A question is not asked twice: the purchase is decided.
        let retries = if delivery.event.action == CallbackAction::Auth { &[][..] } else { &RETRY_AFTER_MS };
        let again = again && delivery.era == self.era;
        if let (true, Some(after_ms)) = (again, retries.get(delivery.retries)) {
            delivery.retries += 1;
            delivery.attempt += 1;
            delivery.due_ms = now_ms.saturating_add(*after_ms);
            delivery.fault = None;
            self.put(delivery);
        }
        self.notify();
    }

    pub(super) fn record(&mut self, record: Record) {
        if self.records.len() >= MOST_RECORDS {
            self.records.pop_front();
        }
        self.records.push_back(record);
    }

    pub(super) fn is_settled(&self, now_ms: i64) -> bool {
        self.in_flight == 0 && self.next_due_ms().is_none_or(|due_ms| due_ms > now_ms)
    }

    pub(super) fn waiting(&self) -> usize {
        self.waiting.len() + self.in_flight
    }

    pub(super) fn records(&self) -> Vec<DeliveryRecord> {
        self.records.iter().map(Record::shown).collect()
    }
}
