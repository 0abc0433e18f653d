//! What a response means: the kind, the outcome and the number of sends, for every way a response can be wrong.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, UNIX_EPOCH};

use keysecure::{
    ApplyCardholder, Card, Client, ClientBuilder, Error, ErrorKind, Json, Method, Outcome, Pin, SetPin, Transfer,
    TransferResult, TransferType,
};
use keysecure_tests::{
    MockResponse, MockServer, RecordedRequest, TestClock, cents, envelope, http, logged, virtual_card,
};

type Calling = fn(&Client) -> Result<(), Error>;

fn builder(server: &MockServer) -> ClientBuilder {
    Client::builder("key", "0123456789abcdef").base_url(server.base_url())
}

/// A client whose back-off takes no time, with two retries.
fn client_of(server: &MockServer) -> Client {
    builder(server).clock(Arc::new(TestClock::virtual_sleeps(None))).build().unwrap()
}

fn transfer(client: &Client) -> Result<TransferResult, Error> {
    client.accounts().transfer(&Transfer {
        cardholder_no: "17".into(),
        transfer_unique_no: "move-1".into(),
        r#type: TransferType::In,
        amount: cents(1_00),
    })
}

fn read(client: &Client) -> Result<Card, Error> {
    client.cards().get("17")
}

const MUTATIONS: [(&str, Calling); 3] = [
    ("accounts.transfer", |client| transfer(client).map(drop)),
    ("cards.apply", |client| client.cards().apply(&virtual_card("17", "card-1")).map(drop)),
    ("cards.set_pin", |client| {
        let pin = Pin::new("739251").unwrap();
        client.cards().set_pin(&SetPin { card_no: "17".into(), cardholder_no: "18".into(), pin })
    }),
];
const READ: (&str, Calling) = ("cards.get", |client| read(client).map(drop));

/// Makes one call against a server that always gives the same response; the error and the requests the server counted.
fn ask((name, call): (&str, Calling), response: &[u8]) -> (Error, usize) {
    let response = response.to_vec();
    let server = MockServer::platform(move |_| MockResponse::Keep(response.clone())).unwrap();
    let error = call(&client_of(&server)).expect_err(name);
    assert_eq!(error.operation(), Some(name));
    let sent = server.requests().len();
    assert_eq!(error.attempts() as usize, sent, "{name}: {error}");
    (error, sent)
}

/// A response with success for every call of this file, in JSON.
const ALL: &str = r#"{"result":true,"transfer_no":"1","card_no":"17","status":"Frozen","cardholder_no":"17"}"#;

#[test]
fn a_response_with_a_code_is_rejected_or_unknown_by_code_and_status() {
    use Outcome::{Rejected, Unknown};
    let table: [(i64, &str, Outcome, usize); 20] = [
        // A gateway's words.
        (504, "504 Gateway Timeout", Unknown, 3),
        (504, "200 OK", Unknown, 1),
        (500, "500 Oops", Unknown, 3),
        (429, "429 Too Many", Unknown, 3),
        (408, "408 Timeout", Unknown, 3),
        (403, "403 No", Unknown, 1),
        // Codes outside of the platform's ranges, whatever the status.
        (-1, "200 OK", Unknown, 1),
        (1, "200 OK", Unknown, 1),
        (5000, "200 OK", Unknown, 1),
        (5000, "502 Oops", Unknown, 3),
        (999, "400 Bad", Unknown, 1),
        // The platform's system error.
        (1001, "200 OK", Unknown, 3),
        (1001, "400 Bad", Unknown, 3),
        // Documented codes are the platform's own, under any status.
        (2002, "200 OK", Rejected, 1),
        (4005, "500 Oops", Rejected, 1),
        (1003, "403 No", Rejected, 1),
        // Undocumented codes of its ranges.
        (3001, "200 OK", Rejected, 1),
        (3001, "400 Bad", Rejected, 1),
        (3001, "503 Busy", Unknown, 3),
        (4999, "429 Too Many", Unknown, 3),
    ];
    for (code, status, outcome, reads) in table {
        let body = format!(r#"{{"code":{code},"msg":"upstream request timeout"}}"#);
        let response = http(status, &[], body.as_bytes());
        for (call, sends) in MUTATIONS.into_iter().map(|call| (call, 1)).chain([(READ, reads)]) {
            let (error, sent) = ask(call, &response);
            let shown = format!("{} {code} under {status}: {error}", call.0);
            assert_eq!((error.code(), error.msg()), (Some(code), Some("upstream request timeout")), "{shown}");
            assert_eq!((error.outcome(), sent), (outcome, sends), "{shown}");
            assert_eq!(error.to_string().contains("the platform refused"), outcome == Rejected, "{shown}");
        }
    }
}

#[test]
fn success_under_an_error_status_is_unknown() {
    for (status, reads) in [("504 Timeout", 3), ("500 Oops", 3), ("429 Busy", 3), ("400 Bad", 1), ("403 No", 1)] {
        let response = http(status, &[], format!(r#"{{"code":0,"msg":"","data":{ALL}}}"#).as_bytes());
        for (call, sends) in MUTATIONS.into_iter().map(|call| (call, 1)).chain([(READ, reads)]) {
            let (error, sent) = ask(call, &response);
            let shown = format!("{} under {status}: {error}", call.0);
            assert_eq!((error.kind(), error.outcome()), (ErrorKind::InvalidResponse, Outcome::Unknown), "{shown}");
            assert_eq!(sent, sends, "{shown}");
        }
    }
}

#[test]
fn a_key_twice_in_the_envelope_is_invalid_and_never_sent_again() {
    for body in [
        r#"{"code":0,"data":ALL,"code":1007}"#,
        r#"{"code":0,"data":ALL,"code":1009}"#,
        r#"{"code":1007,"data":ALL,"code":0}"#,
        r#"{"code":1005,"code":1005}"#,
        r#"{"code":1009,"code":1009}"#,
        r#"{"code":2002,"code":0,"data":ALL}"#,
        r#"{"code":0,"code":0,"data":ALL}"#,
        r#"{"code":0,"co\u0064e":1007,"data":ALL}"#,
        r#"{"code":0,"data":ALL,"data":ALL}"#,
        r#"{"data":{},"code":0,"data":ALL}"#,
        r#"{"code":1009,"data":1,"data":2}"#,
        r#"{"code":0,"msg":"ok","data":ALL,"msg":"no"}"#,
        r#"{"code":1007,"msg":"a","msg":"b"}"#,
    ] {
        let body = body.replace("ALL", ALL);
        for status in ["200 OK", "401 No"] {
            let response = http(status, &[], body.as_bytes());
            for call in MUTATIONS.into_iter().chain([READ]) {
                let (error, sent) = ask(call, &response);
                let shown = format!("{} {status} {body}: {error}", call.0);
                assert_eq!((error.kind(), error.outcome()), (ErrorKind::InvalidResponse, Outcome::Unknown), "{shown}");
                assert_eq!((error.code(), sent), (None, 1), "{shown}");
            }
        }
    }
}

#[test]
fn an_empty_identifier_is_invalid_and_never_sent_again() {
    let apply_cardholder: Calling = |client| {
        let request = ApplyCardholder {
            cardholder_unique_no: "person-1".into(),
            sumsub_share_token: "share".into(),
            cardholder_no: None,
        };
        client.cardholders().apply(&request).map(drop)
    };
    let calls: [(&str, Calling, &str); 7] = [
        ("accounts.transfer", MUTATIONS[0].1, r#"{"transfer_no":"","transfer_unique_no":"move-1"}"#),
        ("cards.apply", MUTATIONS[1].1, r#"{"card_no":"","card_unique_no":"card-1"}"#),
        ("cardholders.apply", apply_cardholder, r#"{"cardholder_no":" ","cardholder_unique_no":"person-1"}"#),
        ("cards.get", READ.1, r#"{"card_no":"","status":"Frozen"}"#),
        ("cardholders.get", |client| client.cardholders().get("17").map(drop), r#"{"cardholder_no":"","status":"x"}"#),
        ("consumptions.get", |client| client.consumptions().get("17").map(drop), r#"{"consume_no":""}"#),
        (
            "pci.client_token",
            |client| client.pci().client_token("17").map(drop),
            r#"{"client_access_token":"","expires_in":60}"#,
        ),
    ];
    for (name, call, data) in calls {
        let (error, sent) = ask((name, call), &envelope(data));
        assert_eq!((error.kind(), error.outcome()), (ErrorKind::InvalidResponse, Outcome::Unknown), "{error}");
        assert_eq!(sent, 1, "{error}");
    }
}

#[test]
fn an_empty_access_token_is_invalid_and_the_call_is_not_sent() {
    let tokens = Arc::new(AtomicUsize::new(0));
    let server = token_server(
        &tokens,
        |_| r#"{"access_token":"","expired_time":4102444800000}"#.to_owned(),
        |_, _| MockResponse::Keep(envelope(ALL)),
    );
    let error = transfer(&client_of(&server)).unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::InvalidResponse, Outcome::NotSent), "{error}");
    assert_eq!((tokens.load(Ordering::SeqCst), server.requests().len()), (1, 0));
}

#[test]
fn an_echo_of_another_reference_is_invalid_and_never_sent_again() {
    let apply_cardholder: Calling = |client| {
        let request = ApplyCardholder {
            cardholder_unique_no: "person-1".into(),
            sumsub_share_token: "share".into(),
            cardholder_no: None,
        };
        client.cardholders().apply(&request).map(drop)
    };
    let calls: [(&str, Calling, &str, &str); 3] = [
        ("accounts.transfer", MUTATIONS[0].1, r#""transfer_no":"1","transfer_unique_no""#, "move-1"),
        ("cards.apply", MUTATIONS[1].1, r#""card_no":"1","card_unique_no""#, "card-1"),
        ("cardholders.apply", apply_cardholder, r#""cardholder_no":"1","cardholder_unique_no""#, "person-1"),
    ];
    for (name, call, fields, own) in calls {
        for other in ["move-2", "", "MOVE-1", " move-1", "Card-1", "card-1 ", "person-11"] {
            let (error, sent) = ask((name, call), &envelope(&format!(r#"{{{fields}:"{other}"}}"#)));
            assert_eq!((error.kind(), error.outcome()), (ErrorKind::InvalidResponse, Outcome::Unknown), "{error}");
            assert_eq!(sent, 1, "{error}");
            assert!(other.trim().is_empty() || !error.to_string().contains(other), "{error}");
        }
        for echo in [format!(r#":"{own}""#), ":null".to_owned()] {
            let response = envelope(&format!("{{{fields}{echo}}}"));
            let server = MockServer::platform(move |_| MockResponse::Keep(response.clone())).unwrap();
            call(&client_of(&server)).unwrap();
        }
    }
}

/// A server that gives each token by `token`, from 1, and answers everything else by `script`.
fn token_server(
    tokens: &Arc<AtomicUsize>,
    token: impl Fn(usize) -> String + Send + Sync + 'static,
    script: impl Fn(&RecordedRequest, usize) -> MockResponse + Send + Sync + 'static,
) -> MockServer {
    let tokens = Arc::clone(tokens);
    MockServer::start(move |request| {
        if request.target == "/open-api/v1/merchant/token" {
            return MockResponse::Keep(envelope(&token(tokens.fetch_add(1, Ordering::SeqCst) + 1)));
        }
        script(request, tokens.load(Ordering::SeqCst))
    })
    .unwrap()
}

/// Token number so and so, good for long.
fn good_token(number: usize) -> String {
    let in_a_day = (UNIX_EPOCH.elapsed().unwrap() + Duration::from_secs(86_400)).as_millis();
    format!(r#"{{"access_token":"token-{number}","expired_time":{in_a_day}}}"#)
}

const BARE: [&[u8]; 5] = [b"", b"<html>401</html>", b"{}", br#"{"error":"denied"}"#, br#"{"code":"denied","msg":""}"#];

#[test]
fn a_bare_401_renews_the_token_once_and_sends_again() {
    for body in BARE {
        for (name, call) in MUTATIONS.into_iter().chain([READ]) {
            let tokens = Arc::new(AtomicUsize::new(0));
            let server = token_server(&tokens, good_token, move |request, _| {
                if request.header("access-token") == Some("token-1") {
                    return MockResponse::Keep(http("401 Unauthorized", &[], body));
                }
                MockResponse::Keep(envelope(ALL))
            });
            call(&client_of(&server)).unwrap_or_else(|error| panic!("{name}: {error}"));
            assert_eq!((tokens.load(Ordering::SeqCst), server.requests().len()), (2, 2), "{name}");

            let tokens = Arc::new(AtomicUsize::new(0));
            let server =
                token_server(&tokens, good_token, move |_, _| MockResponse::Keep(http("401 Unauthorized", &[], body)));
            let error = call(&client_of(&server)).unwrap_err();
            assert_eq!((error.kind(), error.outcome()), (ErrorKind::Authentication, Outcome::Rejected), "{error}");
            assert_eq!((error.code(), error.http_status()), (None, Some(401)), "{error}");
            assert_eq!((tokens.load(Ordering::SeqCst), server.requests().len()), (2, 2), "{error}");
        }
    }
}

#[test]
fn a_bare_401_to_the_token_request_is_an_authentication_error() {
    let server = MockServer::start(|_| MockResponse::Keep(http("401 Unauthorized", &[], b""))).unwrap();
    let error = transfer(&client_of(&server)).unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::Authentication, Outcome::Rejected), "{error}");
    assert!(server.requests().is_empty());
}

#[test]
fn a_401_with_a_gateways_code_never_repeats_a_mutation_but_its_token_is_not_used_again() {
    let tokens = Arc::new(AtomicUsize::new(0));
    let server = token_server(&tokens, good_token, |request, _| {
        if request.header("access-token") == Some("token-1") {
            return MockResponse::Keep(http("401 Unauthorized", &[], br#"{"code":401,"msg":"unauthorized"}"#));
        }
        MockResponse::Keep(envelope(ALL))
    });
    let client = client_of(&server);
    let error = transfer(&client).unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::Authentication, Outcome::Unknown), "{error}");
    assert_eq!((tokens.load(Ordering::SeqCst), server.requests().len()), (1, 1));
    transfer(&client).unwrap();
    read(&client).unwrap();
    assert_eq!((tokens.load(Ordering::SeqCst), server.requests().len()), (2, 3), "one new token, used from then on");

    let fresh = client_of(&server);
    tokens.store(0, Ordering::SeqCst);
    read(&fresh).unwrap();
    assert_eq!(tokens.load(Ordering::SeqCst), 2, "a read is sent again with a new token");
}

#[test]
fn a_bare_403_is_a_permission_error_that_names_the_whitelist() {
    for body in BARE {
        let response = http("403 Forbidden", &[], body);
        for call in MUTATIONS.into_iter().chain([READ]) {
            let (error, sent) = ask(call, &response);
            assert_eq!((error.kind(), error.outcome()), (ErrorKind::Permission, Outcome::Unknown), "{error}");
            assert_eq!((error.http_status(), sent), (Some(403), 1), "{error}");
            assert!(error.to_string().contains("IP whitelist"), "{error}");
        }
    }
}

#[test]
fn a_read_survives_a_connection_that_is_silent() {
    let count = AtomicUsize::new(0);
    let server = MockServer::platform(move |_| match count.fetch_add(1, Ordering::SeqCst) {
        0 => MockResponse::Hold(Vec::new(), Duration::from_secs(30)),
        _ => MockResponse::Keep(envelope(ALL)),
    })
    .unwrap();
    let client = builder(&server).timeout(Duration::from_secs(4)).build().unwrap();
    client.access_token().unwrap();
    assert_eq!(read(&client).unwrap().card_no, "17");
    assert_eq!(server.requests().len(), 2);
}

#[test]
fn the_last_attempt_of_a_read_may_take_all_the_time_that_is_left() {
    let server = MockServer::platform(|_| MockResponse::Delayed(Duration::from_millis(1200), envelope(ALL))).unwrap();
    let client = builder(&server).timeout(Duration::from_secs(2)).max_retries(0).build().unwrap();
    read(&client).unwrap();
    // A mutation has one attempt only.
    let client = builder(&server).timeout(Duration::from_secs(2)).build().unwrap();
    transfer(&client).unwrap();
    assert_eq!(server.requests().len(), 2);
}

#[test]
fn a_wait_beyond_the_deadline_is_not_begun() {
    let response = http("200 OK", &["Retry-After: 3600"], br#"{"code":1009,"msg":"slow down"}"#);
    for call in MUTATIONS.into_iter().chain([READ]) {
        let answer = response.clone();
        let server = MockServer::platform(move |_| MockResponse::Keep(answer.clone())).unwrap();
        let clock = Arc::new(TestClock::virtual_sleeps(None));
        let error = call.1(&builder(&server).clock(clock.clone()).build().unwrap()).unwrap_err();
        assert_eq!((error.kind(), error.outcome()), (ErrorKind::RateLimit, Outcome::Rejected), "{error}");
        assert_eq!(error.retry_after(), Some(Duration::from_secs(3600)));
        assert_eq!((server.requests().len(), clock.sleeps()), (1, vec![]), "{error}");
    }
}

#[test]
fn an_expired_time_that_makes_no_sense_is_logged_once_and_found_by_the_doctor() {
    for (expired_time, found, fetches) in [
        // The platform's documented unit is milliseconds; this is in seconds, and so in 1970.
        ("1790000000", "in the past", 3),
        ("1790000000000000", "more than a year", 1),
    ] {
        let tokens = Arc::new(AtomicUsize::new(0));
        let data = format!(r#"{{"access_token":"token","expired_time":{expired_time}}}"#);
        let server =
            token_server(&tokens, move |_| data.clone(), |_, _| MockResponse::Keep(envelope(r#"{"list":[]}"#)));
        let client = client_of(&server);
        let ((), lines) = logged(|| {
            for _ in 0..3 {
                client.call(Method::Post, "/v1/card/package/list", None).unwrap();
            }
        });
        assert_eq!(tokens.load(Ordering::SeqCst), fetches, "{expired_time}");
        let warnings: Vec<_> = lines.iter().filter(|line| line.level == log::Level::Warn).collect();
        assert_eq!(warnings.len(), 1, "{lines:?}");
        assert_eq!(warnings[0].target, "keysecure");
        assert!(warnings[0].text.contains(found) && warnings[0].text.contains("expired_time"), "{warnings:?}");

        let report = client.doctor(None);
        let finding = report.get(keysecure::Check::Token).unwrap();
        assert_eq!(finding.status, keysecure::CheckStatus::Warn, "{report}");
        assert!(finding.found.contains(found) && !finding.advice.is_empty(), "{report}");
    }
}

#[test]
fn the_doctor_takes_no_gateway_for_the_platform() {
    use keysecure::{Check, CheckStatus};
    for (status, body, check, words) in [
        ("504 Gateway Timeout", r#"{"code":504,"msg":"upstream request timeout"}"#, Check::Reachability, "base_url"),
        ("401 Unauthorized", "", Check::ApiKey, "Api-Key"),
        ("403 Forbidden", "<html>", Check::IpWhitelist, "whitelist"),
    ] {
        let server = MockServer::platform(move |_| MockResponse::Keep(http(status, &[], body.as_bytes()))).unwrap();
        let report = client_of(&server).doctor(None);
        let finding = report.get(check).unwrap();
        assert_eq!(finding.status, CheckStatus::Fail, "{report}");
        assert!(finding.advice.contains(words), "{report}");
        assert_eq!(report.get(Check::Token).unwrap().status, CheckStatus::Skipped, "{report}");
    }
}

#[test]
fn simulation_is_refused_in_production_however_its_path_is_written() {
    let server = MockServer::platform(|_| MockResponse::Keep(envelope("{}"))).unwrap();
    let client = builder(&server).environment(keysecure::Environment::Production).build().unwrap();
    for path in [
        "/v1/simulate/auth",
        "/v1/simulate/auth/",
        "/v1/simulate//auth",
        "//v1/simulate/refund",
        "/v1/Simulate/auth",
        "/v1/%73imulate/auth",
        "/v1%2fsimulate%2Fauth",
        "/v1/simulate;x=1/auth",
        "/v1/simulate/new",
        "/v1/simulate",
    ] {
        for method in [Method::Get, Method::Post] {
            let error = client.call(method, path, None).unwrap_err();
            assert_eq!((error.kind(), error.outcome()), (ErrorKind::Config, Outcome::NotSent), "{path}: {error}");
        }
    }
    for path in ["/v1/card/%2e%2e/simulate/auth", "/v1/card/..;/simulate/auth"] {
        assert_eq!(client.call(Method::Post, path, None).unwrap_err().field(), Some("path"));
    }
    assert!(server.requests().is_empty());
}

#[test]
fn simulation_is_refused_at_the_address_of_production_under_any_setting() {
    let client = Client::builder("key", "0123456789abcdef").base_url("https://OPENPLATFORM.keysecure.io:443").build();
    let error = client.unwrap().call(Method::Post, "/v1/simulate/auth", None).unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::Config, Outcome::NotSent), "{error}");
}

#[test]
fn texts_of_a_response_are_cut() {
    let msg = "号".repeat(1 << 20);
    for code in [2002, 504] {
        let body = format!(r#"{{"code":{code},"msg":"{msg}"}}"#);
        let (error, _) = ask(MUTATIONS[0], &http("200 OK", &[], body.as_bytes()));
        assert_eq!(error.msg().unwrap().len(), 2046);
        assert!(error.to_string().len() < 2300);
    }
    // Names of fields stand in the path of an error's text.
    let nested = format!("{}7{}", r#"{"merchant_name_that_is_long":"#.repeat(100), "}".repeat(100));
    let (error, _) = ask(READ, &envelope(&format!(r#"{{"card_no":{nested}}}"#)));
    assert!(error.to_string().len() < 2300);
}

#[test]
fn a_token_that_cannot_be_fetched_leaves_no_doubt_about_the_call() {
    // The token request is read and never answered.
    let server = MockServer::start(|_| MockResponse::Close(Vec::new())).unwrap();
    let error = transfer(&client_of(&server)).unwrap_err();
    assert_eq!(error.outcome(), Outcome::NotSent);
    let text = error.to_string();
    assert!(text.contains("the request was not sent (not_sent"), "{text}");
    assert!(!text.contains("may have been carried out"), "{text}");

    // The first token is refused, and there is no second.
    let tokens = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&tokens);
    let server = MockServer::start(move |request| {
        if request.target != "/open-api/v1/merchant/token" {
            return MockResponse::Keep(http("200 OK", &[], br#"{"code":1007,"msg":"expired"}"#));
        }
        match count.fetch_add(1, Ordering::SeqCst) {
            0 => MockResponse::Keep(envelope(&good_token(1))),
            _ => MockResponse::Close(Vec::new()),
        }
    })
    .unwrap();
    let error = transfer(&client_of(&server)).unwrap_err();
    assert_eq!((error.outcome(), error.attempts()), (Outcome::Rejected, 1), "{error}");
    assert!(!error.to_string().contains("sent"), "{error}");
}

#[test]
fn a_raw_call_sends_every_number_as_it_is_written() {
    let server = MockServer::platform(|_| MockResponse::Keep(envelope("{}"))).unwrap();
    let body = r#"{"a":1E+2,"b":10.500,"c":18446744073709551617,"d":0.1000000000000000055511151231257827,"e":-0}"#;
    client_of(&server).call(Method::Post, "/v1/any", Some(&Json::new(body).unwrap())).unwrap();
    assert_eq!(server.requests()[0].body, body.as_bytes());
}

#[test]
fn local_amounts_keep_the_decimals_of_their_currency() {
    let server = MockServer::platform(|_| MockResponse::Keep(envelope("{}"))).unwrap();
    let client = client_of(&server);
    for (amount, currency, sent) in [("1.234", "KWD", "1.234"), ("1.230", "KWD", "1.23"), ("100", "JPY", "100")] {
        let request = keysecure::SimulationRequest {
            local_amount: Some(amount.parse().unwrap()),
            local_currency: Some(currency.into()),
            card_no: Some("17".into()),
            amount: Some(cents(1_00)),
            ..keysecure::SimulationRequest::default()
        };
        client.simulation().auth(&request).unwrap();
        let body = String::from_utf8(server.requests().pop().unwrap().body).unwrap();
        assert!(body.contains(&format!(r#""local_amount":{sent},"#)), "{body}");
    }
}

#[test]
fn a_virtual_card_needs_five_fields_of_an_address_and_a_physical_card_all() {
    let server = MockServer::platform(|_| MockResponse::Keep(envelope(r#"{"card_no":"1"}"#))).unwrap();
    let client = client_of(&server);
    let address = keysecure::Address {
        postal_code: "SW1Y 4JH".into(),
        country: "GB".into(),
        state: "London".into(),
        city: "London".into(),
        address_line1: "12 St James's Square".into(),
        ..keysecure::Address::default()
    };
    let mut request = keysecure::ApplyCard { address_info: Some(address), ..virtual_card("17", "card-1") };
    client.cards().apply(&request).unwrap();
    let info = |server: &MockServer| {
        let body: serde_json::Value = serde_json::from_slice(&server.requests().pop().unwrap().body).unwrap();
        body["address_info"].clone()
    };
    let five = serde_json::json!({
        "postal_code": "SW1Y 4JH", "country": "GB", "state": "London", "city": "London",
        "address_line1": "12 St James's Square",
    });
    assert_eq!(info(&server), five);

    request.card_type = keysecure::CardType::Physical;
    let error = client.cards().apply(&request).unwrap_err();
    assert_eq!((error.kind(), error.field()), (ErrorKind::InvalidInput, Some("address_info.first_name")));
    assert_eq!(server.requests().len(), 1);
    request.address_info = Some(keysecure_tests::address());
    client.cards().apply(&request).unwrap();
    assert_eq!(info(&server).as_object().unwrap().len(), 10, "the whole address, as the platform documents it");
}
