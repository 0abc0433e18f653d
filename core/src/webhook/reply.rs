//! Replies to webhooks, and the responder that decides on purchases in time.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::{Duration, Instant};

use super::handover::Handover;
use super::purchase::{Asked, Purchase, REPLIED_FIRST, REQUESTED_BEFORE, Shared, approves, asked_before};
use super::subject::Subject;
use super::{AuthEvent, Event, VerifiedWebhook, WebhookVerifier};
use crate::error::Error;
use crate::store::{MemoryReplayStore, OnStoreFailure, ReplayStore, StoreUnavailable};

/// Default budget of a decision.
pub(super) const BUDGET: Duration = Duration::from_millis(600);

/// Returns the reply body that accepts a webhook or approves a purchase: `{"code":0,"message":""}`.
///
/// Send it unchanged, with HTTP status 200.
pub fn reply_accept() -> String {
    r#"{"code":0,"message":""}"#.to_owned()
}

/// Returns the reply body that declines a purchase, with a message for the platform.
///
/// # Errors
///
/// Kind [`InvalidInput`](crate::ErrorKind::InvalidInput) if the message is empty: the platform requires one.
pub fn reply_decline(message: &str) -> Result<String, Error> {
    if message.trim().is_empty() {
        return Err(Error::invalid_input("message", "is required when a webhook is declined"));
    }
    Ok(decline(message))
}

/// Returns the reply body for a webhook that was handled before ([`Rejection::Replayed`](crate::Rejection::Replayed)).
///
/// A purchase is declined, because its first reply is not known here; every other webhook is accepted again.
/// [`WebhookVerifier::reply_duplicate`] repeats the first reply to a purchase.
pub fn reply_duplicate(body: &[u8]) -> String {
    match WebhookVerifier::parse_unverified(body) {
        Ok(event) if !event.is_purchase() => reply_accept(),
        _ => decline("this purchase was requested before"),
    }
}

pub(super) fn decline(message: &str) -> String {
    let message = serde_json::Value::from(message);
    format!(r#"{{"code":1,"message":{message}}}"#)
}

/// Decision of the merchant on a purchase.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Decision {
    /// Approves the purchase.
    Approve,
    /// Declines the purchase. The text is sent to the platform; an empty one becomes `declined`.
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

/// Reason for which there is no decision on a purchase, so that the default applies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum NoDecision {
    /// The decision was not made in time.
    Late,
    /// The decision function failed.
    Failed,
    /// The decision function returned something that is no decision.
    Invalid,
    /// There is no decision function.
    Undefined,
    /// The purchase has a form that this version does not know.
    UnknownForm,
}

impl NoDecision {
    /// The reason in the log.
    fn reason(self) -> &'static str {
        match self {
            Self::Late => "there is no decision in time",
            Self::Failed => "the decision failed",
            Self::Invalid => "the decision function returned no decision",
            Self::Undefined => "there is no decision function",
            Self::UnknownForm => "it has an unknown form",
        }
    }

    /// The message of a decline by default.
    fn message(self) -> &'static str {
        match self {
            Self::Late => "no decision in time",
            Self::Undefined => "purchases are not accepted",
            Self::Failed | Self::Invalid | Self::UnknownForm => "no decision could be made",
        }
    }
}

type Decide = dyn Fn(&AuthEvent) -> Result<Decision, NoDecision> + Send + Sync;

/// Decides on purchases (`Auth` webhooks) and replies within the platform's time limit.
///
/// # Time
///
/// The platform waits 800 ms after sending. The budget starts with the verification of the webhook; its default of 600 ms leaves
/// 200 ms for the network. A decision that exceeds it, or panics, is replaced by the default decision
/// ([`otherwise`](Self::otherwise)); it is not stopped, and its late result is dropped. A reply later than 800 ms after the
/// webhook arrived is always a decline: the platform does not document how it handles a late reply.
///
/// A purchase that waited before it arrived, in a proxy or in the queue of a server, is recognised by its signed timestamp: when
/// the clock of the verifier is the platform's ([`Clock::follows_platform`](crate::Clock::follows_platform), so it is for a
/// verifier made by a client), and the purchase was signed more than 1.8 s ago by it, it is declined without a decision: 800 ms,
/// and 1 s for clocks that differ. The learned clock may be up to 1 s behind, so the true limit is between 1.8 and 2.8 s. With the
/// machine's clock, which may be wrong, a warning names both possible causes.
///
/// # Once
///
/// The platform may request a purchase again under a new signature, which no replay guard recognises. So a purchase is decided
/// once by its `consume_no`, and the first reply is repeated for 24 hours. A purchase with the `consume_no` of another purchase
/// is declined. Decisions are shared by all workers that share the store of the verifier's
/// [`replay_guard`](WebhookVerifier::replay_guard), otherwise by this responder and its clones. A worker that waits for the
/// decision of another one declines when its own budget ends, and this reply then counts for both; a worker that is killed while
/// it decides therefore leaves a decline. If the store is unavailable, the purchase is declined, or decided by this responder
/// alone with [`OnStoreFailure::Accept`].
///
/// # Log
///
/// Each reply is logged with target `keysecure`, the `consume_no` and the milliseconds since the webhook arrived: an approval at
/// info level; a decline, and an approval by default, as a warning with the reason. So are late decisions and store failures.
/// The records have key-value fields: `action`, `consume_no`, `duration_ms`, `reason`.
///
/// # Examples
///
/// ```
/// # use std::time::SystemTime;
/// use keysecure::{Decision, Responder, WebhookVerifier, reply_accept};
///
/// # let verifier = WebhookVerifier::new("my-api-key", ["my-api-secret"])?;
/// # let body = br#"{"id":"1","action":"Auth","data":{"consume_no":"77","card_no":"42","amount":12.5}}"#;
/// # let headers = verifier.sign_for_tests(SystemTime::now(), body)?;
/// let responder = Responder::new(|purchase| {
///     if purchase.amount < 100.into() { Decision::Approve } else { Decision::Decline("over the limit".into()) }
/// });
///
/// let webhook = verifier.verify(headers, body)?;
/// assert_eq!(responder.respond(&webhook), reply_accept());
/// # Ok::<(), keysecure::Error>(())
/// ```
#[derive(Clone)]
pub struct Responder {
    decide: Arc<Decide>,
    /// Default: to decline with the reason.
    otherwise: Option<Decision>,
    budget: Duration,
    store: Option<Shared>,
    /// Decisions without a shared store.
    memory: Arc<MemoryReplayStore>,
}

impl Responder {
    /// Creates a responder. `decide` is called on a separate thread. The default decision is to decline.
    pub fn new(decide: impl Fn(&AuthEvent) -> Decision + Send + Sync + 'static) -> Self {
        Self::fallible(move |purchase| Ok(decide(purchase)))
    }

    /// Creates a responder whose decision function may fail. The default decision then applies, as when it panics.
    pub fn fallible(decide: impl Fn(&AuthEvent) -> Result<Decision, NoDecision> + Send + Sync + 'static) -> Self {
        Self { decide: Arc::new(decide), otherwise: None, budget: BUDGET, store: None, memory: Arc::default() }
    }

    /// Returns a responder with another decision function and the same settings. Both share the decided purchases.
    #[must_use]
    pub fn decide(self, decide: impl Fn(&AuthEvent) -> Decision + Send + Sync + 'static) -> Self {
        self.try_decide(move |purchase| Ok(decide(purchase)))
    }

    /// Returns a responder with another decision function, which may fail, and the same settings.
    #[must_use]
    pub fn try_decide(
        self,
        decide: impl Fn(&AuthEvent) -> Result<Decision, NoDecision> + Send + Sync + 'static,
    ) -> Self {
        Self { decide: Arc::new(decide), ..self }
    }

    /// Sets the default decision: when the decision is late, fails or panics, while the platform still waits. Default: decline,
    /// with the reason as message.
    #[must_use]
    pub fn otherwise(self, otherwise: Decision) -> Self {
        Self { otherwise: Some(otherwise), ..self }
    }

    /// Sets the time limit of a decision. Default: 600 ms; maximum: 800 ms.
    #[must_use]
    pub fn budget(self, budget: Duration) -> Self {
        Self { budget: budget.min(super::REPLY_DEADLINE), ..self }
    }

    /// Keeps decisions in this store instead of the verifier's. [`WebhookVerifier::reply_duplicate`] does not read it.
    #[must_use]
    pub fn store(self, store: Arc<dyn ReplayStore>, on_store_failure: OnStoreFailure) -> Self {
        Self { store: Some(Shared { store, on_store_failure }), ..self }
    }

    /// Returns the reply body for a webhook.
    ///
    /// A purchase is decided. Every other event is accepted at once; a purchase of an unknown form gets the default decision.
    /// The call blocks at most until the time limit of the platform.
    pub fn respond(&self, received: &VerifiedWebhook) -> String {
        if received.event.is_purchase() && received.arrived_too_late() {
            // Not kept: if the platform asks again, in time, that is decided.
            return late();
        }
        let data = match &received.event {
            Event::Auth { data } => data,
            event if event.is_purchase() => {
                let is_late = Instant::now() > received.reply_before();
                let reply = if is_late { late() } else { self.default_reply(NoDecision::UnknownForm).reply() };
                Subject::verified(received).log_reply(&reply, Some(NoDecision::UnknownForm.reason()));
                return reply;
            }
            _ => return reply_accept(),
        };
        let case = Case {
            purchase: Purchase::new(&received.origin.app_id, data, received.received_at),
            responder: self.clone(),
            data: data.clone(),
            store_time: received.origin.store_time,
            is_deciding: Arc::default(),
            decide_before: received.received_at + self.budget,
            reply_before: received.reply_before(),
        };
        let reply = match self.store.as_ref().or(received.origin.shared.as_ref()) {
            Some(shared) => case.decide_with_store(shared.clone()),
            None => case.once(&*self.memory, OnStoreFailure::Accept, |_| true).unwrap_or_else(|_| undecided()),
        };
        let is_too_late = case.is_late() && approves(&reply);
        let reply = if is_too_late { late() } else { reply };
        if reply == late() {
            case.purchase.explain("the decision is too late");
        }
        case.purchase.log_reply(&reply);
        reply
    }

    /// The default decision.
    fn default_reply(&self, why: NoDecision) -> Decision {
        self.otherwise.clone().unwrap_or_else(|| Decision::Decline(why.message().to_owned()))
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

const STORE_UNAVAILABLE: &str = "the replay store cannot be reached";
const STORE_TOO_SLOW: &str = "the replay store took too long";
const NO_THREAD: &str = "no thread could be made for a decision";

fn undecided() -> String {
    decline("no decision can be kept")
}

pub(super) fn late() -> String {
    decline("the decision is too late")
}

/// A purchase that waits for its reply.
#[derive(Clone)]
struct Case {
    purchase: Purchase,
    responder: Responder,
    data: AuthEvent,
    /// Time that the replay store took in the verification.
    store_time: Duration,
    /// Whether the merchant's decision is awaited.
    is_deciding: Arc<AtomicBool>,
    decide_before: Instant,
    reply_before: Instant,
}

impl Case {
    fn is_late(&self) -> bool {
        Instant::now() > self.reply_before
    }

    /// Keeps why the budget is over although no decision is awaited. `store_time` is the time that the replay store took.
    fn explain_lateness(&self, store_time: Duration) {
        if !store_time.is_zero() && store_time >= self.responder.budget / 2 {
            self.purchase.explain(STORE_TOO_SLOW);
        } else {
            self.purchase.explain(NoDecision::Late.reason());
        }
    }

    /// Decides on a separate thread, so that a slow store cannot delay the reply beyond its deadline.
    fn decide_with_store(&self, shared: Shared) -> String {
        let handover = Handover::new();
        let (case, giver, begun_at) = (self.clone(), handover.clone(), Instant::now());
        // Half of the time between budget and deadline is for the store, the other half for the network.
        let until = self.decide_before + self.reply_before.saturating_duration_since(self.decide_before) / 2;
        let work = move || case.run(&shared, &giver);
        let begun = std::thread::Builder::new().name("keysecure-purchase".to_owned()).spawn(work);
        if begun.is_ok()
            && let Some(reply) = handover.take(until)
        {
            return reply;
        }
        if begun.is_err() {
            self.purchase.explain(NO_THREAD);
        } else if self.is_deciding.load(Ordering::Acquire) {
            self.purchase.explain(NoDecision::Late.reason());
        } else {
            self.explain_lateness(self.store_time + begun_at.elapsed());
        }
        if self.is_late() { late() } else { decline("no decision in time") }
    }

    /// Decides with a store and passes the reply on.
    fn run(&self, shared: &Shared, giver: &Handover<String>) {
        let memory = &*self.responder.memory;
        let give = |reply: &str| giver.give(reply.to_owned());
        // A decision of this process alone, from a time when the store was unavailable.
        if let Some(first) = self.purchase.decided_alone(memory) {
            self.purchase.explain(REQUESTED_BEFORE);
            give(&first);
        } else if self.once(&*shared.store, shared.on_store_failure, give).is_err() {
            self.purchase.warn(STORE_UNAVAILABLE);
            match shared.on_store_failure {
                OnStoreFailure::Reject => {
                    self.purchase.explain(STORE_UNAVAILABLE);
                    give(&undecided())
                }
                OnStoreFailure::Accept => self.once(memory, OnStoreFailure::Accept, give).is_ok(),
            };
        }
    }

    /// Decides, or repeats the first reply. `give` passes the reply on and returns whether it was in time. After an error
    /// nothing was decided or passed on.
    fn once(
        &self,
        store: &dyn ReplayStore,
        on_store_failure: OnStoreFailure,
        give: impl FnOnce(&str) -> bool,
    ) -> Result<String, StoreUnavailable> {
        let begun = Instant::now();
        let asked = self.purchase.ask(store)?;
        let store_time = self.store_time + begun.elapsed();
        let reply = if asked == Asked::Otherwise {
            self.purchase.explain("it has the number of another purchase");
            let refusal = asked_before();
            give(&refusal);
            return Ok(refusal);
        } else if asked == Asked::First {
            self.decision(store_time).reply()
        } else if let Some(first) = self.purchase.wait_for_reply(store, self.decide_before) {
            self.purchase.explain(REQUESTED_BEFORE);
            give(&first);
            return Ok(first);
        } else {
            self.purchase.explain("another worker made no decision in time");
            decline("no decision in time")
        };
        let reply = if self.is_late() { late() } else { reply };
        let first = self.purchase.keep(store, &reply).unwrap_or_else(|StoreUnavailable| {
            self.purchase.warn(STORE_UNAVAILABLE);
            match on_store_failure {
                OnStoreFailure::Reject => {
                    self.purchase.explain(STORE_UNAVAILABLE);
                    undecided()
                }
                // Kept in memory, so that it is not decided again when the store is available again.
                OnStoreFailure::Accept => self.purchase.keep_alone(&*self.responder.memory, &reply).unwrap_or_default(),
            }
        });
        if first != reply {
            self.purchase.explain(REPLIED_FIRST);
        }
        let left = give(&first) && !self.is_late();
        if !left && approves(&reply) && first == reply {
            self.purchase.withdraw(store, &late());
            return Ok(late());
        }
        Ok(first)
    }

    /// The merchant's decision, or the default. `store_time` is the time that the replay store took before it.
    fn decision(&self, store_time: Duration) -> Decision {
        let left = self.decide_before.saturating_duration_since(Instant::now());
        if left.is_zero() {
            self.explain_lateness(store_time);
        }
        self.is_deciding.store(true, Ordering::Release);
        let decided = self.decide(left);
        self.is_deciding.store(false, Ordering::Release);
        decided.unwrap_or_else(|why| {
            self.purchase.explain(why.reason());
            self.responder.default_reply(why)
        })
    }

    /// The merchant's decision, made on a separate thread within the time that is `left`.
    fn decide(&self, left: Duration) -> Result<Decision, NoDecision> {
        if left.is_zero() {
            return Err(NoDecision::Late);
        }
        let (sender, decided) = mpsc::sync_channel(1);
        let (decide, data, purchase) = (Arc::clone(&self.responder.decide), self.data.clone(), self.purchase.clone());
        let spawned = std::thread::Builder::new().name("keysecure-decision".to_owned()).spawn(move || {
            if sender.send(decide(&data)).is_err() {
                purchase.warn("a decision came too late and is dropped");
            }
        });
        if spawned.is_err() {
            self.purchase.explain(NO_THREAD);
            return Err(NoDecision::Failed);
        }
        match decided.recv_timeout(left) {
            Ok(decision) => decision,
            Err(RecvTimeoutError::Timeout) => Err(NoDecision::Late),
            // It panicked.
            Err(RecvTimeoutError::Disconnected) => Err(NoDecision::Failed),
        }
    }
}
