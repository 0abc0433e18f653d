//! Two processes that share a directory.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::sync::{Arc, Mutex};
use std::time::UNIX_EPOCH;
use std::time::{Duration, SystemTime};

use keysecure::FileStore;
use keysecure::{Decision, OnStoreFailure, ReplayStore, Responder};

use super::{body, verifier};

const DIRECTORY: &str = "KEYSECURE_TESTS_PURCHASES";
const PURCHASES: usize = 20;

fn start(directory: &Path, name: &str) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", "webhooks::purchases::processes::a_worker"])
        .env(DIRECTORY, directory)
        .env("KEYSECURE_TESTS_NAME", name)
        .spawn()
        .unwrap()
}

fn lines(directory: &Path, ending: &str) -> Vec<String> {
    let files = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    let texts =
        files.filter(|path| path.to_str().unwrap().ends_with(ending)).map(|path| fs::read_to_string(path).unwrap());
    texts.flat_map(|text| text.lines().map(str::to_owned).collect::<Vec<_>>()).collect()
}

#[test]
fn two_processes_that_share_a_directory_decide_each_purchase_once() {
    let directory = std::env::temp_dir().join(format!("keysecure-purchases-{}", std::process::id()));
    fs::create_dir_all(&directory).unwrap();
    let workers = ["one", "two"].map(|name| start(&directory, name));
    fs::write(directory.join("go"), "").unwrap();
    for mut worker in workers {
        assert!(worker.wait().unwrap().success());
    }
    let mut decided = lines(&directory, ".decided");
    decided.sort();
    let expected: Vec<String> = (0..PURCHASES).map(|number| format!("c-{number:02}")).collect();
    assert_eq!(decided, expected, "each purchase is decided by one of them, once");
    let mut replies = lines(&directory, ".replies");
    replies.sort();
    assert_eq!(replies.len(), 2 * PURCHASES);
    assert!(replies.chunks(2).all(|pair| pair[0] == pair[1]), "{replies:?}");
    fs::remove_dir_all(&directory).unwrap();
}

#[test]
#[ignore = "a part of two_processes_that_share_a_directory_decide_each_purchase_once, which starts it"]
fn a_worker() {
    let directory = PathBuf::from(std::env::var(DIRECTORY).unwrap());
    let name = std::env::var("KEYSECURE_TESTS_NAME").unwrap();
    let file = |ending: &str| {
        let path = directory.join(format!("{name}.{ending}"));
        Mutex::new(fs::OpenOptions::new().create(true).append(true).open(path).unwrap())
    };
    let write = |file: &Mutex<fs::File>, line: &str| {
        use std::io::Write as _;
        writeln!(file.lock().unwrap(), "{line}").unwrap();
    };
    let store: Arc<dyn ReplayStore> = Arc::new(FileStore::open(directory.join("store")).unwrap());
    let verifier = verifier(&store, OnStoreFailure::Reject);
    let (decided, replies) = (file("decided"), file("replies"));
    let responder = Responder::new(move |purchase| {
        write(&decided, &purchase.consume_no);
        std::thread::sleep(Duration::from_millis(20));
        if purchase.consume_no.ends_with('3') { Decision::Decline("no".into()) } else { Decision::Approve }
    });
    while !directory.join("go").exists() {
        std::thread::sleep(Duration::from_millis(1));
    }
    for number in 0..PURCHASES {
        let consume_no = format!("c-{number:02}");
        // One process signs even milliseconds and the other odd ones, so that neither is a replay.
        let millis =
            SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis() / 2 * 2 + u128::from(name == "two");
        let at = UNIX_EPOCH + Duration::from_millis(millis.try_into().unwrap());
        let body = body(&consume_no);
        let headers = verifier.sign_for_tests(at, body.as_bytes()).unwrap();
        let reply = responder.respond(&verifier.verify(headers, body.as_bytes()).unwrap());
        write(&replies, &format!("{consume_no} {reply}"));
    }
}
