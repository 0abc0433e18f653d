//! The contract of attempt stores: in memory, in files, in Redis.

use std::time::Duration;

use keysecure::{Acquired, AttemptEnd, AttemptStart, AttemptStore, FileStore, MemoryStore, PastAttempt};

use crate::workers::TempDir;

const WITHIN: Duration = Duration::from_secs(5);
const MINUTE: Duration = Duration::from_secs(60);

type Leased = (String, Option<PastAttempt>);

fn acquire_for(store: &dyn AttemptStore, reference: &str, lease: Duration) -> Option<Leased> {
    match store.acquire(reference, lease, WITHIN).unwrap() {
        Acquired::Leased { lease_id, last_attempt, .. } => Some((lease_id, last_attempt)),
        Acquired::Busy => None,
    }
}

fn acquire(store: &dyn AttemptStore, reference: &str) -> Option<Leased> {
    acquire_for(store, reference, MINUTE)
}

fn begin(store: &dyn AttemptStore, reference: &str, lease_id: &str, lasts: Duration) -> bool {
    let operation = "accounts.transfer";
    store.begin(&AttemptStart { reference, lease_id, operation, lasts, lease: MINUTE }, WITHIN).unwrap()
}

fn end(store: &dyn AttemptStore, reference: &str) -> Option<AttemptEnd> {
    let (lease_id, past) = acquire(store, reference).unwrap();
    store.release(reference, &lease_id, WITHIN).unwrap();
    past.unwrap().end
}

/// Checks the contract. `again` is the same store, opened by another worker.
fn keeps_the_contract(store: &dyn AttemptStore, again: &dyn AttemptStore) {
    // One worker at a time, and a record of how it ended and when.
    for (reference, how) in [("a", AttemptEnd::Done), ("b", AttemptEnd::NotDone), ("c", AttemptEnd::Unknown)] {
        let (lease_id, past) = acquire(store, reference).unwrap();
        assert_eq!(past, None);
        assert!(acquire(again, reference).is_none() && acquire(store, reference).is_none());
        assert!(begin(store, reference, &lease_id, MINUTE));
        store.finish(reference, &lease_id, how, WITHIN).unwrap();
        store.release(reference, &lease_id, WITHIN).unwrap();
        std::thread::sleep(Duration::from_millis(60));
        let (lease_id, past) = acquire(again, reference).unwrap();
        let past = past.unwrap();
        assert_eq!(past.end, Some(how));
        assert!(past.ended >= Duration::from_millis(40) && past.ended < MINUTE, "{past:?}");
        again.release(reference, &lease_id, WITHIN).unwrap();
    }

    // A released lease starts no attempt, and does not release another one.
    let (old, _) = acquire(store, "d").unwrap();
    store.release("d", &old, WITHIN).unwrap();
    let (new, _) = acquire(again, "d").unwrap();
    assert!(!begin(store, "d", &old, MINUTE));
    store.release("d", &old, WITHIN).unwrap();
    assert!(acquire(store, "d").is_none());
    assert!(begin(again, "d", &new, MINUTE));

    // The end of an earlier attempt by another worker does not end this one, unless the operation is done.
    store.finish("d", &old, AttemptEnd::NotDone, WITHIN).unwrap();
    again.finish("d", &new, AttemptEnd::Unknown, WITHIN).unwrap();
    again.release("d", &new, WITHIN).unwrap();
    store.finish("d", &old, AttemptEnd::NotDone, WITHIN).unwrap();
    assert_eq!(end(store, "d"), Some(AttemptEnd::Unknown));
    store.finish("d", &old, AttemptEnd::Done, WITHIN).unwrap();
    assert_eq!(end(again, "d"), Some(AttemptEnd::Done));

    // Several attempts of one lease.
    let (lease_id, _) = acquire(store, "e").unwrap();
    for how in [AttemptEnd::NotDone, AttemptEnd::Unknown] {
        assert!(begin(store, "e", &lease_id, Duration::from_millis(1)));
        store.finish("e", &lease_id, how, WITHIN).unwrap();
    }
    assert!(begin(store, "e", &lease_id, Duration::from_millis(1)));
    std::thread::sleep(Duration::from_millis(20));
    store.release("e", &lease_id, WITHIN).unwrap();
    assert_eq!(end(again, "e"), None, "the last one has no end");

    // Any text is a reference.
    for reference in ["x".repeat(128), "../../etc/passwd".to_owned(), "\u{e9}".to_owned()] {
        let (lease_id, _) = acquire(store, &reference).unwrap();
        assert!(begin(store, &reference, &lease_id, Duration::from_millis(1)));
        store.release(&reference, &lease_id, WITHIN).unwrap();
        std::thread::sleep(Duration::from_millis(20));
        assert_eq!(end(again, &reference), None);
    }
}

/// Checks that leases expire, for stores that have a lease time.
fn ends_leases(store: &dyn AttemptStore) {
    let short = Duration::from_millis(100);
    let (late, _) = acquire_for(store, "lease", short).unwrap();
    std::thread::sleep(short * 2);
    let (next, _) = acquire(store, "lease").unwrap();
    assert!(!begin(store, "lease", &late, MINUTE));
    store.release("lease", &next, WITHIN).unwrap();
}

#[test]
fn memory_keeps_the_contract() {
    let store = MemoryStore::new();
    keeps_the_contract(&store, &store.clone());
    ends_leases(&store);
    let (_, age) = (acquire(&store, "a"), store.acquire("z", MINUTE, WITHIN).unwrap());
    assert!(
        matches!(age, Acquired::Leased { store_age: Duration::ZERO, .. }),
        "it cannot tell which references are new"
    );
}

#[test]
fn files_keep_the_contract() {
    let directory = TempDir::new();
    let store = || FileStore::open(directory.path()).unwrap();
    keeps_the_contract(&store(), &store());
}

#[cfg(feature = "redis")]
mod redis {
    use std::process::{Command, Stdio};

    use keysecure::{Acquired, AttemptEnd, AttemptStore, RedisStore};

    use super::{MINUTE, WITHIN, acquire, acquire_for, begin, end, ends_leases, keeps_the_contract};
    use crate::redis::Server;

    /// References whose cost in memory is measured.
    const COUNT: u64 = 300_000;

    #[test]
    fn redis_keeps_the_contract() {
        let Some(server) = Server::start() else { return };
        let store = || RedisStore::open(server.url()).unwrap();
        keeps_the_contract(&store(), &store());
        ends_leases(&store());
    }

    #[test]
    fn an_attempt_without_an_end_keeps_others_away_when_its_lease_was_evicted() {
        let Some(server) = Server::start() else { return };
        let store = RedisStore::open(server.url()).unwrap();
        let (lease_id, _) = acquire(&store, "a").unwrap();
        let lasts = std::time::Duration::from_millis(1_500);
        assert!(begin(&store, "a", &lease_id, lasts));
        store.release("a", &lease_id, WITHIN).unwrap();
        assert!(acquire(&store, "a").is_none());
        assert!(!begin(&store, "a", &lease_id, lasts), "the worker no longer holds it");
        std::thread::sleep(lasts);
        assert_eq!(end(&store, "a"), None);
    }

    #[test]
    fn an_emptied_redis_is_a_young_store() {
        let Some(mut server) = Server::start() else { return };
        let store = RedisStore::open(server.url()).unwrap();
        let age = || match store.acquire("age", MINUTE, WITHIN).unwrap() {
            Acquired::Leased { lease_id, store_age, .. } => {
                store.release("age", &lease_id, WITHIN).unwrap();
                store_age
            }
            Acquired::Busy => panic!("busy"),
        };
        age();
        std::thread::sleep(std::time::Duration::from_millis(300));
        assert!(age() >= std::time::Duration::from_millis(250));
        server.stop();
        server.start_again();
        assert!(age() < std::time::Duration::from_millis(250));
    }

    #[test]
    fn a_reference_costs_about_a_hundred_bytes() {
        let Some(server) = Server::start() else { return };
        let store = RedisStore::open(server.url()).unwrap();
        let used = || -> u64 {
            let mut ask = Command::new("redis-cli");
            ask.args(["-p", &server.port().to_string(), "info", "memory"]).stderr(Stdio::null());
            let info = ask.output().unwrap().stdout;
            let info = String::from_utf8(info).unwrap();
            info.lines().find_map(|line| line.strip_prefix("used_memory_dataset:")).unwrap().trim().parse().unwrap()
        };
        // Too slow for every run.
        if std::env::var_os("KEYSECURE_FIGURES").is_none() {
            eprintln!("SKIPPED: set KEYSECURE_FIGURES to measure");
            return;
        }
        let before = used();
        for number in 0..COUNT {
            let reference = number.to_string();
            let (lease_id, _) = acquire_for(&store, &reference, MINUTE).unwrap();
            assert!(begin(&store, &reference, &lease_id, MINUTE));
            store.finish(&reference, &lease_id, AttemptEnd::Done, WITHIN).unwrap();
            store.release(&reference, &lease_id, WITHIN).unwrap();
        }
        eprintln!("FIGURES a reference in Redis costs {} bytes", (used() - before) / COUNT);
    }
}
