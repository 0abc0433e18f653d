//! Processes of one machine that share a directory.

use std::fs;
#[cfg(unix)]
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::{Duration, Instant};

use keysecure::{Client, FileStore};
use keysecure_sandbox::Sandbox;

use crate::workers::{Fleet, TempDir};
use crate::{PROCESSES, assert_calm, planned_renewals, sudden_expiries};

#[test]
fn with_a_file_one_token_is_fetched_for_each_expiry() {
    let directory = TempDir::new();
    assert_calm(&sudden_expiries("file", &["file", directory.text()]));
    assert_calm(&planned_renewals("file", &["file", directory.text()]));
}

#[test]
fn a_worker_killed_with_the_file_lock_blocks_nobody() {
    let directory = TempDir::new();
    let mut fleet = Fleet::with_a_stalled_holder(&["file", directory.text()]);
    drop(fleet.workers.remove(0));
    let begin = Instant::now();
    let counts = fleet.counted(|fleet| fleet.calls(5));
    assert_eq!((counts.tokens, counts.failed), (1, 0));
    assert!(begin.elapsed() < Duration::from_secs(15), "they did not wait for the dead worker");
}

#[test]
fn workers_that_wait_for_a_holder_continue_when_it_is_killed() {
    let directory = TempDir::new();
    let mut fleet = Fleet::with_a_stalled_holder(&["file", directory.text()]);
    let holder = fleet.workers.remove(0);
    let counts = fleet.counted(|fleet| {
        fleet.send("calls 5");
        std::thread::sleep(Duration::from_millis(500));
        assert_eq!(fleet.sandbox.requests_to("accounts.get"), 0, "they wait for its token");
        drop(holder);
        crate::workers::made(&fleet.receive())
    });
    assert_eq!((counts.tokens, counts.failed), (1, 0));
}

#[test]
fn of_many_processes_with_one_webhook_one_accepts_it() {
    let directory = TempDir::new();
    let mut fleet = Fleet::with_token_lifetime(Duration::from_secs(1_000), &["file", directory.text()]);
    one_accepts_each(&mut fleet);
}

pub fn one_accepts_each(fleet: &mut Fleet) {
    let keys: Vec<String> = (0..100).map(|key| format!("signature-{key}")).collect();
    let replies = fleet.run(&format!("insert {}", keys.join(" ")));
    let sum = |place: usize| -> usize {
        replies.iter().map(|reply| reply.split(' ').nth(place).unwrap().parse::<usize>().unwrap()).sum()
    };
    assert_eq!((sum(0), sum(1), sum(2)), (100, 100 * (PROCESSES - 1), 0));
}

#[test]
fn the_token_is_in_one_private_file_and_in_no_file_name() {
    let directory = TempDir::new();
    let sandbox = Sandbox::start().unwrap();
    let client = Client::builder(sandbox.api_key(), sandbox.api_secret())
        .base_url(sandbox.base_url())
        .store(FileStore::open(directory.path()).unwrap())
        .build()
        .unwrap();
    let token = client.access_token().unwrap();
    let mut holding = 0;
    for file in files(directory.path()) {
        let name = file.display().to_string();
        assert!(!name.contains(token.expose()) && !name.contains(sandbox.api_key()), "{name}");
        #[cfg(unix)]
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        holding += usize::from(fs::read_to_string(&file).unwrap().contains(token.expose()));
    }
    assert_eq!(holding, 1);
    assert!(!format!("{client:?}").contains(token.expose()));
}

#[test]
fn a_directory_that_vanishes_fails_no_call() {
    let directory = TempDir::new();
    let mut fleet = Fleet::with_token_lifetime(Duration::from_secs(1_000), &["file", directory.text()]);
    fleet.workers.truncate(1);
    // A worker that replies has opened its store.
    assert_eq!(fleet.run("warnings"), ["0 0"]);
    fs::remove_dir_all(directory.path()).unwrap();
    let counts = fleet.counted(|fleet| fleet.calls(5));
    assert_eq!((counts.tokens, counts.failed), (1, 0));
    assert_eq!(fleet.run("warnings"), ["1 0"], "reported once");
}

fn files(directory: &Path) -> Vec<std::path::PathBuf> {
    fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_file()).collect()
}
