//! The replies to webhooks, and giving them in time.

use std::fmt;
use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::{Duration, Instant};

use super::handover::Handover;
use super::purchase::{Asked, Purchase, Shared, approves, asked_before, warn};
use super::{AuthEvent, Event, VerifiedWebhook, WebhookVerifier};
use crate::error::Error;
use crate::store::{MemoryReplayStore, OnStoreFailure, ReplayStore, StoreUnavailable};

/// The default budget.
pub(super) const BUDGET: Duration = Duration::from_millis(600);

/// The exact body to answer a callback with: `{"code":0,"message":""}`.
pub fn reply_accept() -> String {
    r#"{"code":0,"message":""}"#.to_owned()
}

/// The exact body to decline with; the platform requires a message.
pub fn reply_decline(message: &str) -> Result<String, Error> {
    if message.trim().is_empty() {
        return Err(Error::invalid_input("message", "is required when a callback is declined"));
    }
    Ok(decline(message))
}

/// The exact body to answer a callback with that was handled before ([`Rejection::Replayed`](crate::Rejection::Replayed)):
/// it is accepted again. A purchase is declined, because nobody may decide on it twice, and least of all with yes;
/// [`WebhookVerifier::reply_duplicate`] repeats the first reply instead.
pub fn reply_duplicate(body: &[u8]) -> String {
    match WebhookVerifier::parse_unverified(body) {
        Ok(event) if !event.is_purchase() => reply_accept(),
        _ => decline("this purchase was asked for before"),
    }
}

pub(super) fn decline(message: &str) -> String {
    let message = serde_json::Value::from(message);
    format!(r#"{{"code":1,"message":{message}}}"#)
}

/// What a merchant decides on a purchase.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Decision {
    /// The purchase may be made.
    Approve,
    /// It may not; the text is sent to the platform and must not be empty.
    Decline(String),
}

impl Decision {
    fn reply(&self) -> String {
        match self {
            Self::Approve => reply_accept(),
            Self::Decline(message) if message.trim().is_empty() => decline("declined"),
            Self::Decline(message) => decline(message),
        }
    }
}

/// Runs the merchant's decision on purchases and answers in time, whatever the decision does.
///
/// # Time
///
/// The platform waits 800 ms from its sending. The budget counts from the moment the callback was verified; the default
/// of 600 ms leaves 200 ms for the way here and back. A decision that takes longer, or panics, is answered with the
/// default ([`otherwise`](Self::otherwise)); it is not stopped, its late result is dropped. A reply that leaves more than
/// 800 ms after the webhook arrived is a refusal, whatever was decided: what the platform does with it is not documented.
///
/// # Once
///
/// A purchase may be asked for again under a new signature, which no replay guard knows. So it is decided once by its
/// `consume_no` (one that has the number of another purchase is refused), and the first reply is repeated for 24 hours: among all workers that share the store of the verifier's
/// [`replay_guard`](WebhookVerifier::replay_guard), and else in this responder and its clones. A worker that waits for
/// the decision of another one declines when its own budget is over, and that is the reply then for both; so a worker
/// that is killed while it decides leaves a refusal behind. When the store cannot be reached, the purchase is declined, or
/// with [`OnStoreFailure::Accept`] decided by this responder alone.
///
/// # Log
///
/// Each refusal, late or missing decision, panic and failure of the store is logged as a warning of target `keysecure`,
/// with the `consume_no` and the milliseconds since the webhook arrived.
#[derive(Clone)]
pub struct Responder {
    decide: Arc<dyn Fn(&AuthEvent) -> Decision + Send + Sync>,
    otherwise: Decision,
    budget: Duration,
    store: Option<Shared>,
    /// For purchases that no store keeps.
    memory: Arc<MemoryReplayStore>,
}

impl Responder {
    /// The default answer when time runs out is to decline.
    pub fn new(decide: impl Fn(&AuthEvent) -> Decision + Send + Sync + 'static) -> Self {
        Self {
            decide: Arc::new(decide),
            otherwise: Decision::Decline("no decision in time".to_owned()),
            budget: BUDGET,
            store: None,
            memory: Arc::default(),
        }
    }

    /// The same rule for another decision. Both know which purchases were decided.
    #[must_use]
    pub fn decide(self, decide: impl Fn(&AuthEvent) -> Decision + Send + Sync + 'static) -> Self {
        Self { decide: Arc::new(decide), ..self }
    }

    /// The answer when the decision is late or panics, as long as the platform still waits for it.
    #[must_use]
    pub fn otherwise(self, otherwise: Decision) -> Self {
        Self { otherwise, ..self }
    }

    /// How long a decision may take, at most 800 ms.
    #[must_use]
    pub fn budget(self, budget: Duration) -> Self {
        Self { budget: budget.min(super::REPLY_DEADLINE), ..self }
    }

    /// Keeps decisions in this store instead of the verifier's. [`WebhookVerifier::reply_duplicate`] does not look there.
    #[must_use]
    pub fn store(self, store: Arc<dyn ReplayStore>, when_unavailable: OnStoreFailure) -> Self {
        Self { store: Some(Shared { store, when_unavailable }), ..self }
    }

    /// The body to answer with. Anything but a purchase is accepted at once; a purchase of a form that this version does not
    /// know gets the default.
    pub fn respond(&self, received: &VerifiedWebhook) -> String {
        let data = match &received.event {
            Event::Auth { data } => data,
            event if event.is_purchase() => {
                warn("a purchase of an unknown form gets the default reply", None, received.received_at);
                let is_late = Instant::now() > received.answer_before();
                return if is_late { late() } else { self.otherwise.reply() };
            }
            _ => return reply_accept(),
        };
        let case = Case {
            purchase: Purchase::new(&received.origin.app_id, data, received.received_at),
            responder: self.clone(),
            data: data.clone(),
            decide_before: received.received_at + self.budget,
            answer_before: received.answer_before(),
        };
        let reply = match self.store.as_ref().or(received.origin.shared.as_ref()) {
            Some(shared) => case.clone().over_store(shared.clone()),
            None => case.once(&*self.memory, OnStoreFailure::Accept, |_| true).unwrap_or_else(|_| undecided()),
        };
        if case.is_late() && approves(&reply) {
            case.purchase.warn("an approval is too late and is declined");
            return late();
        }
        if !approves(&reply) {
            case.purchase.warn("a purchase is declined");
        }
        reply
    }
}

impl fmt::Debug for Responder {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Responder")
            .field("otherwise", &self.otherwise)
            .field("budget", &self.budget)
            .field("store", &self.store.is_some())
            .finish_non_exhaustive()
    }
}

const OUT_OF_REACH: &str = "the replay store cannot be reached";

fn undecided() -> String {
    decline("no decision can be kept")
}

fn late() -> String {
    decline("the decision is too late")
}

/// A purchase that waits for its reply.
#[derive(Clone)]
struct Case {
    purchase: Purchase,
    responder: Responder,
    data: AuthEvent,
    decide_before: Instant,
    answer_before: Instant,
}

impl Case {
    fn is_late(&self) -> bool {
        Instant::now() > self.answer_before
    }

    /// Decides over a store that may be slow: on a thread of its own, so that a refusal leaves in time all the same.
    fn over_store(self, shared: Shared) -> String {
        let handover = Handover::new();
        let (purchase, giver, answer_before) = (self.purchase.clone(), handover.clone(), self.answer_before);
        // Half of what is left after the budget is for the store, the other half for the way back.
        let until = self.decide_before + self.answer_before.saturating_duration_since(self.decide_before) / 2;
        let work = move || self.through(&shared, &giver);
        let begun = std::thread::Builder::new().name("keysecure-purchase".to_owned()).spawn(work);
        if begun.is_ok()
            && let Some(reply) = handover.take(until)
        {
            return reply;
        }
        purchase.warn("there is no reply in time");
        if Instant::now() > answer_before { late() } else { decline("no decision in time") }
    }

    /// The whole protocol over a store, to the handing over of the reply.
    fn through(&self, shared: &Shared, giver: &Handover<String>) {
        let memory = &*self.responder.memory;
        let give = |reply: &str| giver.give(reply.to_owned());
        // What was decided alone while the store was out of reach.
        if let Some(first) = self.purchase.decided_alone(memory) {
            give(&first);
        } else if self.once(&*shared.store, shared.when_unavailable, give).is_err() {
            self.purchase.warn(OUT_OF_REACH);
            match shared.when_unavailable {
                OnStoreFailure::Reject => give(&undecided()),
                OnStoreFailure::Accept => self.once(memory, OnStoreFailure::Accept, give).is_ok(),
            };
        }
    }

    /// Decides, or repeats the first reply. `give` hands it over and says whether it was taken. An error means that
    /// nothing was decided or handed over.
    fn once(
        &self,
        store: &dyn ReplayStore,
        when_unavailable: OnStoreFailure,
        give: impl FnOnce(&str) -> bool,
    ) -> Result<String, StoreUnavailable> {
        let asked = self.purchase.ask(store)?;
        let reply = if asked == Asked::Otherwise {
            self.purchase.warn("a purchase has the number of another one");
            let refusal = asked_before();
            give(&refusal);
            return Ok(refusal);
        } else if asked == Asked::First {
            self.decision().reply()
        } else if let Some(first) = self.purchase.wait_for_reply(store, self.decide_before) {
            give(&first);
            return Ok(first);
        } else {
            self.purchase.warn("another worker gave no decision in time");
            decline("no decision in time")
        };
        let reply = if self.is_late() { late() } else { reply };
        let first = self.purchase.keep(store, &reply).unwrap_or_else(|StoreUnavailable| {
            self.purchase.warn(OUT_OF_REACH);
            match when_unavailable {
                OnStoreFailure::Reject => undecided(),
                // It is not decided again when the store is back.
                OnStoreFailure::Accept => self.purchase.keep_alone(&*self.responder.memory, &reply).unwrap_or_default(),
            }
        });
        let left = give(&first) && !self.is_late();
        if !left && approves(&reply) && first == reply {
            self.purchase.withdraw(store, &late());
            return Ok(late());
        }
        Ok(first)
    }

    /// The merchant's decision, or the default.
    fn decision(&self) -> Decision {
        let left = self.decide_before.saturating_duration_since(Instant::now());
        if left.is_zero() {
            self.purchase.warn("there is no time left for a decision");
            return self.responder.otherwise.clone();
        }
        let (sender, decided) = mpsc::sync_channel(1);
        let (decide, data, purchase) = (Arc::clone(&self.responder.decide), self.data.clone(), self.purchase.clone());
        let spawned = std::thread::Builder::new().name("keysecure-decision".to_owned()).spawn(move || {
            if sender.send(decide(&data)).is_err() {
                purchase.warn("a decision came too late and is dropped");
            }
        });
        if spawned.is_err() {
            self.purchase.warn("no thread could be made for a decision");
            return self.responder.otherwise.clone();
        }
        match decided.recv_timeout(left) {
            Ok(decision) => decision,
            Err(RecvTimeoutError::Timeout) => {
                self.purchase.warn("there is no decision in time");
                self.responder.otherwise.clone()
            }
            Err(RecvTimeoutError::Disconnected) => {
                self.purchase.warn("a decision panicked");
                self.responder.otherwise.clone()
            }
        }
    }
}
