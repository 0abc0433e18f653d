//! Every thread ends. The only test of its process, so that the number of threads is exact.

// The number of threads is read from /proc.
#![cfg(target_os = "linux")]
// A helper of tests may panic as a test may.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::needless_pass_by_value)]

mod common;
#[path = "common/webhook_receiver.rs"]
mod webhook_receiver;

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::Barrier;
use std::time::{Duration, Instant};

use common::{Caller, TestEnv};
use keysecure_sandbox::{Fault, FaultKind, Sandbox};
use serde_json::json;
use webhook_receiver::WebhookReceiver;

fn threads() -> usize {
    std::fs::read_dir("/proc/self/task").unwrap().count()
}

/// Waits until there are that many threads: a joined thread stays in /proc for a moment.
fn reaches(count: usize) -> bool {
    let deadline = Instant::now() + Duration::from_secs(5);
    while threads() != count && Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(2));
    }
    threads() == count
}

#[test]
fn threads_end_with_their_connections_and_with_their_sandbox() {
    let before = threads();
    let env = TestEnv::credit();
    // Two listeners and the caller's own connection.
    let idle = before + 3;
    assert!(reaches(idle), "{} {idle}", threads());

    fifty_callers_at_once(&env, idle);
    assert!(reaches(idle), "{} {idle}", threads());
    assert_eq!(1000, env.sandbox.requests_to("cards.packages"));

    the_connection_after_the_last_is_closed(&env);
    drop(env);
    assert!(reaches(before), "{} {before}", threads());

    let sandboxes: Vec<_> = (0..10).map(|_| Sandbox::start().unwrap()).collect();
    for sandbox in &sandboxes {
        assert_eq!(0, Caller::new(sandbox).get("/v1/merchant/token").code());
    }
    drop(sandboxes);
    assert!(reaches(before), "{} {before}", threads());

    webhooks_and_delayed_jobs_take_one_thread_each();
    assert!(reaches(before), "{} {before}", threads());
}

fn webhooks_and_delayed_jobs_take_one_thread_each() {
    let merchant = WebhookReceiver::accepting();
    let before = threads();
    let env = TestEnv::new(Sandbox::builder().webhook_url(merchant.url()));
    let card_no = env.virtual_card();
    env.fund("100");
    env.sandbox.fault(Fault::on("simulation.auth", FaultKind::LateCommit(Duration::from_secs(3600))));
    let body = json!({"card_no": card_no, "amount": 1}).to_string();
    assert!(env.caller.try_post("/v1/simulate/auth", body.as_bytes()).is_err());
    for _ in 0..100 {
        env.caller.post("/v1/simulate/auth", json!({"card_no": card_no, "amount": "0.10"})).data();
    }
    assert!(env.sandbox.settle_webhooks(Duration::from_secs(20)));
    assert_eq!(100, merchant.received().len());
    // Two listeners, the caller's connection, and these two threads.
    assert!(reaches(before + 5), "{} {before}", threads());
    drop(env);
    assert!(reaches(before), "{} {before}", threads());
}

fn fifty_callers_at_once(env: &TestEnv, idle: usize) {
    let barrier = Barrier::new(50);
    std::thread::scope(|scope| {
        for at in 0..50 {
            let barrier = &barrier;
            scope.spawn(move || {
                let mut own = Caller::new(&env.sandbox);
                own.token.clone_from(&env.caller.token);
                for _ in 0..20 {
                    assert_eq!(0, own.post("/v1/card/package/list", json!({})).code());
                }
                barrier.wait();
                if at == 0 {
                    assert_eq!(idle + 100, threads(), "fifty callers, each with its own connection");
                }
                barrier.wait();
            });
        }
    });
}

fn the_connection_after_the_last_is_closed(env: &TestEnv) {
    let connect = || TcpStream::connect(env.sandbox.base_url().trim_start_matches("http://")).unwrap();
    let served = |mut stream: &TcpStream| {
        let _ = stream.write_all(b"GET / HTTP/1.1\r\n\r\n");
        matches!(stream.read(&mut [0; 1]), Ok(1))
    };
    // The caller's own connection is one of the 256.
    let mut open: Vec<_> = (0..255).map(|_| connect()).collect();
    assert!(open.iter().all(served));
    assert!(!served(&connect()));
    open.pop();
    // The server notices the end of a connection with a delay; a client that retries is served.
    let deadline = Instant::now() + Duration::from_secs(5);
    while !served(&connect()) {
        assert!(Instant::now() < deadline, "a connection must become free");
    }
}
