//! The HTTP server: limits, invalid requests, shutdown.

// A helper of tests may panic as a test may.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::needless_pass_by_value)]

mod common;

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use common::{Caller, TestEnv};
use keysecure_sandbox::{Fault, FaultKind, Sandbox};
use serde_json::json;

fn connect(sandbox: &Sandbox) -> TcpStream {
    let stream = TcpStream::connect(sandbox.base_url().trim_start_matches("http://")).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    stream
}

/// Sends these bytes and reads until the server closes the connection.
fn raw(sandbox: &Sandbox, bytes: &[u8]) -> String {
    let mut stream = connect(sandbox);
    let _ = stream.write_all(bytes);
    let mut response = Vec::new();
    let _ = stream.read_to_end(&mut response);
    String::from_utf8_lossy(&response).into_owned()
}

#[test]
fn the_last_drop_stops_stalled_requests_and_idle_connections() {
    let env = TestEnv::credit();
    env.sandbox.fault(Fault::on("token", FaultKind::Stall(Duration::from_secs(60))));
    let mut idle = connect(&env.sandbox);
    let caller = env.caller.clone();
    let stalled = std::thread::spawn(move || caller.try_get("/v1/merchant/token").is_err());
    while env.sandbox.faults_fired().is_empty() {
        std::thread::sleep(Duration::from_millis(1));
    }
    let url = env.sandbox.base_url().trim_start_matches("http://").to_owned();
    let second = env.sandbox.clone();
    let started = Instant::now();
    drop(env.sandbox);
    assert!(TcpStream::connect(&url).is_ok(), "a clone keeps it running");
    drop(second);
    assert!(started.elapsed() < Duration::from_secs(5));
    assert!(TcpStream::connect(&url).is_err());
    assert_eq!(0, idle.read(&mut [0]).unwrap_or(0));
    let _ = stalled.join().unwrap();
}

#[test]
fn invalid_and_oversized_requests_are_refused() {
    let sandbox = Sandbox::start().unwrap();
    let start = "GET /open-api/v1/merchant/token HTTP/1.1\r\n";
    let huge_head = format!("{start}X: {}\r\n\r\n", "a".repeat(17 * 1024));
    let endless_head = format!("{start}X: {}", "a".repeat(20 * 1024));
    let many_headers = format!("{start}{}\r\n", "A: b\r\n".repeat(100));
    for (bytes, status) in [
        (huge_head.as_bytes(), "431"),
        (endless_head.as_bytes(), "431"),
        (many_headers.as_bytes(), "431"),
        (b"POST /a HTTP/1.1\r\nContent-Length: 1048577\r\n\r\n", "413"),
        (b"POST /a HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n\r\n", "400"),
        (b"POST /a HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", "400"),
        (b"POST /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "411"),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\r\n\r\n", "400"),
        (b"GET /\xff HTTP/9.9\r\n\r\n", "400"),
    ] {
        let response = raw(&sandbox, bytes);
        assert!(response.starts_with(&format!("HTTP/1.1 {status} ")), "{status}: {response}");
    }
    assert_eq!("", raw_then_shut_down(&sandbox, b"POST /a HTTP/1.1\r\nContent-Length: 10\r\n\r\nhalf"));
    assert_eq!(0, Caller::new(&sandbox).get("/v1/merchant/token").code(), "it still works");
}

/// Sends these bytes, closes the sending side, and reads until the end.
fn raw_then_shut_down(sandbox: &Sandbox, bytes: &[u8]) -> String {
    let mut stream = connect(sandbox);
    stream.write_all(bytes).unwrap();
    stream.shutdown(std::net::Shutdown::Write).unwrap();
    let mut response = String::new();
    let _ = stream.read_to_string(&mut response);
    response
}

#[test]
fn every_call_refuses_hostile_bodies() {
    let env = TestEnv::credit();
    let deep = format!("{{\"card_no\":{}{}}}", "[".repeat(50_000), "]".repeat(50_000));
    let huge = format!("{{\"amount\":{}}}", "9".repeat(100_000));
    let bodies: [&[u8]; 9] = [
        b"",
        b"null",
        b"[]",
        b"{",
        b"{\"card_no\":\"\xff\xfe\"}",
        b"{\"card_no\":\"\\ud800\"}",
        b"{\"page\":1e999,\"size\":-0,\"start_time\":{},\"end_time\":[]}",
        deep.as_bytes(),
        huge.as_bytes(),
    ];
    let posts = [
        "cardholder/apply",
        "cardholder/list",
        "card/apply",
        "card/list",
        "card/active",
        "card/status/update",
        "card/pin/set",
        "card/consume/list",
        "account/transfer",
        "account/transfer/list",
        "simulate/auth",
        "simulate/consumption_clear",
        "simulate/consumption_fail",
        "simulate/reversal",
        "simulate/refund",
    ];
    for path in posts {
        for body in bodies {
            let response = env.caller.try_post(&format!("/v1/{path}"), body).unwrap();
            assert_eq!(1004, response.code(), "{path} {:?}", String::from_utf8_lossy(&body[..body.len().min(40)]));
        }
    }
    for field in ["amount", "local_amount"] {
        for number in
            ["1e99999999999", "1e-99999999999", "0.000000000000000000000000000000000001", "99999999999999999999"]
        {
            let card_no = env.virtual_card();
            let body = format!("{{\"card_no\":\"{card_no}\",\"amount\":1,\"{field}\":{number}}}");
            let response = env.caller.try_post("/v1/simulate/auth", body.as_bytes()).unwrap();
            assert_eq!(1004, response.code(), "{field} {number}");
        }
    }
    assert!(env.sandbox.consumptions().is_empty());
}

#[test]
fn requests_can_be_pipelined() {
    let sandbox = Sandbox::start().unwrap();
    let one = "GET /open-api/v1/merchant/token HTTP/1.1\r\nHost: x\r\n\r\n";
    let last = "POST /open-api/v1/card/list HTTP/1.1\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}";
    let response = raw(&sandbox, format!("{one}{one}{last}").as_bytes());
    assert_eq!(3, response.matches("HTTP/1.1 200 OK").count(), "{response}");
    let connections: Vec<_> = sandbox.requests().iter().map(|record| record.connection).collect();
    assert_eq!(vec![1, 1, 1], connections);
}

#[test]
fn a_request_may_arrive_in_pieces_and_wait_for_100_continue() {
    let sandbox = Sandbox::start().unwrap();
    let mut stream = connect(&sandbox);
    let head = "POST /open-api/v1/simulate/auth HTTP/1.1\r\nExpect: 100-continue\r\nConnection: close\r\nContent-Length: 2\r\n\r\n";
    for byte in head.as_bytes() {
        stream.write_all(&[*byte]).unwrap();
    }
    let mut asked = [0; 25];
    stream.read_exact(&mut asked).unwrap();
    assert_eq!(b"HTTP/1.1 100 Continue\r\n\r\n", &asked);
    stream.write_all(b"{}").unwrap();
    let mut response = String::new();
    stream.read_to_string(&mut response).unwrap();
    assert!(response.contains("card_no invalid parameter"), "{response}");
}

#[test]
fn a_recorded_request_has_no_secrets() {
    let env = TestEnv::credit();
    let card_no = env.physical_card();
    let pin = env.encrypt("135791");
    env.caller.post("/v1/card/pin/set", json!({"cardholder_no": env.holder, "card_no": card_no, "pin": pin}));
    let record = env.sandbox.requests().pop().unwrap();
    assert_eq!(
        ("cards.set_pin", "POST", "/open-api/v1/card/pin/set"),
        (&*record.operation, &*record.method, &*record.path)
    );
    assert_eq!((Some(4005), None, false), (record.code, record.fault, record.committed));
    assert!(record.headers.iter().any(|name| name.eq_ignore_ascii_case("access-token")));
    let shown = serde_json::to_string(&record).unwrap();
    assert!(shown.contains(&card_no) && !shown.contains(&pin) && !shown.contains(env.caller.token.as_ref().unwrap()));
    let state = format!("{:?}{:?}", env.sandbox.cards(), env.sandbox);
    assert!(!state.contains(&env.sandbox.pan_for_tests(&card_no).unwrap()));
    assert!(!state.contains(env.sandbox.api_secret()));
}

#[test]
fn the_date_header_shows_the_virtual_time() {
    let sandbox = Sandbox::start().unwrap();
    sandbox.freeze();
    sandbox.rewind(Duration::from_millis(u64::try_from(sandbox.now_ms()).unwrap()));
    sandbox.advance(Duration::from_millis(1_772_323_200_999));
    assert_eq!("Sun, 01 Mar 2026 00:00:00 GMT", Caller::new(&sandbox).get("/v1/merchant/token").date);
}

#[test]
fn the_request_log_is_limited() {
    let sandbox = Sandbox::builder().request_log(3).start().unwrap();
    let caller = Caller::new(&sandbox);
    for _ in 0..5 {
        caller.get("/v1/merchant/token");
    }
    assert_eq!((3, 3), (sandbox.requests().len(), sandbox.requests_to("token")));
}

#[test]
fn handles_can_be_shared_between_threads() {
    fn shareable<T: Clone + Send + Sync + 'static>() {}
    shareable::<Sandbox>();
    shareable::<keysecure_sandbox::Platform>();
    shareable::<keysecure_sandbox::Snapshot>();
}

#[test]
fn a_secret_that_gives_no_aes_key_is_refused_at_the_start() {
    let error = Sandbox::builder().api_secret("short").start().unwrap_err();
    assert_eq!(std::io::ErrorKind::InvalidInput, error.kind());
}

#[test]
fn the_seed_decides_all_numbers() {
    let numbers = |seed| {
        let sandbox = Sandbox::builder().seed(seed).start().unwrap();
        let holder = sandbox.seed_approved_cardholder();
        let card = sandbox.seed_virtual_card(&holder).unwrap();
        let pan = sandbox.pan_for_tests(&card).unwrap();
        (sandbox.api_key().to_owned(), sandbox.api_secret().to_owned(), holder, card, pan)
    };
    assert_eq!(numbers(7), numbers(7));
    assert_ne!(numbers(7), numbers(8));
}

#[test]
fn a_snapshot_restores_the_whole_state() {
    let env = TestEnv::credit();
    env.fund("10");
    let card_no = env.virtual_card();
    let snapshot = env.sandbox.snapshot();
    env.transfer("later", "Out", "4").data();
    env.sandbox.revoke_tokens();
    env.sandbox.set_pci_enabled(false);
    env.sandbox.advance(Duration::from_secs(3600));
    let later = env.sandbox.now_ms();
    env.sandbox.restore(&snapshot);
    assert_eq!("10.00", env.balance());
    assert_eq!(1, env.sandbox.transfers().len());
    assert_eq!(0, env.caller.get(&format!("/v1/card/{card_no}/private/info")).code());
    assert!(env.sandbox.now_ms() < later);
    // The same calls give the same numbers again.
    env.sandbox.restore(&snapshot);
    let first = env.transfer("x", "In", "1").text("transfer_no");
    env.sandbox.restore(&snapshot);
    assert_eq!(first, env.transfer("x", "In", "1").text("transfer_no"));
}

#[test]
fn a_connection_to_be_closed_says_so_and_is_closed() {
    let sandbox = Sandbox::start().unwrap();
    let request =
        |version: &str, connection: &str| format!("GET /open-api/v1/merchant/token HTTP/{version}\r\n{connection}\r\n");
    for (version, connection) in [
        ("1.1", "Connection: close\r\n"),
        ("1.1", "connection: Close\r\n"),
        ("1.1", "Connection: TE, close\r\n"),
        ("1.1", "Connection: keep-alive\r\nConnection: close\r\n"),
        ("1.0", ""),
    ] {
        // The second request gets no response.
        let bytes = request(version, connection).repeat(2);
        let response = raw(&sandbox, bytes.as_bytes());
        assert_eq!(1, response.matches("HTTP/1.1 200 OK").count(), "{response}");
        let head = response.split("\r\n\r\n").next().unwrap();
        assert!(head.lines().any(|line| line == "Connection: close"), "{version} {connection}: {response}");
    }
    let kept = format!("{}{}", request("1.1", ""), request("1.1", "Connection: close\r\n"));
    let response = raw(&sandbox, kept.as_bytes());
    assert_eq!(
        (2, 1),
        (response.matches("200 OK").count(), response.matches("Connection: close").count()),
        "{response}"
    );
}
