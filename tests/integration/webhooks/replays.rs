//! Replays with changed headers: an old webhook or one of another merchant must not pass for a new one of our own.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use keysecure::{Event, MemoryReplayStore, OnStoreFailure, Rejection, WebhookVerifier};

const MONTH: Duration = Duration::from_secs(30 * 24 * 3600);
const SECRET: &str = "0123456789abcdef0123456789abcdef";

fn verifier() -> WebhookVerifier {
    WebhookVerifier::new("4711", [SECRET]).unwrap()
}

fn millis(at: SystemTime) -> u128 {
    at.duration_since(UNIX_EPOCH).unwrap().as_millis()
}

fn headers(timestamp: &str, signature: &str) -> [(&'static str, String); 2] {
    [("Timestamp", timestamp.to_owned()), ("Signature", signature.to_owned())]
}

/// A webhook with these fields at the end of its data.
fn with(more: &str) -> String {
    format!(r#"{{"id":"1","action":"Card_update","data":{{"card_no":"k","after_status":"Frozen"{more}}}}}"#)
}

fn signature(verifier: &WebhookVerifier, at: SystemTime, body: &str) -> String {
    let headers = verifier.sign_for_tests(at, body.as_bytes()).unwrap();
    headers.into_iter().find(|(name, _)| *name == "Signature").unwrap().1
}

fn rejection(verifier: &WebhookVerifier, at: SystemTime, signature: &str, body: &str) -> Option<Rejection> {
    let headers = headers(&millis(at).to_string(), signature);
    verifier.verify(headers, body.as_bytes()).err().map(|error| error.rejection().unwrap())
}

#[test]
fn an_old_webhook_with_its_own_timestamp_in_the_data_is_rejected() {
    let (now, then) = (SystemTime::now(), SystemTime::now() - MONTH);
    let old = millis(then);
    let captured = signature(&verifier(), then, &with(""));
    assert_eq!(rejection(&verifier(), now, &captured, &with("")), Some(Rejection::WrongSignature));
    // The signed text of all of these is the one that the platform signed a month ago.
    for timestamp in [format!("\"{old}\""), old.to_string(), format!("\"\\u003{old}\"")] {
        let body = with(&format!(",\"timestamp\":{timestamp}"));
        assert_eq!(rejection(&verifier(), now, &captured, &body), Some(Rejection::Contradiction), "{body}");
        let error = verifier().verify_signature(headers(&millis(now).to_string(), &captured), body.as_bytes());
        assert_eq!(error.unwrap_err().rejection(), Some(Rejection::Contradiction), "{body}");
    }
}

#[test]
fn a_timestamp_in_the_data_must_be_the_one_of_the_header() {
    let now = SystemTime::now();
    let header = millis(now);
    let text = header.to_string();
    let exponent = format!("{}.{}e12", &text[..1], &text[1..]);
    for same in [
        format!("\"{header}\""),
        text.clone(),
        format!("{header}.0"),
        format!("{header}.000"),
        exponent,
        "null".to_owned(),
    ] {
        let body = with(&format!(",\"timestamp\":{same}"));
        assert_eq!(rejection(&verifier(), now, &signature(&verifier(), now, &body), &body), None, "{body}");
    }
    for other in [
        format!("\"{}\"", header - 1),
        (header - 1).to_string(),
        format!("\"{header} \""),
        format!("\"0{header}\""),
        format!("\"{header}.0\""),
        format!("{header}.5"),
        format!("-{header}"),
        format!("{header}e1"),
        format!("[{header}]"),
        format!("{{\"a\":{header}}}"),
        "\"\"".to_owned(),
        "0".to_owned(),
        "1e9223372036854775807".to_owned(),
        "1.7e12".to_owned(),
        "true".to_owned(),
        "[]".to_owned(),
        "{}".to_owned(),
    ] {
        let body = with(&format!(",\"timestamp\":{other}"));
        let signature = signature(&verifier(), now, &body);
        assert_eq!(rejection(&verifier(), now, &signature, &body), Some(Rejection::Contradiction), "{body}");
        // A body with both, in any order and spelling, is no webhook.
        for (one, two) in [("timestamp", "timestamp"), ("timestamp", "\\u0074imestamp")] {
            let body = with(&format!(",\"{one}\":\"{header}\",\"{two}\":{other}"));
            assert_eq!(rejection(&verifier(), now, &signature, &body), Some(Rejection::NotACallback), "{body}");
        }
    }
    // Similar names replace nothing: they are signed in addition.
    for name in ["timestamp ", "Timestamp", "timestamp\\u0000", "time\\u00adstamp", "appid", " appId", "TIMESTAMP"] {
        let body = with(&format!(",\"{name}\":1"));
        assert_eq!(rejection(&verifier(), now, &signature(&verifier(), now, &body), &body), None, "{body}");
        let captured = signature(&verifier(), now, &with(""));
        assert_eq!(rejection(&verifier(), now, &captured, &body), Some(Rejection::WrongSignature), "{body}");
    }
    // In nested objects it is an ordinary field.
    let nested = with(",\"more\":{\"timestamp\":1,\"appId\":\"x\"}");
    assert_eq!(rejection(&verifier(), now, &signature(&verifier(), now, &nested), &nested), None);
}

#[test]
fn an_app_id_in_the_data_must_be_ours() {
    let now = SystemTime::now();
    // One secret for two apps: a merchant with two accounts, or a test and a production one.
    let other = WebhookVerifier::new("other-app", [SECRET]).unwrap();
    let captured = signature(&other, now, &with(""));
    let body = with(",\"appId\":\"other-app\"");
    assert_eq!(rejection(&verifier(), now, &captured, &body), Some(Rejection::Contradiction));
    for (app_id, expected) in [
        ("\"4711\"", None),
        ("4711", None),
        ("null", None),
        ("4711.0", Some(Rejection::Contradiction)),
        ("\"4712\"", Some(Rejection::Contradiction)),
        ("\"\"", Some(Rejection::Contradiction)),
        ("[\"4711\"]", Some(Rejection::Contradiction)),
        ("{}", Some(Rejection::Contradiction)),
        ("false", Some(Rejection::Contradiction)),
    ] {
        let body = with(&format!(",\"appId\":{app_id}"));
        assert_eq!(rejection(&verifier(), now, &signature(&verifier(), now, &body), &body), expected, "{body}");
    }
}

#[test]
fn a_webhook_written_differently_is_not_new_to_the_replay_guard() {
    let now = SystemTime::now();
    let guarded = verifier().replay_guard(Arc::new(MemoryReplayStore::default()), OnStoreFailure::Reject);
    let captured = signature(&verifier(), now, &with(",\"amount\":1000"));
    // All of these have the signed text of the first. The last two have fields of another action, which are not accepted.
    let timestamp = millis(now);
    let again = [
        with(&format!(",\"x\":null,\"timestamp\":{timestamp}")),
        with(&format!(",\"timestamp\":\"{timestamp}\",\"appId\":4711")),
        with("").replace("\"id\":\"1\"", "\"id\":\"2\"").replace("\"card_no\"", "\"\\u0063ard_no\""),
        with("").replace("Card_update", "Something_new"),
    ];
    let first = signature(&verifier(), now, &with(""));
    assert_eq!(rejection(&guarded, now, &first, &with("")), None);
    for body in again {
        assert_eq!(rejection(&guarded, now, &first, &body), Some(Rejection::Replayed), "{body}");
    }
    for body in [with(",\"amount\":1000"), with(",\"amount\":\"1000\"")] {
        assert_eq!(rejection(&guarded, now, &captured, &body), Some(Rejection::WrongAction), "{body}");
    }
    let upper = rejection(&guarded, now, &first.to_uppercase(), &with(""));
    assert_eq!(upper, Some(Rejection::BadSignature), "a second spelling of the same signature");
    let zero = guarded.verify(headers(&format!("0{timestamp}"), &first), with("").as_bytes());
    assert_eq!(zero.unwrap_err().rejection(), Some(Rejection::BadTimestamp));
}

#[test]
fn an_object_cannot_become_a_text_nor_a_question_mark_another_identifier() {
    let now = SystemTime::now();
    let body = |detail: &str, shop: &str| {
        format!(
            r#"{{"id":"1","action":"Consumption","data":{{"consume_no":"c?1","status":"Fail","detail":{detail},"merchant_info":{shop}}}}}"#
        )
    };
    let honest = body("\"what?\"", r#"{"city":"x"}"#);
    let captured = signature(&verifier(), now, &honest);
    assert_eq!(rejection(&verifier(), now, &captured, &honest), None);
    let as_text = body("\"what?\"", r#""{\"city\":\"x\"}""#);
    assert_eq!(rejection(&verifier(), now, &captured, &as_text), Some(Rejection::Ambiguous));
    let other_purchase = honest.replace("c?1", "c\\ud83d1");
    assert_eq!(rejection(&verifier(), now, &captured, &other_purchase), Some(Rejection::Ambiguous));
    // In a free text, Java signs half a surrogate pair as a question mark; a question mark proves nothing else.
    let cut = body("\"what\\ud83d\"", r#"{"city":"x"}"#);
    let headers = headers(&millis(now).to_string(), &captured);
    let Event::Consumption { data } = verifier().verify(headers, cut.as_bytes()).unwrap().event else { panic!() };
    assert_eq!(data.detail.as_deref(), Some("what\u{fffd}"));
}
