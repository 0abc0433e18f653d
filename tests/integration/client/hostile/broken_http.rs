//! Broken HTTP, responses without end, redirects, and bytes of other responses.

use std::sync::Arc;
use std::time::{Duration, Instant};

use keysecure::{Client, ErrorKind, Outcome};
use keysecure_tests::{MockResponse, MockServer, envelope, http};

use super::{TIMEOUT, ask, client_of, mutate, read};

#[test]
fn broken_http_is_a_typed_error_and_a_mutation_is_unknown() {
    let good = envelope(r#"{"card_no":"17","status":"Activated","transfer_no":"1"}"#);
    let head_only = |lines: &str| format!("HTTP/1.1 200 OK\r\n{lines}\r\n").into_bytes();
    let with = |lines: &str, body: &str| format!("HTTP/1.1 200 OK\r\n{lines}\r\n{body}").into_bytes();
    let many_headers = "X-Header: value\r\n".repeat(5_000);
    let giant = format!("X-Giant: {}\r\nContent-Length: 0\r\n", "a".repeat(1 << 20));
    let table: Vec<(&str, MockResponse)> = vec![
        ("closed at once", MockResponse::Close(Vec::new())),
        ("closed in the status line", MockResponse::Close(b"HTTP/1.1 20".to_vec())),
        ("closed in the head", MockResponse::Close(b"HTTP/1.1 200 OK\r\nContent-Le".to_vec())),
        ("closed after the head", MockResponse::Close(head_only("Content-Length: 500\r\n"))),
        ("closed in the body", MockResponse::Close(good[..good.len() - 5].to_vec())),
        ("another protocol", MockResponse::Close(b"SSH-2.0-OpenSSH_9.0\r\n\r\n".to_vec())),
        ("not HTTP at all", MockResponse::Close(vec![0xff; 300])),
        ("HTTP/9.9", MockResponse::Close(b"HTTP/9.9 200 OK\r\nContent-Length: 0\r\n\r\n".to_vec())),
        ("status 999999", MockResponse::Close(b"HTTP/1.1 999999 What\r\nContent-Length: 0\r\n\r\n".to_vec())),
        ("status -1", MockResponse::Close(b"HTTP/1.1 -1 What\r\nContent-Length: 0\r\n\r\n".to_vec())),
        ("negative length", MockResponse::Close(with("Content-Length: -5\r\n", "{}"))),
        ("length in words", MockResponse::Close(with("Content-Length: many\r\n", "{}"))),
        ("huge length", MockResponse::Close(with("Content-Length: 9223372036854775807\r\n", "{}"))),
        ("length beyond 64 bits", MockResponse::Close(with("Content-Length: 184467440737095516160\r\n", "{}"))),
        ("two lengths", MockResponse::Close(with("Content-Length: 2\r\nContent-Length: 7\r\n", "{}"))),
        ("chunk of no size", MockResponse::Close(with("Transfer-Encoding: chunked\r\n", "\r\n{}\r\n0\r\n\r\n"))),
        ("chunk of a wrong size", MockResponse::Close(with("Transfer-Encoding: chunked\r\n", "zz\r\n{}\r\n0\r\n\r\n"))),
        (
            "chunk of a huge size",
            MockResponse::Close(with("Transfer-Encoding: chunked\r\n", "ffffffffffffffff\r\n{}\r\n")),
        ),
        ("chunks cut off", MockResponse::Close(with("Transfer-Encoding: chunked\r\n", "2\r\n{}\r\n"))),
        ("a giant header", MockResponse::Close(head_only(&giant))),
        ("many headers", MockResponse::Close(head_only(&many_headers))),
        (
            "a header of raw bytes",
            MockResponse::Close(b"HTTP/1.1 200 OK\r\nX: \xff\x00\r\nContent-Length: 2\r\n\r\n{}".to_vec()),
        ),
        (
            "a broken header",
            MockResponse::Close(b"HTTP/1.1 200 OK\r\nno colon here\r\nContent-Length: 2\r\n\r\n{}".to_vec()),
        ),
        ("gzip that is none", MockResponse::Keep(http("200 OK", &["Content-Encoding: gzip"], b"no gzip"))),
        ("204", MockResponse::Keep(b"HTTP/1.1 204 No Content\r\n\r\n".to_vec())),
        ("304", MockResponse::Keep(b"HTTP/1.1 304 Not Modified\r\n\r\n".to_vec())),
        ("500 with success inside", MockResponse::Keep(http("500 Oops", &[], br#"{"code":0,"data":{"card_no":"1"}}"#))),
    ];
    for (name, reply) in table {
        for (error, sent) in ask(name, reply) {
            assert!(
                matches!(error.kind(), ErrorKind::Transport | ErrorKind::InvalidResponse | ErrorKind::Timeout),
                "{name}: {error}"
            );
            assert!((1..=3).contains(&sent), "{name}: sent {sent} times");
        }
    }
}

#[test]
fn a_flood_of_interim_responses_ends_in_time() {
    for line in ["HTTP/1.1 100 Continue\r\n\r\n", "HTTP/1.1 102 Processing\r\n\r\n", "HTTP/1.1 103 Early Hints\r\n\r\n"]
    {
        let bytes = line.as_bytes().to_vec();
        let server =
            MockServer::platform(move |_| MockResponse::Endless(Vec::new(), bytes.clone(), 256 << 20)).unwrap();
        let client = Client::builder("key", "0123456789abcdef")
            .base_url(server.base_url())
            .timeout(Duration::from_millis(700))
            .max_retries(0)
            .build()
            .unwrap();
        let started = Instant::now();
        let error = mutate(&client).unwrap_err();
        assert!(started.elapsed() < Duration::from_secs(5), "{line}: {:?}", started.elapsed());
        assert_eq!(error.outcome(), Outcome::Unknown, "{line}: {error}");
        assert_eq!(server.requests().len(), 1);
    }
}

#[test]
fn an_interim_response_before_the_response_does_no_harm() {
    let good = envelope(r#"{"card_no":"17","status":"Activated","transfer_no":"1"}"#);
    let server = MockServer::platform(move |_| {
        MockResponse::Keep([b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n".as_slice(), &good].concat())
    })
    .unwrap();
    let client = client_of(&server);
    match mutate(&client) {
        Ok(moved) => assert_eq!(moved.transfer_no, "1"),
        Err(error) => assert_eq!(error.outcome(), Outcome::Unknown, "{error}"),
    }
    assert_eq!(server.requests().len(), 1);
}

#[test]
fn a_response_that_is_too_large_is_not_read_to_its_end() {
    let filler = vec![b'a'; 64 * 1024];
    let quoted = br#"{"code":0,"data":""#;
    let with_length = [b"HTTP/1.1 200 OK\r\nContent-Length: 67108864\r\n\r\n".as_slice(), quoted].concat();
    let until_close = [b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n".as_slice(), quoted].concat();
    let chunked =
        [b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n".as_slice(), b"12\r\n", quoted, b"\r\n"].concat();
    let chunk = [b"10000\r\n".as_slice(), &filler, b"\r\n"].concat();
    let header = format!("X-More: {}\r\n", "a".repeat(1000)).into_bytes();
    let large: &[ErrorKind] = &[ErrorKind::InvalidResponse];
    // The HTTP library has more than one error for a head that does not end.
    let no_end: &[ErrorKind] = &[ErrorKind::InvalidResponse, ErrorKind::Transport];
    let table = [
        ("64 MiB with a length", with_length, filler.clone(), large),
        ("endless until the close", until_close, filler.clone(), large),
        ("endless chunks", chunked, chunk, large),
        ("endless headers", b"HTTP/1.1 200 OK\r\n".to_vec(), header, no_end),
        ("an endless status line", b"HTTP/1.1 200 ".to_vec(), filler, no_end),
    ];
    for (name, first, again, kinds) in table {
        let server =
            MockServer::platform(move |_| MockResponse::Endless(first.clone(), again.clone(), 512 << 20)).unwrap();
        let client = client_of(&server);
        let started = Instant::now();
        let error = mutate(&client).unwrap_err();
        assert!(started.elapsed() < TIMEOUT + Duration::from_secs(3), "{name}");
        assert_eq!(error.outcome(), Outcome::Unknown, "{name}: {error}");
        assert!(kinds.contains(&error.kind()), "{name}: {error}");
        assert_eq!(server.requests().len(), 1, "{name}");
        // The client reads 8 MiB; the rest of the response is in the buffers of the sockets.
        assert!(server.written() < 24 << 20, "{name}: {} bytes", server.written());
    }
}

#[test]
fn a_response_just_below_the_size_limit_is_read() {
    let note = "a".repeat(7 << 20);
    let server = MockServer::platform(move |_| {
        MockResponse::Keep(envelope(&format!(r#"{{"card_no":"17","status":"Activated","note":"{note}"}}"#)))
    })
    .unwrap();
    let card = read(&client_of(&server)).unwrap();
    assert_eq!(card.extra.get("note").unwrap().as_str().len(), (7 << 20) + 2);
}

#[test]
fn redirects_are_never_followed() {
    let trap =
        Arc::new(MockServer::start(|_| MockResponse::Keep(envelope(r#"{"card_no":"trap","status":"x"}"#))).unwrap());
    for status in ["300 X", "301 X", "302 X", "303 X", "307 X", "308 X"] {
        for location in [
            format!("Location: {}/open-api/v1/card/17/detail", trap.base_url()),
            format!("Location: //127.0.0.1:{}/x", trap.port()),
            "Location: /open-api/v1/elsewhere".to_owned(),
            "Refresh: 0; url=/x".to_owned(),
        ] {
            let body = br#"{"code":0,"data":{"card_no":"1","status":"x","transfer_no":"1"}}"#;
            let reply = MockResponse::Keep(http(status, &[location.as_str()], body));
            for (error, sent) in ask(status, reply) {
                assert_eq!((error.kind(), sent), (ErrorKind::InvalidResponse, 1), "{status} {location}: {error}");
            }
        }
    }
    assert!(trap.requests().is_empty(), "nobody followed");
}

#[test]
fn bytes_after_a_response_are_not_taken_for_the_next_response() {
    let first = envelope(r#"{"card_no":"17","status":"Frozen"}"#);
    let stray = envelope(r#"{"card_no":"stray","status":"Frozen"}"#);
    let server = MockServer::platform(move |request| {
        if request.target.contains("/17/") {
            MockResponse::Keep([first.as_slice(), &stray].concat())
        } else {
            MockResponse::Keep(envelope(r#"{"card_no":"18","status":"Frozen"}"#))
        }
    })
    .unwrap();
    let client = client_of(&server);
    assert_eq!(client.cards().get("17").unwrap().card_no, "17");
    std::thread::sleep(Duration::from_millis(20));
    if let Ok(card) = client.cards().get("18") {
        assert_eq!(card.card_no, "18");
    }
}

#[test]
fn a_late_response_of_an_abandoned_call_is_not_taken_for_the_next() {
    let server = MockServer::platform(|request| {
        let data = |no: &str| envelope(&format!(r#"{{"card_no":"{no}","status":"Frozen"}}"#));
        if request.target.contains("/17/") {
            MockResponse::Delayed(Duration::from_millis(700), data("17"))
        } else {
            MockResponse::Keep(data("18"))
        }
    })
    .unwrap();
    let client = Client::builder("key", "0123456789abcdef")
        .base_url(server.base_url())
        .timeout(Duration::from_millis(400))
        .build()
        .unwrap();
    client.access_token().unwrap();
    assert_eq!(client.cards().get("17").unwrap_err().kind(), ErrorKind::Timeout);
    for _ in 0..3 {
        assert_eq!(client.cards().get("18").unwrap().card_no, "18");
        std::thread::sleep(Duration::from_millis(150));
    }
}

#[test]
fn dates_of_a_hostile_server_do_no_harm() {
    for date in [
        "Date: yesterday",
        "Date: Thu, 01 Jan 1970 00:00:00 GMT",
        "Date: Fri, 31 Dec 9999 23:59:59 GMT",
        "Date: Sun, 06 Nov 1994 08:49:37 GMT",
        "Date: ",
        "Retry-After: 18446744073709551615",
        "Retry-After: -5",
        "Retry-After: Fri, 31 Dec 9999 23:59:59 GMT",
    ] {
        let server = MockServer::platform(move |request| {
            if request.method == "GET" {
                MockResponse::Keep(http("503 Busy", &[date], b"busy"))
            } else {
                MockResponse::Keep(http("200 OK", &[date], br#"{"code":0,"data":{"transfer_no":"1"}}"#))
            }
        })
        .unwrap();
        let client = client_of(&server);
        assert_eq!(mutate(&client).unwrap().transfer_no, "1");
        let error = read(&client).unwrap_err();
        assert_eq!(error.http_status(), Some(503), "{date}: {error}");
        assert_eq!(mutate(&client).unwrap().transfer_no, "1");
    }
}
