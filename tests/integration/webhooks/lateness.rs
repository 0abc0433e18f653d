//! Purchases that arrive when the platform no longer waits, by their signed timestamp.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime};

use keysecure::{
    Clock, Decision, Interrupted, MemoryReplayStore, OnStoreFailure, Responder, VerifiedWebhook, WebhookVerifier,
    reply_accept, reply_decline,
};
use keysecure_tests::{capture_logs, warnings};

use super::fixture::{FixedClock, NOW, at};

/// The platform's clock, as a client learns it.
struct LearnedClock(FixedClock);

impl Clock for LearnedClock {
    fn now(&self) -> SystemTime {
        self.0.now()
    }
    fn monotonic(&self) -> Duration {
        self.0.monotonic()
    }
    fn sleep(&self, duration: Duration) -> Result<(), Interrupted> {
        self.0.sleep(duration)
    }
    fn follows_platform(&self) -> bool {
        true
    }
}

fn verifier(clock: impl Clock + 'static) -> WebhookVerifier {
    capture_logs();
    let store = Arc::new(MemoryReplayStore::default());
    let verifier = WebhookVerifier::new("app-1", ["secret"]).unwrap();
    verifier.clock(Arc::new(clock)).replay_guard(store, OnStoreFailure::Reject)
}

fn body(consume_no: &str, amount: &str) -> String {
    format!(r#"{{"id":"1","action":"Auth","data":{{"consume_no":"{consume_no}","card_no":"k","amount":{amount}}}}}"#)
}

/// A purchase that was signed `age` milliseconds before the clock's time.
fn delivered(verifier: &WebhookVerifier, body: &str, age: i64) -> VerifiedWebhook {
    let headers = verifier.sign_for_tests(at(NOW.saturating_add_signed(-age)), body.as_bytes()).unwrap();
    verifier.verify(headers, body.as_bytes()).unwrap()
}

fn counting(count: &Arc<AtomicUsize>) -> Responder {
    let count = Arc::clone(count);
    Responder::new(move |_| {
        count.fetch_add(1, Ordering::SeqCst);
        Decision::Approve
    })
}

/// The texts of the warnings about purchases whose number starts with this.
fn warned(consume_no: &str) -> Vec<String> {
    let number = format!("consume_no=\"{consume_no}");
    warnings().into_iter().map(|line| line.text).filter(|text| text.contains(&number)).collect()
}

fn too_late() -> String {
    reply_decline("the decision is too late").unwrap()
}

#[test]
fn a_purchase_too_old_by_the_platforms_clock_is_declined_undecided() {
    let (verifier, count) = (verifier(LearnedClock(FixedClock(at(NOW)))), Arc::default());
    let responder = counting(&count);
    for (consume_no, amount) in [("c-old", "42"), ("c-old-form", "[42]")] {
        let body = body(consume_no, amount);
        for age in [1_801, 5_000, 299_000] {
            assert_eq!(responder.respond(&delivered(&verifier, &body, age)), too_late());
        }
    }
    assert_eq!(count.load(Ordering::SeqCst), 0);
    let logged = warned("c-old\"");
    assert!(logged[0].starts_with("a purchase is declined"), "{logged:?}");
    assert!(logged[0].ends_with("(it was signed 1801 ms ago and arrived too late)"), "{logged:?}");
    assert_eq!(logged.len(), 3, "{logged:?}");
}

#[test]
fn a_purchase_that_comes_again_in_time_is_decided() {
    let (verifier, count) = (verifier(LearnedClock(FixedClock(at(NOW)))), Arc::default());
    let (responder, body) = (counting(&count), body("c-again", "42"));
    assert_eq!(responder.respond(&delivered(&verifier, &body, 2_000)), too_late());
    for age in [1_800, 700, 0, -5_000] {
        assert_eq!(responder.respond(&delivered(&verifier, &body, age)), reply_accept());
    }
    assert_eq!(count.load(Ordering::SeqCst), 1);
}

#[test]
fn a_machines_clock_that_is_ahead_declines_nothing_and_is_named() {
    let (verifier, count) = (verifier(FixedClock(at(NOW))), Arc::default());
    let responder = counting(&count);
    for (consume_no, age) in [("c-ahead-1", 1_801), ("c-ahead-2", 299_000), ("c-right", 1_800), ("c-behind", -299_000)]
    {
        assert_eq!(responder.respond(&delivered(&verifier, &body(consume_no, "42"), age)), reply_accept());
    }
    assert_eq!(count.load(Ordering::SeqCst), 4);
    let logged = warned("c-ahead-");
    assert_eq!(logged.len(), 2, "{logged:?}");
    assert!(logged[0].starts_with("a purchase was signed 1801 ms ago by this machine's clock"), "{logged:?}");
    assert_eq!(warned("c-right").len() + warned("c-behind").len(), 0);
}

#[test]
fn a_verifier_that_ignores_timestamps_judges_no_age() {
    let verifier = verifier(LearnedClock(FixedClock(at(NOW)))).ignore_timestamp();
    let count = Arc::default();
    let old = delivered(&verifier, &body("c-ignored", "42"), 3_600_000);
    assert_eq!(counting(&count).respond(&old), reply_accept());
    assert_eq!(warned("c-ignored").len(), 0);
}

#[test]
fn time_that_passed_before_the_verification_counts() {
    let (verifier, count) = (verifier(FixedClock(at(NOW))), Arc::default());
    let mut received = delivered(&verifier, &body("c-waited", "42"), 0);
    received.received_at -= Duration::from_secs(1);
    assert_eq!(counting(&count).respond(&received), too_late());
    assert_eq!(count.load(Ordering::SeqCst), 0);
}
