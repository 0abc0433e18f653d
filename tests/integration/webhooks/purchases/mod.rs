//! A purchase is decided once, however often and by whichever worker it is received, and no approval is sent too late.

mod processes;
mod stores;

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, SystemTime};

use keysecure::{
    Decision, MemoryReplayStore, OnStoreFailure, Rejection, ReplayStore, Responder, VerifiedWebhook, WebhookVerifier,
    reply_accept, reply_decline,
};
use keysecure_tests::{capture_logs, warnings};

const SECRET: &str = "0123456789abcdef0123456789abcdef";

fn verifier(store: &Arc<dyn ReplayStore>, when_unavailable: OnStoreFailure) -> WebhookVerifier {
    capture_logs();
    WebhookVerifier::new("app-1", [SECRET]).unwrap().replay_guard(Arc::clone(store), when_unavailable)
}

fn memory() -> Arc<dyn ReplayStore> {
    Arc::new(MemoryReplayStore::default())
}

fn body(consume_no: &str) -> String {
    format!(r#"{{"id":"1","action":"Auth","data":{{"consume_no":"{consume_no}","card_no":"k","amount":42.00}}}}"#)
}

/// A timestamp that no other webhook of this process has.
fn unique_time() -> SystemTime {
    static LATEST: OnceLock<SystemTime> = OnceLock::new();
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let back = Duration::from_millis(COUNT.fetch_add(1, Ordering::Relaxed));
    *LATEST.get_or_init(SystemTime::now) - back
}

/// A verified webhook of the purchase, with a timestamp and a signature that no other one of this process has.
fn delivered(verifier: &WebhookVerifier, consume_no: &str) -> VerifiedWebhook {
    let (at, body) = (unique_time(), body(consume_no));
    let headers = verifier.sign_for_tests(at, body.as_bytes()).unwrap();
    verifier.verify(headers, body.as_bytes()).unwrap()
}

/// A responder that approves every purchase and counts them.
fn counting(count: &Arc<AtomicUsize>, takes: Duration) -> Responder {
    let count = Arc::clone(count);
    Responder::new(move |_| {
        count.fetch_add(1, Ordering::SeqCst);
        std::thread::sleep(takes);
        Decision::Approve
    })
}

fn no_decision() -> String {
    reply_decline("no decision in time").unwrap()
}

fn too_late() -> String {
    reply_decline("the decision is too late").unwrap()
}

const SHORT: Duration = Duration::from_millis(30);

const LONG: Duration = Duration::from_secs(2);

#[test]
fn two_workers_that_share_a_store_decide_once_and_reply_the_same() {
    let (store, count) = (memory(), Arc::default());
    let workers = [(); 2].map(|()| (verifier(&store, OnStoreFailure::Reject), counting(&count, SHORT)));
    let both = |_: usize| {
        std::thread::scope(|scope| {
            let threads = workers
                .each_ref()
                .map(|(verifier, responder)| scope.spawn(|| responder.respond(&delivered(verifier, "c-shared"))));
            threads.map(|thread| thread.join().unwrap())
        })
    };
    for round in 0..3 {
        assert_eq!(both(round), [reply_accept(), reply_accept()]);
    }
    assert_eq!(count.load(Ordering::SeqCst), 1);
}

/// A verified webhook with that data, and a signature that no other one has.
fn asked(verifier: &WebhookVerifier, data: &str) -> VerifiedWebhook {
    let body = format!(r#"{{"id":"1","action":"Auth","data":{data}}}"#);
    verifier.verify(verifier.sign_for_tests(unique_time(), body.as_bytes()).unwrap(), body.as_bytes()).unwrap()
}

#[test]
fn an_approval_does_not_extend_to_another_purchase_of_the_same_number() {
    let (store, count) = (memory(), Arc::default());
    let before = reply_decline("this purchase was requested before").unwrap();
    for guarded in [true, false] {
        let plain = || WebhookVerifier::new("app-2", [SECRET]).unwrap();
        let verifier = if guarded { verifier(&store, OnStoreFailure::Reject) } else { plain() };
        let responder = counting(&count, Duration::ZERO);
        let respond = |data: &str| responder.respond(&asked(&verifier, data));
        assert_eq!(respond(r#"{"consume_no":"c-own","card_no":"k","amount":42}"#), reply_accept());
        for other in [
            r#"{"consume_no":"c-own","card_no":"k","amount":420}"#,
            r#"{"consume_no":"c-own","card_no":"other","amount":42}"#,
            r#"{"consume_no":"c-own","card_no":"k","amount":42,"type":"Refund"}"#,
            r#"{"consume_no":"c-own","card_no":"k","amount":42,"local_amount":7}"#,
        ] {
            assert_eq!(respond(other), before, "{other}");
        }
        assert_eq!(respond(r#"{"consume_no":"c-own","card_no":"k","amount":"42.00"}"#), reply_accept(), "its own");
    }
    assert_eq!(count.load(Ordering::SeqCst), 2);
}

#[test]
fn purchases_without_a_number_are_identified_by_their_content() {
    let (store, count) = (memory(), Arc::default());
    let (verifier, responder) = (verifier(&store, OnStoreFailure::Reject), counting(&count, Duration::ZERO));
    for amount in [1, 2, 1] {
        let data = format!(r#"{{"consume_no":"","card_no":"k","amount":{amount}}}"#);
        assert_eq!(responder.respond(&asked(&verifier, &data)), reply_accept());
    }
    assert_eq!(count.load(Ordering::SeqCst), 2);
}

#[test]
fn merchants_that_share_a_store_are_independent() {
    let (store, count) = (memory(), Arc::default());
    let other =
        WebhookVerifier::new("app-2", [SECRET]).unwrap().replay_guard(Arc::clone(&store), OnStoreFailure::Reject);
    let responder = counting(&count, Duration::ZERO);
    for verifier in [&verifier(&store, OnStoreFailure::Reject), &other] {
        responder.respond(&delivered(verifier, "c-1"));
    }
    assert_eq!(count.load(Ordering::SeqCst), 2);
}

#[test]
fn without_a_store_a_responder_remembers_in_memory() {
    let verifier = WebhookVerifier::new("app-1", [SECRET]).unwrap();
    let count = Arc::default();
    let responder = counting(&count, Duration::ZERO);
    for responder in [&responder, &responder.clone(), &responder.clone().decide(|_| Decision::Decline("no".into()))] {
        assert_eq!(responder.respond(&delivered(&verifier, "c-1")), reply_accept());
    }
    assert_eq!(responder.respond(&delivered(&verifier, "c-2")), reply_accept());
    assert_eq!(count.load(Ordering::SeqCst), 2);
    let elsewhere = memory();
    let kept = responder.clone().store(Arc::clone(&elsewhere), OnStoreFailure::Reject);
    kept.respond(&delivered(&verifier, "c-3"));
    let another = counting(&count, Duration::ZERO).store(elsewhere, OnStoreFailure::Reject);
    another.respond(&delivered(&verifier, "c-3"));
    assert_eq!(count.load(Ordering::SeqCst), 3);
}

#[test]
fn a_missing_decision_is_the_reply_to_every_later_delivery() {
    let (store, count) = (memory(), Arc::default());
    let verifier = verifier(&store, OnStoreFailure::Reject);
    let slow = counting(&count, LONG).budget(Duration::from_millis(200));
    for _ in 0..2 {
        assert_eq!(slow.respond(&delivered(&verifier, "c-slow")), no_decision());
    }
    let lenient = counting(&count, LONG).budget(Duration::from_millis(200)).otherwise(Decision::Approve);
    for _ in 0..2 {
        assert_eq!(lenient.respond(&delivered(&verifier, "c-lenient")), reply_accept());
    }
    let panics = Responder::new(|_| panic!("a bug with the secret text 739251")).otherwise(Decision::Approve);
    assert_eq!(panics.respond(&delivered(&verifier, "c-panic")), reply_accept());
    assert_eq!(count.load(Ordering::SeqCst), 2);
    let declined = format!("a purchase is declined: consume_no={:?}, after ", "c-slow");
    let slow = logged("c-slow");
    assert!(slow[0].starts_with(&declined) && slow[0].ends_with(" ms (there is no decision in time)"), "{slow:?}");
    let panic = logged("c-panic");
    assert!(panic[0].starts_with("a purchase is approved without a decision: "), "{panic:?}");
    assert!(panic[0].ends_with(" ms (the decision failed)"), "{panic:?}");
    assert!(panic.iter().all(|line| !line.contains("739251")), "{panic:?}");
}

#[test]
fn a_late_approval_is_a_refusal_regardless_of_the_default() {
    let (store, count) = (memory(), Arc::default());
    let verifier = verifier(&store, OnStoreFailure::Reject);
    let responder = counting(&count, Duration::ZERO).otherwise(Decision::Approve);
    for consume_no in ["c-late", "c-late-unknown"] {
        let body = if consume_no == "c-late" { body(consume_no) } else { body(consume_no).replace("42.00", "[42]") };
        let headers = verifier.sign_for_tests(SystemTime::now(), body.as_bytes()).unwrap();
        let received = verifier.verify(headers, body.as_bytes()).unwrap();
        // The handler is slow before it calls the responder.
        std::thread::sleep(Duration::from_millis(850));
        assert_ne!(responder.respond(&received), reply_accept(), "{consume_no}");
    }
    assert_eq!(responder.respond(&delivered(&verifier, "c-late")), too_late(), "the first reply is repeated");
    let late = logged("c-late");
    assert!(late.iter().any(|line| line.starts_with("a purchase is declined")), "{late:?}");
    assert!(late[0].ends_with(" ms (there is no decision in time)"), "{late:?}");
    // An approval that was in time is not repeated too late.
    let received = delivered(&verifier, "c-early");
    assert_eq!(responder.respond(&received), reply_accept());
    std::thread::sleep(Duration::from_millis(850));
    assert_eq!(responder.respond(&received), too_late());
    assert_eq!(responder.respond(&delivered(&verifier, "c-early")), reply_accept());
}

#[test]
fn an_exact_replay_gets_the_first_reply_again() {
    let (store, count) = (memory(), Arc::default());
    let verifier = verifier(&store, OnStoreFailure::Reject);
    for (consume_no, responder, first) in [
        ("c-yes", counting(&count, Duration::ZERO), reply_accept()),
        ("c-no", Responder::new(|_| Decision::Decline("too much".into())), reply_decline("too much").unwrap()),
    ] {
        let body = body(consume_no);
        let headers = verifier.sign_for_tests(SystemTime::now(), body.as_bytes()).unwrap();
        assert_eq!(responder.respond(&verifier.verify(headers.clone(), body.as_bytes()).unwrap()), first);
        let again = verifier.verify(headers, body.as_bytes()).unwrap_err();
        assert_eq!(again.rejection(), Some(Rejection::Replayed));
        let replays = logged(consume_no).into_iter().filter(|line| line.contains("replayed")).collect::<Vec<_>>();
        assert!(replays.iter().all(|line| line.contains("was accepted before")) && replays.len() == 1, "{replays:?}");
        assert_eq!(verifier.reply_duplicate(body.as_bytes()), first);
    }
    // During a decision, a replay waits for the reply.
    let slow = counting(&count, Duration::from_millis(300));
    let received = delivered(&verifier, "c-both");
    let (first, again) = std::thread::scope(|scope| {
        let first = scope.spawn(|| slow.respond(&received));
        let again = scope.spawn(|| {
            std::thread::sleep(SHORT);
            verifier.reply_duplicate(body("c-both").as_bytes())
        });
        (first.join().unwrap(), again.join().unwrap())
    });
    assert_eq!((first, again), (reply_accept(), reply_accept()));
    // Without a decision it is refused, and stays refused.
    let refused = reply_decline("this purchase was requested before").unwrap();
    assert_eq!(verifier.reply_duplicate(body("c-nobody").as_bytes()), refused);
    assert_eq!(slow.respond(&delivered(&verifier, "c-nobody")), refused);
    let update = r#"{"id":"1","action":"Card_update","data":{"card_no":"k","after_status":"Frozen"}}"#;
    assert_eq!(verifier.reply_duplicate(update.as_bytes()), reply_accept());
    let alone = WebhookVerifier::new("app-1", [SECRET]).unwrap();
    assert_eq!(alone.reply_duplicate(body("c-yes").as_bytes()), refused, "without a store nothing is recorded");
}

#[test]
fn verified_webhooks_are_compared_by_content() {
    let body = body("c-1");
    let headers =
        verifier(&memory(), OnStoreFailure::Reject).sign_for_tests(SystemTime::now(), body.as_bytes()).unwrap();
    let [mut one, other] =
        [(); 2].map(|()| verifier(&memory(), OnStoreFailure::Reject).verify(headers.clone(), body.as_bytes()).unwrap());
    one.received_at = other.received_at;
    assert_eq!(one, other);
    assert!(!format!("{one:?}").contains("app-1"), "{one:?}");
}

/// What was logged about a purchase: warnings of the client, and nothing else.
fn logged(consume_no: &str) -> Vec<String> {
    let quoted = format!("{consume_no:?}");
    let lines = warnings().into_iter().filter(|line| line.text.contains(&quoted));
    lines
        .map(|line| {
            assert_eq!((line.level, &*line.target), (log::Level::Warn, "keysecure"));
            line.text
        })
        .collect()
}
