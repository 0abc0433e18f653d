//! Servers that answer anything: each ends in a typed error or in success, in bounded time and memory, and no mutation
//! is sent twice.

use std::sync::Arc;
use std::time::{Duration, Instant};

use keysecure::{
    Card, CardStatus, Client, Error, ErrorKind, Json, Method, Outcome, Transfer, TransferResult, TransferType,
};
use keysecure_tests::{MockResponse, MockServer, TestClock, cents, envelope, http};

const PATIENCE: Duration = Duration::from_secs(2);

type Calling = fn(&Client) -> Result<(), Error>;

fn client_of(server: &MockServer) -> Client {
    Client::builder("key", "0123456789abcdef")
        .base_url(server.base_url())
        .clock(Arc::new(TestClock::virtual_sleeps(None)))
        .timeout(PATIENCE)
        .build()
        .unwrap()
}

fn read(client: &Client) -> Result<Card, Error> {
    client.cards().get("17")
}

fn mutate(client: &Client) -> Result<TransferResult, Error> {
    client.accounts().transfer(&Transfer {
        cardholder_no: "17".into(),
        transfer_unique_no: "move-1".into(),
        r#type: TransferType::In,
        amount: cents(1_00),
    })
}

/// Asks a server that always answers so for a read and for a mutation; the errors of both, and the requests of both.
fn ask(name: &str, reply: MockResponse) -> [(Error, usize); 2] {
    let server = MockServer::platform(move |_| reply.clone()).unwrap();
    let client = client_of(&server);
    let mut answers = Vec::new();
    let calls: [Calling; 2] = [|client| read(client).map(drop), |client| mutate(client).map(drop)];
    for (number, call) in calls.iter().enumerate() {
        let (before, started) = (server.requests().len(), Instant::now());
        let error = call(&client).expect_err(name);
        assert!(started.elapsed() < PATIENCE + Duration::from_secs(3), "{name}: {:?}", started.elapsed());
        let sent = server.requests().len() - before;
        if number == 1 {
            assert_eq!(sent, 1, "{name}: a mutation is sent once");
            assert_eq!(error.outcome(), Outcome::Unknown, "{name}: {error}");
        }
        answers.push((error, sent));
    }
    answers.try_into().unwrap()
}

/// The same for a body with status 200 that is an invalid response.
fn is_invalid(name: &str, body: &[u8]) {
    for (error, sent) in ask(name, MockResponse::Keep(http("200 OK", &[], body))) {
        assert_eq!((error.kind(), sent), (ErrorKind::InvalidResponse, 1), "{name}: {error}");
        assert_eq!(error.http_status(), Some(200), "{name}");
    }
}

#[test]
fn what_is_no_envelope_is_an_invalid_response() {
    let deep = format!(r#"{{"code":0,"data":{}{}}}"#, "[".repeat(100_000), "]".repeat(100_000));
    let deep_objects = format!(r#"{{"code":0,"data":{}1{}}}"#, r#"{"a":"#.repeat(100_000), "}".repeat(100_000));
    let unclosed = "[".repeat(1_000_000);
    let bodies: [(&str, &[u8]); 39] = [
        ("nothing", b""),
        ("spaces", b"   \r\n"),
        ("html", b"<!doctype html><h1>It works</h1>"),
        ("text", b"Bad Gateway"),
        ("null", b"null"),
        ("a number", b"17"),
        ("a text", b"\"code\""),
        ("an array", b"[{\"code\":0}]"),
        ("an empty object", b"{}"),
        ("no code", br#"{"msg":"ok","data":{}}"#),
        ("no data", br#"{"code":0,"msg":"ok"}"#),
        ("data null", br#"{"code":0,"data":null}"#),
        ("data text", br#"{"code":0,"data":"x"}"#),
        ("data number", br#"{"code":0,"data":7}"#),
        ("data array", br#"{"code":0,"data":[{"card_no":"1","status":"x"}]}"#),
        ("data empty", br#"{"code":0,"data":{}}"#),
        ("numbers of other types", br#"{"code":0,"data":{"card_no":7.5,"status":[],"transfer_no":true}}"#),
        ("cut off", br#"{"code":0,"data":{"card_no":"1","#),
        ("cut off in a text", br#"{"code":0,"data":{"card_no":"1"#),
        ("cut off in an escape", br#"{"code":0,"data":"\u00"#),
        ("garbage behind", br#"{"code":0,"data":{"card_no":"1","status":"x","transfer_no":"1"}} {"code":0}"#),
        ("a byte order mark", b"\xef\xbb\xbf{\"code\":0,\"data\":{}}"),
        ("invalid UTF-8", b"{\"code\":0,\"data\":{\"card_no\":\"\xff\xfe\",\"status\":\"x\",\"transfer_no\":\"1\"}}"),
        ("overlong UTF-8", b"{\"code\":0,\"msg\":\"\xc0\xaf\",\"data\":{}}"),
        ("utf-16", b"{\0\"\0c\0"),
        (
            "a control character",
            b"{\"code\":0,\"data\":{\"card_no\":\"a\nb\",\"status\":\"x\",\"transfer_no\":\"a\nb\"}}",
        ),
        ("code true", br#"{"code":true,"data":{}}"#),
        ("code null", br#"{"code":null,"data":{}}"#),
        ("code object", br#"{"code":{},"data":{}}"#),
        ("code words", br#"{"code":"zero","data":{}}"#),
        ("code with a fraction", br#"{"code":0.5,"data":{}}"#),
        ("code huge", br#"{"code":99999999999999999999,"data":{}}"#),
        ("code beyond floats", br#"{"code":1e400,"data":{}}"#),
        ("code empty", br#"{"code":"","data":{}}"#),
        ("keys without quotes", b"{code:0,data:{}}"),
        ("deep arrays", deep.as_bytes()),
        ("deep objects", deep_objects.as_bytes()),
        ("unclosed arrays", unclosed.as_bytes()),
        ("nul bytes", &[0; 64]),
    ];
    for (name, body) in bodies {
        is_invalid(name, body);
    }
}

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
        ("closed behind the head", MockResponse::Close(head_only("Content-Length: 500\r\n"))),
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
fn a_flood_of_interim_answers_ends_in_time() {
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
fn an_interim_answer_in_front_of_the_answer_does_no_harm() {
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
fn an_answer_that_is_too_large_is_given_up_before_it_is_read() {
    let filler = vec![b'a'; 64 * 1024];
    let quoted = br#"{"code":0,"data":""#;
    let with_length = [b"HTTP/1.1 200 OK\r\nContent-Length: 67108864\r\n\r\n".as_slice(), quoted].concat();
    let until_close = [b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n".as_slice(), quoted].concat();
    let chunked =
        [b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n".as_slice(), b"12\r\n", quoted, b"\r\n"].concat();
    let chunk = [b"10000\r\n".as_slice(), &filler, b"\r\n"].concat();
    let header = format!("X-More: {}\r\n", "a".repeat(1000)).into_bytes();
    let large: &[ErrorKind] = &[ErrorKind::InvalidResponse];
    // The HTTP library has more than one word for a head that does not end.
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
        assert!(started.elapsed() < PATIENCE + Duration::from_secs(3), "{name}");
        assert_eq!(error.outcome(), Outcome::Unknown, "{name}: {error}");
        assert!(kinds.contains(&error.kind()), "{name}: {error}");
        assert_eq!(server.requests().len(), 1, "{name}");
        // 8 MiB are read; the rest of what the server wrote stands in the buffers of the sockets.
        assert!(server.written() < 24 << 20, "{name}: {} bytes", server.written());
    }
}

#[test]
fn an_answer_just_below_the_cap_is_read() {
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

/// A server that answers every call with that envelope.
fn answering(body: &'static str) -> (MockServer, Client) {
    let server = MockServer::platform(move |_| MockResponse::Keep(http("200 OK", &[], body.as_bytes()))).unwrap();
    let client = client_of(&server);
    (server, client)
}

#[test]
fn envelopes_that_are_odd_but_clear_are_understood() {
    for body in [
        r#"{"code":0,"data":{"card_no":"17","status":"Frozen"}}"#,
        r#"{"code":"0","msg":null,"data":{"status":"Frozen","card_no":"17"}}"#,
        r#"{"code":0.0,"msg":"","data":{"card_no":"17","status":"Frozen"}}"#,
        r#"{"data":{"card_no":"17","status":"Frozen"},"trace":{"id":[1]},"msg":null,"code":0}"#,
        "\r\n {\"code\" : 0 , \"data\" : {\"card_no\":\"17\",\"status\":\"Fro\\u007aen\"}} \n",
        r#"{"code":0,"data":{"card_no":"16","card_no":"17","status":"Melted","status":"Frozen"}}"#,
    ] {
        let (_server, client) = answering(body);
        let card = read(&client).unwrap();
        assert_eq!((&*card.card_no, &card.status), ("17", &CardStatus::Frozen), "{body}");
    }
}

#[test]
fn refusals_that_are_odd_but_clear_are_understood() {
    let least = ask("code", MockResponse::Keep(http("200 OK", &[], br#"{"msg":"no","code":-9223372036854775808}"#)));
    assert!(least.iter().all(|(error, sent)| error.code() == Some(i64::MIN) && *sent == 1));
    for (body, code, msg) in [
        (r#"{"code":2002,"msg":"no"}"#, 2002, "no"),
        (r#"{"code":"2002","msg":"no","data":null}"#, 2002, "no"),
        (r#"{"code":2002}"#, 2002, ""),
        (r#"{"code":2002,"msg":null,"data":{"card_no":7}}"#, 2002, ""),
        (r#"{"code":2.002e3,"msg":"no","data":[[[]]]}"#, 2002, "no"),
    ] {
        let (server, client) = answering(body);
        let error = mutate(&client).unwrap_err();
        assert_eq!((error.code(), error.msg(), error.outcome()), (Some(code), Some(msg), Outcome::Rejected), "{body}");
        assert_eq!(server.requests().len(), 1, "{body}");
    }
}

#[test]
fn an_envelope_that_contradicts_itself_never_leads_to_a_second_mutation() {
    for body in [
        r#"{"code":0,"code":1009,"msg":"x","data":{"transfer_no":"1"}}"#,
        r#"{"code":1009,"code":0,"msg":"x","data":{"transfer_no":"1"}}"#,
        r#"{"code":1009,"data":{"transfer_no":"1"},"code":0}"#,
        r#"{"code":0,"data":{"transfer_no":"1"},"data":{"transfer_no":"2"}}"#,
        r#"{"code":0,"data":{"transfer_no":"1"},"code":2002}"#,
    ] {
        is_invalid(body, body.as_bytes());
    }
}

#[test]
fn numbers_are_read_from_their_text_or_kept_as_they_are_but_never_rounded() {
    for (amount, exact) in [
        ("10.50", "10.50"),
        ("\"10.50\"", "10.50"),
        ("0.1", "0.1"),
        ("79228162514264337593543950335", "79228162514264337593543950335"),
        ("1E+3", "1000"),
        ("-3", "-3"),
    ] {
        let data = format!(r#"{{"transfer_no":"1","before_balance":{amount},"after_balance":null}}"#);
        let server = MockServer::platform(move |_| MockResponse::Keep(envelope(&data))).unwrap();
        let moved = mutate(&client_of(&server)).unwrap();
        assert_eq!(moved.before_balance.unwrap().to_string(), exact);
        assert_eq!(moved.after_balance, None);
    }
    for amount in
        ["1e400", "1e-400", "\"NaN\"", "\"Infinity\"", "\"1,000.00\"", "\"0x10\"", "true", "[]", "{}", "\" 1\""]
    {
        let data = format!(r#"{{"transfer_no":"1","before_balance":{amount}}}"#);
        let server = MockServer::platform(move |_| MockResponse::Keep(envelope(&data))).unwrap();
        let moved = mutate(&client_of(&server)).unwrap();
        assert_eq!(moved.before_balance, None, "{amount}");
        assert_eq!(moved.extra.get("before_balance").unwrap().as_str(), amount, "what was sent is kept");
    }
}

#[test]
fn unknown_fields_and_values_are_kept_and_written_back_exactly() {
    let deep = format!("{}{}", "[".repeat(100), "]".repeat(100));
    let data = format!(
        r#"{{"card_no":"17","status":"Melted","card_type":"Liquid","time":1763800000123,"fee_detail":{{"atm_rate":0.020,"moon_fee":1e400}},"price":10.50,"huge":1e400,"tiny":-0.0,"deep":{deep},"a\"b":"\u00e9","null":null}}"#
    );
    let server = MockServer::platform(move |_| MockResponse::Keep(envelope(&data))).unwrap();
    let card = read(&client_of(&server)).unwrap();
    assert_eq!(card.status, CardStatus::from("Melted"));
    assert!(matches!(card.status, CardStatus::Unknown { .. }));
    assert_eq!(card.card_type.as_ref().unwrap().to_string(), "Liquid");
    assert_eq!(card.extra.get("price").unwrap().as_str(), "10.50");
    assert_eq!(card.extra.len(), 6);
    let written = card.to_json();
    for kept in [
        r#""status":"Melted""#,
        r#""card_type":"Liquid""#,
        r#""price":10.50"#,
        r#""huge":1e400"#,
        r#""tiny":-0.0"#,
        r#""null":null"#,
        r#""moon_fee":1e400"#,
        r#""a\"b":"\u00e9""#,
        deep.as_str(),
    ] {
        assert!(written.contains(kept), "{kept} in {written}");
    }
    assert_eq!(Card::from_json(&written).unwrap(), card);
}

#[test]
fn an_unknown_field_of_any_depth_is_kept_without_a_stack_overflow() {
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let data = format!(r#"{{"card_no":"17","status":"Frozen","deep":{deep}}}"#);
    let server = MockServer::platform(move |_| MockResponse::Keep(envelope(&data))).unwrap();
    let client = client_of(&server);
    match read(&client) {
        Ok(card) => {
            assert_eq!(card.extra.get("deep").unwrap().as_str(), deep);
            assert!(card.to_json().contains(&deep));
            assert!(!format!("{card:?}").is_empty());
            assert_eq!(Card::from_json(&card.to_json()).unwrap(), card);
            let parsed: Result<serde_json::Value, _> = card.extra.get("deep").unwrap().parse();
            assert_eq!(parsed.unwrap_err().kind(), ErrorKind::InvalidInput);
        }
        Err(error) => assert_eq!(error.kind(), ErrorKind::InvalidResponse),
    }
    let raw = client.call(Method::Get, "/v1/card/17/detail", None);
    assert!(raw.is_ok() || raw.unwrap_err().kind() == ErrorKind::InvalidResponse);
}

#[test]
fn a_result_that_is_not_true_is_never_taken_for_done() {
    for (body, kind, outcome) in [
        (r#"{"code":0,"data":{"result":false}}"#, ErrorKind::Api, Outcome::Rejected),
        (r#"{"code":0,"data":{"result":"true"}}"#, ErrorKind::InvalidResponse, Outcome::Unknown),
        (r#"{"code":0,"data":{"result":1}}"#, ErrorKind::InvalidResponse, Outcome::Unknown),
        (r#"{"code":0,"data":{"result":null}}"#, ErrorKind::InvalidResponse, Outcome::Unknown),
        (r#"{"code":0,"data":{}}"#, ErrorKind::InvalidResponse, Outcome::Unknown),
        (r#"{"code":0,"data":true}"#, ErrorKind::InvalidResponse, Outcome::Unknown),
        (r#"{"code":0}"#, ErrorKind::InvalidResponse, Outcome::Unknown),
    ] {
        let (server, client) = answering(body);
        let error = client.cards().freeze("17").unwrap_err();
        assert_eq!((error.kind(), error.outcome()), (kind, outcome), "{body}: {error}");
        assert_eq!(error.operation(), Some("cards.update_status"));
        assert_eq!(server.requests().len(), 1);
    }
    let (_server, client) = answering(r#"{"code":0,"data":{"result":true,"new":1}}"#);
    client.cards().freeze("17").unwrap();
}

#[test]
fn card_data_that_does_not_decrypt_is_one_opaque_error() {
    let mut shown = Vec::new();
    for text in [
        "",
        "AAAA",
        "AAAAAAAAAAAAAAAAAAAAAA==",
        "not base64!",
        "4111111111111111",
        "=====",
        "AAAAAAAAAAAAAAAAAAAAAAAAAAA",
    ] {
        let server = MockServer::platform(move |_| MockResponse::Keep(envelope(&format!("\"{text}\"")))).unwrap();
        let error = client_of(&server).cards().private_info("17").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Decrypt, "{text}: {error}");
        shown.push(error.to_string());
    }
    shown.dedup();
    assert_eq!(shown.len(), 1, "the same words, whatever went wrong");
}

#[test]
fn bytes_behind_an_answer_are_not_taken_for_the_answer_to_the_next_call() {
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
fn a_late_answer_to_a_call_that_was_given_up_is_not_taken_for_the_next_calls() {
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
fn a_token_that_cannot_stand_in_a_header_is_refused() {
    for data in [
        r#"{"access_token":"a\r\nX-Evil: b","expired_time":4763800000000}"#,
        r#"{"access_token":"","expired_time":4763800000000}"#,
        r#"{"access_token":"a b","expired_time":4763800000000}"#,
        r#"{"access_token":"é","expired_time":4763800000000}"#,
        r#"{"access_token":"good","expired_time":"soon"}"#,
        r#"{"access_token":"good"}"#,
        r#"{"access_token":["good"],"expired_time":4763800000000}"#,
        r#"{"access_token":"good","expired_time":1e400}"#,
    ] {
        let server = MockServer::start(move |_| MockResponse::Keep(envelope(data))).unwrap();
        let error = mutate(&client_of(&server)).unwrap_err();
        assert_eq!((error.kind(), error.outcome()), (ErrorKind::InvalidResponse, Outcome::NotSent), "{data}: {error}");
        assert!(server.requests().is_empty(), "the transfer was never sent");
    }
}

#[test]
fn a_token_that_ends_in_the_past_or_never_does_not_make_the_client_loop() {
    for expired_time in ["0", "-1", "1", "9223372036854775807", "-9223372036854775808"] {
        let server = MockServer::start(move |request| {
            if request.target.ends_with("/merchant/token") {
                MockResponse::Keep(envelope(&format!(r#"{{"access_token":"good","expired_time":{expired_time}}}"#)))
            } else {
                MockResponse::Keep(envelope(r#"{"transfer_no":"1"}"#))
            }
        })
        .unwrap();
        let client = client_of(&server);
        let started = Instant::now();
        for _ in 0..3 {
            match mutate(&client) {
                Ok(moved) => assert_eq!(moved.transfer_no, "1"),
                Err(error) => assert_eq!(error.outcome(), Outcome::NotSent, "{expired_time}: {error}"),
            }
        }
        assert!(server.requests().len() <= 3, "{expired_time}");
        assert!(started.elapsed() < PATIENCE, "{expired_time}");
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

#[test]
fn the_raw_call_takes_any_json_as_data() {
    for data in ["null", "true", "[]", "\"x\"", "1e400", "{\"a\":[1,{}]}", "10.50"] {
        let server = MockServer::platform(move |_| MockResponse::Keep(envelope(data))).unwrap();
        let got = client_of(&server).call(Method::Get, "/v1/anything", None).unwrap();
        assert_eq!(got, Json::new(data).unwrap());
    }
}
