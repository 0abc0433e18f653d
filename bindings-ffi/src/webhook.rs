//! Callbacks: verifying, typing, answering.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use keysecure::{AuthEvent, CanonicalForm, Event, FfiError, OnStoreFailure, masked};

use crate::convert::{CallbackFailure, Result, count};
use crate::http::Header;
use crate::stores::Store;
use crate::warnings;

/// How callbacks are verified.
#[derive(Debug, Clone, uniffi::Record)]
pub struct WebhookOptions {
    /// How far the timestamp may be from this machine's clock, either way. Default: 300 s.
    #[uniffi(default = None)]
    pub tolerance: Option<Duration>,
    /// Takes callbacks of any age, which lets old ones be played again. For looking at stored callbacks only.
    #[uniffi(default = false)]
    pub any_age: bool,
    /// Rejects a webhook that was accepted before; a `Responder` keeps its decisions there.
    #[uniffi(default = None)]
    pub store: Option<Arc<Store>>,
    /// Accepts a webhook when the store cannot be reached, although it may have been accepted before.
    #[uniffi(default = false)]
    pub accept_when_unavailable: bool,
    /// The largest body to look at, in bytes. Default: 64 KiB; at most 1 MiB. What an unauthenticated sender can make this
    /// machine compute grows with it.
    #[uniffi(default = None)]
    pub max_body: Option<i32>,
}

/// Verifies callbacks. It needs no client and is cheap to share among threads.
#[derive(Debug, uniffi::Object)]
#[uniffi::export(Debug)]
pub struct WebhookVerifier(keysecure::WebhookVerifier);

#[uniffi::export]
impl WebhookVerifier {
    /// Verifies for `app_id`, which is the Api-Key, with one or more secrets, of which the current one is the apiSecret
    /// (both inferred). Several serve while a secret is replaced.
    #[uniffi::constructor]
    pub fn new(app_id: String, secrets: Vec<String>, options: WebhookOptions) -> Result<Self> {
        warnings::begin();
        let mut verifier = keysecure::WebhookVerifier::new(app_id, secrets)?;
        if let Some(tolerance) = options.tolerance {
            verifier = verifier.tolerance(tolerance);
        }
        if options.any_age {
            verifier = verifier.ignore_timestamp();
        }
        if let Some(store) = options.store {
            let Some(replays) = store.0.replay_store() else {
                return Err(FfiError::invalid_input("store", "must have a store of webhooks: give it `replays`"));
            };
            let when = if options.accept_when_unavailable { OnStoreFailure::Accept } else { OnStoreFailure::Reject };
            verifier = verifier.replay_guard(replays, when);
        }
        if let Some(bytes) = options.max_body {
            verifier = verifier.max_body(usize::try_from(count("max_body", bytes)?).unwrap_or(usize::MAX));
        }
        Ok(Self(verifier))
    }

    /// Verifies a callback and types what it says. Headers are found without regard to case; `body` is the raw body.
    pub fn verify(&self, headers: Vec<Header>, body: Vec<u8>) -> Result<VerifiedWebhook> {
        Ok(VerifiedWebhook(self.0.verify(pairs(&headers), &body)?))
    }

    /// Verifies a callback as `verify` does and claims it, so that it is handled once however often it comes, and again
    /// when it could not be handled: see `Claim`.
    ///
    /// Rejection `replayed`: it was handled before; reply with `replyDuplicate`. Rejection `inProgress`: another worker
    /// handles it at this moment; reply with an HTTP error, so that it comes again.
    pub fn claim(&self, headers: Vec<Header>, body: Vec<u8>) -> Result<Claim> {
        let (received, claim) = self.0.claim(pairs(&headers), &body)?;
        Ok(Claim { received: Arc::new(VerifiedWebhook(received)), held: Mutex::new(Some(claim)) })
    }

    /// The exact body to reply with to a webhook that was accepted before (rejection `replayed`): a purchase gets its first
    /// reply again, everything else is accepted.
    ///
    /// The first reply is the one that a `Responder` keeps in the store of this verifier; while it is being made, this waits
    /// for it. A purchase without one is declined.
    pub fn reply_duplicate(&self, body: Vec<u8>) -> String {
        self.0.reply_duplicate(&body)
    }

    /// Verifies the signature and the age only: no look at the action, no typing, no replay guard.
    pub fn verify_signature(&self, headers: Vec<Header>, body: Vec<u8>) -> Result<SignatureMatch> {
        let verified = self.0.verify_signature(pairs(&headers), &body)?;
        Ok(SignatureMatch { secret_index: place(verified.secret_index), form: verified.form })
    }

    /// The headers that the platform would send with this body, signed with the first secret: for tests.
    pub fn sign_for_tests(&self, timestamp: SystemTime, body: Vec<u8>) -> Result<Vec<Header>> {
        let headers = self.0.sign_for_tests(timestamp, &body)?;
        Ok(headers.into_iter().map(|(name, value)| Header { name: name.to_owned(), value }).collect())
    }
}

fn pairs(headers: &[Header]) -> impl Iterator<Item = (&str, &str)> {
    headers.iter().map(|header| (header.name.as_str(), header.value.as_str()))
}

fn place(secret: usize) -> i32 {
    i32::try_from(secret).unwrap_or(i32::MAX)
}

/// Types a callback **without verifying it**: for stored callbacks and tests. Anybody may have sent it.
#[uniffi::export]
pub fn parse_unverified(body: Vec<u8>) -> Result<Event> {
    Ok(keysecure::WebhookVerifier::parse_unverified(&body)?)
}

/// A proof that a signature is valid, without a look at what it says.
#[derive(Debug, Clone, uniffi::Record)]
pub struct SignatureMatch {
    /// Which of the verifier's secrets signed it, counted from 0.
    pub secret_index: i32,
    /// Which canonical form was signed.
    pub form: CanonicalForm,
}

/// A callback whose signature is valid.
#[derive(Debug, uniffi::Object)]
#[uniffi::export(Debug)]
pub struct VerifiedWebhook(keysecure::VerifiedWebhook);

#[uniffi::export]
impl VerifiedWebhook {
    /// The platform's id of the callback. It is not signed: do not build on it alone.
    pub fn id(&self) -> String {
        self.0.id.clone()
    }

    /// What it says.
    pub fn event(&self) -> Event {
        self.0.event.clone()
    }

    /// When the platform says that it sent it.
    pub fn sent_at(&self) -> SystemTime {
        self.0.sent_at
    }

    /// Which of the verifier's secrets signed it, counted from 0.
    pub fn secret_index(&self) -> i32 {
        place(self.0.secret_index)
    }

    /// Which canonical form was signed.
    pub fn form(&self) -> CanonicalForm {
        self.0.form
    }
}

/// The right to handle a callback.
///
/// When it was handled, `finish` remembers that. A claim that ends before is released, and the next delivery of the
/// callback is new. So a callback is handled at least once; what a handler does should be harmless when done twice.
/// Purchases are remembered at once: nobody waits for a second answer.
#[derive(Debug, uniffi::Object)]
pub struct Claim {
    received: Arc<VerifiedWebhook>,
    held: Mutex<Option<keysecure::Claim>>,
}

#[uniffi::export]
impl Claim {
    /// The callback.
    pub fn received(&self) -> Arc<VerifiedWebhook> {
        Arc::clone(&self.received)
    }

    /// Remembers the callback as handled, and lets go. `false` when the store could not be reached: it was handled all the
    /// same, so accept it; a replay of it would be handled again.
    pub fn finish(&self) -> bool {
        self.take().is_none_or(|claim| claim.finish().is_ok())
    }

    /// Lets go without remembering it: the next delivery is new.
    pub fn release(&self) {
        drop(self.take());
    }
}

impl Claim {
    /// The claim, once.
    fn take(&self) -> Option<keysecure::Claim> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// The exact body to answer a callback with that was handled before: it is accepted again. A purchase is declined, because
/// nobody may decide on it twice, and least of all with yes; `WebhookVerifier.replyDuplicate` repeats the first reply instead.
#[uniffi::export]
pub fn reply_duplicate(body: Vec<u8>) -> String {
    keysecure::reply_duplicate(&body)
}

/// The exact body to answer a callback with.
#[uniffi::export]
pub fn reply_accept() -> String {
    keysecure::reply_accept()
}

/// The exact body to decline with; the platform requires a message.
#[uniffi::export]
pub fn reply_decline(message: String) -> Result<String> {
    Ok(keysecure::reply_decline(&message)?)
}

/// What a merchant decides on a purchase.
#[derive(Debug, Clone, uniffi::Enum)]
pub enum Decision {
    /// The purchase may be made.
    Approve,
    /// It may not.
    Decline {
        /// Why; it is sent to the platform.
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
    /// Decides on one. What is late, or throws, is answered with the responder's default.
    fn decide(&self, purchase: AuthEvent) -> Result<Decision, CallbackFailure>;
}

/// Runs the merchant's decision on purchases and replies in time, whatever the decision does.
///
/// A purchase may be asked for again under a new signature. It is decided once by its `consume_no`, and the first reply is
/// repeated for 24 hours: among all workers whose verifiers share a store, and else in this responder. A reply that is
/// later than 800 ms after the webhook arrived is a refusal, whatever was decided. Each refusal, late decision and failure is
/// logged as a warning, with the `consume_no` and the milliseconds.
#[derive(Debug, uniffi::Object)]
pub struct Responder(keysecure::Responder);

#[uniffi::export]
impl Responder {
    /// `otherwise` (default: decline) is the answer when the decision takes longer than `budget` (default 600 ms, at most
    /// 800 ms) or throws.
    #[uniffi::constructor(default(otherwise = None, budget = None))]
    pub fn new(decider: Arc<dyn Decider>, otherwise: Option<Decision>, budget: Option<Duration>) -> Self {
        warnings::begin();
        let fallback = otherwise.clone().map_or_else(
            || keysecure::Decision::Decline("no decision could be made".to_owned()),
            keysecure::Decision::from,
        );
        let mut responder = keysecure::Responder::new(move |purchase| match decider.decide(purchase.clone()) {
            Ok(decision) => decision.into(),
            Err(failure) => {
                log::warn!(target: "keysecure", "a decision threw {failure}: consume_no={:?}", masked(&purchase.consume_no));
                fallback.clone()
            }
        });
        if let Some(otherwise) = otherwise {
            responder = responder.otherwise(otherwise.into());
        }
        if let Some(budget) = budget {
            responder = responder.budget(budget);
        }
        Self(responder)
    }

    /// The body to answer with. Anything but a purchase is accepted at once; a purchase of an unknown form gets the
    /// default.
    pub fn respond(&self, received: Arc<VerifiedWebhook>) -> String {
        self.0.respond(&received.0)
    }
}
