//! The answers to callbacks, and giving them in time.

use std::fmt;
use std::sync::Arc;
use std::sync::mpsc;
use std::time::Duration;

use super::{AuthEvent, Received, WebhookVerifier};
use crate::error::Error;
use crate::webhook::Event;

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
/// it is accepted again. A purchase is declined, because nobody may decide on it twice, and least of all with yes.
pub fn reply_again(body: &[u8]) -> String {
    match WebhookVerifier::parse_unverified(body) {
        Ok(event) if !event.is_purchase() => reply_accept(),
        _ => decline("this purchase was asked for before"),
    }
}

fn decline(message: &str) -> String {
    serde_json::json!({ "code": 1, "message": message }).to_string()
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
/// The platform waits 800 ms from its sending. The budget counts from the moment the callback was verified; the default
/// of 600 ms leaves 200 ms for the way here and back. A decision that takes longer, or panics, is answered with the
/// default; it is not stopped, its late result is dropped.
///
/// A purchase may be asked for again under a new signature, which no replay guard knows: to decide once, remember what was
/// said by `consume_no`.
#[derive(Clone)]
pub struct Responder {
    decide: Arc<dyn Fn(&AuthEvent) -> Decision + Send + Sync>,
    otherwise: Decision,
    budget: Duration,
}

impl Responder {
    /// The default answer when time runs out is to decline.
    pub fn new(decide: impl Fn(&AuthEvent) -> Decision + Send + Sync + 'static) -> Self {
        let otherwise = Decision::Decline("no decision in time".to_owned());
        Self { decide: Arc::new(decide), otherwise, budget: Duration::from_millis(600) }
    }

    /// The same rule for another decision.
    #[must_use]
    pub fn decide(self, decide: impl Fn(&AuthEvent) -> Decision + Send + Sync + 'static) -> Self {
        Self { decide: Arc::new(decide), ..self }
    }

    /// The answer when the decision is late or panics.
    #[must_use]
    pub fn otherwise(self, otherwise: Decision) -> Self {
        Self { otherwise, ..self }
    }

    /// How long a decision may take, at most 800 ms.
    #[must_use]
    pub fn budget(self, budget: Duration) -> Self {
        Self { budget: budget.min(super::ANSWER_WITHIN), ..self }
    }

    /// The body to answer with. Anything but a purchase is accepted at once; a purchase of a form that this version does not
    /// know gets the default.
    pub fn respond(&self, received: &Received) -> String {
        let Event::Auth { data } = &received.event else {
            return if received.event.is_purchase() { self.otherwise.reply() } else { reply_accept() };
        };
        let (sender, answer) = mpsc::sync_channel(1);
        let (decide, data) = (Arc::clone(&self.decide), data.clone());
        let spawned = std::thread::Builder::new().name("keysecure-decision".to_owned()).spawn(move || {
            // Nobody may be waiting any more: the answer was late.
            let _ = sender.send(decide(&data));
        });
        let left = self.budget.saturating_sub(received.received_at.elapsed());
        let decision = spawned.ok().and_then(|_| answer.recv_timeout(left).ok());
        decision.as_ref().unwrap_or(&self.otherwise).reply()
    }
}

impl fmt::Debug for Responder {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Responder")
            .field("otherwise", &self.otherwise)
            .field("budget", &self.budget)
            .finish_non_exhaustive()
    }
}
