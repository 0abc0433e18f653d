//! Permanent faults and bursts of faults: retries, back-off and timeouts.

use std::collections::BTreeMap;
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use FaultKind as F;
use keysecure::{Client, ErrorKind, Json, Method, Outcome};
use keysecure_sandbox::{Fault, FaultKind};
use keysecure_tests::{MockResponse, MockServer, TestClock, TestEnv, cents, envelope, free_address, http};

use super::matrix::{purchase, transfer};

#[test]
fn a_permanent_fault_ends_a_read_after_its_retries_a_mutation_at_once() {
    for (kind, error_kind) in [
        (F::DropAfterCommit, ErrorKind::Transport),
        (F::HttpStatus(503, None), ErrorKind::InvalidResponse),
        (F::Code(1001), ErrorKind::Api),
    ] {
        let env = TestEnv::credit().unwrap();
        let (client, clock) = env.with_virtual_clock().unwrap();
        env.sandbox.fault(Fault::on("accounts.get", kind).times(1_000));
        let error = client.accounts().get(&env.cardholder_no).unwrap_err();
        assert_eq!((error.kind(), error.attempts()), (error_kind, 3), "{kind:?}: {error}");
        assert_eq!(env.sandbox.requests_to("accounts.get"), 3);
        assert_eq!(clock.sleeps().len(), 2, "a wait before each retry");
        env.sandbox.fault(Fault::on("accounts.transfer", kind).times(1_000));
        let error = client.accounts().transfer(&transfer(&env, "move-1", cents(1_00))).unwrap_err();
        assert_eq!((error.kind(), error.outcome(), error.attempts()), (error_kind, Outcome::Unknown, 1), "{kind:?}");
        assert_eq!(env.sandbox.requests_to("accounts.transfer"), 1);
    }
}

#[test]
fn bursts_of_1009_lead_to_back_off_and_then_to_the_error() {
    for (burst, succeeds) in [(1, true), (2, true), (3, false)] {
        let env = TestEnv::credit().unwrap();
        let (client, clock) = env.with_virtual_clock().unwrap();
        env.sandbox.fault(Fault::on("accounts.transfer", F::Code(1009)).times(burst));
        let result = client.accounts().transfer(&transfer(&env, "move-1", cents(1_00)));
        assert_eq!(result.is_ok(), succeeds, "{burst}: {result:?}");
        assert_eq!(env.sandbox.transfers().len(), usize::from(succeeds));
        assert_eq!(env.sandbox.requests_to("accounts.transfer"), usize::try_from(burst + 1).unwrap().min(3));
        if let Err(error) = result {
            assert_eq!((error.kind(), error.outcome()), (ErrorKind::RateLimit, Outcome::Rejected));
            assert_eq!((error.code(), error.attempts()), (Some(1009), 3));
        }
        let longest = [500, 1_000].map(Duration::from_millis);
        assert!(clock.sleeps().iter().zip(longest).all(|(slept, longest)| *slept <= longest), "{:?}", clock.sleeps());
    }
}

#[test]
fn a_refused_connection_means_not_sent_and_a_mutation_is_retried() {
    let clock = Arc::new(TestClock::virtual_sleeps(None));
    let client = Client::builder("key", "0123456789abcdef")
        .base_url(format!("http://{}", free_address()))
        .clock(clock.clone())
        .build()
        .unwrap();
    let error = client.simulation().auth(&purchase("17")).unwrap_err();
    assert_eq!((error.kind(), error.outcome(), error.attempts()), (ErrorKind::Transport, Outcome::NotSent, 3));
    assert_eq!(clock.sleeps().len(), 2);
    let error = client.cards().freeze("17").unwrap_err();
    assert_eq!((error.kind(), error.outcome(), error.attempts()), (ErrorKind::Transport, Outcome::NotSent, 0));
    let error = client.cards().get("17").unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::Transport, Outcome::NotSent));
}

#[test]
fn the_timeout_bounds_the_whole_call_with_all_its_attempts() {
    let slow =
        MockServer::platform(|_| MockResponse::Delayed(Duration::from_millis(150), http("503 Busy", &[], b"busy")))
            .unwrap();
    let client = Client::builder("key", "0123456789abcdef")
        .base_url(slow.base_url())
        .timeout(Duration::from_millis(400))
        .max_retries(1_000)
        .build()
        .unwrap();
    let started = Instant::now();
    let error = client.cards().get("17").unwrap_err();
    assert!(started.elapsed() < Duration::from_secs(3), "{:?}", started.elapsed());
    assert_eq!(error.operation(), Some("cards.get"));
    assert_eq!(error.outcome(), Outcome::Unknown);

    let mute = MockServer::platform(|_| MockResponse::Hold(Vec::new(), Duration::from_secs(6))).unwrap();
    let client = Client::builder("key", "0123456789abcdef")
        .base_url(mute.base_url())
        .timeout(Duration::from_millis(300))
        .build()
        .unwrap();
    for mutation in [true, false] {
        let started = Instant::now();
        let error =
            if mutation { client.cards().freeze("17") } else { client.cards().get("17").map(drop) }.unwrap_err();
        assert!((300..3_000).contains(&started.elapsed().as_millis()), "{:?}", started.elapsed());
        assert_eq!((error.kind(), error.outcome()), (ErrorKind::Timeout, Outcome::Unknown), "{error}");
        assert!(!mutation || mute.requests().len() == 1);
    }
    assert!((2..=4).contains(&mute.requests().len()), "a read has three attempts");
}

#[test]
fn a_peer_that_accepts_no_connection_times_out() {
    // A listener with a full backlog accepts no further handshake on Linux; elsewhere the request gets no response.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let mut fill = Vec::new();
    while let Ok(stream) = std::net::TcpStream::connect_timeout(&address, Duration::from_millis(100)) {
        fill.push(stream);
        if fill.len() > 5_000 {
            break;
        }
    }
    let client = Client::builder("key", "0123456789abcdef")
        .base_url(format!("http://{address}"))
        .connect_timeout(Duration::from_millis(150))
        .timeout(Duration::from_secs(5))
        .max_retries(0)
        .build()
        .unwrap();
    let started = Instant::now();
    let error = client.simulation().auth(&purchase("17")).unwrap_err();
    assert!(started.elapsed() < Duration::from_secs(4), "{:?}", started.elapsed());
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::Timeout, Outcome::NotSent), "{error}");
}

#[test]
fn retry_after_is_obeyed_within_the_deadline_and_fails_the_call_beyond() {
    let env = TestEnv::credit().unwrap();
    let (client, clock) = env.with_virtual_clock().unwrap();
    env.sandbox.fault(Fault::on("accounts.get", F::HttpStatus(503, Some(7))));
    client.accounts().get(&env.cardholder_no).unwrap();
    assert_eq!(clock.sleeps(), [Duration::from_secs(7)]);
    assert_eq!(env.sandbox.requests_to("accounts.get"), 2);

    env.sandbox.fault(Fault::on("accounts.get", F::HttpStatus(429, Some(3_600))));
    let started = Instant::now();
    let error = client.accounts().get(&env.cardholder_no).unwrap_err();
    assert!(started.elapsed() < Duration::from_secs(3));
    assert_eq!((error.http_status(), error.retry_after()), (Some(429), Some(Duration::from_secs(3_600))));
    assert_eq!(error.attempts(), 1);
    assert_eq!(clock.sleeps().len(), 1, "no wait started");
}

#[test]
fn retry_after_counts_for_a_hundred_years_at_most() {
    let far =
        MockServer::platform(|_| MockResponse::Keep(http("503 Busy", &["Retry-After: 18446744073709551615"], b"")))
            .unwrap();
    let client = Client::builder("key", "0123456789abcdef").base_url(far.base_url()).build().unwrap();
    let error = client.simulation().auth(&purchase("17")).unwrap_err();
    assert_eq!(error.outcome(), Outcome::Unknown);
    assert_eq!(error.retry_after(), Some(Duration::from_secs(100 * 365 * 24 * 3600)));
}

#[test]
fn retry_after_may_be_a_date_and_come_with_a_refusal() {
    let count = AtomicUsize::new(0);
    let server = MockServer::platform(move |_| {
        let busy = br#"{"code":1009,"msg":"too many requests"}"#;
        match count.fetch_add(1, Ordering::SeqCst) {
            0 => MockResponse::Keep(http("200 OK", &["Retry-After: 3"], busy)),
            1 => MockResponse::Keep(http(
                "200 OK",
                &["Date: Sun, 22 Nov 2026 14:00:00 GMT", "Retry-After: Sun, 22 Nov 2026 14:00:05 GMT"],
                busy,
            )),
            2 => MockResponse::Keep(http("200 OK", &["Retry-After: soon"], busy)),
            _ => MockResponse::Keep(envelope(r#"{"result":true}"#)),
        }
    })
    .unwrap();
    let clock = Arc::new(TestClock::virtual_sleeps(None));
    let client = Client::builder("key", "0123456789abcdef")
        .base_url(server.base_url())
        .clock(clock.clone())
        .max_retries(5)
        .build()
        .unwrap();
    client.cards().freeze("17").unwrap();
    let sleeps = clock.sleeps();
    assert_eq!(sleeps.len(), 3);
    assert_eq!(sleeps[0], Duration::from_secs(3));
    assert!((4_000..=6_000).contains(&sleeps[1].as_millis()), "{sleeps:?}");
    assert!(sleeps[2] <= Duration::from_secs(2), "an unreadable value is ignored: {sleeps:?}");
}

#[test]
fn a_connection_closed_while_idle_never_leads_to_a_second_mutation() {
    for wait in [Duration::ZERO, Duration::from_millis(30)] {
        let server = MockServer::platform(|_| MockResponse::Keep(envelope(r#"{"result":true}"#))).unwrap();
        let client =
            Client::builder("key", "0123456789abcdef").base_url(server.base_url()).max_retries(2).build().unwrap();
        for round in 1..=20 {
            let before = server.requests().len();
            client.cards().get("17").unwrap_err();
            server.close_connections();
            std::thread::sleep(wait);
            let result = client.cards().freeze("17");
            let sent = server.requests().len() - before - 1;
            match result {
                Ok(()) => assert_eq!(sent, 1, "round {round}"),
                Err(error) => {
                    assert!(sent <= 1, "round {round}: {error}");
                    let truth = if sent == 1 { error.outcome() == Outcome::Unknown } else { true };
                    assert!(truth, "round {round}: {error}");
                }
            }
        }
    }
}

#[test]
fn a_connection_lost_in_mid_request_leaves_a_mutation_unknown() {
    let server = MockServer::platform(|request| {
        // Every connection serves one request and drops the next.
        if request.nth > 1 {
            MockResponse::Close(Vec::new())
        } else {
            MockResponse::Keep(envelope(r#"{"result":true}"#))
        }
    })
    .unwrap();
    let clock = Arc::new(TestClock::virtual_sleeps(None));
    let client = Client::builder("key", "0123456789abcdef").base_url(server.base_url()).clock(clock).build().unwrap();
    client.access_token().unwrap();
    let error = client.cards().freeze("17").unwrap_err();
    assert_eq!((error.kind(), error.outcome(), error.attempts()), (ErrorKind::Transport, Outcome::Unknown, 1));
    assert_eq!(server.requests().len(), 1);
    let path = "/v1/anything";
    let first = client.call(Method::Get, path, None).unwrap();
    let second = client.call(Method::Get, path, None).unwrap();
    assert_eq!((first, second), (Json::new(r#"{"result":true}"#).unwrap(), Json::new(r#"{"result":true}"#).unwrap()));
    let by_connection = server.requests().iter().fold(BTreeMap::new(), |mut counts: BTreeMap<u64, usize>, request| {
        *counts.entry(request.connection).or_default() += 1;
        counts
    });
    assert!(by_connection.values().all(|count| *count <= 2), "{by_connection:?}");
}
