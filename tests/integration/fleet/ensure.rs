//! Processes that call `ensure_transfer` with the same references: each exists once, and one worker reports that it created it.

use std::time::Duration;

#[cfg(unix)]
use keysecure::{Client, Decimal, Transfer, TransferType};

use crate::PROCESSES;
use crate::workers::{Fleet, TempDir};

const TOKEN_LIFETIME: Duration = Duration::from_secs(10_000);
/// Enough for a response of the sandbox on a busy machine.
const SETTLE: &str = "1000";
const DEADLINE: &str = "60000";

fn ensure(reference: &str) -> String {
    format!("ensure {reference} {SETTLE} {DEADLINE}")
}

/// All processes start with the same reference at once, on a new store and on an older one.
pub fn each_exists_once(store: &[&str]) {
    let mut fleet = Fleet::with_token_lifetime(TOKEN_LIFETIME, store);
    let mut made = 0;
    for round in ["young", "old"] {
        for number in 0..3 {
            let replies = fleet.run(&ensure(&format!("{round}-{number}")));
            let count = |word| replies.iter().filter(|reply| *reply == word).count();
            assert_eq!((count("created"), count("found")), (1, PROCESSES - 1), "{replies:?}");
            made += 1;
            assert_eq!(fleet.sandbox.transfers().len(), made);
        }
        std::thread::sleep(Duration::from_millis(1_100));
    }
}

/// Suspends a process between its lookup and its request. If it does not keep its lease, another worker makes the transfer.
#[cfg(unix)] // a process of Windows cannot be suspended
fn stopped(store: &[&str], keeps_its_lease: bool) {
    let mut fleet = Fleet::empty(TOKEN_LIFETIME, store);
    fleet.add(2);
    // The store is older than `settle` after this: new references are sent at once.
    fleet.run(&ensure("first"));
    std::thread::sleep(Duration::from_millis(1_100));
    let looked = fleet.sandbox.requests_to("accounts.transfers");
    let mut other = fleet.workers.pop().unwrap();
    let mut first = fleet.workers.pop().unwrap();
    assert_eq!(first.run("stop"), "armed");
    // The lease in Redis expires a second after the deadline.
    first.send(&format!("ensure stopped {SETTLE} {}", if keeps_its_lease { "20000" } else { "2000" }));
    first.await_stop();
    assert_eq!(fleet.sandbox.requests_to("accounts.transfers"), looked + 1, "it had looked");
    let (others, firsts) = if keeps_its_lease {
        let others = other.run(&format!("ensure stopped {SETTLE} 2000"));
        first.signal("CONT");
        (others, first.receive())
    } else {
        let others = other.run(&ensure("stopped"));
        first.signal("CONT");
        (others, first.receive())
    };
    let expected = if keeps_its_lease { ("unknown", "created") } else { ("created", "unknown") };
    assert_eq!((others.as_str(), firsts.as_str()), expected);
    assert_eq!(fleet.sandbox.transfers().len(), 2);
    assert_eq!((other.run(&ensure("stopped")).as_str(), first.run(&ensure("stopped")).as_str()), ("found", "found"));
    assert_eq!(fleet.sandbox.transfers().len(), 2);
}

/// Suspends a process while a client without a store makes the transfer.
#[cfg(unix)] // a process of Windows cannot be suspended
fn overtaken(store: &[&str]) {
    let mut fleet = Fleet::empty(TOKEN_LIFETIME, store);
    fleet.add(1);
    // The store is older than `settle` after this.
    assert_eq!(fleet.run(&ensure("first")), ["created"]);
    std::thread::sleep(Duration::from_millis(1_100));
    let looked = fleet.sandbox.requests_to("accounts.transfers");
    let mut worker = fleet.workers.pop().unwrap();
    worker.run("stop");
    worker.send(&ensure("overtaken"));
    worker.await_stop();
    let sandbox = &fleet.sandbox;
    assert_eq!(sandbox.requests_to("accounts.transfers"), looked + 1, "it had looked");
    let outsider =
        Client::builder(sandbox.api_key(), sandbox.api_secret()).base_url(sandbox.base_url()).build().unwrap();
    let transfer = Transfer {
        cardholder_no: fleet.cardholder_no().to_owned(),
        transfer_unique_no: "overtaken".into(),
        r#type: TransferType::In,
        amount: Decimal::ONE,
    };
    outsider.accounts().transfer(&transfer).unwrap();
    std::thread::sleep(Duration::from_millis(1_100));
    worker.signal("CONT");
    assert_eq!(worker.receive(), "found");
    assert_eq!(sandbox.transfers().len(), 2);
}

#[test]
fn with_a_file_each_reference_exists_once() {
    let directory = TempDir::new();
    each_exists_once(&["file", directory.text()]);
}

#[cfg(unix)]
#[test]
fn a_suspended_process_keeps_its_reference_in_a_file() {
    let directory = TempDir::new();
    stopped(&["file", directory.text()], true);
}

#[cfg(unix)]
#[test]
fn a_suspended_process_looks_again_before_it_sends() {
    let directory = TempDir::new();
    overtaken(&["file", directory.text()]);
}

#[cfg(unix)] // it suspends a process
#[test]
fn a_killed_process_releases_its_reference_at_once() {
    let directory = TempDir::new();
    let mut fleet = Fleet::empty(TOKEN_LIFETIME, &["file", directory.text()]);
    fleet.add(2);
    fleet.run("warnings");
    std::thread::sleep(Duration::from_millis(1_100));
    let mut first = fleet.workers.pop().unwrap();
    first.run("stop");
    first.send(&ensure("killed"));
    first.await_stop();
    fleet.send(&ensure("killed"));
    std::thread::sleep(Duration::from_millis(200));
    assert_eq!(fleet.sandbox.transfers().len(), 0, "it waits");
    drop(first);
    assert_eq!(fleet.receive(), ["created"]);
    assert_eq!(fleet.sandbox.transfers().len(), 1);
}

#[cfg(all(unix, feature = "redis"))]
mod redis {
    use super::{each_exists_once, overtaken, stopped};
    use crate::redis::Server;

    #[test]
    fn with_redis_each_reference_exists_once() {
        let Some(server) = Server::start() else { return };
        each_exists_once(&["redis", &server.url(), "10000"]);
    }

    #[test]
    fn a_process_whose_lease_expired_while_suspended_sends_nothing() {
        let Some(server) = Server::start() else { return };
        stopped(&["redis", &server.url(), "10000"], false);
    }

    #[test]
    fn a_suspended_process_looks_again_before_it_sends() {
        let Some(server) = Server::start() else { return };
        overtaken(&["redis", &server.url(), "10000"]);
    }
}
