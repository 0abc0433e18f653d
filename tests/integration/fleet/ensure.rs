//! Processes that make sure of the same references: each exists once, and one worker says that it created it.

use std::time::Duration;

use keysecure::{Client, Decimal, Transfer, TransferType};

use crate::PROCESSES;
use crate::fleet::{Fleet, Scratch};

const LIFE: Duration = Duration::from_secs(10_000);
/// Enough for a response of the sandbox on a busy machine.
const SETTLE: &str = "1000";
const DEADLINE: &str = "60000";

fn ensure(reference: &str) -> String {
    format!("ensure {reference} {SETTLE} {DEADLINE}")
}

/// All processes begin with the same reference at once: on a store that was created just now, and on an older one.
pub fn each_exists_once(store: &[&str]) {
    let mut fleet = Fleet::with_life(LIFE, store);
    let mut made = 0;
    for round in ["young", "old"] {
        for number in 0..3 {
            let answers = fleet.tell(&ensure(&format!("{round}-{number}")));
            let count = |word| answers.iter().filter(|answer| *answer == word).count();
            assert_eq!((count("created"), count("found")), (1, PROCESSES - 1), "{answers:?}");
            made += 1;
            assert_eq!(fleet.sandbox.transfers().len(), made);
        }
        std::thread::sleep(Duration::from_millis(1_100));
    }
}

/// A process stops between its look-up and its request. `lease` says whether it keeps the reference meanwhile; otherwise
/// another worker pays.
fn stopped(store: &[&str], keeps_its_lease: bool) {
    let mut fleet = Fleet::empty(LIFE, store);
    fleet.add(2);
    // The store is older than `settle` after this: new references are sent at once.
    fleet.tell(&ensure("first"));
    std::thread::sleep(Duration::from_millis(1_100));
    let looked = fleet.sandbox.requests_to("accounts.transfers");
    let mut other = fleet.workers.pop().unwrap();
    let mut first = fleet.workers.pop().unwrap();
    assert_eq!(first.tell("stop"), "armed");
    // Redis ends its lease a second behind the deadline.
    first.begin(&format!("ensure stopped {SETTLE} {}", if keeps_its_lease { "20000" } else { "2000" }));
    first.await_stop();
    assert_eq!(fleet.sandbox.requests_to("accounts.transfers"), looked + 1, "it had looked");
    let (others, firsts) = if keeps_its_lease {
        let others = other.tell(&format!("ensure stopped {SETTLE} 2000"));
        first.signal("CONT");
        (others, first.end())
    } else {
        let others = other.tell(&ensure("stopped"));
        first.signal("CONT");
        (others, first.end())
    };
    let expected = if keeps_its_lease { ("unknown", "created") } else { ("created", "unknown") };
    assert_eq!((others.as_str(), firsts.as_str()), expected);
    assert_eq!(fleet.sandbox.transfers().len(), 2);
    assert_eq!((other.tell(&ensure("stopped")).as_str(), first.tell(&ensure("stopped")).as_str()), ("found", "found"));
    assert_eq!(fleet.sandbox.transfers().len(), 2);
}

/// While it is stopped, somebody without any store pays.
fn overtaken(store: &[&str]) {
    let mut fleet = Fleet::empty(LIFE, store);
    fleet.add(1);
    // The store is older than `settle` after this.
    assert_eq!(fleet.tell(&ensure("first")), ["created"]);
    std::thread::sleep(Duration::from_millis(1_100));
    let looked = fleet.sandbox.requests_to("accounts.transfers");
    let mut worker = fleet.workers.pop().unwrap();
    worker.tell("stop");
    worker.begin(&ensure("overtaken"));
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
    assert_eq!(worker.end(), "found");
    assert_eq!(sandbox.transfers().len(), 2);
}

#[test]
fn with_a_file_each_reference_exists_once() {
    let scratch = Scratch::new();
    each_exists_once(&["file", scratch.text()]);
}

#[test]
fn a_suspended_process_keeps_its_reference_in_a_file() {
    let scratch = Scratch::new();
    stopped(&["file", scratch.text()], true);
}

#[test]
fn a_suspended_process_looks_again_before_it_sends() {
    let scratch = Scratch::new();
    overtaken(&["file", scratch.text()]);
}

#[test]
fn a_killed_process_releases_its_reference_at_once() {
    let scratch = Scratch::new();
    let mut fleet = Fleet::empty(LIFE, &["file", scratch.text()]);
    fleet.add(2);
    fleet.tell("warnings");
    std::thread::sleep(Duration::from_millis(1_100));
    let mut first = fleet.workers.pop().unwrap();
    first.tell("stop");
    first.begin(&ensure("killed"));
    first.await_stop();
    fleet.begin(&ensure("killed"));
    std::thread::sleep(Duration::from_millis(200));
    assert_eq!(fleet.sandbox.transfers().len(), 0, "it waits");
    drop(first);
    assert_eq!(fleet.end(), ["created"]);
    assert_eq!(fleet.sandbox.transfers().len(), 1);
}

#[cfg(feature = "redis")]
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
