//! The response of each fault, and whether the call was executed.

// A helper of tests may panic as a test may.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::needless_pass_by_value)]

mod common;

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::TcpStream;
#[cfg(unix)]
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use common::{Caller, TestEnv};
use keysecure_sandbox::{Fault, FaultKind, RequestRecord, Sandbox};
use serde_json::{Value, json};

const TRANSFER: &str = "accounts.transfer";

/// Sends a transfer. Returns the bytes of the response, and how the connection ended.
fn raw_transfer(env: &TestEnv) -> (Vec<u8>, Option<ErrorKind>) {
    let body =
        json!({"cardholder_no": env.holder, "transfer_unique_no": "t", "type": "In", "balance": "5"}).to_string();
    let host = env.sandbox.base_url().trim_start_matches("http://").to_owned();
    let mut stream = TcpStream::connect(&host).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    let head = format!(
        "POST /open-api/v1/account/transfer HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nApi-Key: {}\r\n\
         Timestamp: {}\r\nAccess-Token: {}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        env.sandbox.api_key(),
        env.sandbox.now_ms(),
        env.caller.token.as_ref().unwrap(),
        body.len(),
    );
    let mut received = Vec::new();
    let sent = stream.write_all(format!("{head}{body}").as_bytes());
    let ended = sent.and_then(|()| stream.read_to_end(&mut received)).err().map(|error| error.kind());
    (received, ended)
}

/// Sends a transfer with a fault. Returns the bytes, how the connection ended, and the recorded request.
fn transfer_with(kind: FaultKind) -> (TestEnv, Vec<u8>, Option<ErrorKind>, RequestRecord) {
    let env = TestEnv::credit();
    env.sandbox.fault(Fault::on(TRANSFER, kind));
    let (bytes, ended) = raw_transfer(&env);
    let record = env.sandbox.requests().pop().unwrap();
    let fired = env.sandbox.faults_fired();
    assert_eq!(1, fired.len());
    assert_eq!(kind, fired[0].kind);
    (env, bytes, ended, record)
}

fn split(bytes: &[u8]) -> (String, &[u8]) {
    let at = bytes.windows(4).position(|four| four == b"\r\n\r\n").expect("a head") + 4;
    (String::from_utf8(bytes[..at].to_vec()).unwrap(), &bytes[at..])
}

fn length(head: &str) -> usize {
    let line = head.lines().find_map(|line| line.strip_prefix("Content-Length: "));
    line.unwrap().parse().unwrap()
}

#[test]
fn dropped_requests_are_reset_before_or_after_the_commit() {
    for (kind, executed) in [(FaultKind::DropBeforeRead, false), (FaultKind::DropAfterCommit, true)] {
        let (env, bytes, ended, record) = transfer_with(kind);
        assert!(bytes.is_empty(), "{kind:?}");
        assert_eq!(Some(ErrorKind::ConnectionReset), ended, "{kind:?}");
        assert_eq!((executed, None, Some(kind)), (record.committed, record.code, record.fault));
        assert_eq!(usize::from(executed), env.sandbox.transfers().len(), "{kind:?}");
        assert_eq!(if executed { "5.00" } else { "0.00" }, env.balance());
    }
}

#[test]
fn a_late_commit_follows_the_reset() {
    let late = |ms| FaultKind::LateCommit(Duration::from_millis(ms));
    let (env, bytes, ended, record) = transfer_with(late(400));
    assert!(bytes.is_empty());
    assert_eq!((Some(ErrorKind::ConnectionReset), false, None), (ended, record.committed, record.code));
    assert!(env.sandbox.transfers().is_empty(), "not yet");
    let deadline = Instant::now() + Duration::from_secs(5);
    while env.sandbox.transfers().is_empty() && Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(5));
    }
    assert_eq!("5.00", env.balance());
    assert!(env.sandbox.requests().pop().unwrap().committed);

    env.sandbox.fault(Fault::on(TRANSFER, late(3_600_000)));
    raw_transfer(&env);
    let platform = env.sandbox.platform();
    assert_eq!(1, platform.transfers().len());
    drop(env);
    assert_eq!(2, platform.transfers().len(), "a stop runs delayed jobs at once");
}

#[test]
fn a_request_without_a_valid_token_is_not_committed_late() {
    let env = TestEnv::credit();
    env.sandbox.revoke_tokens();
    env.sandbox.fault(Fault::on(TRANSFER, FaultKind::LateCommit(Duration::ZERO)));
    raw_transfer(&env);
    let platform = env.sandbox.platform();
    drop(env);
    assert!(platform.transfers().is_empty());
}

#[test]
fn a_refused_connection_is_reset_before_the_head_is_read() {
    let env = TestEnv::credit();
    env.sandbox.fault(Fault::on(TRANSFER, FaultKind::Refuse));
    let (bytes, ended) = raw_transfer(&env);
    assert_eq!((0, Some(ErrorKind::ConnectionReset)), (bytes.len(), ended));
    assert_eq!(0, env.sandbox.requests_to(TRANSFER));
    assert_eq!("unknown", env.sandbox.faults_fired()[0].operation);
    assert_eq!(None, raw_transfer(&env).1, "once only");
    assert_eq!(1, env.sandbox.transfers().len());
}

#[test]
fn a_kept_connection_can_be_refused_too() {
    let env = TestEnv::credit();
    let connection = || env.sandbox.requests().pop().unwrap().connection;
    env.caller.get("/v1/cardholder/17/info");
    let first = connection();
    env.sandbox.fault(Fault::on_any(FaultKind::Refuse).after(1));
    env.caller.get("/v1/cardholder/17/info");
    assert_eq!(first, connection(), "the connection is kept");
    assert!(env.caller.try_post("/v1/card/list", b"{}").is_err());
}

#[test]
fn a_truncated_response_ends_without_an_error() {
    let (env, bytes, ended, record) = transfer_with(FaultKind::Truncate);
    let (head, body) = split(&bytes);
    assert!(body.len() < length(&head) && !body.is_empty());
    assert_eq!((None, None, true), (ended, record.code, record.committed));
    assert_eq!(1, env.sandbox.transfers().len());
}

#[test]
fn malformed_bodies_follow_the_commit() {
    let parsed = |bytes: &[u8]| serde_json::from_slice::<Value>(split(bytes).1).ok();
    for (kind, code) in [
        (FaultKind::Malformed, None),
        (FaultKind::WrongType, Some(0)),
        (FaultKind::WrongFieldTypes, Some(0)),
        (FaultKind::MissingData, Some(0)),
        (FaultKind::Contradictory, None),
        (FaultKind::Html, None),
        (FaultKind::InvalidUtf8, None),
        (FaultKind::DeepNesting, Some(0)),
        (FaultKind::CodeAfterCommit(1001), Some(1001)),
    ] {
        let (env, bytes, ended, record) = transfer_with(kind);
        let (head, body) = split(&bytes);
        assert_eq!((None, code, true), (ended, record.code, record.committed), "{kind:?}");
        assert_eq!(body.len(), length(&head), "{kind:?}");
        assert_eq!(1, env.sandbox.transfers().len(), "{kind:?}");
        let value = parsed(&bytes);
        match kind {
            FaultKind::WrongType => assert!(value.unwrap()["data"].is_array()),
            FaultKind::WrongFieldTypes => assert!(value.unwrap()["data"]["transfer_no"].is_object()),
            FaultKind::MissingData => assert_eq!(json!({"code": 0, "msg": "success"}), value.unwrap()),
            FaultKind::Contradictory => {
                let text = std::str::from_utf8(body).unwrap();
                assert!(text.starts_with(r#"{"code":0,"#) && text.ends_with(r#","code":1007}"#), "{text}");
            }
            FaultKind::CodeAfterCommit(_) => assert_eq!(1001, value.unwrap()["code"]),
            FaultKind::Html => assert!(head.contains("text/html") && head.starts_with("HTTP/1.1 200 ")),
            FaultKind::InvalidUtf8 => assert!(value.is_none() && std::str::from_utf8(body).is_err()),
            FaultKind::DeepNesting => assert!(value.is_none() && body.len() > 200_000),
            _ => assert!(value.is_none(), "{kind:?}"),
        }
    }
}

#[test]
fn the_field_types_of_list_rows_can_be_wrong() {
    let env = TestEnv::credit();
    env.sandbox.fault(Fault::on("cards.packages", FaultKind::WrongFieldTypes));
    let response = env.caller.post("/v1/card/package/list", json!({}));
    assert!(response.list()[0]["package_no"].is_object());
    assert!(response.list()[0]["fee_detail"]["free_small_consume_count"].is_array());
}

#[test]
fn an_oversize_response_is_json_of_exactly_that_size() {
    let (_, bytes, ended, record) = transfer_with(FaultKind::Oversize(3_000_000));
    let (head, body) = split(&bytes);
    assert_eq!((3_000_000, 3_000_000, None), (length(&head), body.len(), ended));
    assert!(serde_json::from_slice::<Value>(body).unwrap()["data"].is_string());
    assert!(record.committed);
}

#[cfg(unix)] // it runs gzip
#[test]
fn a_gzip_bomb_is_small_and_has_its_encoding() {
    let (_, bytes, ended, record) = transfer_with(FaultKind::GzipBomb);
    let (head, body) = split(&bytes);
    assert!(head.contains("Content-Encoding: gzip\r\n"));
    assert!(body.len() < 70_000 && body.starts_with(&[0x1f, 0x8b]), "{}", body.len());
    assert_eq!((None, true), (ended, record.committed));
    assert_eq!(64, inflated(body) >> 20, "MiB");
}

/// The inflated length according to the program `gzip`, which also checks the checksum.
#[cfg(unix)]
fn inflated(body: &[u8]) -> usize {
    let mut gzip = Command::new("gzip").arg("-dc").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    gzip.stdin.take().unwrap().write_all(body).unwrap();
    let done = gzip.wait_with_output().unwrap();
    assert!(done.status.success());
    let length = done.stdout.len();
    assert!(serde_json::from_slice::<Value>(&done.stdout).unwrap()["data"].as_str().unwrap().len() > length - 100);
    length
}

#[test]
fn a_gateway_error_means_that_the_call_was_not_executed() {
    let (env, bytes, _, record) = transfer_with(FaultKind::HttpStatus(503, Some(7)));
    let (head, body) = split(&bytes);
    assert!(head.starts_with("HTTP/1.1 503 ") && head.contains("Retry-After: 7\r\n"), "{head}");
    assert!(serde_json::from_slice::<Value>(body).is_err());
    assert_eq!((false, None), (record.committed, record.code));
    assert!(env.sandbox.transfers().is_empty());
    let (_, bytes, _, _) = transfer_with(FaultKind::HttpStatus(502, None));
    assert!(!split(&bytes).0.contains("Retry-After"));
}

#[test]
fn a_followed_redirect_is_counted() {
    let (env, bytes, _, record) = transfer_with(FaultKind::Redirect);
    let (head, _) = split(&bytes);
    assert!(head.starts_with("HTTP/1.1 307 "));
    assert!(!record.committed && env.sandbox.transfers().is_empty());
    assert_eq!(0, env.sandbox.redirect_calls());
    let location = head.lines().find_map(|line| line.strip_prefix("Location: ")).unwrap();
    assert!(!location.starts_with(env.sandbox.base_url()));
    assert!(ureq::post(location).send("{}").is_err());
    assert_eq!(1, env.sandbox.redirect_calls());
}

#[test]
fn a_code_replaces_the_call() {
    let env = TestEnv::credit();
    env.sandbox.fault(Fault::on(TRANSFER, FaultKind::Code(1009)));
    env.sandbox.fault(Fault::on(TRANSFER, FaultKind::ExpiredToken));
    let transfer = || env.transfer("t", "In", "5");
    assert_eq!([1009, 1007, 0], [transfer().code(), transfer().code(), transfer().code()]);
    assert_eq!(1, env.sandbox.transfers().len());
    env.sandbox.fault(Fault::on(TRANSFER, FaultKind::Code(9999)));
    assert_eq!(9999, transfer().code(), "undocumented codes too");
}

#[test]
fn a_fault_affects_the_requests_it_counts() {
    let env = TestEnv::credit();
    env.sandbox.fault(Fault::on(TRANSFER, FaultKind::Code(1001)).after(1).times(2));
    env.caller.post("/v1/card/package/list", json!({}));
    let codes: Vec<_> = (0..5).map(|_| env.transfer("t", "In", "1").code()).collect();
    assert_eq!(vec![0, 1001, 1001, 0, 0], codes);
    env.sandbox.fault(Fault::on(TRANSFER, FaultKind::Code(1001)));
    env.sandbox.clear_faults();
    assert_eq!(0, env.transfer("t", "In", "1").code());
    assert_eq!(2, env.sandbox.faults_fired().len());
}

#[test]
fn a_stall_delays_the_call_or_the_response() {
    let env = TestEnv::credit();
    let time = Duration::from_millis(120);
    for (kind, done_early) in [(FaultKind::Stall(time), 0), (FaultKind::StallAfterCommit(time), 1)] {
        let before = env.sandbox.transfers().len();
        env.sandbox.fault(Fault::on(TRANSFER, kind));
        let started = Instant::now();
        std::thread::scope(|scope| {
            let waiting = scope.spawn(|| env.transfer("t", "In", "1").code());
            std::thread::sleep(time / 2);
            assert_eq!(before + done_early, env.sandbox.transfers().len(), "{kind:?}");
            assert_eq!(0, env.caller.post("/v1/card/package/list", json!({})).code(), "others are served");
            assert_eq!(0, waiting.join().unwrap());
        });
        assert!(started.elapsed() >= time);
    }
}

#[test]
fn a_skewed_clock_affects_the_date_and_the_timestamp_check() {
    let sandbox = Sandbox::start().unwrap();
    sandbox.freeze();
    let caller = Caller::new(&sandbox);
    let plain = caller.get("/v1/merchant/token");
    sandbox.fault(Fault::on("token", FaultKind::SkewClock(-3_600_000)).times(2));
    let skewed = caller.get("/v1/merchant/token");
    assert_eq!(1005, skewed.code(), "the timestamp is in the future of the skewed clock");
    assert_ne!(plain.date, skewed.date);
    let behind = caller.with("Timestamp", (sandbox.now_ms() - 3_600_000).to_string());
    assert_eq!(0, behind.get("/v1/merchant/token").code());
}

#[test]
fn a_refused_call_with_a_fault_changes_nothing() {
    let env = TestEnv::credit();
    env.sandbox.fault(Fault::on(TRANSFER, FaultKind::DropAfterCommit));
    let invalid = json!({"cardholder_no": env.holder}).to_string();
    assert!(env.caller.try_post("/v1/account/transfer", invalid.as_bytes()).is_err());
    let record = env.sandbox.requests().pop().unwrap();
    assert!(!record.committed && record.fault == Some(FaultKind::DropAfterCommit));
    env.sandbox.fault(Fault::on(TRANSFER, FaultKind::WrongType));
    assert_eq!(1004, env.caller.try_post("/v1/account/transfer", invalid.as_bytes()).unwrap().code());
}

#[test]
#[should_panic(expected = "there is no operation accounts.tranfser")]
fn a_fault_on_an_unknown_operation_panics() {
    Sandbox::start().unwrap().fault(Fault::on("accounts.tranfser", FaultKind::Html));
}

#[test]
fn faults_have_a_json_form() {
    for (kind, text) in [
        (FaultKind::DropAfterCommit, json!("drop_after_commit")),
        (FaultKind::Stall(Duration::from_millis(250)), json!({"stall": 250})),
        (FaultKind::LateCommit(Duration::from_millis(2500)), json!({"late_commit": 2500})),
        (FaultKind::HttpStatus(503, None), json!({"http_status": [503, null]})),
        (FaultKind::SkewClock(-60_000), json!({"skew_clock": -60_000})),
        (FaultKind::InvalidUtf8, json!("invalid_utf8")),
    ] {
        assert_eq!(text, serde_json::to_value(kind).unwrap());
        let fault: Fault = serde_json::from_value(json!({"kind": text})).unwrap();
        assert_eq!(Fault::on_any(kind), fault);
    }
}
