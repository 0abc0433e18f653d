//! What is refused before any call: sessions, paths, headers, sizes, bodies.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime};

use keysecure::{AuditRecord, Clock, Denial, Interrupted, Relay, RelayRequest};
use keysecure_sandbox::{Fault, FaultKind, Sandbox};
use keysecure_tests::logged;

use super::{AppResponse, Shop, everything};

const OK: [(&str, &str); 2] = [("Authorization", "Bearer own"), ("Content-Type", "application/json")];

fn handle(shop: &Shop, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> AppResponse {
    AppResponse::new(shop.relay.handle(&RelayRequest { method, path, headers, body }))
}

#[test]
fn a_session_that_is_refused_gets_401_and_nothing_is_sent() {
    let shop = Shop::new();
    let before = shop.sandbox.requests().len();
    for session in ["", "unknown", "panic", "dotted", "Own", "own "] {
        let response = shop.send(session, "cardholders.get", &[], "{}");
        assert_eq!((response.status, response.error()), (401, ("authentication", "not_sent")), "{session}");
        assert!(response.headers.iter().any(|(name, _)| *name == "WWW-Authenticate"));
        let record = shop.record();
        assert_eq!((record.denial, record.session, record.operation), (Some(Denial::Unauthorized), None, None));
    }
    let none = handle(&shop, "POST", "/v1/cardholders.get", &OK[1..], b"{}");
    let unknown = shop.send("unknown", "cardholders.get", &[], "{}");
    assert_eq!(none.body, unknown.body);
    assert_eq!(shop.sandbox.requests().len(), before);
}

#[test]
fn only_the_exact_path_is_an_operation() {
    let shop = Shop::new();
    for path in [
        "/v1/cardholders.get?",
        "/v1/cardholders.get?cardholder_no=1",
        "/v1/cardholders.get#x",
        "/v1/cardholders.get/",
        "/v1/cardholders.get ",
        "/v1//cardholders.get",
        "//v1/cardholders.get",
        "/v1/./cardholders.get",
        "/v1/x/../cardholders.get",
        "/v1/cardholders%2eget",
        "/v1/%63ardholders.get",
        "/%761/cardholders.get",
        "/v1/Cardholders.get",
        "/V1/cardholders.get",
        "/v1/cardholders.get;x=1",
        "/v1/cardholders.get\0",
        "/v1\\cardholders.get",
        "/v2/cardholders.get",
        "/v1/",
        "/v1",
        "/",
        "",
        "v1/cardholders.get",
        "/relay/v1/cardholders.get",
        "http://shop/v1/cardholders.get",
        "*",
        "/v1/cardholders.apply",
        "/v1/cardholders.ensure_cardholder",
        "/v1/simulation.auth",
        "/v1/pci.card_detail",
        "/v1/call",
        "/v1/token",
        "/v1/events",
    ] {
        let response = handle(&shop, "POST", path, &OK, b"{}");
        assert_eq!((response.status, response.error()), (404, ("not_found", "not_sent")), "{path}");
        assert_eq!(shop.record().denial, Some(Denial::UnknownOperation));
    }
    for method in ["GET", "HEAD", "PUT", "OPTIONS", "post", ""] {
        let response = handle(&shop, method, "/v1/cardholders.get", &OK, b"{}");
        assert_eq!(response.status, 405, "{method}");
        assert!(response.headers.contains(&("Allow", "POST".to_owned())));
    }
    let mounted = Shop::with(Sandbox::builder(), |relay| relay.mount("/shop/relay"));
    assert_eq!(handle(&mounted, "POST", "/shop/relay/v1/cardholders.get", &OK, b"{}").status, 200);
    for path in ["/v1/cardholders.get", "/shop/relay//v1/cardholders.get", "/shop/relayx/v1/cardholders.get"] {
        assert_eq!(handle(&mounted, "POST", path, &OK, b"{}").status, 404, "{path}");
    }
}

#[test]
fn a_header_that_comes_twice_is_refused() {
    let shop = Shop::new();
    for twice in [
        ("Authorization", "Bearer other"),
        ("authorization", "Bearer own"),
        ("CONTENT-TYPE", "application/json"),
        ("X-Shop", "b"),
    ] {
        let headers = [&OK[..], &[("x-shop", "a"), twice]].concat();
        let response = handle(&shop, "POST", "/v1/cardholders.get", &headers, b"{}");
        assert_eq!((response.status, response.field()), (400, Some("headers")), "{twice:?}");
    }
    let headers = [&OK[..], &[("Via", "a"), ("Via", "b"), ("X-Forwarded-For", "1"), ("x-forwarded-for", "2")]].concat();
    assert_eq!(handle(&shop, "POST", "/v1/cardholders.get", &headers, b"{}").status, 200);
}

#[test]
fn cookies_that_http_2_splits_reach_authorize_in_one_header() {
    let shop = Shop::new();
    let own = shop.own.clone();
    let authorize = move |request: &RelayRequest<'_>| {
        (request.header("cookie") == Some("a=1; session=own; b=2")).then(|| everything(&own))
    };
    let shop = Shop { relay: Relay::builder(&shop.client, authorize).build().unwrap(), ..shop };
    let cookies = [("cookie", "a=1"), ("Cookie", "session=own"), ("cookie", "b=2")];
    let status = |cookies: &[(&str, &str)]| {
        handle(&shop, "POST", "/v1/cardholders.get", &[&OK[1..], cookies].concat(), b"{}").status
    };
    assert_eq!((status(&cookies), status(&cookies[1..])), (200, 401));
    let request = RelayRequest { method: "GET", path: "/v1/events", headers: &cookies, body: b"" };
    assert!(shop.relay.events(&request).is_ok());
}

#[test]
fn too_many_headers_are_refused_before_they_are_compared() {
    let shop = Shop::new();
    let names: Vec<String> = (0..101).map(|number| format!("x-{number}")).collect();
    let send = |count: usize| {
        let more: Vec<(&str, &str)> = names[..count].iter().map(|name| (&**name, "1")).collect();
        handle(&shop, "POST", "/v1/cardholders.get", &[&OK[..], &more].concat(), b"{}")
    };
    assert_eq!(send(98).status, 200);
    let response = send(99);
    assert_eq!(
        (response.status, response.error(), response.field()),
        (431, ("invalid_input", "not_sent"), Some("headers"))
    );
    assert_eq!(shop.record().denial, Some(Denial::TooLarge));
}

#[test]
fn what_is_too_large_or_no_json_is_refused_without_a_call() {
    let shop = Shop::new();
    let before = shop.sandbox.requests().len();
    let large = format!("{{\"cardholder_no\":\"{}\"}}", "1".repeat(16 * 1024));
    let response = shop.post("cardholders.get", &large);
    assert_eq!(
        (response.status, response.error(), response.field()),
        (413, ("invalid_input", "not_sent"), Some("body"))
    );
    assert_eq!(shop.record().denial, Some(Denial::TooLarge));
    let anonymous = shop.send("unknown", "cardholders.get", &[], &large);
    assert_eq!(anonymous.body, response.body, "the size is checked before anything is read");
    for body in ["", "[]", "{", "{}{}", "\u{feff}{}", "null", &"[".repeat(16_000), &"{\"a\":".repeat(3_000)] {
        let response = shop.post("cardholders.get", body);
        assert_eq!((response.status, response.field()), (400, Some("body")), "{}", &body[..body.len().min(20)]);
    }
    let response = handle(&shop, "POST", "/v1/cardholders.get", &OK, b"{\"cardholder_no\":\"\xff\"}");
    assert_eq!((response.status, response.field()), (400, Some("body")));
    for kind in ["text/plain", "application/x-www-form-urlencoded", "application/json, text/html"] {
        let response = handle(&shop, "POST", "/v1/cardholders.get", &[OK[0], ("Content-Type", kind)], b"{}");
        assert_eq!((response.status, response.field()), (400, Some("content-type")), "{kind}");
    }
    assert_eq!(handle(&shop, "POST", "/v1/cardholders.get", &OK[..1], b"{}").status, 400);
    assert_eq!(shop.sandbox.requests().len(), before);
}

#[test]
fn a_session_that_asks_too_often_learns_when_to_come_back() {
    let shop = Shop::with(Sandbox::builder(), |relay| relay.requests_per_second(1));
    let send = |session: &str| shop.send(session, "cardholders.get", &[], "{}");
    let statuses = [(); 4].map(|()| send("own").status);
    assert_eq!(statuses[..2], [200, 200]);
    let refused = send("own");
    assert_eq!((refused.status, refused.error()), (429, ("rate_limit", "not_sent")));
    assert!(refused.headers.contains(&("Retry-After", "1".to_owned())));
    let wait = refused.json["error"]["retry_after_ms"].as_u64().unwrap();
    assert!((1..=1000).contains(&wait), "{wait}");
    assert_eq!(send("other").status, 200, "each session counts for itself");
    std::thread::sleep(Duration::from_millis(1100));
    assert_eq!(send("own").status, 200);
}

#[test]
fn many_sessions_of_a_cardholder_share_its_limits() {
    let shop = Shop::new();
    let own = shop.own.clone();
    let authorize = move |request: &RelayRequest<'_>| Some(everything(&own).session(request.bearer()?));
    let relay = Relay::builder(&shop.client, authorize).requests_per_second(1).build().unwrap();
    let shop = Shop { relay, ..shop };
    let send = |number: u32| shop.send(&number.to_string(), "cardholders.get", &[], "{}").status;
    let statuses: Vec<u16> = (0..20).map(send).collect();
    // Three times what one session may do at once.
    assert_eq!(statuses[..6], [200; 6]);
    assert!(statuses.contains(&429), "{statuses:?}");
}

#[test]
fn every_request_has_one_record_and_one_line_in_the_log() {
    let shop = Shop::new();
    let ((), lines) = logged(|| {
        shop.post("cardholders.get", "{}");
        shop.send("unknown", "cardholders.get", &[], "{}");
        shop.send("nothing", "cards.freeze", &[], "{}");
        shop.send("nothing", "cards.get", &[], r#"{"card_no":"1"}"#);
        shop.post("cards.get", r#"{"card_no":"4111111111111111"}"#);
    });
    let records: Vec<AuditRecord> = shop.records.lock().unwrap().clone();
    let lines: Vec<_> = lines.iter().filter(|line| line.text.starts_with("relay: ")).collect();
    assert_eq!((records.len(), lines.len()), (5, 5));
    let denials: Vec<_> = records.iter().map(|record| record.denial).collect();
    let expected = [
        None,
        Some(Denial::Unauthorized),
        Some(Denial::UnknownOperation),
        Some(Denial::NotGranted),
        Some(Denial::NotOwned),
    ];
    assert_eq!(denials, expected);
    for (line, record) in lines.iter().zip(&records) {
        assert_eq!(line.level, if record.denial.is_some() { log::Level::Warn } else { log::Level::Info });
        assert_eq!(line.field("denial"), record.denial.map(Denial::as_str));
        assert!(!line.text.contains("4111111111111111"), "{}", line.text);
    }
    assert_eq!(records[4].subject.as_deref(), Some("411111******1111"));
    assert_eq!(records[3].cardholder_no.as_deref(), Some(&*shop.own));
}

#[test]
fn an_audit_function_that_panics_changes_nothing_for_the_app() {
    let shop = Shop::with(Sandbox::builder(), |relay| relay.audit(|_| panic!("audit fails")));
    assert_eq!(shop.post("cardholders.get", "{}").status, 200);
}

#[test]
fn a_session_has_a_few_requests_at_a_time() {
    let shop = Shop::with(Sandbox::builder(), |relay| relay.concurrent_requests(2));
    let stall = FaultKind::Stall(Duration::from_millis(600));
    for _ in 0..2 {
        shop.sandbox.fault(Fault::on("cardholders.get", stall));
    }
    std::thread::scope(|scope| {
        let slow: Vec<_> = (0..2).map(|_| scope.spawn(|| shop.post("cardholders.get", "{}").status)).collect();
        std::thread::sleep(Duration::from_millis(250));
        let refused = shop.post("cardholders.get", "{}");
        assert_eq!((refused.status, refused.error()), (429, ("rate_limit", "not_sent")));
        assert_eq!(shop.send("other", "cardholders.get", &[], "{}").status, 200);
        assert!(slow.into_iter().all(|thread| thread.join().unwrap() == 200));
    });
    assert_eq!(shop.post("cardholders.get", "{}").status, 200);
}

/// A clock that calls a function instead of the next wait.
struct Hooked {
    started: Instant,
    next: Mutex<Option<Box<dyn FnOnce() + Send>>>,
}

impl Clock for Hooked {
    fn now(&self) -> SystemTime {
        SystemTime::now()
    }
    fn monotonic(&self) -> Duration {
        self.started.elapsed()
    }
    fn sleep(&self, _: Duration) -> Result<(), Interrupted> {
        if let Some(next) = self.next.lock().unwrap().take() {
            next();
        }
        Ok(())
    }
}

#[test]
fn a_request_that_waits_before_its_denial_takes_a_place() {
    let clock = Arc::new(Hooked { started: Instant::now(), next: Mutex::default() });
    let sandbox = Sandbox::start().unwrap();
    let shop =
        Arc::new(Shop::start(sandbox, |client| client.clock(clock.clone()), |relay| relay.concurrent_requests(1)));
    let (inner, during) = (Arc::clone(&shop), Arc::new(Mutex::new(None)));
    let status = Arc::clone(&during);
    *clock.next.lock().unwrap() = Some(Box::new(move || {
        *status.lock().unwrap() = Some(inner.post("cardholders.get", "{}").status);
    }));
    assert_eq!(shop.post("cards.get", r#"{"card_no":"1"}"#).status, 404);
    assert_eq!(*during.lock().unwrap(), Some(429));
    assert_eq!(shop.post("cardholders.get", "{}").status, 200);
}

#[test]
fn a_number_that_is_too_long_is_neither_looked_up_nor_recorded() {
    let shop = Shop::new();
    let (long, before) = ("1".repeat(65), shop.sandbox.requests().len());
    let listed = |field: &str| format!(r#"{{"{field}":"{long}",{}}}"#, super::window());
    let status = format!(r#"{{"card_no":"{long}","status":"Frozen"}}"#);
    for (operation, field, body) in [
        ("cards.get", "card_no", format!(r#"{{"card_no":"{long}"}}"#)),
        ("cards.update_status", "card_no", status),
        ("cards.list", "card_no", listed("card_no")),
        ("consumptions.list", "card_no", listed("card_no")),
        ("consumptions.list", "consume_no", listed("consume_no")),
        ("consumptions.get", "consume_no", format!(r#"{{"consume_no":"{long}"}}"#)),
    ] {
        let response = shop.tap(operation, "tap-1", &body);
        assert_eq!((response.status, response.field()), (400, Some(field)), "{operation}");
        assert!(shop.record().subject.is_none_or(|subject| subject.len() <= 64), "{operation}");
    }
    let other = format!(r#"{{"cardholder_no":"{}"}}"#, "x".repeat(10_000));
    assert_eq!(shop.post("cardholders.get", &other).status, 404);
    assert!(shop.record().subject.is_none_or(|subject| subject.len() <= 64));
    assert_eq!(shop.sandbox.requests().len(), before);
}
