//! Webhooks: verification, types, replies.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use keysecure::{AuthEvent, CanonicalForm, Clock, Event, FfiError, OnStoreFailure, SystemClock, masked};

use crate::clock::{OwnClock, TimeSource};
use crate::convert::{ForeignFailure, Result, count};
use crate::http::Header;
use crate::stores::Store;
use crate::warnings;

/// Settings of a webhook verifier. All are optional.
#[derive(Clone, uniffi::Record)]
pub struct WebhookOptions {
    /// How far the timestamp may differ from the clock of this machine, in either direction. Default: 300 s.
    #[uniffi(default = None)]
    pub tolerance: Option<Duration>,
    /// Accepts webhooks of any age. Use it for stored webhooks only: it allows replays.
    #[uniffi(default = false)]
    pub ignore_timestamp: bool,
    /// Rejects a webhook that was accepted before, and holds the decisions of a `Responder`. Default: none, replays
    /// are accepted.
    #[uniffi(default = None)]
    pub store: Option<Arc<Store>>,
    /// What to do when the store is unavailable. `Reject`, the default, rejects the webhook, and the platform sends it
    /// again. `Accept` accepts it, although it may be a replay.
    #[uniffi(default = None)]
    pub on_store_failure: Option<OnStoreFailure>,
    /// The largest body to accept, in bytes. Default: 64 KiB; more than 1 MiB counts as 1 MiB. The CPU time that an
    /// unauthenticated sender can cause grows with it.
    #[uniffi(default = None)]
    pub max_body: Option<i32>,
    /// A clock in place of this machine's or the platform's, for tests and simulated time.
    #[uniffi(default = None)]
    pub clock: Option<Arc<dyn TimeSource>>,
}

impl fmt::Debug for WebhookOptions {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("WebhookOptions").field("tolerance", &self.tolerance).finish_non_exhaustive()
    }
}

impl WebhookOptions {
    /// A verifier with these settings, which uses `clock` unless they have one.
    pub(crate) fn applied_to(
        self,
        verifier: keysecure::WebhookVerifier,
        clock: Arc<dyn Clock>,
    ) -> Result<WebhookVerifier> {
        let clock = match self.clock {
            Some(source) => Arc::new(OwnClock::new(source)?),
            None => clock,
        };
        let mut verifier = verifier.clock(Arc::clone(&clock));
        if let Some(tolerance) = self.tolerance {
            verifier = verifier.tolerance(tolerance);
        }
        if self.ignore_timestamp {
            verifier = verifier.ignore_timestamp();
        }
        if let Some(store) = self.store {
            let Some(replays) = store.0.replay_store() else {
                return Err(FfiError::invalid_input("store", "must have a store of webhooks: give it `replays`"));
            };
            verifier = verifier.replay_guard(replays, self.on_store_failure.unwrap_or_default());
        }
        if let Some(bytes) = self.max_body {
            if bytes == 0 {
                return Err(FfiError::invalid_input("max_body", "must be at least 1"));
            }
            verifier = verifier.max_body(usize::try_from(count("max_body", bytes)?).unwrap_or(usize::MAX));
        }
        Ok(WebhookVerifier { core: verifier, clock, waited: Duration::ZERO })
    }
}

/// Verifies webhooks (the platform calls them callbacks). Needs no client; threads can share one.
#[derive(uniffi::Object)]
#[uniffi::export(Debug)]
pub struct WebhookVerifier {
    core: keysecure::WebhookVerifier,
    /// That of the core's verifier, for the time of arrival.
    clock: Arc<dyn Clock>,
    /// How long the webhook had waited before it was verified.
    waited: Duration,
}

impl fmt::Debug for WebhookVerifier {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.core.fmt(formatter)
    }
}

impl WebhookVerifier {
    fn received(&self, mut core: keysecure::VerifiedWebhook) -> VerifiedWebhook {
        core.received_at = core.received_at.checked_sub(self.waited).unwrap_or(core.received_at);
        let now = self.clock.now();
        VerifiedWebhook { core, received_at: now.checked_sub(self.waited).unwrap_or(now) }
    }
}

#[uniffi::export]
impl WebhookVerifier {
    /// Creates a verifier. `app_id` is the Api-Key; `secrets` is the apiSecret (both inferred), several during a
    /// rotation.
    #[uniffi::constructor]
    pub fn new(app_id: String, secrets: Vec<String>, options: WebhookOptions) -> Result<Self> {
        warnings::begin();
        options.applied_to(keysecure::WebhookVerifier::new(app_id, secrets)?, Arc::new(SystemClock::new()))
    }

    /// The same verifier for a webhook that began to arrive so long ago: the platform waits for the reply since then.
    #[must_use]
    pub fn after_waiting(&self, waited: Duration) -> Self {
        Self { core: self.core.clone(), clock: Arc::clone(&self.clock), waited }
    }

    /// Verifies a webhook and parses its event. Header names are case-insensitive; `body` is the raw body.
    pub fn verify(&self, headers: Vec<Header>, body: Vec<u8>) -> Result<VerifiedWebhook> {
        Ok(self.received(self.core.verify(pairs(&headers), &body)?))
    }

    /// Verifies a webhook as `verify` does and claims it: the identical request is handled once, and again
    /// when handling failed. See `Claim`.
    ///
    /// Rejection `replayed`: it was handled before; reply with `reply_duplicate`. Rejection `in_progress`: another
    /// worker is handling it; respond with an HTTP error, so that the platform sends it again.
    pub fn claim(&self, headers: Vec<Header>, body: Vec<u8>) -> Result<Claim> {
        let (received, claim) = self.core.claim(pairs(&headers), &body)?;
        Ok(Claim { received: Arc::new(self.received(received)), held: Mutex::new(Some(claim)) })
    }

    /// Returns the exact body to reply with to a webhook that was accepted before (rejection `replayed`): the first
    /// reply for a purchase, acceptance for everything else.
    ///
    /// The first reply is the one that a `Responder` keeps in the store of this verifier; while the decision is in
    /// progress, this call waits for it. A purchase without a first reply is declined.
    pub fn reply_duplicate(&self, body: Vec<u8>) -> String {
        self.core.reply_duplicate(&body)
    }

    /// Verifies only the signature and the age; does not parse the event and does not check for replays.
    pub fn verify_signature(&self, headers: Vec<Header>, body: Vec<u8>) -> Result<SignatureMatch> {
        let verified = self.core.verify_signature(pairs(&headers), &body)?;
        Ok(SignatureMatch { secret_index: place(verified.secret_index), form: verified.form })
    }

    /// Returns the headers that the platform would send with this body, signed with the first secret. For tests.
    pub fn sign_for_tests(&self, timestamp: SystemTime, body: Vec<u8>) -> Result<Vec<Header>> {
        let headers = self.core.sign_for_tests(timestamp, &body)?;
        Ok(headers.into_iter().map(|(name, value)| Header { name: name.to_owned(), value }).collect())
    }
}

fn pairs(headers: &[Header]) -> impl Iterator<Item = (&str, &str)> {
    headers.iter().map(|header| (header.name.as_str(), header.value.as_str()))
}

fn place(secret: usize) -> i32 {
    i32::try_from(secret).unwrap_or(i32::MAX)
}

/// Parses a webhook **without verifying it**, for stored webhooks and tests. Anybody may have sent it.
#[uniffi::export]
pub fn parse_unverified(body: Vec<u8>) -> Result<Event> {
    Ok(keysecure::WebhookVerifier::parse_unverified(&body)?)
}

/// A valid signature, without the event.
#[derive(Debug, Clone, uniffi::Record)]
pub struct SignatureMatch {
    /// The index of the secret that matched, in the order given to the verifier, from 0.
    pub secret_index: i32,
    /// The canonical form that was signed.
    pub form: CanonicalForm,
}

/// A webhook whose signature is valid.
#[derive(Debug, uniffi::Object)]
#[uniffi::export(Debug)]
pub struct VerifiedWebhook {
    core: keysecure::VerifiedWebhook,
    received_at: SystemTime,
}

#[uniffi::export]
impl VerifiedWebhook {
    /// The platform's id of the webhook. It is not signed: do not rely on it alone.
    pub fn id(&self) -> String {
        self.core.id.clone()
    }

    /// The event.
    pub fn event(&self) -> Event {
        self.core.event.clone()
    }

    /// The signed time at which the platform sent the webhook.
    pub fn sent_at(&self) -> SystemTime {
        self.core.sent_at
    }

    /// The time of arrival, by the clock of the verifier: this machine's, or the platform's as a client learned it.
    pub fn received_at(&self) -> SystemTime {
        self.received_at
    }

    /// The deadline of the reply to a purchase, 800 ms after its arrival, by the clock of this machine.
    pub fn reply_before(&self) -> SystemTime {
        let (before, now) = (self.core.reply_before(), Instant::now());
        let today = SystemTime::now() + before.saturating_duration_since(now);
        today - now.saturating_duration_since(before)
    }

    /// The time left to reply to a purchase; zero when it is too late.
    pub fn time_left(&self) -> Duration {
        self.core.reply_before().saturating_duration_since(Instant::now())
    }

    /// The index of the secret that matched, in the order given to the verifier, from 0.
    pub fn secret_index(&self) -> i32 {
        place(self.core.secret_index)
    }

    /// The canonical form that was signed.
    pub fn form(&self) -> CanonicalForm {
        self.core.form
    }
}

/// The exclusive right to handle a webhook.
///
/// `finish` records that it was handled. When a claim ends before, the next delivery of the webhook is accepted. A
/// webhook is therefore handled at least once: handlers should be idempotent. Purchases are recorded immediately,
/// because the platform does not wait for a second reply.
#[derive(Debug, uniffi::Object)]
pub struct Claim {
    received: Arc<VerifiedWebhook>,
    held: Mutex<Option<keysecure::Claim>>,
}

#[uniffi::export]
impl Claim {
    /// The webhook.
    pub fn received(&self) -> Arc<VerifiedWebhook> {
        Arc::clone(&self.received)
    }

    /// Records the webhook as handled and ends the claim. Returns `false` when the store is unavailable: accept the
    /// webhook all the same, but a replay would be handled again.
    pub fn finish(&self) -> bool {
        self.take().is_none_or(|claim| claim.finish().is_ok())
    }

    /// Ends the claim without recording the webhook: its next delivery is accepted.
    pub fn release(&self) {
        drop(self.take());
    }
}

impl Claim {
    /// Takes the claim out, once.
    fn take(&self) -> Option<keysecure::Claim> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// Returns the exact body to reply with to a webhook that was handled before: acceptance, but a decline for a
/// purchase, because a purchase must not be decided twice. `WebhookVerifier.replyDuplicate` repeats the first reply
/// instead.
#[uniffi::export]
pub fn reply_duplicate(body: Vec<u8>) -> String {
    keysecure::reply_duplicate(&body)
}

/// Returns the exact body that accepts a webhook.
#[uniffi::export]
pub fn reply_accept() -> String {
    keysecure::reply_accept()
}

/// Returns the exact body that declines a purchase. The platform requires a message.
#[uniffi::export]
pub fn reply_decline(message: String) -> Result<String> {
    Ok(keysecure::reply_decline(&message)?)
}

/// A merchant's decision on a purchase.
#[derive(Debug, Clone, uniffi::Enum)]
pub enum Decision {
    /// Approves the purchase.
    Approve,
    /// Declines the purchase.
    Decline {
        /// The reason, which is sent to the platform.
        reason: String,
    },
}

impl From<Decision> for keysecure::Decision {
    fn from(decision: Decision) -> Self {
        match decision {
            Decision::Approve => Self::Approve,
            Decision::Decline { reason } => Self::Decline(reason),
        }
    }
}

/// Decides on purchases.
#[uniffi::export(foreign)]
pub trait Decider: Send + Sync {
    /// Decides on one purchase. When it throws or is late, the responder replies with its default.
    fn decide(&self, purchase: AuthEvent) -> Result<Decision, ForeignFailure>;
}

crate::tables::in_c_order!(UniFfiTraitVtableDecider: decide);

/// Replies to webhooks: runs your decision on a purchase and replies in time even when the decision is late or throws.
///
/// The platform may ask for a purchase again under a new signature. Each purchase is decided once by its `consume_no`,
/// and the first reply is repeated for 24 hours: by all workers whose verifiers share a store, otherwise by this
/// responder. 800 ms after the webhook arrived, the purchase is declined, regardless of the decision. Each decline, late
/// decision and failure is logged as a warning with the `consume_no` and the time in milliseconds.
#[derive(Debug, uniffi::Object)]
pub struct Responder(keysecure::Responder);

#[uniffi::export]
impl Responder {
    /// Creates a responder. `otherwise` (default: decline) is the reply when the decision is late or throws; `budget`
    /// (default 600 ms, at most 800 ms) is how long a decision may take.
    #[uniffi::constructor(default(otherwise = None, budget = None))]
    pub fn new(decider: Arc<dyn Decider>, otherwise: Option<Decision>, budget: Option<Duration>) -> Self {
        warnings::begin();
        let mut responder = keysecure::Responder::fallible(asking(decider));
        if let Some(otherwise) = otherwise {
            responder = responder.otherwise(otherwise.into());
        }
        if let Some(budget) = budget {
            responder = responder.budget(budget);
        }
        Self(responder)
    }

    /// Returns the body to reply with. Accepts everything but a purchase immediately; a purchase in an unknown format
    /// gets the default.
    pub fn respond(&self, received: Arc<VerifiedWebhook>) -> String {
        self.0.respond(&received.core)
    }

    /// Does so with the decision function of this one reply, which knows when its time ends. The decided purchases are
    /// those of this responder.
    pub fn respond_with(&self, received: Arc<VerifiedWebhook>, decider: Arc<dyn Decider>) -> String {
        self.0.clone().try_decide(asking(decider)).respond(&received.core)
    }
}

/// The decision function of a foreign decider.
fn asking(decider: Arc<dyn Decider>) -> impl Fn(&AuthEvent) -> Result<keysecure::Decision, keysecure::NoDecision> {
    move |purchase| match decider.decide(purchase.clone()) {
        Ok(decision) => Ok(decision.into()),
        Err(failure) => {
            log::warn!(target: "keysecure", "a decision threw {failure}: consume_no={:?}", masked(&purchase.consume_no));
            Err(keysecure::NoDecision::Failed)
        }
    }
}

/// Creates a responder for a receiver that has no decision function: it declines all purchases, and the log says why.
#[uniffi::export]
pub fn responder_without_decider() -> Responder {
    warnings::begin();
    Responder(keysecure::Responder::fallible(|_| Err(keysecure::NoDecision::Undefined)))
}
