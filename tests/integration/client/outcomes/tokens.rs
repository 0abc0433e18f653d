//! Outcomes when the token is refused or cannot be fetched, and of bare 401 and 403 responses.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, UNIX_EPOCH};

use keysecure::{ErrorKind, Method, Outcome};
use keysecure_tests::{MockResponse, MockServer, RecordedRequest, envelope, http, logged};

use super::{ALL, MUTATIONS, READ, ask, client_of, read, transfer};

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

/// A server that responds to token call number 1, 2, ... with `token`, and to all else with `respond`.
fn token_server(
    tokens: &Arc<AtomicUsize>,
    token: impl Fn(usize) -> String + Send + Sync + 'static,
    respond: impl Fn(&RecordedRequest, usize) -> MockResponse + Send + Sync + 'static,
) -> MockServer {
    let tokens = Arc::clone(tokens);
    MockServer::start(move |request| {
        if request.target == "/open-api/v1/merchant/token" {
            return MockResponse::Keep(envelope(&token(tokens.fetch_add(1, Ordering::SeqCst) + 1)));
        }
        respond(request, tokens.load(Ordering::SeqCst))
    })
    .unwrap()
}

/// The data of a token that is valid for a day.
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
fn a_401_with_a_gateways_code_discards_the_token_and_repeats_no_mutation() {
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
fn an_implausible_expired_time_is_logged_once_and_found_by_the_doctor() {
    for (expired_time, found, fetches) in [
        // The platform's documented unit is milliseconds; this value is in seconds, and so in 1970.
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
fn a_token_that_cannot_be_fetched_means_not_sent() {
    // The token request is read, and the connection closed.
    let server = MockServer::start(|_| MockResponse::Close(Vec::new())).unwrap();
    let error = transfer(&client_of(&server)).unwrap_err();
    assert_eq!(error.outcome(), Outcome::NotSent);
    let text = error.to_string();
    assert!(text.contains("the request was not sent (not_sent"), "{text}");
    assert!(!text.contains("may have been carried out"), "{text}");

    // The first token is refused, and a second one cannot be fetched.
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
