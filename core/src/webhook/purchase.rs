//! One decision for each purchase, whichever worker is asked, and however often.
//!
//! A yes to one question is none to another: a purchase that is asked for again with another card, type or amount under the
//! same number is refused. One without a number is known by all that it says.
//!
//! Two keys of the replay store stand for a purchase. Who adds the first decides. Whoever is about to reply, for whatever
//! reason, adds the second with the reply, and replies with the one that is there: so all replies to one purchase agree,
//! also when the decision arrives at the moment at which another worker stops waiting for it.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use sha2::{Digest, Sha256};

use super::AuthEvent;
use super::reply::{decline, reply_accept};
use crate::redact::scrub;
use crate::store::{OnStoreFailure, ReplayStore, StoreUnavailable};
use crate::values::hex;

/// How long a decision is kept.
const KEEP: Duration = Duration::from_secs(24 * 3600);
/// How often the store is asked for the decision of another worker.
const POLL: Duration = Duration::from_millis(10);

/// A replay store, and what to do when it cannot be reached.
#[derive(Clone)]
pub(super) struct Shared {
    pub store: Arc<dyn ReplayStore>,
    pub when_unavailable: OnStoreFailure,
}

/// Whose webhook it is, and what its receivers share. It is no part of what the webhook says, so all origins are equal.
#[derive(Clone)]
pub(super) struct Origin {
    pub app_id: Arc<str>,
    pub shared: Option<Shared>,
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
    /// What is asked.
    question: String,
    /// When the webhook arrived.
    since: Instant,
}

impl Purchase {
    pub(super) fn new(app_id: &str, data: &AuthEvent, since: Instant) -> Self {
        // Merchants that share a store do not meet, and the names in it tell nothing.
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
        }
    }

    /// The first reply, if there is one.
    pub(super) fn first_reply(&self, store: &dyn ReplayStore) -> Result<Option<String>, StoreUnavailable> {
        Ok(store.get(&self.reply)?.map(known_reply))
    }

    /// Asks whether this worker is the one that decides.
    pub(super) fn ask(&self, store: &dyn ReplayStore) -> Result<Asked, StoreUnavailable> {
        Ok(match store.insert(&self.deciding, &self.question, KEEP)? {
            None => Asked::First,
            Some(question) if question == self.question => Asked::Again,
            Some(_) => Asked::Otherwise,
        })
    }

    /// Keeps a reply in this memory, because the store is out of reach.
    pub(super) fn keep_alone(&self, memory: &dyn ReplayStore, reply: &str) -> Result<String, StoreUnavailable> {
        self.ask(memory)?;
        self.keep(memory, reply)
    }

    /// What was decided in this memory while the store was out of reach.
    pub(super) fn decided_alone(&self, memory: &dyn ReplayStore) -> Option<String> {
        let reply = self.first_reply(memory).ok()??;
        let question = self.question_asked(memory)?;
        Some(if question == self.question { reply } else { asked_before() })
    }

    /// What some worker decides, or has decided.
    fn question_asked(&self, store: &dyn ReplayStore) -> Option<String> {
        store.get(&self.deciding).ok().flatten()
    }

    /// Waits for the reply of the worker that decides. A store that cannot be reached may come back meanwhile.
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

    /// Keeps a reply as the first, and returns the first.
    pub(super) fn keep(&self, store: &dyn ReplayStore, reply: &str) -> Result<String, StoreUnavailable> {
        Ok(store.insert(&self.reply, reply, KEEP)?.map_or_else(|| reply.to_owned(), known_reply))
    }

    /// Replaces an approval that never left by a refusal.
    pub(super) fn withdraw(&self, store: &dyn ReplayStore, refusal: &str) {
        let replaced = store.remove(&self.reply).and_then(|()| store.insert(&self.reply, refusal, KEEP));
        if replaced.is_err() {
            self.warn("an approval that came too late to be sent could not be withdrawn from the replay store");
        }
    }

    /// The reply to a webhook that was accepted before. While its decision is being made it waits for that.
    pub(super) fn reply_duplicate(&self, shared: &Shared) -> String {
        /// Within this time the worker that verified the webhook first begins to decide.
        const BEGINS_WITHIN: Duration = Duration::from_millis(100);
        let store = &*shared.store;
        let first = self.wait_for_reply(store, self.since + BEGINS_WITHIN).or_else(|| {
            let decides = self.question_asked(store).is_some();
            if decides { self.wait_for_reply(store, self.since + super::reply::BUDGET) } else { None }
        });
        // It may be the replay of a webhook that was refused because it has the number of another purchase.
        let first = first.map(|reply| {
            let asked_otherwise = self.question_asked(store).is_some_and(|question| question != self.question);
            if asked_otherwise { asked_before() } else { reply }
        });
        let reply = first.unwrap_or_else(|| {
            let refusal = asked_before();
            self.keep(store, &refusal).unwrap_or(refusal)
        });
        if approves(&reply) {
            return reply;
        }
        self.warn("a purchase that was asked for before is declined");
        reply
    }

    /// Logs what a merchant must know, and how long after the webhook's arrival it is.
    pub(super) fn warn(&self, what: &str) {
        warn(what, Some(&self.consume_no), self.since);
    }
}

/// How a purchase is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Asked {
    First,
    Again,
    /// With the number of another one.
    Otherwise,
}

/// The refusal of a purchase whose number is known.
pub(super) fn asked_before() -> String {
    decline("this purchase was asked for before")
}

/// Logs what a merchant must know about a webhook. The number of the purchase is only given when its signature is valid.
pub(super) fn warn(what: &str, consume_no: Option<&str>, since: Instant) {
    let millis = since.elapsed().as_millis();
    match consume_no {
        Some(number) => {
            log::warn!(target: "keysecure", "{what}: consume_no={:?}, after {millis} ms", scrub(number));
        }
        None => log::warn!(target: "keysecure", "{what}: after {millis} ms"),
    }
}

pub(super) fn approves(reply: &str) -> bool {
    reply == reply_accept()
}

/// A reply from a store, into which others may write.
fn known_reply(reply: String) -> String {
    if approves(&reply) || reply.starts_with(r#"{"code":1,"#) { reply } else { decline("declined") }
}
