//! What the `log` facade receives about webhooks.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use keysecure::{
    Decision, MemoryReplayStore, NoDecision, OnStoreFailure, ReplayStore, Responder, StoreUnavailable, reply_accept,
    reply_decline,
};
use keysecure_tests::{LogLine, logged};
use log::Level;

use super::fixture::{AUTH, BODY, Headers, NOW, signed, verifier, verify};

fn headers(body: &str) -> Headers {
    signed(body, NOW)
}

/// The only record of the client.
fn only(lines: Vec<LogLine>) -> LogLine {
    let mut ours = lines.into_iter().filter(|line| line.target == "keysecure");
    let first = ours.next().unwrap();
    assert!(ours.next().is_none());
    first
}

fn fields<'a>(line: &'a LogLine, names: [&str; 3]) -> [Option<&'a str>; 3] {
    names.map(|name| line.field(name))
}

#[test]
fn a_reply_is_logged_with_its_reason() {
    let received = verify(&headers(AUTH), AUTH).unwrap();
    let declines = Responder::new(|_| Decision::Decline("over the limit".into()));
    let approves = Responder::new(|_| Decision::Approve);
    let fails = |why| Responder::fallible(move |_| Err(why));
    let table = [
        (approves, Level::Info, "by decision", reply_accept()),
        (declines, Level::Warn, "by decision", reply_decline("over the limit").unwrap()),
        (
            fails(NoDecision::Failed),
            Level::Warn,
            "the decision failed",
            reply_decline("no decision could be made").unwrap(),
        ),
        (
            fails(NoDecision::Undefined),
            Level::Warn,
            "there is no decision function",
            reply_decline("purchases are not accepted").unwrap(),
        ),
        (
            fails(NoDecision::Invalid).otherwise(Decision::Approve),
            Level::Warn,
            "the decision function returned no decision",
            reply_accept(),
        ),
    ];
    for (responder, level, reason, expected) in table {
        let again = if expected == reply_accept() { Level::Info } else { Level::Warn };
        for (level, reason) in [(level, reason), (again, "the purchase was requested before")] {
            let (reply, lines) = logged(|| responder.respond(&received));
            assert_eq!(reply, expected);
            let line = only(lines);
            assert_eq!(line.level, level);
            assert_eq!(fields(&line, ["action", "consume_no", "reason"]), [Some("Auth"), Some("c1"), Some(reason)]);
            assert!(line.field("duration_ms").is_some_and(|millis| millis.parse::<f64>().is_ok()), "{line:?}");
        }
    }
}

#[test]
fn a_handled_webhook_is_logged_when_its_claim_is_finished() {
    let (claimed, lines) = logged(|| verifier().claim(headers(BODY), BODY.as_bytes()).unwrap().1);
    assert!(lines.iter().all(|line| line.target != "keysecure"));
    let line = only(logged(|| claimed.finish().unwrap()).1);
    assert_eq!(line.level, Level::Info);
    assert!(line.text.starts_with(r#"a webhook is handled: consume_no="c1", after "#), "{line:?}");
    assert_eq!(fields(&line, ["action", "consume_no", "reason"]), [Some("Consumption"), Some("c1"), None]);
}

#[test]
fn a_rejection_is_logged_by_every_method_of_the_verifier() {
    let mut wrong = headers(BODY);
    for (name, value) in &mut wrong {
        if name == "Signature" {
            *value = "0".repeat(64);
        }
    }
    let methods: [fn(Headers); 3] = [
        |headers| assert!(verifier().verify(headers, BODY.as_bytes()).is_err()),
        |headers| assert!(verifier().claim(headers, BODY.as_bytes()).is_err()),
        |headers| assert!(verifier().verify_signature(headers, BODY.as_bytes()).is_err()),
    ];
    for method in methods {
        let line = only(logged(|| method(wrong.clone())).1);
        assert_eq!((line.level, line.field("rejection")), (Level::Warn, Some("wrong_signature")));
        assert_eq!(line.field("consume_no"), None, "the body is not verified");
    }
}

#[test]
fn the_number_of_a_consumption_is_logged_whole() {
    // One in ten numbers passes the check of card numbers.
    let number = "1728629430000055181";
    let auth = AUTH.replace("c1", number);
    let received = verify(&headers(&auth), &auth).unwrap();
    let line = only(logged(|| Responder::new(|_| Decision::Approve).respond(&received)).1);
    assert_eq!(line.field("consume_no"), Some(number));
    assert!(line.text.contains(&format!("consume_no=\"{number}\", ")), "{line:?}");
    let body = BODY.replace("\"c1\"", &format!("\"{number}\""));
    let (_, claimed) = verifier().claim(headers(&body), body.as_bytes()).unwrap();
    assert_eq!(only(logged(|| claimed.finish().unwrap()).1).field("consume_no"), Some(number));
    // The name of an action may be any text.
    let body = BODY.replace("Consumption\",\"data", "New 4111111111111111\",\"data");
    let (_, claimed) = verifier().claim(headers(&body), body.as_bytes()).unwrap();
    assert_eq!(only(logged(|| claimed.finish().unwrap()).1).field("action"), Some("New 411111******1111"));
}

#[test]
fn a_purchase_of_unknown_form_is_logged_with_its_number() {
    for (data, number) in [
        (r#"{"consume_no":"c7","card_no":"k1","amount":null}"#, Some("c7")),
        (r#"{"consume_no":"c7","amount":1}"#, Some("c7")),
        (r#"{"consume_no":7700000000000000001,"amount":1}"#, Some("7700000000000000001")),
        (r#"{"consume_no":["c7"],"card_no":"k1","amount":1}"#, None),
        (r#"{"consume_no":null,"card_no":"k1","amount":1}"#, None),
    ] {
        let body = format!(r#"{{"id":"1","action":"Auth","data":{data}}}"#);
        let received = verify(&headers(&body), &body).unwrap();
        let (reply, lines) = logged(|| Responder::new(|_| Decision::Approve).respond(&received));
        assert_eq!(reply, reply_decline("no decision could be made").unwrap());
        let line = only(lines);
        let expected = [Some("Auth"), number, Some("it has an unknown form")];
        assert_eq!(fields(&line, ["action", "consume_no", "reason"]), expected, "{data}");
        assert_eq!(line.text.contains("consume_no"), number.is_some(), "{line:?}");
    }
}

/// A replay store that takes this many milliseconds to add a key.
struct SlowStore(MemoryReplayStore, AtomicU64);

impl SlowStore {
    fn taking(millis: u64) -> Arc<Self> {
        Arc::new(Self(MemoryReplayStore::default(), AtomicU64::new(millis)))
    }
}

impl ReplayStore for SlowStore {
    fn insert(&self, key: &str, value: &str, keep: Duration) -> Result<Option<String>, StoreUnavailable> {
        std::thread::sleep(Duration::from_millis(self.1.load(Ordering::SeqCst)));
        self.0.insert(key, value, keep)
    }

    fn get(&self, key: &str) -> Result<Option<String>, StoreUnavailable> {
        self.0.get(key)
    }

    fn remove(&self, key: &str) -> Result<(), StoreUnavailable> {
        self.0.remove(key)
    }
}

#[test]
fn a_webhook_that_comes_again_is_logged_as_accepted_before() {
    let replay_guard = || verifier().replay_guard(Arc::new(MemoryReplayStore::default()), OnStoreFailure::Reject);
    let (verifies, claims) = (replay_guard(), replay_guard());
    verifies.verify(headers(BODY), BODY.as_bytes()).unwrap();
    claims.claim(headers(BODY), BODY.as_bytes()).unwrap().1.finish().unwrap();
    let again: [&dyn Fn() -> bool; 2] = [&|| verifies.verify(headers(BODY), BODY.as_bytes()).is_err(), &|| {
        claims.claim(headers(BODY), BODY.as_bytes()).is_err()
    }];
    for comes_again in again {
        let (refused, lines) = logged(comes_again);
        let line = only(lines);
        assert_eq!((refused, line.level), (true, Level::Warn));
        assert_eq!(
            fields(&line, ["action", "consume_no", "rejection"]),
            [Some("Consumption"), Some("c1"), Some("replayed")]
        );
        assert!(line.text.starts_with("a webhook was accepted before (replayed): "), "{line:?}");
    }
    // One that is handled at this moment gets an error status.
    let guarded = replay_guard();
    let _claimed = guarded.claim(headers(BODY), BODY.as_bytes()).unwrap();
    let line = only(logged(|| assert!(guarded.claim(headers(BODY), BODY.as_bytes()).is_err())).1);
    assert_eq!((line.level, line.field("rejection")), (Level::Warn, Some("in_progress")));
}

#[test]
fn a_store_that_takes_the_budget_of_a_decision_is_named_as_the_reason() {
    let no_decision = reply_decline("no decision in time").unwrap();
    let too_slow = Some("the replay store took too long");
    let reason = |verifying: u64, deciding: u64| {
        let store = SlowStore::taking(verifying);
        let guarded = verifier().replay_guard(store.clone(), OnStoreFailure::Reject);
        let received = guarded.verify(headers(AUTH), AUTH.as_bytes()).unwrap();
        store.1.store(deciding, Ordering::SeqCst);
        let responder = Responder::new(|_| Decision::Approve).budget(Duration::from_millis(200));
        let (reply, lines) = logged(|| responder.respond(&received));
        assert_eq!(reply, no_decision);
        only(lines).field("reason").map(str::to_owned)
    };
    // While the webhook is verified; before the decision; and so long that the reply does not wait for it.
    for (verifying, deciding) in [(250, 0), (0, 250), (0, 1_000)] {
        assert_eq!(reason(verifying, deciding).as_deref(), too_slow, "{verifying} {deciding}");
    }
    // Not while the decision itself is late.
    let guarded = verifier().replay_guard(SlowStore::taking(20), OnStoreFailure::Reject);
    let received = guarded.verify(headers(AUTH), AUTH.as_bytes()).unwrap();
    let slow = Responder::new(|_| {
        std::thread::sleep(Duration::from_secs(2));
        Decision::Approve
    });
    let line = only(logged(|| slow.budget(Duration::from_millis(200)).respond(&received)).1);
    assert_eq!(line.field("reason"), Some("there is no decision in time"));
}
