//! Processes that share a real Redis, which the test starts on a free port of loopback.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use keysecure::{OnStoreFailure, RedisStore, Rejection, ReplayStore, StoreUnavailable, TokenStore, WebhookVerifier};
use keysecure_tests::free_address;

use crate::file::one_accepts_each;
use crate::workers::{Fleet, TempDir, made};
use crate::{assert_calm, planned_renewals, sudden_expiries};

/// A Redis server without persistence. It is stopped when it is dropped.
pub struct Server {
    child: Child,
    port: u16,
    directory: TempDir,
}

impl Server {
    /// Starts a server. `None`, with a note on standard error, without `redis-server` on this machine; in CI a failure.
    pub fn start() -> Option<Self> {
        let missing = Command::new("redis-server").arg("--version").stdout(Stdio::null()).status().is_err();
        if missing {
            let ci = std::env::var_os("CI").is_some_and(|value| !value.is_empty());
            assert!(!ci, "redis-server is not installed");
            eprintln!("SKIPPED: redis-server is not installed");
            return None;
        }
        let port = free_address().port();
        let directory = TempDir::new();
        std::fs::create_dir(directory.path()).unwrap();
        Some(Self { child: launch(port, &directory), port, directory })
    }

    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}/", self.port)
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    pub fn stop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    pub fn start_again(&mut self) {
        self.child = launch(self.port, &self.directory);
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn launch(port: u16, directory: &TempDir) -> Child {
    let child = Command::new("redis-server")
        .args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"])
        .args(["--dir", directory.text()])
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let end = Instant::now() + Duration::from_secs(10);
    while !replies(port) {
        assert!(Instant::now() < end, "redis-server does not reply");
        std::thread::sleep(Duration::from_millis(10));
    }
    child
}

fn replies(port: u16) -> bool {
    let ask = || -> std::io::Result<bool> {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
        stream.set_read_timeout(Some(Duration::from_secs(1)))?;
        stream.write_all(b"PING\r\n")?;
        let mut reply = [0; 5];
        stream.read_exact(&mut reply)?;
        Ok(reply == *b"+PONG")
    };
    ask().unwrap_or(false)
}

#[test]
fn with_redis_one_token_is_fetched_for_each_expiry() {
    let Some(server) = Server::start() else { return };
    assert_calm(&sudden_expiries("redis", &["redis", &server.url(), "10000"]));
    assert_calm(&planned_renewals("redis", &["redis", &server.url(), "10000"]));
}

#[test]
fn a_worker_killed_with_the_lease_delays_others_by_the_lease_only() {
    let Some(server) = Server::start() else { return };
    let mut fleet = Fleet::with_a_stalled_holder(&["redis", &server.url(), "1000"]);
    drop(fleet.workers.remove(0));
    let begin = Instant::now();
    let counts = fleet.counted(|fleet| fleet.calls(5));
    assert_eq!((counts.tokens, counts.failed), (1, 0));
    assert!(begin.elapsed() < Duration::from_secs(15), "they waited for the lease and no longer");
}

#[test]
fn a_redis_that_is_stopped_and_restarted_fails_no_call() {
    let Some(mut server) = Server::start() else { return };
    let mut fleet = Fleet::with_token_lifetime(Duration::from_secs(30), &["redis", &server.url(), "10000"]);
    fleet.calls(2);
    let mut longest = Duration::ZERO;
    let counts = fleet.counted(|fleet| {
        fleet.send("calls 100");
        server.stop();
        fleet.sandbox.advance(Duration::from_secs(45));
        let made = made(&fleet.receive());
        longest = made.longest;
        assert!(longest < Duration::from_secs(32), "a call is not delayed past its timeout: {made:?}");
        made
    });
    eprintln!("FIGURES redis is stopped in mid-run of 3200 calls: {counts:?}, longest call {longest:?}");
    assert_eq!(counts.failed, 0, "{counts:?}");
    assert!(fleet.run("warnings").iter().all(|counts| counts.as_str() == "1 0"), "each reported it once");

    server.start_again();
    // A client does not use a Redis for a second after a failure.
    std::thread::sleep(Duration::from_millis(1_100));
    fleet.sandbox.advance(Duration::from_secs(45));
    assert_eq!(fleet.calls(10).failed, 0);
    assert!(fleet.run("warnings").iter().all(|counts| counts.as_str() == "1 1"), "and once that it is available again");
    fleet.sandbox.advance(Duration::from_secs(45));
    assert_calm(&[fleet.counted(|fleet| fleet.calls(10))]);
}

#[test]
fn of_many_processes_with_one_webhook_one_accepts_it() {
    let Some(server) = Server::start() else { return };
    let mut fleet = Fleet::with_token_lifetime(Duration::from_secs(1_000), &["redis", &server.url(), "10000"]);
    one_accepts_each(&mut fleet);
}

#[test]
fn without_its_redis_a_webhook_is_rejected_unless_configured_otherwise() {
    let Some(mut server) = Server::start() else { return };
    let guarded = |when| {
        let store = Arc::new(RedisStore::open(server.url()).unwrap());
        WebhookVerifier::new("app", ["secret"]).unwrap().replay_guard(store, when)
    };
    let (strict, lax) = (guarded(OnStoreFailure::Reject), guarded(OnStoreFailure::Accept));
    let body = br#"{"id":"1","action":"Auth","data":{"card_no":"1"}}"#;
    let headers = strict.sign_for_tests(SystemTime::now(), body).unwrap();
    let verify = |verifier: &WebhookVerifier| {
        verifier.verify(headers.iter().map(|(name, value)| (*name, value)), body).map(|_| ())
    };
    verify(&strict).unwrap();
    assert_eq!(verify(&strict).unwrap_err().rejection(), Some(Rejection::Replayed));
    assert_eq!(verify(&lax).unwrap_err().rejection(), Some(Rejection::Replayed), "it is the same Redis");
    server.stop();
    assert_eq!(verify(&strict).unwrap_err().rejection(), Some(Rejection::ReplayStoreUnavailable));
    verify(&lax).unwrap();
}

#[test]
fn a_webhook_that_one_worker_could_not_handle_is_new_for_another() {
    let Some(server) = Server::start() else { return };
    let worker = || {
        let store = Arc::new(RedisStore::open(server.url()).unwrap());
        WebhookVerifier::new("app", ["secret"]).unwrap().replay_guard(store, OnStoreFailure::Reject)
    };
    let (one, other) = (worker(), worker());
    let body = br#"{"id":"1","action":"Card_update","data":{"card_no":"1","after_status":"Frozen"}}"#;
    let headers = one.sign_for_tests(SystemTime::now(), body).unwrap();
    let claim = |worker: &WebhookVerifier| worker.claim(headers.clone(), body).map_err(|error| error.rejection());
    let (_, failing) = claim(&one).unwrap();
    assert_eq!(claim(&other).unwrap_err(), Some(Rejection::InProgress));
    drop(failing);
    let (_, handled) = claim(&other).unwrap();
    handled.finish().unwrap();
    assert_eq!(claim(&one).unwrap_err(), Some(Rejection::Replayed));
}

#[test]
fn a_connection_that_redis_closed_is_replaced_without_a_failure() {
    let Some(mut server) = Server::start() else { return };
    let store = RedisStore::open(server.url()).unwrap();
    assert_eq!(store.insert("a", "", Duration::from_secs(60)), Ok(None));
    server.stop();
    server.start_again();
    assert_eq!(store.insert("a", "", Duration::from_secs(60)), Ok(None), "this Redis keeps nothing");
    assert_eq!(store.insert("a", "x", Duration::from_secs(60)), Ok(Some(String::new())));
}

#[test]
fn a_redis_that_does_not_respond_costs_its_time_out_once_a_second() {
    // It accepts connections, by its backlog, and never responds.
    let mute = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let url = format!("redis://:hunter2@{}/", mute.local_addr().unwrap());
    let store = RedisStore::open(url).unwrap().timeout(Duration::from_secs(3));
    let begin = Instant::now();
    assert_eq!(store.load("slot", Duration::from_millis(50)), Err(StoreUnavailable), "less time than usual");
    assert!(begin.elapsed() < Duration::from_secs(2), "{:?}", begin.elapsed());
    for _ in 0..50 {
        assert_eq!(store.insert("a", "", Duration::from_secs(60)), Err(StoreUnavailable));
    }
    // With a timeout for every call it would take 150 s.
    assert!(begin.elapsed() < Duration::from_secs(15), "{:?}", begin.elapsed());
    assert!(!format!("{store:?}").contains("hunter2"));
}

#[test]
fn a_url_that_cannot_be_used_is_a_config_error_that_does_not_show_it() {
    for url in ["", "redis", "http://:hunter2@host/", "redis://:hunter2@host:port/", "rediss://:hunter2@host/"] {
        let error = RedisStore::open(url).unwrap_err();
        assert!(!format!("{error} {error:?}").contains("hunter2"));
    }
}

#[test]
fn a_lock_is_released_by_its_holder_only() {
    let Some(server) = Server::start() else { return };
    let within = Duration::from_secs(1);
    let store = RedisStore::open(server.url()).unwrap().lease(Duration::from_millis(100));
    let late = store.try_lock("slot", within).unwrap().unwrap();
    assert!(store.try_lock("slot", within).unwrap().is_none());
    std::thread::sleep(Duration::from_millis(150));
    let next = store.clone().lease(Duration::from_secs(60)).try_lock("slot", within).unwrap().unwrap();
    late.release(within);
    assert!(store.try_lock("slot", within).unwrap().is_none(), "it is the next one's");
    next.release(within);
    assert!(store.try_lock("slot", within).unwrap().is_some());
}
