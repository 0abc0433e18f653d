//! Webhooks: verifying them, reading their events, and deciding on purchases (platform documentation, callbacks).
//!
//! The platform's documentation calls them callbacks. [`WebhookVerifier`] verifies a webhook, [`Claim`] handles it once, and
//! [`Responder`] replies to a purchase within the platform's time limit.
//!
//! # Scope of a valid signature
//!
//! The signature covers the timestamp and the top-level fields of `data`, joined as `key=value` with `&`, without escapes. It
//! does not cover `id` and `action`. The verifier therefore refuses everything that could pass signed text off as something
//! else: a field or value that contains a piece such as `&amount=`; data with fields of another action than the one named; and
//! data with a `timestamp` or `appId` other than the header's or the verifier's, which would be signed instead. `id` and
//! `action` themselves remain unproven, so the replay guard identifies a webhook by its signed content, not by its `id`.
//!
//! # Canonical forms
//!
//! The platform signs nested values as the Java library fastjson serializes them, so key order, numbers and escapes may differ
//! from the received bytes. The verifier tries the forms in which fastjson can serialize the same value ([`CanonicalForm`]).
//! This does not weaken the check: every form is one text that represents the received data, and a sender who cannot sign one
//! text cannot sign any of them.

mod age;
mod canonical;
mod claim;
mod event;
mod handover;
mod headers;
mod purchase;
mod reply;
mod subject;
mod verifier;

use std::time::{Duration, Instant, SystemTime};

pub use canonical::{CanonicalForm, KeyOrder, Writer};
pub use claim::Claim;
pub use event::{AuthEvent, CardUpdateEvent, ConsumptionEvent, Event};
pub use reply::{Decision, NoDecision, Responder, reply_accept, reply_decline, reply_duplicate};
pub use verifier::WebhookVerifier;

use age::Age;
use purchase::Origin;

/// Time that the platform waits for the reply to an `Auth` webhook (platform documentation, callbacks).
const REPLY_DEADLINE: Duration = Duration::from_millis(800);

/// Webhook with a valid signature.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct VerifiedWebhook {
    /// Id of the webhook assigned by the platform. It is not signed: do not rely on it alone.
    pub id: String,
    /// The event.
    pub event: Event,
    /// Time of sending according to the platform (header `Timestamp`).
    pub sent_at: SystemTime,
    /// Time of arrival: of the verification, unless the receiver sets it to the moment at which the request began to arrive.
    pub received_at: Instant,
    /// Index of the verifier's secret that matched, starting with 0.
    pub secret_index: usize,
    /// Canonical form that matched.
    pub form: CanonicalForm,
    /// `None` if the verifier ignores the timestamp.
    age: Option<Age>,
    origin: Origin,
}

impl VerifiedWebhook {
    /// Returns the deadline of the reply to an `Auth` webhook: 800 ms after its arrival.
    pub fn reply_before(&self) -> Instant {
        self.received_at + REPLY_DEADLINE
    }
}

/// Result of [`WebhookVerifier::verify_signature`]: which secret and form matched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct SignatureMatch {
    /// Index of the verifier's secret that matched, starting with 0.
    pub secret_index: usize,
    /// Canonical form that matched.
    pub form: CanonicalForm,
}
