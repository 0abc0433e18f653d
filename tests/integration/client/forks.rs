//! A process that forks: parent and child share neither a connection nor a token fetch.

#![cfg(unix)]

use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use keysecure_tests::{MockResponse, MockServer, RecordedRequest, envelope};

/// Responds to each request with its own body.
fn echo(request: &RecordedRequest) -> MockResponse {
    // Delayed, so that two processes on one connection would interfere.
    MockResponse::Delayed(Duration::from_micros(300), envelope(&String::from_utf8_lossy(&request.body)))
}

fn worker(base_url: &str, timeout_ms: u64, task: &[&str]) {
    let output = Command::new(env!("CARGO_BIN_EXE_call_worker"))
        .args([base_url, &timeout_ms.to_string()])
        .args(task)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn parent_and_child_each_get_their_own_responses() {
    let server = MockServer::platform(echo).unwrap();
    worker(&server.base_url(), 30_000, &["fork", "300"]);
    let requests = server.requests();
    assert_eq!(requests.len(), 601);
    let of = |name: &str| {
        let from = requests.iter().filter(|request| String::from_utf8_lossy(&request.body).contains(name));
        from.map(|request| request.connection).collect::<std::collections::BTreeSet<_>>()
    };
    assert!(of("child").is_disjoint(&of("parent")));
}

#[test]
fn a_child_does_not_wait_for_its_parents_token_fetch() {
    let first = AtomicBool::new(true);
    let server = MockServer::start(move |request| {
        if !request.target.ends_with("/merchant/token") {
            return echo(request);
        }
        let token = envelope(r#"{"access_token":"a-token","expired_time":4763800000000}"#);
        if first.swap(false, Ordering::SeqCst) {
            // Longer than the child's timeout.
            return MockResponse::Delayed(Duration::from_secs(4), token);
        }
        MockResponse::Keep(token)
    })
    .unwrap();
    worker(&server.base_url(), 10_000, &["fork-in-token"]);
    assert_eq!(server.requests().len(), 1);
}

#[test]
fn a_child_that_closes_its_client_leaves_the_parents_connection_alone() {
    let server = MockServer::platform(echo).unwrap();
    worker(&server.base_url(), 10_000, &["fork-and-leave"]);
    let connections: Vec<_> = server.requests().iter().map(|request| request.connection).collect();
    assert_eq!(connections, [1, 1], "the same connection before and after");
}
