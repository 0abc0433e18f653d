//! The contract of quota stores: in memory, in files, in Redis.

use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use keysecure::{FileStore, MemoryStore, QuotaStore, Reservation, Reserved};

use crate::PROCESSES;
use crate::workers::{Fleet, TempDir};

const WITHIN: Duration = Duration::from_secs(20);
const DAY: Duration = Duration::from_secs(24 * 3600);
const SHORT: Duration = Duration::from_millis(100);
const THREADS: u64 = 8;
const EACH: u64 = 50;
/// Key of the first sum whose worker is killed.
const FIRST_KILLED: u64 = 50;

/// Entries or keys, as digests.
fn name(number: u64) -> String {
    format!("{number:064x}")
}

fn reserve_for(
    store: &dyn QuotaStore,
    key: &str,
    entry: &str,
    (amount, limit): (u64, u64),
    keep: Duration,
) -> Reserved {
    store.reserve(&Reservation { key, entry, amount, limit, keep }, WITHIN).unwrap()
}

fn reserve(store: &dyn QuotaStore, key: u64, entry: u64, amount: u64, limit: u64) -> Reserved {
    reserve_for(store, &name(key), &name(entry), (amount, limit), DAY)
}

fn release(store: &dyn QuotaStore, key: u64, entry: u64) {
    store.release(&name(key), &name(entry), WITHIN).unwrap();
}

/// Checks the contract. `again` is the same store, opened by another worker.
fn keeps_the_contract(store: &dyn QuotaStore, again: &dyn QuotaStore) {
    use Reserved::{Exceeded, New, Repeated};
    const HALF: u64 = 1 << 63;
    const ODD: u64 = (1 << 53) + 1;
    const DIGITS: u64 = 10_000_000_000;

    // Key, entry, amount, limit and result of each reservation. An amount of `None` releases the entry, without a result.
    let steps = [
        // An entry counts once, with its first amount.
        (1, 1, Some(60), 100, New),
        (1, 1, Some(60), 100, Repeated),
        (1, 1, Some(u64::MAX), 0, Repeated),
        // The limit can be used up exactly.
        (1, 2, Some(41), 100, Exceeded),
        (1, 2, Some(40), 100, New),
        (1, 3, Some(1), 100, Exceeded),
        (1, 3, Some(0), 100, New),
        (1, 4, Some(1), 101, New),
        (2, 1, Some(60), 100, New),
        (3, 1, Some(1), 0, Exceeded),
        (3, 1, Some(1), 1, New),
        // A release takes back what was added, once.
        (1, 1, None, 0, New),
        (1, 1, None, 0, New),
        (1, 9, None, 0, New),
        (9, 1, None, 0, New),
        (1, 5, Some(60), 101, New),
        (1, 1, Some(1), 101, Exceeded),
        (1, 5, None, 0, New),
        (1, 1, Some(10), 101, New),
        (1, 1, Some(60), 101, Repeated),
        (1, 5, Some(50), 101, New),
        (1, 6, Some(1), 101, Exceeded),
        (2, 2, Some(41), 100, Exceeded),
        // A sum without entries is as good as new.
        (2, 1, None, 0, New),
        (2, 2, Some(100), 100, New),
        (2, 1, Some(1), 100, Exceeded),
        // Exact in 64 bits, and without overflow.
        (4, 1, Some(u64::MAX), u64::MAX, New),
        (4, 2, Some(1), u64::MAX, Exceeded),
        (4, 2, Some(u64::MAX), u64::MAX, Exceeded),
        (4, 2, Some(0), u64::MAX, New),
        (4, 1, None, 0, New),
        (4, 3, Some(HALF), u64::MAX, New),
        (4, 4, Some(HALF), u64::MAX, Exceeded),
        (4, 4, Some(HALF - 1), u64::MAX, New),
        (4, 5, Some(1), u64::MAX, Exceeded),
        (5, 1, Some(ODD), ODD - 1, Exceeded),
        (5, 1, Some(ODD), ODD, New),
        (5, 2, Some(1), ODD, Exceeded),
        (6, 1, Some(DIGITS - 1), DIGITS, New),
        (6, 2, Some(1), DIGITS, New),
        (6, 3, Some(1), DIGITS, Exceeded),
        (6, 2, None, 0, New),
        (6, 3, Some(2), DIGITS, Exceeded),
        (6, 3, Some(1), DIGITS, New),
        (6, 4, Some(3 * DIGITS), 4 * DIGITS, New),
        (6, 1, None, 0, New),
        (6, 5, Some(DIGITS), 4 * DIGITS, Exceeded),
        (6, 5, Some(DIGITS - 1), 4 * DIGITS, New),
        (6, 6, Some(1), 4 * DIGITS, Exceeded),
    ];
    for (number, (key, entry, amount, limit, expected)) in steps.into_iter().enumerate() {
        let here = if number % 2 == 0 { store } else { again };
        let Some(amount) = amount else {
            release(here, key, entry);
            continue;
        };
        let reserved = reserve(here, key, entry, amount, limit);
        assert_eq!(reserved, expected, "step {number}: {amount} for entry {entry} of sum {key}");
    }

    // Any text is a key and an entry.
    for key in ["", "sum", "../../etc/passwd", "a b\nc\0", "\u{e9}"] {
        for entry in ["", "sum", "a b\nc\0", "\u{e9}"] {
            assert_eq!(reserve_for(store, key, entry, (25, 100), DAY), New, "{key:?} {entry:?}");
            assert_eq!(reserve_for(again, key, entry, (25, 100), DAY), Repeated, "{key:?} {entry:?}");
        }
        assert_eq!(reserve_for(again, key, "more", (1, 100), DAY), Exceeded, "{key:?}");
    }
}

/// Checks that a sum is forgotten when the time of its last entry is over, and not before.
fn forgets_in_time(store: &dyn QuotaStore) {
    let reserve = |key, entry, keep| reserve_for(store, &name(key), &name(entry), (1, 2), keep);
    for (key, keeps) in [(21, [SHORT, SHORT]), (22, [SHORT, DAY]), (23, [DAY, SHORT]), (24, [Duration::MAX, SHORT])] {
        for (entry, keep) in (1..).zip(keeps) {
            assert_eq!(reserve(key, entry, keep), Reserved::New);
        }
        assert_eq!(reserve(key, 3, DAY), Reserved::Exceeded);
    }
    std::thread::sleep(SHORT * 2);
    for key in [22, 23, 24] {
        assert_eq!(reserve(key, 1, SHORT), Reserved::Repeated, "{key}");
        assert_eq!(reserve(key, 3, SHORT), Reserved::Exceeded, "{key}");
    }
    assert_eq!(reserve(21, 3, DAY), Reserved::New);
    assert_eq!(reserve(21, 1, DAY), Reserved::New);
    assert_eq!(reserve(21, 2, DAY), Reserved::Exceeded);
}

/// Checks with 8 threads that a limit is used up exactly and never exceeded.
fn counts_exactly<S: QuotaStore>(open: impl Fn() -> S + Sync) {
    const LIMIT: u64 = 250;
    let in_threads = |work: &(dyn Fn(&dyn QuotaStore, u64) -> u64 + Sync)| -> u64 {
        std::thread::scope(|scope| {
            let threads: Vec<_> = (0..THREADS)
                .map(|thread| {
                    scope.spawn({
                        let open = &open;
                        move || work(&open(), thread)
                    })
                })
                .collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).sum()
        })
    };
    // Entries of their own.
    let new = in_threads(&|store, thread| {
        (0..EACH).filter(|entry| reserve(store, 11, thread * EACH + entry, 1, LIMIT) == Reserved::New).count() as u64
    });
    assert_eq!(new, LIMIT);

    // The same entries in all threads.
    let new = in_threads(&|store, _| {
        (0..EACH).filter(|entry| reserve(store, 12, *entry, 1, 30) == Reserved::New).count() as u64
    });
    assert_eq!(new, 30);

    // Entries that are released again. What is counted here is always less than what the store counts.
    let sum = AtomicU64::new(0);
    let new = in_threads(&|store, thread| {
        let mut new = 0;
        for entry in 0..EACH {
            let amount = 1 + (thread + entry) % 7;
            let entry = thread * EACH + entry;
            if reserve(store, 13, entry, amount, 20) == Reserved::New {
                assert!(sum.fetch_add(amount, Ordering::SeqCst) + amount <= 20);
                new += 1;
                sum.fetch_sub(amount, Ordering::SeqCst);
                release(store, 13, entry);
            }
        }
        new
    });
    assert!(new >= EACH, "{new}");
    assert_eq!(reserve(&open(), 13, 0, 20, 20), Reserved::New, "all of it was released");
}

/// New, repeated, exceeded and failed reservations of all workers.
fn totals(replies: &[String]) -> [u64; 4] {
    let mut totals = [0; 4];
    for reply in replies {
        for (total, word) in totals.iter_mut().zip(reply.split(' ')) {
            *total += word.parse::<u64>().unwrap();
        }
    }
    totals
}

/// Checks with 8 processes that a limit is used up exactly.
fn processes_count_exactly(store: &[&str]) {
    let mut fleet = Fleet::with_token_lifetime(DAY, store);
    let processes = PROCESSES as u64;
    for (process, worker) in (0..).zip(&mut fleet.workers) {
        worker.send(&format!("reserve {} 250 {} {}", name(31), process * EACH, (process + 1) * EACH));
    }
    assert_eq!(totals(&fleet.receive()), [250, 0, processes * EACH - 250, 0]);
    let counted = fleet.run(&format!("reserve {} 30 0 {EACH}", name(32)));
    assert_eq!(totals(&counted), [30, (processes - 1) * 30, processes * (EACH - 30), 0]);
}

/// Kills a process among its reservations. What it counted counts, and others use up the rest at once.
fn survives_a_kill(store: &[&str], watch: &dyn QuotaStore, limit: u64, has_reached: impl Fn(u64, u64) -> bool) {
    let mut fleet = Fleet::empty(DAY, store);
    fleet.add(2);
    fleet.run("warnings");
    for round in 0..5 {
        let (key, entries) = (FIRST_KILLED + round, limit + 10);
        let command = format!("reserve {} {limit} 0 {entries}", name(key));
        fleet.add(1);
        let mut killed = fleet.workers.pop().unwrap();
        killed.send(&command);
        let reached = 2 + 5 * round;
        while !has_reached(round, reached) {
            std::thread::sleep(Duration::from_millis(1));
        }
        drop(killed);
        let [new, repeated, exceeded, failed] = totals(&fleet.run(&command));
        assert_eq!((new + repeated, exceeded, failed), (2 * limit, 2 * (entries - limit), 0));
        assert!(new > 0 && new < limit - reached, "killed after {} of {limit}", limit - new);
        assert_eq!(reserve(watch, key, entries, 1, limit), Reserved::Exceeded);
        assert_eq!(reserve(watch, key, entries, 1, limit + 1), Reserved::New);
    }
}

#[test]
fn memory_keeps_the_contract_of_sums() {
    let store = MemoryStore::new();
    keeps_the_contract(&store, &store.clone());
    forgets_in_time(&store);
}

#[test]
fn threads_use_up_a_limit_in_memory_exactly() {
    let store = MemoryStore::new();
    counts_exactly(|| store.clone());
}

#[test]
fn files_keep_the_contract_of_sums() {
    let directory = TempDir::new();
    let store = || FileStore::open(directory.path()).unwrap();
    keeps_the_contract(&store(), &store());
    forgets_in_time(&store());
}

#[test]
fn threads_use_up_a_limit_in_a_file_exactly() {
    let directory = TempDir::new();
    counts_exactly(|| FileStore::open(directory.path()).unwrap());
}

#[test]
fn processes_use_up_a_limit_in_a_file_exactly() {
    let directory = TempDir::new();
    processes_count_exactly(&["file", directory.text()]);
}

#[test]
fn a_killed_process_leaves_a_file_in_which_others_count_on() {
    let directory = TempDir::new();
    // Not through the store: it would wait for the lock until the process has ended.
    let lines = || -> usize {
        let below = |path: PathBuf| fs::read_dir(path).into_iter().flatten().map(|entry| entry.unwrap().path());
        let count = |path: PathBuf| fs::read_to_string(path).map_or(0, |text| text.lines().count());
        below(directory.path().join("quota")).flat_map(below).map(count).sum()
    };
    let store = FileStore::open(directory.path()).unwrap();
    survives_a_kill(&["file", directory.text()], &store, 100, |round, entry| lines() as u64 > round * 101 + entry);
}

#[cfg(feature = "redis")]
mod redis {
    use std::io::{Read as _, Write as _};
    use std::net::{Ipv4Addr, Shutdown, TcpStream};
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::time::Duration;

    use keysecure::{QuotaStore, RedisStore, Reserved, StoreUnavailable};
    use keysecure_tests::Acceptor;

    use super::{
        DAY, FIRST_KILLED, WITHIN, counts_exactly, forgets_in_time, keeps_the_contract, name, processes_count_exactly,
        reserve, survives_a_kill,
    };
    use crate::redis::Server;

    #[test]
    fn redis_keeps_the_contract_of_sums() {
        let Some(server) = Server::start() else { return };
        let store = || RedisStore::open(server.url()).unwrap();
        keeps_the_contract(&store(), &store());
        forgets_in_time(&store());
    }

    #[test]
    fn threads_use_up_a_limit_in_redis_exactly() {
        let Some(server) = Server::start() else { return };
        let store = RedisStore::open(server.url()).unwrap().timeout(WITHIN);
        counts_exactly(|| store.clone());
    }

    #[test]
    fn processes_use_up_a_limit_in_redis_exactly() {
        let Some(server) = Server::start() else { return };
        processes_count_exactly(&["redis", &server.url(), "10000"]);
    }

    #[test]
    fn a_killed_process_leaves_a_redis_in_which_others_count_on() {
        let Some(server) = Server::start() else { return };
        let store = RedisStore::open(server.url()).unwrap();
        // An amount above the limit is never added: it only shows whether the entry is present.
        let limit = 3_000;
        survives_a_kill(&["redis", &server.url(), "10000"], &store, limit, |round, entry| {
            reserve(&store, FIRST_KILLED + round, entry, limit + 1, limit) == Reserved::Repeated
        });
    }

    #[test]
    fn without_its_redis_nothing_is_reserved_or_released() {
        let Some(mut server) = Server::start() else { return };
        let store = RedisStore::open(server.url()).unwrap();
        assert_eq!(reserve(&store, 1, 1, 1, 1), Reserved::New);
        server.stop();
        let (key, entry) = (name(1), name(1));
        let reservation = keysecure::Reservation { key: &key, entry: &entry, amount: 1, limit: 1, keep: DAY };
        assert_eq!(QuotaStore::reserve(&store, &reservation, WITHIN), Err(StoreUnavailable));
        assert_eq!(QuotaStore::release(&store, &key, &entry, WITHIN), Err(StoreUnavailable));
    }

    /// Proxy in front of Redis that passes a request on and breaks the connection before the response, when told to.
    fn proxy(port: u16, breaks: &Arc<AtomicBool>) -> Acceptor {
        let breaks = Arc::clone(breaks);
        let pass = move |mut client: TcpStream, breaks: &AtomicBool| -> std::io::Result<()> {
            let mut server = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
            let mut bytes = [0; 4096];
            loop {
                let length = client.read(&mut bytes)?;
                if length == 0 {
                    return Ok(());
                }
                server.write_all(&bytes[..length])?;
                // A request and a response arrive in one piece each.
                let length = server.read(&mut bytes)?;
                if breaks.swap(false, Ordering::SeqCst) {
                    return client.shutdown(Shutdown::Both);
                }
                client.write_all(&bytes[..length])?;
            }
        };
        let accept = move |stream| {
            let breaks = Arc::clone(&breaks);
            std::thread::spawn(move || pass(stream, &breaks));
        };
        Acceptor::start((Ipv4Addr::LOCALHOST, 0).into(), accept).unwrap()
    }

    #[test]
    fn a_reservation_whose_response_was_lost_is_new_once() {
        let Some(server) = Server::start() else { return };
        let breaks = Arc::new(AtomicBool::new(false));
        let proxy = proxy(server.port(), &breaks);
        let store = RedisStore::open(format!("redis://{}/", proxy.address())).unwrap().timeout(Duration::from_secs(5));
        let direct = RedisStore::open(server.url()).unwrap();
        // The store tries again only on a connection that was idle.
        assert_eq!(reserve(&store, 1, 1, 10, 100), Reserved::New);
        breaks.store(true, Ordering::SeqCst);
        assert_eq!(reserve(&store, 1, 2, 20, 100), Reserved::New);
        assert!(!breaks.load(Ordering::SeqCst), "the response was lost");
        assert_eq!(reserve(&store, 1, 2, 20, 100), Reserved::Repeated);
        assert_eq!(reserve(&direct, 1, 3, 71, 100), Reserved::Exceeded);
        assert_eq!(reserve(&direct, 1, 3, 70, 100), Reserved::New, "it was added once");
    }
}
