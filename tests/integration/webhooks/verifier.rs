//! The webhook verifier under attack: it accepts the platform's webhooks and rejects all others with a typed reason.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use keysecure::{Event, MemoryReplayStore, OnStoreFailure, Rejection, ReplayStore, StoreUnavailable, WebhookVerifier};

use super::fixture::{AUTH, BODY, FixedClock, Headers, NOW, at, signed, verifier, verify};

fn with(mut headers: Headers, name: &str, value: &str) -> Headers {
    headers.retain(|(other, _)| !other.eq_ignore_ascii_case(name));
    headers.push((name.to_owned(), value.to_owned()));
    headers
}

fn without(mut headers: Headers, name: &str) -> Headers {
    headers.retain(|(other, _)| other != name);
    headers
}

#[test]
fn what_the_platform_sends_is_accepted_and_typed() {
    let received = verify(&signed(BODY, NOW), BODY).unwrap();
    assert_eq!((received.id.as_str(), received.secret_index, received.sent_at), ("evt-1", 0, at(NOW)));
    let Event::Consumption { data } = received.event else { panic!("not a consumption") };
    assert_eq!(data.amount.unwrap().to_string(), "10.50", "money keeps its text");
    assert_eq!(data.fee_detail.len(), 1);
    assert_eq!(data.merchant_info.unwrap().merchant_name.as_deref(), Some("Ein Café 书店"));
}

#[test]
fn headers_are_found_without_regard_to_case_and_a_missing_version_is_v1() {
    let lower: Headers = signed(BODY, NOW).into_iter().map(|(name, value)| (name.to_lowercase(), value)).collect();
    assert!(verify(&lower, BODY).is_ok());
    assert!(verify(&without(signed(BODY, NOW), "Sign-Version"), BODY).is_ok());
    assert_eq!(verify(&with(signed(BODY, NOW), "Sign-Version", "V0"), BODY), Err(Rejection::UnsupportedVersion));
    assert_eq!(verify(&with(signed(BODY, NOW), "Sign-Version", "v1"), BODY), Err(Rejection::UnsupportedVersion));
}

#[test]
fn every_changed_byte_of_the_data_is_noticed() {
    let headers = signed(BODY, NOW);
    let data = BODY.find("\"data\"").unwrap() + 8;
    let mut unnoticed = Vec::new();
    for place in data..BODY.len() - 2 {
        let mut bytes = BODY.as_bytes().to_vec();
        bytes[place] ^= 1;
        let result = verifier().verify(headers.iter().map(|(name, value)| (name, value)), &bytes);
        if result.is_ok() {
            unnoticed.push(place);
        }
    }
    assert!(unnoticed.is_empty(), "{unnoticed:?}");
}

#[test]
fn every_changed_digit_of_the_headers_is_noticed() {
    for name in ["Timestamp", "Signature"] {
        let value = signed(BODY, NOW).into_iter().find(|(other, _)| other == name).unwrap().1;
        for place in 0..value.len() {
            let mut changed = value.clone().into_bytes();
            changed[place] = if changed[place] == b'1' { b'2' } else { b'1' };
            let headers = with(signed(BODY, NOW), name, &String::from_utf8(changed).unwrap());
            assert!(verify(&headers, BODY).is_err(), "{name} at {place}");
        }
    }
}

#[test]
fn hostile_headers_are_typed_rejections() {
    let good = || signed(BODY, NOW);
    for (headers, rejection) in [
        (Vec::new(), Rejection::MissingHeader),
        (without(good(), "Signature"), Rejection::MissingHeader),
        (without(good(), "Timestamp"), Rejection::MissingHeader),
        (with(good(), "Signature", ""), Rejection::BadSignature),
        (with(good(), "Signature", &"A".repeat(64)), Rejection::BadSignature),
        (with(good(), "Signature", &"0".repeat(63)), Rejection::BadSignature),
        (with(good(), "Signature", &"0".repeat(65)), Rejection::BadHeader),
        (with(good(), "Signature", &"0".repeat(1 << 20)), Rejection::BadHeader),
        (with(good(), "Signature", "sig\u{0}nature"), Rejection::BadHeader),
        (with(good(), "Signature", "señal"), Rejection::BadHeader),
        (with(good(), "Signature", "a\r\nX: y"), Rejection::BadHeader),
        (with(good(), "Signature", &"0".repeat(64)), Rejection::WrongSignature),
        (with(good(), "Timestamp", ""), Rejection::BadTimestamp),
        (with(good(), "Timestamp", "+1763812800500"), Rejection::BadTimestamp),
        (with(good(), "Timestamp", "-1763812800500"), Rejection::BadTimestamp),
        (with(good(), "Timestamp", "1763812800500.0"), Rejection::BadTimestamp),
        (with(good(), "Timestamp", "1_763_812_800_500"), Rejection::BadTimestamp),
        (with(good(), "Timestamp", "01763812800500"), Rejection::BadTimestamp),
        (with(good(), "Timestamp", "١٧٦٣٨١٢٨٠٠٥٠٠"), Rejection::BadHeader),
        (with(good(), "Timestamp", " 1763812800500"), Rejection::BadHeader),
        (with(good(), "Timestamp", "9999999999999999"), Rejection::BadTimestamp),
        (with(good(), "Timestamp", "999999999999999"), Rejection::TooNew),
        (with(good(), "Timestamp", "1763812800501"), Rejection::WrongSignature),
    ] {
        assert_eq!(verify(&headers, BODY), Err(rejection), "{:?}", headers.last().map(|(name, _)| name));
    }
    for name in ["Signature", "SIGNATURE", "timestamp", "sign-version"] {
        let mut twice = good();
        let value = twice.iter().find(|(other, _)| other.eq_ignore_ascii_case(name)).unwrap().1.clone();
        twice.push((name.to_owned(), value));
        assert_eq!(verify(&twice, BODY), Err(Rejection::DuplicateHeader));
    }
    let bytes: [(&str, &[u8]); 2] = [("Signature", b"\xff\xfe"), ("Timestamp", b"1")];
    assert_eq!(verifier().verify(bytes, BODY.as_bytes()).unwrap_err().rejection(), Some(Rejection::BadHeader));
}

#[test]
fn age_is_bounded_both_ways_and_zero_means_exact() {
    let minutes = |count: u64| count * 60_000;
    assert!(verify(&signed(BODY, NOW - minutes(5)), BODY).is_ok());
    assert!(verify(&signed(BODY, NOW + minutes(5)), BODY).is_ok());
    assert_eq!(verify(&signed(BODY, NOW - minutes(5) - 1), BODY), Err(Rejection::TooOld));
    assert_eq!(verify(&signed(BODY, NOW + minutes(5) + 1), BODY), Err(Rejection::TooNew));
    assert_eq!(verify(&signed(BODY, NOW + 100 * 365 * 86_400_000), BODY), Err(Rejection::TooNew));
    let exact = verifier().tolerance(Duration::ZERO);
    assert!(exact.verify(signed(BODY, NOW), BODY.as_bytes()).is_ok());
    for millis in [NOW - 1, NOW + 1] {
        assert!(exact.verify(signed(BODY, millis), BODY.as_bytes()).is_err());
    }
    assert!(verifier().ignore_timestamp().verify(signed(BODY, 1), BODY.as_bytes()).is_ok());
    // The clock of Windows ends earlier.
    let late = UNIX_EPOCH.checked_add(Duration::from_millis(i64::MAX.unsigned_abs() / 2));
    for edge in [UNIX_EPOCH, late.unwrap_or(at(253_402_300_799_999))] {
        let odd = verifier().clock(Arc::new(FixedClock(edge))).verify(signed(BODY, NOW), BODY.as_bytes());
        assert!(odd.is_err(), "a clock at its limits does not panic");
    }
}

#[test]
fn bodies_that_are_no_webhook_are_typed_rejections() {
    let headers = signed(BODY, NOW);
    let deep =
        format!("{{\"id\":\"1\",\"action\":\"x\",\"data\":{{\"a\":{}{}}}}}", "[".repeat(30_000), "]".repeat(30_000));
    for body in [
        "",
        "null",
        "[]",
        "{}",
        "{\"id\":\"1\",\"action\":\"x\"}",
        "{\"id\":1,\"action\":\"x\",\"data\":{}}",
        "{\"id\":\"1\",\"action\":\"x\",\"data\":[]}",
        "{\"id\":\"1\",\"action\":\"x\",\"data\":{}",
        "\u{feff}{\"id\":\"1\",\"action\":\"x\",\"data\":{}}",
        "{\"id\":\"1\",\"id\":\"2\",\"action\":\"x\",\"data\":{}}",
        "{\"id\":\"1\",\"action\":\"x\",\"data\":{},\"data\":{}}",
        "{\"id\":\"1\",\"action\":\"x\",\"data\":{\"a\":1,\"a\":1}}",
        "{\"id\":\"1\",\"action\":\"x\",\"data\":{\"a\":{\"b\":1,\"b\":2}}}",
        "{'id':'1','action':'x','data':{}}",
        "{\"id\":\"1\",\"action\":\"x\",\"data\":{\"a\":01}}",
        "{\"id\":\"1\",\"action\":\"x\",\"data\":{\"a\":NaN}}",
        &deep,
    ] {
        assert_eq!(verify(&headers, body), Err(Rejection::NotACallback), "{}", &body[..body.len().min(60)]);
    }
    let headers: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let not_utf8 = verifier().verify(headers.clone(), b"{\"id\":\"\xff\"}");
    assert_eq!(not_utf8.unwrap_err().rejection(), Some(Rejection::NotACallback));
    for (max_body, size, rejection) in [
        (None, 64 * 1024, Rejection::NotACallback),
        (None, 64 * 1024 + 1, Rejection::TooLarge),
        (Some(1 << 20), 1 << 20, Rejection::NotACallback),
        (Some(1 << 30), (1 << 20) + 1, Rejection::TooLarge),
    ] {
        let verifier = max_body.map_or_else(verifier, |bytes| verifier().max_body(bytes));
        let large = verifier.verify(headers.clone(), &vec![b' '; size]);
        assert_eq!(large.unwrap_err().rejection(), Some(rejection), "{max_body:?} {size}");
    }
}

#[test]
fn signed_text_cannot_be_read_in_two_ways() {
    // The platform signs a remark and a status. An attacker joins them into one remark.
    let honest = r#"{"id":"1","action":"Consumption","data":{"consume_no":"c","status":"Fail","remark":"x"}}"#;
    let joined = r#"{"id":"1","action":"Consumption","data":{"consume_no":"c","remark":"x&status=Fail"}}"#;
    assert!(verify(&signed(honest, NOW), honest).is_ok());
    assert_eq!(verify(&signed(honest, NOW), joined), Err(Rejection::Ambiguous));
    let key = r#"{"id":"1","action":"Consumption","data":{"consume_no":"c","remark=x&status":"Fail"}}"#;
    assert_eq!(verify(&signed(honest, NOW), key), Err(Rejection::Ambiguous));
    let harmless = honest.replace("\"x\"", "\"Fish & Chips, a=b &c\"");
    assert!(verify(&signed(&harmless, NOW), &harmless).is_ok());
}

#[test]
fn data_cannot_be_passed_off_as_another_action() {
    let headers = signed(BODY, NOW);
    for action in ["Auth", "Card_update"] {
        let body = BODY.replace("\"action\":\"Consumption\"", &format!("\"action\":\"{action}\""));
        assert_eq!(verify(&headers, &body), Err(Rejection::WrongAction), "{action}");
    }
    let update = r#"{"id":"1","action":"Card_update","data":{"card_no":"k","before_status":"Pending","after_status":"Activated"}}"#;
    assert!(matches!(verify(&signed(update, NOW), update).unwrap().event, Event::CardUpdate { .. }));
    let body = update.replace("Card_update", "Consumption");
    assert_eq!(verify(&signed(update, NOW), &body), Err(Rejection::WrongAction));
}

#[test]
fn a_signed_webhook_of_a_new_kind_is_unknown_and_no_error() {
    for body in [
        r#"{"id":"1","action":"Card_shipped","data":{"card_no":"k","tracking":"1E+3","weight":1e400}}"#,
        r#"{"id":"1","action":"Auth","data":{"card_no":"k"}}"#,
        r#"{"id":"1","action":"Auth","data":{"consume_no":"c","card_no":"k","amount":true}}"#,
        r#"{"id":"1","action":"","data":{}}"#,
    ] {
        let Event::Unknown { data, .. } = verify(&signed(body, NOW), body).unwrap().event else { panic!("{body}") };
        assert!(body.contains(data.as_str()), "exactly as it came");
    }
    let more =
        r#"{"id":"1","action":"Card_update","new":1,"data":{"card_no":"k","after_status":"Lent","why":{"a":10.50}}}"#;
    let Event::CardUpdate { data } = verify(&signed(more, NOW), more).unwrap().event else { panic!() };
    assert_eq!((data.after_status.as_str(), data.extra.get("why").unwrap().as_str()), ("Lent", r#"{"a":10.50}"#));
}

#[test]
fn several_secrets_are_valid_during_a_rotation() {
    let (old, new) = ("old-secret-of-the-merchant", "new-secret-of-the-merchant");
    let one = |secret: &str| WebhookVerifier::new("app-1", [secret]).unwrap();
    let both = WebhookVerifier::new("app-1", [new, old]).unwrap();
    for (secret, place) in [(new, 0), (old, 1)] {
        let headers = one(secret).sign_for_tests(SystemTime::now(), BODY.as_bytes()).unwrap();
        assert_eq!(both.verify(headers, BODY.as_bytes()).unwrap().secret_index, place);
    }
    let headers = one(old).sign_for_tests(SystemTime::now(), BODY.as_bytes()).unwrap();
    let error = one(new).verify(headers.clone(), BODY.as_bytes()).unwrap_err();
    assert_eq!(error.rejection(), Some(Rejection::WrongSignature));
    let other_app = WebhookVerifier::new("app-2", [old]).unwrap().verify(headers, BODY.as_bytes());
    assert_eq!(other_app.unwrap_err().rejection(), Some(Rejection::WrongSignature));
}

#[test]
fn a_verifier_without_a_secret_or_with_an_empty_one_cannot_be_made() {
    assert!(WebhookVerifier::new("app", Vec::<&str>::new()).is_err());
    assert!(WebhookVerifier::new("app", [""]).is_err());
    assert!(WebhookVerifier::new("app", ["good", ""]).is_err());
    assert!(WebhookVerifier::new("", ["good"]).is_err());
}

#[test]
fn a_verifier_refuses_stray_characters_by_the_name_of_the_setting() {
    let good = "0123456789abcdef";
    for stray in ["canary-1\n", "canary-2\r\n", " canary-3", "canary-4 ", "canary\t5", "\u{feff}canary-6"] {
        for (built, name) in [
            (WebhookVerifier::new(stray, [good]), "app_id must"),
            (WebhookVerifier::new("app", [stray]), "secrets must"),
            (WebhookVerifier::new("app", [good, stray]), "secrets must"),
        ] {
            let error = built.unwrap_err();
            assert_eq!(error.kind(), keysecure::ErrorKind::Config, "{stray:?}");
            let shown = format!("{error} {error:?}");
            assert!(shown.contains(name) && !shown.contains("canary"), "{stray:?}: {shown}");
        }
    }
}

/// A store that cannot be reached.
struct UnavailableStore;

impl ReplayStore for UnavailableStore {
    fn insert(&self, _: &str, _: &str, _: Duration) -> Result<Option<String>, StoreUnavailable> {
        Err(StoreUnavailable)
    }

    fn get(&self, _: &str) -> Result<Option<String>, StoreUnavailable> {
        Err(StoreUnavailable)
    }

    fn remove(&self, _: &str) -> Result<(), StoreUnavailable> {
        Err(StoreUnavailable)
    }
}

#[test]
fn a_replay_is_recognized_by_its_content_not_by_its_id() {
    let guarded = verifier().replay_guard(Arc::new(MemoryReplayStore::default()), OnStoreFailure::Reject);
    let headers = signed(BODY, NOW);
    let verify = |body: &str| guarded.verify(headers.clone(), body.as_bytes()).map_err(|error| error.rejection());
    assert!(verify(BODY).is_ok());
    for again in [BODY.to_owned(), BODY.replace("evt-1", "evt-2")] {
        assert_eq!(verify(&again).unwrap_err(), Some(Rejection::Replayed));
    }
    let later = guarded.verify(signed(BODY, NOW + 1), BODY.as_bytes());
    assert!(later.is_ok(), "the same content sent again by the platform carries a new timestamp");
}

#[test]
fn a_rejected_webhook_is_not_remembered() {
    let guarded = verifier().replay_guard(Arc::new(MemoryReplayStore::default()), OnStoreFailure::Reject);
    let wrong = BODY.replace("\"Consumption\",\"data\"", "\"Auth\",\"data\"");
    assert!(guarded.verify(signed(BODY, NOW), wrong.as_bytes()).is_err());
    assert!(guarded.verify(signed(BODY, NOW), BODY.as_bytes()).is_ok());
}

#[test]
fn an_unreachable_store_rejects_unless_configured_otherwise() {
    let safe = verifier().replay_guard(Arc::new(UnavailableStore), OnStoreFailure::default());
    let error = safe.verify(signed(BODY, NOW), BODY.as_bytes()).unwrap_err();
    assert_eq!(error.rejection(), Some(Rejection::ReplayStoreUnavailable));
    let bold = verifier().replay_guard(Arc::new(UnavailableStore), OnStoreFailure::Accept);
    assert!(bold.verify(signed(BODY, NOW), BODY.as_bytes()).is_ok());
}

#[test]
fn stored_webhooks_can_be_parsed_and_verified_separately() {
    assert!(matches!(WebhookVerifier::parse_unverified(AUTH.as_bytes()).unwrap(), Event::Auth { .. }));
    assert!(verifier().verify_signature(signed(AUTH, NOW), AUTH.as_bytes()).is_ok());
    assert!(verifier().verify_signature(signed(AUTH, NOW), BODY.as_bytes()).is_err());
}

#[test]
fn nothing_secret_is_printed() {
    let error = verify(&with(signed(BODY, NOW), "Signature", &"0".repeat(64)), BODY).unwrap_err();
    let shown = format!("{:?} {error}", verifier());
    assert!(!shown.contains("0123456789abcdef") && !shown.contains(&signed(BODY, NOW)[1].1), "{shown}");
}
