//! Handling a callback once, and again when that failed.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::error::Rejection;
use crate::store::{ReplayStore, StoreUnavailable};

/// How long a callback stays claimed, at most: longer than a handler may take.
const LEASE: Duration = Duration::from_secs(60);

/// The right to handle a callback, from [`WebhookVerifier::claim`](crate::WebhookVerifier::claim).
///
/// [`verify`](crate::WebhookVerifier::verify) remembers a callback before it is handled: when that fails, the platform
/// sends it again and may be told that it was accepted. A claim is remembered only by [`finish`](Self::finish). Dropped
/// before, it is released and the next delivery of the callback is new. It ends after a minute by itself (in a
/// [`FileStore`](crate::FileStore) after up to two), because a worker may be killed: a handler must be done by then, and
/// longer work go to a queue. So a callback is handled **at least** once; what a handler does should
/// be harmless when done twice.
///
/// `Auth` callbacks are remembered at once: nobody waits for a second answer to a purchase.
#[must_use = "a claim that is dropped is released: the callback will be handled again"]
pub struct Claim(Option<CachedToken>);

struct CachedToken {
    store: Arc<dyn ReplayStore>,
    content: String,
    running: String,
    keep: Duration,
    since: Instant,
}

impl Claim {
    /// With no memory of callbacks there is nothing to hold.
    pub(super) fn free() -> Self {
        Self(None)
    }

    /// Claims content that nobody handles or has handled.
    pub(super) fn take(
        store: &Arc<dyn ReplayStore>,
        content: String,
        keep: Duration,
    ) -> Result<Result<Self, Rejection>, StoreUnavailable> {
        let (running, since) = (format!("{content} running"), Instant::now());
        if store.insert(&running, "", LEASE)?.is_some() {
            let handled = store.get(&content)?.is_some();
            return Ok(Err(if handled { Rejection::Replayed } else { Rejection::InProgress }));
        }
        let held = CachedToken { store: Arc::clone(store), content, running, keep, since };
        // Asked only now: who finished meanwhile has said so before letting go.
        if held.store.get(&held.content)?.is_some() {
            return Ok(Err(Rejection::Replayed));
        }
        Ok(Ok(Self(Some(held))))
    }

    /// Remembers the callback as handled, and lets go. Answer it with [`reply_accept`](crate::reply_accept) even when the
    /// store cannot be reached: it was handled, only a replay of it would be handled again.
    pub fn finish(self) -> Result<(), StoreUnavailable> {
        self.0.as_ref().map_or(Ok(()), |held| held.store.insert(&held.content, "", held.keep).map(|_| ()))
    }
}

impl Drop for CachedToken {
    fn drop(&mut self) {
        // A store out of reach forgets it when its time is over; then it may be another worker's by now.
        if self.since.elapsed() < LEASE {
            let _ = self.store.remove(&self.running);
        }
    }
}

impl fmt::Debug for Claim {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Claim").field("held", &self.0.is_some()).finish()
    }
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use super::*;
    use crate::store::{MemoryReplayStore, OnStoreFailure};
    use crate::webhook::{VerifiedWebhook, WebhookVerifier};

    const UPDATE: &str = r#"{"id":"1","action":"Card_update","data":{"card_no":"k","after_status":"Frozen"}}"#;
    const AUTH: &str = r#"{"id":"1","action":"Auth","data":{"consume_no":"c","card_no":"k","amount":1}}"#;

    fn guarded(store: &Arc<dyn ReplayStore>, when_unavailable: OnStoreFailure) -> WebhookVerifier {
        WebhookVerifier::new("app", ["secret"]).unwrap().replay_guard(Arc::clone(store), when_unavailable)
    }

    fn memory() -> WebhookVerifier {
        guarded(&(Arc::new(MemoryReplayStore::default()) as Arc<dyn ReplayStore>), OnStoreFailure::Reject)
    }

    /// The same callback each time.
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
    fn while_one_handles_it_another_is_told_to_wait() {
        let verifier = memory();
        let (_, first) = claim(&verifier, UPDATE).unwrap();
        assert_eq!(claim(&verifier, UPDATE).unwrap_err(), Some(Rejection::InProgress));
        drop(first);
        assert!(claim(&verifier, UPDATE).is_ok());
    }

    #[test]
    fn a_purchase_is_asked_once() {
        let verifier = memory();
        let (_, asked) = claim(&verifier, AUTH).unwrap();
        drop(asked);
        assert_eq!(claim(&verifier, AUTH).unwrap_err(), Some(Rejection::Replayed));
    }

    #[test]
    fn of_many_at_once_one_handles_it() {
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
