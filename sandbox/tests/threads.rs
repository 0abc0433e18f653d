//! No thread is left behind. A process of its own with one test, so that the count is exact.

// The count is read from /proc.
#![cfg(target_os = "linux")]
// A helper of tests may panic as a test may.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::needless_pass_by_value)]

mod common;
#[path = "common/merchant.rs"]
mod merchant;

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::Barrier;
use std::time::{Duration, Instant};

use common::{Caller, Given};
use keysecure_sandbox::{Fault, FaultKind, Sandbox};
use merchant::Merchant;
use serde_json::json;

fn threads() -> usize {
    std::fs::read_dir("/proc/self/task").unwrap().count()
}

/// Waits a little: a thread stays in /proc for a moment even after it was joined.
fn settles_at(count: usize) -> bool {
    let patience = Instant::now() + Duration::from_secs(5);
    while threads() != count && Instant::now() < patience {
        std::thread::sleep(Duration::from_millis(2));
    }
    threads() == count
}

#[test]
fn threads_end_with_their_connections_and_with_their_sandbox() {
    let before = threads();
    let given = Given::credit();
    // Two listeners and the caller's own connection.
    let idle = before + 3;
    assert!(settles_at(idle), "{} {idle}", threads());

    fifty_callers_at_once(&given, idle);
    assert!(settles_at(idle), "{} {idle}", threads());
    assert_eq!(1000, given.sandbox.requests_to("cards.packages"));

    the_connection_after_the_last_is_turned_away(&given);
    drop(given);
    assert!(settles_at(before), "{} {before}", threads());

    let sandboxes: Vec<_> = (0..10).map(|_| Sandbox::start().unwrap()).collect();
    for sandbox in &sandboxes {
        assert_eq!(0, Caller::new(sandbox).get("/v1/merchant/token").code());
    }
    drop(sandboxes);
    assert!(settles_at(before), "{} {before}", threads());

    callbacks_and_late_work_take_one_thread_each();
    assert!(settles_at(before), "{} {before}", threads());
}

fn callbacks_and_late_work_take_one_thread_each() {
    let merchant = Merchant::willing();
    let before = threads();
    let given = Given::new(Sandbox::builder().callback_url(merchant.url()));
    let card_no = given.virtual_card();
    given.fund("100");
    given.sandbox.fault(Fault::on("simulation.auth", FaultKind::LateCommit(Duration::from_secs(3600))));
    let body = json!({"card_no": card_no, "amount": 1}).to_string();
    assert!(given.caller.try_post("/v1/simulate/auth", body.as_bytes()).is_err());
    for _ in 0..100 {
        given.caller.post("/v1/simulate/auth", json!({"card_no": card_no, "amount": "0.10"})).data();
    }
    assert!(given.sandbox.settle_callbacks(Duration::from_secs(20)));
    assert_eq!(100, merchant.heard().len());
    // Two listeners, the caller's connection, and these two.
    assert!(settles_at(before + 5), "{} {before}", threads());
    drop(given);
    assert!(settles_at(before), "{} {before}", threads());
}

fn fifty_callers_at_once(given: &Given, idle: usize) {
    let barrier = Barrier::new(50);
    std::thread::scope(|scope| {
        for at in 0..50 {
            let barrier = &barrier;
            scope.spawn(move || {
                let mut own = Caller::new(&given.sandbox);
                own.token.clone_from(&given.caller.token);
                for _ in 0..20 {
                    assert_eq!(0, own.post("/v1/card/package/list", json!({})).code());
                }
                barrier.wait();
                if at == 0 {
                    assert_eq!(idle + 100, threads(), "fifty callers, each with a connection of its own");
                }
                barrier.wait();
            });
        }
    });
}

fn the_connection_after_the_last_is_turned_away(given: &Given) {
    let connect = || TcpStream::connect(given.sandbox.base_url().trim_start_matches("http://")).unwrap();
    let served = |mut stream: &TcpStream| {
        let _ = stream.write_all(b"GET / HTTP/1.1\r\n\r\n");
        matches!(stream.read(&mut [0; 1]), Ok(1))
    };
    // The caller's own connection is one of the 256.
    let mut open: Vec<_> = (0..255).map(|_| connect()).collect();
    assert!(open.iter().all(served));
    assert!(!served(&connect()));
    open.pop();
    // The server sees the end of a connection when it sees it; a client that tries again gets in.
    let patience = Instant::now() + Duration::from_secs(5);
    while !served(&connect()) {
        assert!(Instant::now() < patience, "a place must become free");
    }
}
