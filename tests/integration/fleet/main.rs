//! A fleet, 8 processes of 4 threads each, with a shared store and without: how many tokens each expiry takes, and
//! what happens when a worker is killed or the store is stopped. The figures are in `docs/fleets.md`; to print them:
//! `cargo test -p keysecure-tests --features redis --test fleet -- --nocapture --test-threads 1`.
#![cfg(unix)]
#![allow(clippy::unwrap_used)] // test code

mod attempts;
mod ensure;
mod file;
mod killed;
mod quotas;
#[cfg(feature = "redis")]
mod redis;
#[cfg(feature = "redis")]
mod relay_events;
mod workers;

use std::time::Duration;

use workers::Fleet;

const PROCESSES: usize = 8;
const THREADS: usize = 4;
const EXPIRIES: usize = 5;

/// What the platform saw for one expiry.
#[derive(Debug, Clone, Copy)]
struct TokenCounts {
    tokens: usize,
    refused: usize,
    failed: usize,
}

/// Tokens that expire without warning: a jump of the clock between two calls, as when the merchant's tokens are revoked.
fn sudden_expiries(name: &str, store: &[&str]) -> Vec<TokenCounts> {
    let mut fleet = Fleet::with_token_lifetime(Duration::from_secs(30), store);
    fleet.calls(2);
    let counts = (0..EXPIRIES).map(|_| {
        fleet.sandbox.advance(Duration::from_secs(45));
        fleet.counted(|fleet| fleet.calls(10))
    });
    shown(name, "ends suddenly", counts.collect())
}

/// Tokens that are renewed before they expire.
fn planned_renewals(name: &str, store: &[&str]) -> Vec<TokenCounts> {
    let mut fleet = Fleet::with_token_lifetime(Duration::from_secs(1_000), store);
    fleet.calls(2);
    let counts = (0..EXPIRIES).map(|_| {
        fleet.sandbox.advance(Duration::from_secs(900));
        fleet.calls(1);
        fleet.counted(|fleet| {
            fleet.sandbox.advance(Duration::from_secs(45));
            fleet.calls(10)
        })
    });
    shown(name, "is renewed ahead", counts.collect())
}

fn shown(name: &str, what: &str, counts: Vec<TokenCounts>) -> Vec<TokenCounts> {
    let each = |pick: fn(&TokenCounts) -> usize| {
        counts.iter().map(|counts| pick(counts).to_string()).collect::<Vec<_>>().join(" ")
    };
    eprintln!(
        "FIGURES store {name}, a token {what}: token requests {}; replies 1007 {}; failed of {} calls {}",
        each(|counts| counts.tokens),
        each(|counts| counts.refused),
        PROCESSES * THREADS * 10,
        each(|counts| counts.failed),
    );
    counts
}

/// One token for each expiry, no call failed, and each thread refused at most once.
fn assert_calm(counts: &[TokenCounts]) {
    for counts in counts {
        assert_eq!((counts.tokens, counts.failed), (1, 0), "{counts:?}");
        assert!(counts.refused <= PROCESSES * THREADS, "{counts:?}");
    }
}

#[test]
fn without_a_store_the_workers_invalidate_each_others_tokens() {
    for counts in [sudden_expiries("none", &["none"]), planned_renewals("none", &["none"])].concat() {
        assert!(counts.tokens >= PROCESSES, "{counts:?}");
        assert!(counts.refused >= PROCESSES - 1, "{counts:?}");
    }
}
