//! A process that forks: parent and child share a client's memory, but no connection and no fetch of a token.

#![cfg(unix)]

use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use keysecure_tests::{Reply, Scripted, Seen, envelope};

/// Gives each request its own body back.
fn echo(seen: &Seen) -> Reply {
    // Not at once, so that two processes on one connection would meet.
    Reply::Late(Duration::from_micros(300), envelope(&String::from_utf8_lossy(&seen.body)))
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
    let server = Scripted::platform(echo).unwrap();
    worker(&server.base_url(), 30_000, &["fork", "300"]);
    let seen = server.seen();
    assert_eq!(seen.len(), 601);
    let of = |name: &str| {
        let from = seen.iter().filter(|seen| String::from_utf8_lossy(&seen.body).contains(name));
        from.map(|seen| seen.connection).collect::<std::collections::BTreeSet<_>>()
    };
    assert!(of("child").is_disjoint(&of("parent")));
}

#[test]
fn a_child_does_not_wait_for_a_fetch_that_is_its_parents() {
    let first = AtomicBool::new(true);
    let server = Scripted::start(move |seen| {
        if !seen.target.ends_with("/merchant/token") {
            return echo(seen);
        }
        let token = envelope(r#"{"access_token":"a-token","expired_time":4763800000000}"#);
        if first.swap(false, Ordering::SeqCst) {
            // Longer than the child's time-out.
            return Reply::Late(Duration::from_secs(4), token);
        }
        Reply::Keep(token)
    })
    .unwrap();
    worker(&server.base_url(), 10_000, &["fork-in-token"]);
    assert_eq!(server.seen().len(), 1);
}

#[test]
fn a_child_that_closes_its_client_leaves_the_parents_connection_alone() {
    let server = Scripted::platform(echo).unwrap();
    worker(&server.base_url(), 10_000, &["fork-and-leave"]);
    let connections: Vec<_> = server.seen().iter().map(|seen| seen.connection).collect();
    assert_eq!(connections, [1, 1], "the same connection before and after");
}
