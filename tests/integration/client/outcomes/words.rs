//! What the text of an error says about a response that is missing, cut or not the platform's.

use std::sync::Arc;
use std::time::Duration;

use keysecure::{Client, Error, Outcome, TransportFault};
use keysecure_tests::{ConnectProxy, MockResponse, MockServer, TestClock, envelope, free_address, http};

use super::{ALL, READ, ask, builder, client_of, read, transfer};

const WHOLE: &[u8] = br#"{"code":0,"msg":"","data":{"card_no":"17"}}"#;

#[test]
fn a_cut_response_says_how_much_arrived() {
    let cut = |head: &str, body: &[u8]| [format!("HTTP/1.1 200 OK\r\n{head}\r\n").as_bytes(), body].concat();
    for (response, text) in [
        (cut("Content-Length: 4096\r\n", WHOLE), "the connection broke after 43 of 4096 bytes of the response"),
        (cut("Content-Length: 500\r\n", b""), "the connection broke after 0 of 500 bytes of the response"),
        (cut("Transfer-Encoding: chunked\r\n", b"2\r\n{}\r\n"), "the connection broke after 2 bytes of the response"),
    ] {
        let server = MockServer::platform(move |_| MockResponse::Close(response.clone())).unwrap();
        let error = read(&client_of(&server)).unwrap_err();
        assert_eq!(
            (error.transport_fault(), error.outcome()),
            (Some(TransportFault::Closed), Outcome::Unknown),
            "{error}"
        );
        assert_eq!(error.to_string(), format!("cards.get: {text}; calling again is safe (unknown, attempts: 3)"));
        let error = transfer(&client_of(&server)).unwrap_err();
        let suffix = "; the request may have been carried out (unknown, attempts: 1)";
        assert_eq!(error.to_string(), format!("accounts.transfer: {text}{suffix}"));
    }
}

#[test]
fn a_response_that_stops_says_how_much_arrived() {
    let server = MockServer::platform(move |_| {
        MockResponse::Hold(b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{\"co".to_vec(), Duration::from_secs(5))
    })
    .unwrap();
    let client = builder(&server).timeout(Duration::from_millis(700)).build().unwrap();
    let error = transfer(&client).unwrap_err();
    assert_eq!(error.transport_fault(), Some(TransportFault::Timeout), "{error}");
    assert!(
        error.to_string().contains("time ran out after 4 of 500 bytes of the response; the request may"),
        "{error}"
    );
}

#[test]
fn a_redirect_and_a_web_page_say_so() {
    let location = "Location: https://login.example/sso?token=secret";
    let html = b"<!DOCTYPE html><html><body>Sign in to the guest network: secret</body></html>";
    for (response, text) in [
        (
            http("302 Found", &[location], b""),
            "the response is a redirect (HTTP 302) to login.example, which is never followed",
        ),
        (
            http("200 OK", &["Content-Type: text/html; charset=utf-8"], html),
            "the response is an HTML page, probably of a proxy or gateway (text/html)",
        ),
        (http("200 OK", &["Content-Type: text/plain"], b"busy"), "the response is not a JSON object (text/plain)"),
        (http("204 No Content", &[], b""), "the response is empty"),
        (http("403 Forbidden", &[], html), "the response is an HTML page, so it is probably a gateway's (unknown"),
    ] {
        let (error, _) = ask(READ, &response);
        assert!(error.to_string().contains(text), "{error}");
        assert!(!format!("{error} {error:?}").contains("secret"), "{error}");
    }
}

/// The error of a read, and of a mutation.
fn errors(client: &Client) -> [Error; 2] {
    [read(client).map(drop).unwrap_err(), transfer(client).map(drop).unwrap_err()]
}

#[test]
fn a_connection_that_cannot_be_made_names_the_host() {
    let address = free_address();
    let client = Client::builder("key", "0123456789abcdef")
        .base_url(format!("http://{address}/secret/path"))
        .clock(Arc::new(TestClock::virtual_sleeps(None)))
        .build()
        .unwrap();
    for error in errors(&client) {
        let text = error.to_string();
        let expected =
            format!("the connection to {address} could not be made: it was refused; the request was not sent");
        assert!(text.contains(&expected) && !text.contains("secret"), "{text}");
        assert_eq!((error.outcome(), error.transport_fault()), (Outcome::NotSent, Some(TransportFault::Connect)));
    }
}

#[test]
fn a_proxy_that_fails_is_named_without_its_password() {
    let nobody = free_address();
    let refusing = ConnectProxy::start(Some("403 Forbidden")).unwrap();
    for (proxy, text, fault) in [
        (
            nobody,
            format!("the connection to the proxy {nobody} could not be made: it was refused"),
            TransportFault::Connect,
        ),
        (refusing.address(), format!("the proxy {} refused", refusing.address()), TransportFault::Proxy),
    ] {
        let client = Client::builder("key", "0123456789abcdef")
            .base_url("https://platform.example/path")
            .proxy(format!("http://user:secret@{proxy}"))
            .clock(Arc::new(TestClock::virtual_sleeps(None)))
            .build()
            .unwrap();
        for error in errors(&client) {
            assert!(error.to_string().contains(&text), "{error}");
            assert!(!format!("{error} {error:?}").contains("secret"), "{error}");
            assert_eq!((error.outcome(), error.transport_fault()), (Outcome::NotSent, Some(fault)), "{error}");
        }
    }
}

#[test]
fn a_refused_token_that_replaced_another_names_the_likely_cause() {
    let refusal = br#"{"code":1007,"msg":"Access-Token is invalid or expired"}"#;
    for response in [http("200 OK", &[], refusal), http("401 Unauthorized", &[], b"")] {
        let sent = response.clone();
        let server = MockServer::platform(move |_| MockResponse::Keep(sent.clone())).unwrap();
        for error in errors(&client_of(&server)) {
            let text = error.to_string();
            assert!(text.contains("probably another process fetched one") && text.contains("the same store"), "{text}");
            assert_eq!((error.outcome(), error.attempts()), (Outcome::Rejected, 2));
        }
    }
    // Other refusals do not say so.
    let server =
        MockServer::platform(|_| MockResponse::Keep(http("200 OK", &[], br#"{"code":1003,"msg":"no"}"#))).unwrap();
    assert!(!read(&client_of(&server)).unwrap_err().to_string().contains("store"));
    let server = MockServer::platform(|_| MockResponse::Keep(envelope(ALL))).unwrap();
    read(&client_of(&server)).unwrap();
}
