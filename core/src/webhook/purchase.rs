//! One decision for each purchase, regardless of the worker that receives it and of repetitions.
//!
//! An approval applies to one request only: a purchase that is requested again under the same number with another card,
//! type or amount is declined. A purchase without a number is identified by all its data.
//!
//! A purchase has two keys in the replay store. The worker that adds the first one decides. A worker that is about to reply,
//! regardless of the reason, adds the second one with its reply, and sends the reply that is stored then: so all replies to one
//! purchase agree, even if the decision arrives at the moment at which another worker stops waiting for it.

use std::borrow::Cow;
use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use sha2::{Digest, Sha256};

use super::AuthEvent;
use super::reply::{decline, reply_accept};
use super::subject::Subject;
use crate::store::{OnStoreFailure, ReplayStore, StoreUnavailable};
use crate::values::hex;

/// Time for which a decision is kept.
const KEEP: Duration = Duration::from_secs(24 * 3600);
/// Why a purchase that was requested before has the reply that it has.
pub(super) const REQUESTED_BEFORE: &str = "the purchase was requested before";
/// Why a purchase that two workers replied to has the reply of the other one.
pub(super) const REPLIED_FIRST: &str = "another worker replied first";
/// Interval of polling the store for the decision of another worker.
const POLL: Duration = Duration::from_millis(10);

/// A replay store with the setting for its failures.
#[derive(Clone)]
pub(super) struct Shared {
    pub store: Arc<dyn ReplayStore>,
    pub on_store_failure: OnStoreFailure,
}

/// The verifier's app id and replay store. They are not part of a webhook's content, so all origins compare equal.
#[derive(Clone)]
pub(super) struct Origin {
    pub app_id: Arc<str>,
    pub shared: Option<Shared>,
    /// Time that the replay store took in the verification.
    pub store_time: Duration,
}

impl PartialEq for Origin {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Origin {}

impl fmt::Debug for Origin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Origin").field("shared", &self.shared.is_some()).finish_non_exhaustive()
    }
}

/// A purchase in a replay store.
#[derive(Debug, Clone)]
pub(super) struct Purchase {
    consume_no: String,
    deciding: String,
    reply: String,
    /// Digest of the request: card, type and amounts.
    question: String,
    /// Time of the webhook's arrival.
    since: Instant,
    /// Why the reply is what it is, for the log; empty for a decision that was made in time.
    reason: Arc<OnceLock<&'static str>>,
}

impl Purchase {
    pub(super) fn new(app_id: &str, data: &AuthEvent, since: Instant) -> Self {
        // Digests, so that merchants that share a store do not collide and keys reveal nothing.
        let merchant = Sha256::new().chain_update(Sha256::digest(app_id.as_bytes()));
        let name = if data.consume_no.trim().is_empty() {
            merchant.chain_update("without a number ").chain_update(data.to_json().as_bytes())
        } else {
            merchant.chain_update(data.consume_no.as_bytes())
        };
        let name = hex::encode(&name.finalize());
        let (amount, local) = (data.amount.normalize(), data.local_amount.map(|amount| amount.normalize()));
        let question = format!("{:?}", (&data.card_no, &data.r#type, amount, local, &data.local_currency));
        Self {
            consume_no: data.consume_no.clone(),
            deciding: format!("auth-deciding {name}"),
            reply: format!("auth-reply {name}"),
            question: hex::encode(&Sha256::digest(question.as_bytes())),
            since,
            reason: Arc::default(),
        }
    }

    /// The first reply, if there is one.
    pub(super) fn first_reply(&self, store: &dyn ReplayStore) -> Result<Option<String>, StoreUnavailable> {
        Ok(store.get(&self.reply)?.map(known_reply))
    }

    /// Claims the decision. The result says whether this worker decides.
    pub(super) fn ask(&self, store: &dyn ReplayStore) -> Result<Asked, StoreUnavailable> {
        Ok(match store.insert(&self.deciding, &self.question, KEEP)? {
            None => Asked::First,
            Some(question) if question == self.question => Asked::Again,
            Some(_) => Asked::Otherwise,
        })
    }

    /// Keeps a reply in the memory of this process, because the store is unavailable.
    pub(super) fn keep_alone(&self, memory: &dyn ReplayStore, reply: &str) -> Result<String, StoreUnavailable> {
        self.ask(memory)?;
        self.keep(memory, reply)
    }

    /// The decision of this process alone, from a time when the store was unavailable.
    pub(super) fn decided_alone(&self, memory: &dyn ReplayStore) -> Option<String> {
        let reply = self.first_reply(memory).ok()??;
        let question = self.question_asked(memory)?;
        Some(if question == self.question { reply } else { asked_before() })
    }

    /// The digest of the request that a worker is deciding or has decided.
    fn question_asked(&self, store: &dyn ReplayStore) -> Option<String> {
        store.get(&self.deciding).ok().flatten()
    }

    /// Waits for the reply of the worker that decides, even while the store is unavailable.
    pub(super) fn wait_for_reply(&self, store: &dyn ReplayStore, until: Instant) -> Option<String> {
        loop {
            if let Ok(Some(first)) = self.first_reply(store) {
                return Some(first);
            }
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return None;
            }
            std::thread::sleep(POLL.min(left));
        }
    }

    /// Stores a reply unless there is one, and returns the stored one.
    pub(super) fn keep(&self, store: &dyn ReplayStore, reply: &str) -> Result<String, StoreUnavailable> {
        Ok(store.insert(&self.reply, reply, KEEP)?.map_or_else(|| reply.to_owned(), known_reply))
    }

    /// Replaces an approval that was not sent by a decline.
    pub(super) fn withdraw(&self, store: &dyn ReplayStore, refusal: &str) {
        let replaced = store.remove(&self.reply).and_then(|()| store.insert(&self.reply, refusal, KEEP));
        if replaced.is_err() {
            self.warn("an approval that came too late to be sent could not be withdrawn from the replay store");
        }
    }

    /// The reply to a webhook that was accepted before. Waits for a decision in progress.
    pub(super) fn reply_duplicate(&self, shared: &Shared) -> String {
        /// Time within which the worker that verified the webhook first starts to decide.
        const BEGINS_WITHIN: Duration = Duration::from_millis(100);
        let store = &*shared.store;
        let first = self.wait_for_reply(store, self.since + BEGINS_WITHIN).or_else(|| {
            let decides = self.question_asked(store).is_some();
            if decides { self.wait_for_reply(store, self.since + super::reply::BUDGET) } else { None }
        });
        // It may be the replay of a webhook that was declined because it has the number of another purchase.
        let first = first.map(|reply| {
            let asked_otherwise = self.question_asked(store).is_some_and(|question| question != self.question);
            if asked_otherwise { asked_before() } else { reply }
        });
        let reply = first.unwrap_or_else(|| {
            let refusal = asked_before();
            self.keep(store, &refusal).unwrap_or(refusal)
        });
        self.explain(REQUESTED_BEFORE);
        self.log_reply(&reply);
        reply
    }

    /// Keeps why the reply is not the decision, for [`log_reply`](Self::log_reply). The first reason counts.
    pub(super) fn explain(&self, reason: &'static str) {
        let _ = self.reason.set(reason);
    }

    /// Logs the reply: at info level if it is an approval by decision, otherwise at warn level with the reason.
    pub(super) fn log_reply(&self, reply: &str) {
        self.subject().log_reply(reply, self.reason.get().copied());
    }

    /// Logs a warning with the number of the purchase and the time since the webhook's arrival.
    pub(super) fn warn(&self, message: &str) {
        self.subject().warn(message, &[]);
    }

    fn subject(&self) -> Subject<'_> {
        Subject { action: Some("Auth"), consume_no: Some(Cow::Borrowed(&self.consume_no)), since: self.since }
    }
}

/// Relation of a purchase to earlier ones with its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Asked {
    First,
    Again,
    /// Requested with the number of another purchase.
    Otherwise,
}

/// The decline of a purchase whose number is known.
pub(super) fn asked_before() -> String {
    decline("this purchase was requested before")
}

pub(super) fn approves(reply: &str) -> bool {
    reply == reply_accept()
}

/// Reads a reply from a store, into which other programs may write.
fn known_reply(reply: String) -> String {
    if approves(&reply) || reply.starts_with(r#"{"code":1,"#) { reply } else { decline("declined") }
}
