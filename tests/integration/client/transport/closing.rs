//! Closing a client, and leaked threads and sockets.

use std::collections::BTreeSet;
use std::process::Command;
use std::sync::Barrier;
use std::time::{Duration, Instant};

use keysecure::{ErrorKind, Method, Outcome};
use keysecure_tests::TestEnv;

use super::super::own_process::{in_own_process, test_path};
use super::{purchase, transfer};

/// Runs a test of this module in its own process, where no other test has threads or sockets.
fn alone(test: &str) -> bool {
    in_own_process(&test_path(module_path!(), test), |program| Command::new(program))
}

/// The number of threads (`task`) or open files (`fd`) of this process.
fn held(what: &str) -> usize {
    std::fs::read_dir(format!("/proc/self/{what}")).unwrap().count()
}

const THREADS: usize = 50;

#[test]
fn fifty_parallel_connections_leak_no_thread_and_no_socket() {
    if !cfg!(target_os = "linux") || !alone("fifty_parallel_connections_leak_no_thread_and_no_socket") {
        return;
    }
    let before = (held("task"), held("fd"));
    let at_work;
    {
        let env = TestEnv::credit().unwrap();
        let all_there = Barrier::new(THREADS + 1);
        at_work = std::thread::scope(|scope| {
            for thread in 0..THREADS {
                let (env, all_there) = (&env, &all_there);
                scope.spawn(move || {
                    all_there.wait();
                    let made: Vec<_> = (0..5)
                        .map(|call| env.client.accounts().transfer(&transfer(env, &format!("{thread}-{call}"))))
                        .collect();
                    all_there.wait();
                    all_there.wait();
                    // Not earlier: a thread that panics would leave the others at the barrier.
                    for made in made {
                        made.unwrap();
                    }
                });
            }
            all_there.wait();
            all_there.wait();
            let at_work = held("task");
            all_there.wait();
            at_work
        });
        assert_eq!(env.sandbox.transfers().len(), THREADS * 5);
        let connections: BTreeSet<_> = env.sandbox.requests().iter().map(|request| request.connection).collect();
        assert!(connections.len() <= THREADS + 1, "{} connections", connections.len());
        assert_eq!(env.sandbox.requests_to("token"), 1);
        // 50 threads of the test, two listeners and at most one thread per connection of the sandbox: none of the SDK.
        assert!(at_work <= before.0 + THREADS + 2 + connections.len(), "{at_work} threads");
        env.client.close();
    }
    // The kernel may need a moment to remove a joined thread.
    let end = Instant::now() + Duration::from_secs(5);
    while (held("task"), held("fd")) != before && Instant::now() < end {
        std::thread::sleep(Duration::from_millis(5));
    }
    assert_eq!((held("task"), held("fd")), before);
}

#[test]
fn a_dropped_or_closed_client_closes_its_sockets() {
    if !cfg!(target_os = "linux") || !alone("a_dropped_or_closed_client_closes_its_sockets") {
        return;
    }
    let env = TestEnv::credit().unwrap();
    let settle = |wanted: usize| {
        let end = Instant::now() + Duration::from_secs(5);
        while held("fd") != wanted && Instant::now() < end {
            std::thread::sleep(Duration::from_millis(5));
        }
        assert_eq!(held("fd"), wanted);
    };
    let before = held("fd");
    for close in [false, true] {
        let client = env.builder().build().unwrap();
        client.accounts().get(&env.cardholder_no).unwrap();
        assert!(held("fd") > before);
        if close {
            client.close();
            settle(before);
        }
        drop(client);
        settle(before);
    }
}

#[test]
fn after_close_every_call_of_every_clone_fails_and_nothing_is_sent() {
    let env = TestEnv::credit().unwrap();
    let clone = env.client.clone();
    env.client.accounts().get(&env.cardholder_no).unwrap();
    let list = env.client.cards().packages(&keysecure::ListPackages::default());
    let sent = env.count();
    env.client.close();
    env.client.close();
    for client in [&env.client, &clone] {
        for error in [
            client.accounts().transfer(&transfer(&env, "move-1")).map(drop).unwrap_err(),
            client.accounts().get(&env.cardholder_no).map(drop).unwrap_err(),
            client.call(Method::Get, "/v1/x", None).map(drop).unwrap_err(),
            client.simulation().auth(&purchase()).map(drop).unwrap_err(),
        ] {
            assert_eq!((error.kind(), error.outcome(), error.attempts()), (ErrorKind::Config, Outcome::NotSent, 0));
            assert!(error.to_string().contains("closed"), "{error}");
        }
    }
    let errors: Vec<_> = list.map(Result::unwrap_err).collect();
    assert_eq!(errors.len(), 1);
    assert_eq!(env.count(), sent);
}

#[test]
fn a_closed_client_returns_no_token() {
    let env = TestEnv::credit().unwrap();
    env.client.access_token().unwrap();
    env.client.close();
    match env.client.access_token() {
        Ok(_) => panic!("a closed client gave its token"),
        Err(error) => assert_eq!(error.kind(), ErrorKind::Config),
    }
}

#[test]
fn closing_during_calls_hangs_none_of_them() {
    let env = TestEnv::credit().unwrap();
    let started = Instant::now();
    std::thread::scope(|scope| {
        for thread in 0..8 {
            let env = &env;
            scope.spawn(move || {
                for call in 0..1_000 {
                    let unique_no = format!("{thread}-{call}");
                    if let Err(error) = env.client.accounts().transfer(&transfer(env, &unique_no)) {
                        let done =
                            env.sandbox.transfers().iter().filter(|row| row.transfer_unique_no == unique_no).count();
                        match error.outcome() {
                            Outcome::Unknown => assert!(done <= 1),
                            _ => assert_eq!(done, 0, "{error}"),
                        }
                        return;
                    }
                }
            });
        }
        std::thread::sleep(Duration::from_millis(30));
        env.client.close();
    });
    assert!(started.elapsed() < Duration::from_secs(5));
}
