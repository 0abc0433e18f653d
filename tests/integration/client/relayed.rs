//! The client of a relay: its requests, and the outcomes of relays that fail.

mod changes;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use keysecure::{
    AesSettings, ApplyCardholder, CardStatus, Client, ClientBuilder, Clock as _, Cvv, EnsureOptions, Environment,
    Error, ErrorKind, KeyScheme, ListCards, Method, OnStoreFailure, Outcome, Pin, Secret, Session, SessionUnavailable,
    SetPin, SimulationRequest, Store, Transfer, TransferType, TransportFault,
};
use keysecure_tests::{MockResponse, MockServer, RecordedRequest, TestClock, cents, envelope, http};

const CARD: &str = r#"{"card_no":"c1","cardholder_no":"1001","status":"Activated"}"#;
const TRANSFER: &str = r#"{"transfer_no":"t1","transfer_unique_no":"tap-1"}"#;
const ENSURED: &str = r#"{"value":{"transfer_no":"t1","transfer_unique_no":"tap-1"},"created":true}"#;

fn builder(url: &str) -> ClientBuilder {
    Client::relay(url, |_| Ok(Secret::from("session-1"))).timeout(Duration::from_secs(5))
}

fn relay(respond: impl Fn(&RecordedRequest) -> MockResponse + Send + Sync + 'static) -> (MockServer, Client) {
    let server = MockServer::start(respond).unwrap();
    let client = builder(&format!("{}/app", server.base_url())).build().unwrap();
    (server, client)
}

/// A relay with these responses, one after the other, then the last one for ever.
fn responding(responses: Vec<MockResponse>) -> (MockServer, Client) {
    let next = AtomicUsize::new(0);
    relay(move |_| {
        let index = next.fetch_add(1, Ordering::SeqCst).min(responses.len() - 1);
        responses[index].clone()
    })
}

fn transfer() -> Transfer {
    Transfer {
        cardholder_no: "1001".into(),
        transfer_unique_no: "tap-1".into(),
        r#type: TransferType::Out,
        amount: cents(25_00),
    }
}

/// A relay's error.
fn refusal(status: &str, kind: &str, outcome: &str) -> MockResponse {
    let body = format!(r#"{{"code":1,"error":{{"kind":"{kind}","outcome":"{outcome}","text":"why"}}}}"#);
    MockResponse::Keep(http(status, &["Content-Type: application/json"], body.as_bytes()))
}

fn body_of(request: &RecordedRequest) -> String {
    String::from_utf8(request.body.clone()).unwrap()
}

#[test]
fn requests_have_the_documented_form() {
    let (server, client) = relay(|request| {
        MockResponse::Keep(envelope(match request.target.rsplit('/').next().unwrap() {
            "cards.get" => CARD,
            "cards.set_pin" | "cards.update_status" => r#"{"result":true}"#,
            "cards.private_info" => {
                r#"{"card_no":"c1","pan":"4111111111111111","cvv":"739","exp_year":"2028","exp_month":"12"}"#
            }
            "accounts.transfer" => TRANSFER,
            _ => r#"{"list":[]}"#,
        }))
    });
    client.cards().get("c1").unwrap();
    client
        .cards()
        .set_pin(&SetPin { card_no: "c1".into(), cardholder_no: "1001".into(), pin: Pin::new("739251").unwrap() })
        .unwrap();
    client.cards().freeze("c1").unwrap();
    let secrets = client.cards().private_info("c1").unwrap();
    assert_eq!((secrets.expose_pan(), secrets.expose_cvv()), ("4111111111111111", "739"));
    client.accounts().transfer(&transfer()).unwrap();
    let day = "2026-05-01".parse::<keysecure::Date>().unwrap();
    client.cards().list_page(&ListCards::between(day, day), 0, 10).unwrap();

    let requests = server.requests();
    let expected = [
        ("cards.get", r#"{"card_no":"c1"}"#, false),
        ("cards.set_pin", r#"{"card_no":"c1","cardholder_no":"1001","pin":"739251"}"#, true),
        ("cards.update_status", r#"{"card_no":"c1","status":"Frozen"}"#, true),
        ("cards.private_info", r#"{"card_no":"c1"}"#, false),
        (
            "accounts.transfer",
            r#"{"cardholder_no":"1001","transfer_unique_no":"tap-1","type":"Out","balance":"25.00"}"#,
            false,
        ),
        (
            "cards.list",
            r#"{"start_time":"2026-05-01 00:00:00","end_time":"2026-05-01 23:59:59","page":0,"size":10}"#,
            false,
        ),
    ];
    for (request, (operation, body, has_tap)) in requests.iter().zip(expected) {
        assert_eq!((&*request.method, &*request.target), ("POST", &*format!("/app/v1/{operation}")));
        assert_eq!(body_of(request), body);
        assert_eq!(request.header("authorization"), Some("Bearer session-1"));
        assert_eq!(request.header("idempotency-key").is_some(), has_tap, "{operation}");
        for secret in ["api-key", "access-token", "timestamp"] {
            assert_eq!(request.header(secret), None, "{operation}");
        }
    }
    assert_eq!(requests.len(), expected.len());
    assert_eq!(requests[5].header("timezone"), Some("UTC+8"));
    assert_ne!(requests[1].header("idempotency-key"), requests[2].header("idempotency-key"));
}

#[test]
fn a_refused_session_is_asked_for_again_once() {
    let renewable = MockServer::start(|request| match request.header("authorization") {
        Some("Bearer second") => MockResponse::Keep(envelope(CARD)),
        _ => refusal("401 Unauthorized", "authentication", "rejected"),
    })
    .unwrap();
    let asked = Arc::new(Mutex::new(Vec::new()));
    let session = {
        let asked = Arc::clone(&asked);
        move |refused: bool| {
            asked.lock().unwrap().push(refused);
            Ok(Secret::from(if refused { "second" } else { "first" }))
        }
    };
    let client = Client::relay(renewable.base_url(), session).build().unwrap();
    client.cards().get("c1").unwrap();
    assert_eq!(*asked.lock().unwrap(), [false, true]);

    for bare in [false, true] {
        let (server, client) = relay(move |_| {
            if bare {
                MockResponse::Keep(http("401 Unauthorized", &[], b""))
            } else {
                refusal("401 Unauthorized", "authentication", "rejected")
            }
        });
        let error = client.accounts().transfer(&transfer()).unwrap_err();
        assert_eq!((error.kind(), error.outcome()), (ErrorKind::Authentication, Outcome::Rejected), "{error}");
        assert_eq!(server.requests().len(), 2);
    }
}

#[test]
fn without_a_session_nothing_is_sent() {
    let (server, _) = relay(|_| MockResponse::Keep(envelope(CARD)));
    let client = |token: Option<&'static str>| {
        Client::relay(server.base_url(), move |_| token.map(Secret::from).ok_or(SessionUnavailable)).build().unwrap()
    };
    for token in [None, Some(""), Some("a b"), Some("a\r\nX: y"), Some("ü")] {
        let error = client(token).accounts().transfer(&transfer()).unwrap_err();
        assert_eq!((error.kind(), error.outcome()), (ErrorKind::Authentication, Outcome::NotSent), "{error}");
    }
    assert_eq!(server.requests().len(), 0);
}

/// A session whose tokens take a while by this clock.
struct Slow(Duration, Arc<TestClock>);

impl Session for Slow {
    fn token(&self, _: bool) -> Result<Secret, SessionUnavailable> {
        Err(SessionUnavailable)
    }
    fn token_within(&self, _: bool, left: Duration) -> Result<Secret, SessionUnavailable> {
        self.1.sleep(self.0.min(left)).unwrap();
        if self.0 < left { Ok(Secret::from("session-1")) } else { Err(SessionUnavailable) }
    }
}

#[test]
fn a_session_knows_how_much_time_the_call_has_left() {
    let (server, _) = relay(|_| refusal("401 Unauthorized", "authentication", "rejected"));
    let seconds = Duration::from_secs;
    let client = |takes: u64| {
        let clock = Arc::new(TestClock::virtual_sleeps(None));
        let session = Slow(seconds(takes), Arc::clone(&clock));
        let client = Client::relay(server.base_url(), session).timeout(seconds(50)).clock(Arc::clone(&clock) as _);
        (client.build().unwrap(), clock)
    };
    let error = client(90).0.accounts().transfer(&transfer()).unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::Timeout, Outcome::NotSent), "{error}");
    assert_eq!(server.requests().len(), 0);
    // The second token has the rest of the time.
    let error = client(30).0.accounts().transfer(&transfer()).unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::Timeout, Outcome::Rejected), "{error}");
    assert_eq!(server.requests().len(), 1);
    let ensure = EnsureOptions { deadline: Some(seconds(20)), ..EnsureOptions::default() };
    let (client, clock) = client(90);
    let error = client.accounts().ensure_transfer(&transfer(), &ensure).unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::Timeout, Outcome::Unknown), "{error}");
    assert!(clock.sleeps().iter().sum::<Duration>() <= seconds(20), "{:?}", clock.sleeps());
}

#[test]
fn the_end_of_a_call_is_not_the_end_of_its_session() {
    let (server, _) = relay(|_| MockResponse::Keep(envelope(CARD)));
    for token in [None, Some("session-1")] {
        let late = move |_: bool| {
            std::thread::sleep(Duration::from_millis(60));
            token.map(Secret::from).ok_or(SessionUnavailable)
        };
        let client = Client::relay(server.base_url(), late).timeout(Duration::from_millis(50)).build().unwrap();
        let error = client.cards().get("c1").unwrap_err();
        assert_eq!((error.kind(), error.outcome()), (ErrorKind::Timeout, Outcome::NotSent), "{error}");

        let closing: Arc<Mutex<Option<Client>>> = Arc::default();
        let closes = Arc::clone(&closing);
        let session = move |_: bool| {
            closes.lock().unwrap().as_ref().unwrap().close();
            token.map(Secret::from).ok_or(SessionUnavailable)
        };
        let client = Client::relay(server.base_url(), session).build().unwrap();
        *closing.lock().unwrap() = Some(client.clone());
        let error = client.accounts().transfer(&transfer()).unwrap_err();
        assert_eq!((error.kind(), error.outcome()), (ErrorKind::Config, Outcome::NotSent), "{error}");
    }
    let clock = Arc::new(Interrupting(keysecure::SystemClock::new(), true));
    let client = Client::relay(server.base_url(), |_| Err(SessionUnavailable)).clock(clock).build().unwrap();
    let error = client.cards().get("c1").unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::Transport, Outcome::NotSent), "{error}");
    assert_eq!(error.transport_fault(), Some(TransportFault::Interrupted));
    assert_eq!(server.requests().len(), 0);
}

#[test]
fn the_outcome_is_the_relays_only_if_a_relay_wrote_it() {
    let page =
        |status: &str, body: &str| MockResponse::Keep(http(status, &["Content-Type: text/html"], body.as_bytes()));
    let json = |status: &str, body: &str| MockResponse::Keep(http(status, &[], body.as_bytes()));
    let table = [
        (refusal("403 Forbidden", "permission", "rejected"), ErrorKind::Permission, Outcome::Rejected),
        (refusal("409 Conflict", "conflict", "not_sent"), ErrorKind::Conflict, Outcome::NotSent),
        (refusal("502 Bad Gateway", "timeout", "unknown"), ErrorKind::Timeout, Outcome::Unknown),
        (refusal("200 OK", "api", "rejected"), ErrorKind::Api, Outcome::Rejected),
        // The platform's own envelope, a gateway's JSON and pages: no relay says what happened.
        (json("200 OK", r#"{"code":2002,"msg":"no cardholder"}"#), ErrorKind::InvalidResponse, Outcome::Unknown),
        (json("404 Not Found", r#"{"code":404,"error":"not found"}"#), ErrorKind::InvalidResponse, Outcome::Unknown),
        (
            json("429 Too Many", r#"{"code":1,"error":{"kind":"rate_limit"}}"#),
            ErrorKind::InvalidResponse,
            Outcome::Unknown,
        ),
        (page("403 Forbidden", "<html>"), ErrorKind::Permission, Outcome::Unknown),
        (page("502 Bad Gateway", "<html>"), ErrorKind::InvalidResponse, Outcome::Unknown),
        (
            json("200 OK", r#"{"code":1,"error":{"kind":"api","outcome":"rejected"},"code":0}"#),
            ErrorKind::InvalidResponse,
            Outcome::Unknown,
        ),
        (MockResponse::Close(Vec::new()), ErrorKind::Transport, Outcome::Unknown),
    ];
    for (response, kind, outcome) in table {
        let (server, client) = responding(vec![response.clone()]);
        let error = client.accounts().transfer(&transfer()).unwrap_err();
        assert_eq!((error.kind(), error.outcome()), (kind, outcome), "{error} {response:?}");
        assert_eq!((error.operation(), error.attempts()), (Some("accounts.transfer"), 1), "{error}");
        assert_eq!(server.requests().len(), 1, "a transfer is sent once: {response:?}");
    }
}

#[test]
fn a_rate_limit_is_waited_for() {
    let too_many =
        r#"{"code":1,"error":{"kind":"rate_limit","outcome":"rejected","text":"too many","retry_after_ms":50}}"#;
    let (server, client) = responding(vec![
        MockResponse::Keep(http("429 Too Many Requests", &[], too_many.as_bytes())),
        MockResponse::Keep(envelope(TRANSFER)),
    ]);
    client.accounts().transfer(&transfer()).unwrap();
    assert_eq!(server.requests().len(), 2);
}

#[test]
fn an_exactly_once_call_is_sent_again_until_the_relay_says_what_happened() {
    for broken in [
        MockResponse::Close(Vec::new()),
        MockResponse::Keep(http("502 Bad Gateway", &[], b"<html>")),
        MockResponse::Close(b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n{".to_vec()),
    ] {
        let (server, client) = responding(vec![broken, MockResponse::Keep(envelope(ENSURED))]);
        let ensured = client.accounts().ensure_transfer(&transfer(), &EnsureOptions::default()).unwrap();
        assert!(ensured.created);
        let requests = server.requests();
        assert_eq!(requests.len(), 2);
        assert_eq!(requests[0].target, "/app/v1/accounts.ensure_transfer");
        assert_eq!(requests[0].body, requests[1].body);
        assert!(requests[0].header("call-id").is_some_and(|id| requests[1].header("call-id") == Some(id)));
        assert!(body_of(&requests[0]).ends_with(r#""balance":"25.00","deadline_ms":60000}"#));
    }
}

#[test]
fn a_later_refusal_does_not_settle_an_unknown_attempt() {
    for (last, kind) in [
        (refusal("403 Forbidden", "permission", "rejected"), ErrorKind::Permission),
        (refusal("404 Not Found", "not_found", "not_sent"), ErrorKind::NotFound),
        (refusal("429 Too Many Requests", "rate_limit", "not_sent"), ErrorKind::RateLimit),
        (refusal("401 Unauthorized", "authentication", "rejected"), ErrorKind::Authentication),
        (refusal("503 Service Unavailable", "transport", "not_sent"), ErrorKind::Transport),
    ] {
        for options in [EnsureOptions::default(), EnsureOptions::first_attempt()] {
            let (server, client) = responding(vec![MockResponse::Close(Vec::new()), last.clone()]);
            let error = client.accounts().ensure_transfer(&transfer(), &options).unwrap_err();
            assert_eq!((error.kind(), error.outcome()), (kind, Outcome::Unknown), "{error}");
            assert!(server.requests().len() > 1, "{kind:?}");
        }
        // A plain change is not sent again, so that nothing refuses it after its response was lost.
        let (server, client) = responding(vec![MockResponse::Close(Vec::new()), last]);
        let error = client.cards().freeze("c1").unwrap_err();
        assert_eq!((error.kind(), error.outcome()), (ErrorKind::Transport, Outcome::Unknown), "{error}");
        assert_eq!(server.requests().len(), 1, "{kind:?}");
    }
}

#[test]
fn only_a_refusal_about_the_tap_is_the_outcome_of_its_reference() {
    for (status, kind, outcome) in [
        ("403 Forbidden", ErrorKind::Permission, Outcome::NotSent),
        ("404 Not Found", ErrorKind::NotFound, Outcome::Rejected),
        ("404 Not Found", ErrorKind::NotFound, Outcome::NotSent),
        ("429 Too Many Requests", ErrorKind::RateLimit, Outcome::NotSent),
        ("400 Bad Request", ErrorKind::InvalidInput, Outcome::NotSent),
        ("409 Conflict", ErrorKind::Conflict, Outcome::NotSent),
        ("502 Bad Gateway", ErrorKind::Api, Outcome::Rejected),
    ] {
        for (of_tap, expected) in
            [("", Outcome::Unknown), (r#","of_tap":false"#, Outcome::Unknown), (r#","of_tap":true"#, outcome)]
        {
            let error =
                format!(r#"{{"kind":"{}","outcome":"{}","text":"why"{of_tap}}}"#, kind.as_str(), outcome.as_str());
            let body = format!(r#"{{"code":1,"error":{error}}}"#);
            let server = MockServer::start(move |_| {
                MockResponse::Keep(http(status, &["Content-Type: application/json"], body.as_bytes()))
            });
            let server = server.unwrap();
            let client = builder(&server.base_url()).max_retries(0).build().unwrap();
            let outcome_of = |options| {
                let error = client.accounts().ensure_transfer(&transfer(), &options).unwrap_err();
                assert_eq!(error.kind(), kind, "{error}");
                error.outcome()
            };
            assert_eq!(outcome_of(EnsureOptions::default()), expected, "{kind:?} {of_tap}");
            assert_eq!(outcome_of(EnsureOptions::first_attempt()), outcome, "{kind:?} {of_tap}");
            assert_eq!(client.accounts().transfer(&transfer()).unwrap_err().outcome(), outcome, "{kind:?} {of_tap}");
        }
    }
}

#[test]
fn a_session_that_ends_after_an_unknown_attempt_leaves_it_unknown() {
    let server = MockServer::start(|request| match request.nth {
        1 if request.connection == 1 => MockResponse::Close(Vec::new()),
        _ => refusal("401 Unauthorized", "authentication", "rejected"),
    })
    .unwrap();
    let session = |refused: bool| if refused { Err(SessionUnavailable) } else { Ok(Secret::from("session-1")) };
    let client = Client::relay(server.base_url(), session).build().unwrap();
    let error = client.accounts().ensure_transfer(&transfer(), &EnsureOptions::default()).unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::Authentication, Outcome::Unknown), "{error}");
}

#[test]
fn a_response_about_another_reference_is_no_success() {
    let other = ENSURED.replace("tap-1", "tap-2");
    let (_server, client) = relay(move |_| MockResponse::Keep(envelope(&other)));
    let error = client.accounts().ensure_transfer(&transfer(), &EnsureOptions::default()).unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::InvalidResponse, Outcome::Unknown), "{error}");
}

#[test]
fn what_no_relay_serves_is_refused_before_anything_is_sent() {
    let (server, client) = relay(|_| MockResponse::Keep(envelope(CARD)));
    let application =
        ApplyCardholder { cardholder_unique_no: "u".into(), sumsub_share_token: "s".into(), cardholder_no: None };
    let errors: Vec<Error> = vec![
        client.access_token().unwrap_err(),
        client.call(Method::Post, "/v1/card/list", None).unwrap_err(),
        client.cardholders().apply(&application).unwrap_err(),
        client.cardholders().ensure_cardholder(&application, &EnsureOptions::default()).unwrap_err(),
        client
            .simulation()
            .auth(&SimulationRequest {
                card_no: Some("c1".into()),
                amount: Some(cents(1)),
                ..SimulationRequest::default()
            })
            .unwrap_err(),
        client.webhook_verifier().unwrap_err(),
    ];
    for error in errors {
        assert_eq!((error.kind(), error.outcome()), (ErrorKind::Config, Outcome::NotSent), "{error}");
    }
    let report = client.doctor(None);
    assert!(!report.is_healthy() && report.to_string().contains("relay"), "{report}");
    assert_eq!(server.requests().len(), 0);
}

#[test]
fn settings_of_the_server_are_refused_by_name() {
    let url = "https://api.shop.example/app";
    for (setting, builder) in [
        ("environment", builder(url).environment(Environment::Production)),
        ("app_id", builder(url).app_id("x")),
        ("aes", builder(url).aes(AesSettings { scheme: KeyScheme::Md5, ..AesSettings::default() })),
        ("store", builder(url).store(Store::memory())),
        // By the name of its argument, not by that of the setting of other clients.
        ("url must be https", builder("http://api.shop.example/app")),
    ] {
        let error = builder.build().unwrap_err();
        assert!(error.kind() == ErrorKind::Config && error.to_string().starts_with(setting), "{error}");
    }
    let error = builder("http://api.shop.example/app").build().unwrap_err();
    assert!(error.to_string().contains("https"), "{error}");
    let (_server, client) = relay(|_| MockResponse::Keep(envelope(ENSURED)));
    for (field, options) in [
        ("settle", EnsureOptions { settle: Some(Duration::from_secs(1)), ..EnsureOptions::default() }),
        ("on_store_failure", EnsureOptions { on_store_failure: OnStoreFailure::Accept, ..EnsureOptions::default() }),
    ] {
        let error = client.accounts().ensure_transfer(&transfer(), &options).unwrap_err();
        assert_eq!((error.kind(), error.field()), (ErrorKind::InvalidInput, Some(field)));
    }
}

#[test]
fn neither_session_nor_secrets_are_printed() {
    let (_server, client) = responding(vec![refusal("403 Forbidden", "permission", "rejected")]);
    let pin = SetPin { card_no: "c1".into(), cardholder_no: "1001".into(), pin: Pin::new("739251").unwrap() };
    let error = client.cards().set_pin(&pin).unwrap_err();
    let shown = format!("{client:?} {error:?} {error}");
    assert!(!shown.contains("session-1") && !shown.contains("739251"), "{shown}");
    // Not by its digits, which may be those of a port.
    assert_eq!(format!("{:?}", Cvv::new("739").unwrap()), "Cvv(***)");
    assert_eq!(client.cards().update_status("c1", CardStatus::Frozen).unwrap_err().outcome(), Outcome::Rejected);
}

/// A clock whose waits are interrupted; with `true` also the time between them.
struct Interrupting(keysecure::SystemClock, bool);

impl keysecure::Clock for Interrupting {
    fn now(&self) -> std::time::SystemTime {
        self.0.now()
    }
    fn monotonic(&self) -> Duration {
        self.0.monotonic()
    }
    fn sleep(&self, _: Duration) -> Result<(), keysecure::Interrupted> {
        Err(keysecure::Interrupted)
    }
    fn between_waits(&self) -> Result<(), keysecure::Interrupted> {
        if self.1 { Err(keysecure::Interrupted) } else { Ok(()) }
    }
}

#[test]
fn an_interruption_after_an_unknown_attempt_leaves_it_unknown() {
    let (server, _) = responding(vec![MockResponse::Close(Vec::new())]);
    let clock = Arc::new(Interrupting(keysecure::SystemClock::new(), false));
    let client = builder(&server.base_url()).clock(clock).build().unwrap();
    let error = client.accounts().ensure_transfer(&transfer(), &EnsureOptions::default()).unwrap_err();
    assert_eq!(error.outcome(), Outcome::Unknown, "{error}");
    assert_eq!(client.accounts().transfer(&transfer()).unwrap_err().outcome(), Outcome::Unknown);
}

#[test]
fn a_call_that_never_reached_the_relay_says_nothing_of_its_reference() {
    let (server, _) = relay(|_| MockResponse::Keep(envelope(ENSURED)));
    let (dead, refused) = ("http://127.0.0.1:9", server.base_url());
    let nobody = |url: &str| Client::relay(url, |_| Err(SessionUnavailable)).max_retries(0).build().unwrap();
    let unreachable = builder(dead).max_retries(0).build().unwrap();
    for client in [unreachable, nobody(&refused)] {
        let outcome = |options| client.accounts().ensure_transfer(&transfer(), &options).unwrap_err().outcome();
        assert_eq!(outcome(EnsureOptions::default()), Outcome::Unknown);
        assert_eq!(outcome(EnsureOptions::first_attempt()), Outcome::NotSent);
        assert_eq!(client.accounts().transfer(&transfer()).unwrap_err().outcome(), Outcome::NotSent);
    }
    assert_eq!(server.requests().len(), 0);
}
