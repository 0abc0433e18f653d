//! The reply to a webhook.

use std::time::{Duration, Instant};

use keysecure::{Decision, Event, Responder, VerifiedWebhook, reply_accept, reply_decline, reply_duplicate};

use super::fixture::{AUTH, BODY, NOW, signed, verify};

fn auth() -> VerifiedWebhook {
    verify(&signed(AUTH, NOW), AUTH).unwrap()
}

#[test]
fn replies_are_the_exact_bytes() {
    assert_eq!(reply_accept(), r#"{"code":0,"message":""}"#);
    assert_eq!(reply_decline("no \"funds\"").unwrap(), r#"{"code":1,"message":"no \"funds\""}"#);
    assert_eq!(reply_decline("  ").unwrap_err().field(), Some("message"));
    assert_eq!(reply_duplicate(BODY.as_bytes()), reply_accept(), "a handled webhook is accepted again");
    let of_tomorrow = AUTH.replace("42.00", "[42]");
    for purchase in
        [reply_duplicate(AUTH.as_bytes()), reply_duplicate(of_tomorrow.as_bytes()), reply_duplicate(b"not JSON")]
    {
        assert_eq!(
            purchase,
            reply_decline("this purchase was requested before").unwrap(),
            "never approved by a replay"
        );
    }
}

#[test]
fn a_decision_becomes_the_reply() {
    let responder = Responder::new(|purchase| {
        if purchase.amount < 50.into() { Decision::Approve } else { Decision::Decline("too much".into()) }
    });
    assert_eq!(responder.respond(&auth()), reply_accept());
    let dear = AUTH.replace("42.00", "50.01").replace("c1", "c2");
    assert_eq!(responder.respond(&verify(&signed(&dear, NOW), &dear).unwrap()), reply_decline("too much").unwrap());
    let of_tomorrow = AUTH.replace("42.00", "[42]");
    let received = verify(&signed(&of_tomorrow, NOW), &of_tomorrow).unwrap();
    assert!(matches!(received.event, Event::Unknown { .. }));
    assert_eq!(
        responder.respond(&received),
        reply_decline("no decision could be made").unwrap(),
        "a purchase that cannot be read is not approved"
    );
    let update = verify(&signed(BODY, NOW), BODY).unwrap();
    assert_eq!(responder.respond(&update), reply_accept(), "a webhook that needs no decision is accepted");
}

#[test]
fn the_reply_is_in_time_even_if_the_decision_is_late_or_panics() {
    let slow = Responder::new(|_| {
        std::thread::sleep(Duration::from_secs(5));
        Decision::Approve
    });
    let received = auth();
    let reply = slow.respond(&received);
    assert!(Instant::now() < received.reply_before(), "the platform would not wait any longer");
    assert_eq!(reply, reply_decline("no decision in time").unwrap());
    let lenient = slow.clone().otherwise(Decision::Approve).budget(Duration::from_millis(50));
    let other = AUTH.replace("c1", "c2");
    assert_eq!(lenient.respond(&verify(&signed(&other, NOW), &other).unwrap()), reply_accept());
    let panicking = Responder::new(|_| panic!("a bug of the merchant's"));
    assert_eq!(panicking.respond(&auth()), reply_decline("no decision could be made").unwrap());
    let empty = Responder::new(|_| Decision::Decline(String::new()));
    assert_eq!(empty.respond(&auth()), reply_decline("declined").unwrap(), "the platform requires a message");
}
