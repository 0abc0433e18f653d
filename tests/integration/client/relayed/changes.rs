//! Changes over a relay: the tap of the caller, and the time after which a change must not be carried out.

use std::time::{SystemTime, UNIX_EPOCH};

use keysecure::{
    ActivateCard, ApplyCard, CardStatus, Client, Cvv, EnsureOptions, Error, ErrorKind, Outcome, Pin, SetPin,
};
use keysecure_tests::{MockResponse, RecordedRequest, envelope, http};

use super::{CARD, relay, responding, transfer};

#[test]
fn a_tap_of_the_caller_is_sent_as_it_is() {
    let (server, client) = relay(|_| MockResponse::Keep(envelope(r#"{"result":true}"#)));
    let cards = || client.cards().with_tap("tap-1");
    cards().freeze("c1").unwrap();
    cards().unfreeze("c1").unwrap();
    cards().delete("c1").unwrap();
    cards().update_status("c1", CardStatus::Frozen).unwrap();
    let (card_no, cardholder_no) = ("c1".to_owned(), "1001".to_owned());
    let pin = Pin::new("739251").unwrap();
    cards().set_pin(&SetPin { card_no: card_no.clone(), cardholder_no: cardholder_no.clone(), pin }).unwrap();
    let (cvv, card_last_no) = (Cvv::new("123").unwrap(), "1111".to_owned());
    cards().activate(&ActivateCard { card_no, cardholder_no, cvv, card_last_no }).unwrap();
    let requests = server.requests();
    assert_eq!(requests.len(), 6);
    for request in requests {
        assert_eq!(request.header("idempotency-key"), Some("tap-1"), "{}", request.target);
    }
}

#[test]
fn a_tap_that_cannot_be_one_is_refused_before_anything_is_sent() {
    let (server, client) = relay(|_| MockResponse::Keep(envelope(r#"{"result":true}"#)));
    let refused = |error: Error| {
        assert_eq!((error.kind(), error.outcome()), (ErrorKind::InvalidInput, Outcome::NotSent), "{error}");
        assert_eq!(error.field(), Some("tap"), "{error}");
    };
    for tap in ["", "a b", "é", "a\nb", &"x".repeat(65)] {
        refused(client.cards().with_tap(tap).freeze("c1").unwrap_err());
    }
    client.cards().with_tap(&"x".repeat(64)).freeze("c1").unwrap();
    // The merchant reference of an application is its tap.
    let card = ApplyCard { cardholder_no: "1001".into(), card_unique_no: "tap-1".into(), ..ApplyCard::default() };
    refused(client.cards().with_tap("tap-1").apply(&card).unwrap_err());
    refused(client.cards().with_tap("tap-1").ensure_card(&card, &EnsureOptions::default()).unwrap_err());
    // The platform itself knows no taps.
    let direct = Client::builder("key", "0123456789abcdef").base_url(server.base_url()).build().unwrap();
    refused(direct.cards().with_tap("tap-1").freeze("c1").unwrap_err());
    assert_eq!(server.requests().len(), 1);
}

/// The device's clock in Unix milliseconds.
fn device_ms() -> i64 {
    i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis()).unwrap()
}

fn expires_at(request: &RecordedRequest) -> Option<i64> {
    request.header("expires-at").map(|at| at.parse().unwrap())
}

#[test]
fn a_change_expires_two_seconds_after_its_attempt_and_a_read_never() {
    let (server, client) = relay(|request| {
        let is_read = request.target.ends_with("cards.get");
        MockResponse::Keep(envelope(if is_read { CARD } else { r#"{"result":true}"# }))
    });
    let before = device_ms();
    client.cards().get("c1").unwrap();
    client.cards().freeze("c1").unwrap();
    let after = device_ms();
    let requests = server.requests();
    assert_eq!(expires_at(&requests[0]), None);
    let at = expires_at(&requests[1]).unwrap();
    assert!((before + 5_000..=after + 7_000).contains(&at), "{before} {at} {after}");
}

#[test]
fn a_change_that_expired_is_sent_again_once_by_the_relays_clock() {
    let relays = device_ms() - 3_600_000;
    let body = format!(
        r#"{{"code":1,"error":{{"kind":"timeout","outcome":"not_sent","text":"late","of_tap":false}},"now_ms":{relays}}}"#
    );
    let late =
        MockResponse::Keep(http("412 Precondition Failed", &["Content-Type: application/json"], body.as_bytes()));
    let (server, client) = responding(vec![late.clone(), MockResponse::Keep(envelope(r#"{"result":true}"#))]);
    client.cards().freeze("c1").unwrap();
    let requests = server.requests();
    let tap = |request: &RecordedRequest| request.header("idempotency-key").map(str::to_owned);
    assert_eq!((requests.len(), tap(&requests[0])), (2, tap(&requests[1])));
    let at = expires_at(&requests[1]).unwrap();
    assert!((relays..relays + 60_000).contains(&at), "{relays} {at}");

    let (server, client) = responding(vec![late]);
    let error = client.cards().freeze("c1").unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::Timeout, Outcome::NotSent), "{error}");
    assert_eq!(server.requests().len(), 2);
    // Of an exactly-once call only this request was late.
    let error = client.accounts().ensure_transfer(&transfer(), &EnsureOptions::default()).unwrap_err();
    assert_eq!(error.outcome(), Outcome::Unknown, "{error}");
}

#[test]
fn a_time_that_no_clock_shows_spoils_no_later_change() {
    for now_ms in [i64::MIN, -1, i64::MAX] {
        let body = format!(
            r#"{{"code":1,"error":{{"kind":"timeout","outcome":"not_sent","text":"late","of_tap":false}},"now_ms":{now_ms}}}"#
        );
        let late =
            MockResponse::Keep(http("412 Precondition Failed", &["Content-Type: application/json"], body.as_bytes()));
        let (server, client) = responding(vec![late, MockResponse::Keep(envelope(r#"{"result":true}"#))]);
        client.cards().freeze("c1").unwrap();
        // What a relay takes for a time: up to 15 digits.
        let at = server.requests()[1].header("expires-at").unwrap().to_owned();
        assert!(at.len() <= 15 && at.bytes().all(|byte| byte.is_ascii_digit()), "{now_ms}: {at}");
    }
}
