//! Claims: handling a webhook once, and again if handling failed.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::VerifiedWebhook;
use super::subject::Subject;
use crate::error::Rejection;
use crate::store::{ReplayStore, StoreUnavailable};

/// Maximum duration of a claim. Handlers must take less time.
const LEASE: Duration = Duration::from_secs(60);

/// Exclusive right to handle a webhook, from [`WebhookVerifier::claim`](crate::WebhookVerifier::claim).
///
/// [`verify`](crate::WebhookVerifier::verify) remembers a webhook before it is handled; if handling then fails, the next
/// delivery counts as a replay. A claim is remembered only by [`finish`](Self::finish). If it is dropped before, the next
/// delivery is new. A claim ends after a minute (in a [`FileStore`](crate::FileStore) after up to two), because a worker may
/// be killed: pass longer work to a queue. A webhook is therefore handled **at least** once; handlers should be idempotent.
///
/// `Auth` webhooks are remembered at once: the platform does not wait for a second reply to a purchase.
///
/// # Examples
///
/// ```
/// # use std::{sync::Arc, time::SystemTime};
/// # use keysecure::{MemoryReplayStore, OnStoreFailure, Rejection, WebhookVerifier, reply_accept};
/// # let verifier = WebhookVerifier::new("my-api-key", ["my-api-secret"])?
/// #     .replay_guard(Arc::new(MemoryReplayStore::default()), OnStoreFailure::Reject);
/// # let body = br#"{"id":"1","action":"Card_update","data":{"card_no":"42","after_status":"Frozen"}}"#;
/// # let headers = verifier.sign_for_tests(SystemTime::now(), body)?;
/// # fn handle(_: &keysecure::Event) -> bool { true }
/// let (status, reply) = match verifier.claim(headers, body) {
///     Ok((webhook, claim)) if handle(&webhook.event) => {
///         // A store that is unavailable now only means that a replay is handled again.
///         let _ = claim.finish();
///         (200, reply_accept())
///     }
///     // Dropping the claim releases it: the platform sends the webhook again.
///     Ok((_, claim)) => {
///         drop(claim);
///         (500, String::new())
///     }
///     Err(error) if error.rejection() == Some(Rejection::Replayed) => (200, verifier.reply_duplicate(body)),
///     Err(error) if error.rejection() == Some(Rejection::InProgress) => (503, String::new()),
///     Err(_) => (400, String::new()),
/// };
/// assert_eq!((status, reply), (200, reply_accept()));
/// # Ok::<(), keysecure::Error>(())
/// ```
#[must_use = "a claim that is dropped is released: the webhook will be handled again"]
pub struct Claim {
    active: Option<ActiveClaim>,
    /// The event as the log knows it: action, number and arrival. `None` for purchases, whose reply is logged.
    logged: Option<(String, Option<String>, Instant)>,
}

struct ActiveClaim {
    store: Arc<dyn ReplayStore>,
    content: String,
    running: String,
    keep: Duration,
    since: Instant,
}

impl Claim {
    /// Creates a claim without effect, for a verifier without a replay store.
    pub(super) fn without_store(received: &VerifiedWebhook) -> Self {
        Self::new(None, received)
    }

    fn new(active: Option<ActiveClaim>, received: &VerifiedWebhook) -> Self {
        let Subject { action, consume_no, since } = Subject::verified(received);
        let described = || (action.unwrap_or_default().to_owned(), consume_no.map(Cow::into_owned), since);
        Self { active, logged: (!received.event.is_purchase()).then(described) }
    }

    /// Claims content that no worker handles or has handled.
    pub(super) fn take(
        store: &Arc<dyn ReplayStore>,
        content: String,
        keep: Duration,
        received: &VerifiedWebhook,
    ) -> Result<Result<Self, Rejection>, StoreUnavailable> {
        let (running, since) = (format!("{content} running"), Instant::now());
        if store.insert(&running, "", LEASE)?.is_some() {
            let handled = store.get(&content)?.is_some();
            return Ok(Err(if handled { Rejection::Replayed } else { Rejection::InProgress }));
        }
        let active = ActiveClaim { store: Arc::clone(store), content, running, keep, since };
        // Read after the insert: a worker that finished in between has written the content before it released its claim.
        if active.store.get(&active.content)?.is_some() {
            return Ok(Err(Rejection::Replayed));
        }
        Ok(Ok(Self::new(Some(active), received)))
    }

    /// Remembers the webhook as handled and releases the claim.
    ///
    /// # Errors
    ///
    /// [`StoreUnavailable`] if the store cannot be reached. Reply with [`reply_accept`](crate::reply_accept) nevertheless: the
    /// webhook was handled, and only a replay of it would be handled again.
    pub fn finish(self) -> Result<(), StoreUnavailable> {
        if let Some((action, consume_no, since)) = &self.logged {
            let consume_no = consume_no.as_deref().map(Cow::Borrowed);
            let subject = Subject { action: Some(action), consume_no, since: *since };
            subject.info("a webhook is handled");
        }
        let Some(active) = &self.active else { return Ok(()) };
        active.store.insert(&active.content, "", active.keep).map(|_| ())
    }
}

impl Drop for ActiveClaim {
    fn drop(&mut self) {
        // After its lease the key may belong to another worker.
        if self.since.elapsed() < LEASE {
            let _ = self.store.remove(&self.running);
        }
    }
}

impl fmt::Debug for Claim {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Claim").field("active", &self.active.is_some()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use super::*;
    use crate::store::{MemoryReplayStore, OnStoreFailure};
    use crate::webhook::WebhookVerifier;

    const UPDATE: &str = r#"{"id":"1","action":"Card_update","data":{"card_no":"k","after_status":"Frozen"}}"#;
    const AUTH: &str = r#"{"id":"1","action":"Auth","data":{"consume_no":"c","card_no":"k","amount":1}}"#;

    fn guarded(store: &Arc<dyn ReplayStore>, on_store_failure: OnStoreFailure) -> WebhookVerifier {
        WebhookVerifier::new("app", ["secret"]).unwrap().replay_guard(Arc::clone(store), on_store_failure)
    }

    fn memory() -> WebhookVerifier {
        guarded(&(Arc::new(MemoryReplayStore::default()) as Arc<dyn ReplayStore>), OnStoreFailure::Reject)
    }

    /// Claims the same webhook each time.
    fn claim(verifier: &WebhookVerifier, body: &str) -> Result<(VerifiedWebhook, Claim), Option<Rejection>> {
        let headers = verifier.clone().sign_for_tests(sent_at(), body.as_bytes()).unwrap();
        verifier.claim(headers, body.as_bytes()).map_err(|error| error.rejection())
    }

    fn sent_at() -> SystemTime {
        static NOW: std::sync::OnceLock<SystemTime> = std::sync::OnceLock::new();
        *NOW.get_or_init(SystemTime::now)
    }

    #[test]
    fn what_was_handled_is_a_replay() {
        let verifier = memory();
        let (_, first) = claim(&verifier, UPDATE).unwrap();
        first.finish().unwrap();
        assert_eq!(claim(&verifier, UPDATE).unwrap_err(), Some(Rejection::Replayed));
        let headers = verifier.sign_for_tests(sent_at(), UPDATE.as_bytes()).unwrap();
        let again = verifier.verify(headers, UPDATE.as_bytes());
        assert_eq!(again.unwrap_err().rejection(), Some(Rejection::Replayed), "one memory for both");
    }

    #[test]
    fn what_could_not_be_handled_is_new_when_it_comes_again() {
        let verifier = memory();
        for _ in 0..3 {
            let (_, failed) = claim(&verifier, UPDATE).unwrap();
            drop(failed);
        }
        assert!(claim(&verifier, UPDATE).unwrap().1.finish().is_ok());
        assert_eq!(claim(&verifier, UPDATE).unwrap_err(), Some(Rejection::Replayed));
    }

    #[test]
    fn a_second_worker_is_rejected_while_the_first_handles_it() {
        let verifier = memory();
        let (_, first) = claim(&verifier, UPDATE).unwrap();
        assert_eq!(claim(&verifier, UPDATE).unwrap_err(), Some(Rejection::InProgress));
        drop(first);
        assert!(claim(&verifier, UPDATE).is_ok());
    }

    #[test]
    fn a_purchase_is_claimed_once() {
        let verifier = memory();
        let (_, asked) = claim(&verifier, AUTH).unwrap();
        drop(asked);
        assert_eq!(claim(&verifier, AUTH).unwrap_err(), Some(Rejection::Replayed));
    }

    #[test]
    fn one_of_many_concurrent_workers_handles_a_webhook() {
        let verifier = memory();
        let handled: usize = std::thread::scope(|scope| {
            let handle = || claim(&verifier, UPDATE).is_ok_and(|(_, claim)| claim.finish().is_ok());
            let threads: Vec<_> = (0..16).map(|_| scope.spawn(handle)).collect();
            threads.into_iter().map(|thread| usize::from(thread.join().unwrap())).sum()
        });
        assert_eq!(handled, 1);
    }

    #[test]
    fn without_a_guard_everything_is_new() {
        let verifier = WebhookVerifier::new("app", ["secret"]).unwrap();
        for _ in 0..2 {
            claim(&verifier, UPDATE).unwrap().1.finish().unwrap();
        }
    }
}
