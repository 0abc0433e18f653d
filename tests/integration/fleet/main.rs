//! A fleet, 8 processes of 4 threads each, with a shared store and without: how many tokens it takes for each expiry, and
//! what happens when a worker is killed or the store is stopped. The figures stand in `docs/fleets.md`; to see them:
//! `cargo test -p keysecure-tests --features redis --test fleet -- --nocapture --test-threads 1`.
#![cfg(unix)]
#![allow(clippy::unwrap_used)] // test code

mod attempts;
mod file;
mod fleet;
mod killed;
mod once;
#[cfg(feature = "redis")]
mod redis;

use std::time::Duration;

use fleet::Fleet;

const PROCESSES: usize = 8;
const THREADS: usize = 4;
const EXPIRIES: usize = 5;

/// What the platform saw for one expiry.
#[derive(Debug, Clone, Copy)]
struct Seen {
    tokens: usize,
    refused: usize,
    failed: usize,
}

/// Tokens that end without warning: a jump of the clock between two calls, as when the merchant's tokens are revoked.
fn sudden_ends(name: &str, store: &[&str]) -> Vec<Seen> {
    let mut fleet = Fleet::with_life(Duration::from_secs(30), store);
    fleet.calls(2);
    let seen = (0..EXPIRIES).map(|_| {
        fleet.sandbox.advance(Duration::from_secs(45));
        fleet.watched(|fleet| fleet.calls(10))
    });
    shown(name, "ends suddenly", seen.collect())
}

/// Tokens that come of age while the fleet works: each is due before it ends.
fn planned_renewals(name: &str, store: &[&str]) -> Vec<Seen> {
    let mut fleet = Fleet::with_life(Duration::from_secs(1_000), store);
    fleet.calls(2);
    let seen = (0..EXPIRIES).map(|_| {
        fleet.sandbox.advance(Duration::from_secs(900));
        fleet.calls(1);
        fleet.watched(|fleet| {
            fleet.sandbox.advance(Duration::from_secs(45));
            fleet.calls(10)
        })
    });
    shown(name, "is renewed ahead", seen.collect())
}

fn shown(name: &str, what: &str, seen: Vec<Seen>) -> Vec<Seen> {
    let each = |pick: fn(&Seen) -> usize| seen.iter().map(|seen| pick(seen).to_string()).collect::<Vec<_>>().join(" ");
    eprintln!(
        "FIGURES store {name}, a token {what}: token requests {}; answers 1007 {}; failed of {} calls {}",
        each(|seen| seen.tokens),
        each(|seen| seen.refused),
        PROCESSES * THREADS * 10,
        each(|seen| seen.failed),
    );
    seen
}

/// One token for each expiry, no call failed, and each thread refused at most once.
fn is_calm(seen: &[Seen]) {
    for seen in seen {
        assert_eq!((seen.tokens, seen.failed), (1, 0), "{seen:?}");
        assert!(seen.refused <= PROCESSES * THREADS, "{seen:?}");
    }
}

#[test]
fn without_a_store_the_workers_invalidate_each_others_tokens() {
    for seen in [sudden_ends("none", &["none"]), planned_renewals("none", &["none"])].concat() {
        assert!(seen.tokens >= PROCESSES, "{seen:?}");
        assert!(seen.refused >= PROCESSES - 1, "{seen:?}");
    }
}
