//! When an exchange fails, its connection is reset, so that the system never delivers an abandoned request later.

use std::io::{ErrorKind as Io, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
#[cfg(target_os = "linux")]
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
#[cfg(target_os = "linux")]
use std::time::Instant;
use std::time::{Duration, SystemTime};

use keysecure::{Client, Clock, ErrorKind, Interrupted, Json, Method, Outcome, SystemClock, TransportFault};
use keysecure_tests::{envelope, read_request};

/// A listener whose connections the test serves itself.
struct Server(TcpListener);

impl Server {
    fn start() -> Self {
        Self(TcpListener::bind("127.0.0.1:0").unwrap())
    }

    fn base_url(&self) -> String {
        format!("http://{}", self.0.local_addr().unwrap())
    }

    fn accept(&self) -> TcpStream {
        let stream = self.0.accept().unwrap().0;
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        stream
    }

    /// Accepts a connection, sends a token on it, and waits for the first bytes of the next request.
    fn accept_with_token(&self) -> TcpStream {
        let mut stream = self.accept();
        read_request(&mut stream, &mut Vec::new()).unwrap();
        let token = envelope(r#"{"access_token":"a-token","expired_time":4763800000000}"#);
        stream.write_all(&token).unwrap();
        stream.peek(&mut [0]).unwrap();
        stream
    }
}

/// Reads to the end of the connection; returns the number of bytes and how the connection ended.
fn rest(stream: &mut TcpStream) -> (usize, Option<Io>) {
    let (mut delivered, mut buffer) = (0, vec![0; 1 << 20]);
    loop {
        match stream.read(&mut buffer) {
            Ok(0) => return (delivered, None),
            Ok(count) => delivered += count,
            Err(error) => return (delivered, Some(error.kind())),
        }
    }
}

fn call(client: &Client, size: usize) -> Result<Json, keysecure::Error> {
    let body: Json = Json::new(&format!(r#"{{"id":"{}"}}"#, "x".repeat(size))).unwrap();
    client.call(Method::Post, "/v1/echo", Some(&body))
}

/// More than the buffers of both sides hold.
const LARGE: usize = 64 << 20;

/// How the clock ends a call.
enum ClockEnd {
    Interrupts,
    Panics,
}

/// A clock that ends the first call that is polled fifty times.
struct EndingClock(SystemClock, AtomicU32, ClockEnd);

impl Clock for EndingClock {
    fn now(&self) -> SystemTime {
        self.0.now()
    }

    fn monotonic(&self) -> Duration {
        self.0.monotonic()
    }

    fn sleep(&self, duration: Duration) -> Result<(), Interrupted> {
        self.0.sleep(duration)
    }

    fn longest_wait(&self) -> Option<Duration> {
        Some(Duration::from_millis(20))
    }

    fn between_waits(&self) -> Result<(), Interrupted> {
        if self.1.fetch_add(1, Ordering::SeqCst) < 50 {
            return Ok(());
        }
        match self.2 {
            ClockEnd::Interrupts => Err(Interrupted),
            ClockEnd::Panics => std::panic::resume_unwind(Box::new("a foreign panic")),
        }
    }
}

#[test]
fn a_request_without_a_response_is_reset() {
    for size in [10, LARGE] {
        let server = Server::start();
        let builder = Client::builder("key", "0123456789abcdef").base_url(server.base_url()).max_retries(0);
        let client = builder.timeout(Duration::from_millis(1_500)).build().unwrap();
        let calling = std::thread::spawn(move || call(&client, size).unwrap_err());
        let mut stream = server.accept_with_token();
        let error = calling.join().unwrap();
        assert_eq!((error.kind(), error.outcome()), (ErrorKind::Timeout, Outcome::Unknown), "{error}");
        let (delivered, end) = rest(&mut stream);
        assert_eq!(end, Some(Io::ConnectionReset), "{size}: after {delivered} bytes");
        assert!(size < LARGE || delivered < size, "{delivered}");
    }
}

#[test]
fn an_interrupted_request_is_reset() {
    for size in [10, LARGE] {
        let server = Server::start();
        let clock = Arc::new(EndingClock(SystemClock::new(), AtomicU32::new(0), ClockEnd::Interrupts));
        let client = Client::builder("key", "0123456789abcdef").base_url(server.base_url()).clock(clock);
        let client = client.build().unwrap();
        let calling = std::thread::spawn(move || call(&client, size).unwrap_err());
        let mut stream = server.accept_with_token();
        let error = calling.join().unwrap();
        assert_eq!(error.transport_fault(), Some(TransportFault::Interrupted), "{error}");
        assert_eq!((error.outcome(), error.attempts()), (Outcome::Unknown, 1), "{error}");
        let (delivered, end) = rest(&mut stream);
        assert_eq!(end, Some(Io::ConnectionReset), "{size}: after {delivered} bytes");
        assert!(size < LARGE || delivered < size, "{delivered}");
    }
}

#[test]
fn a_request_whose_thread_panics_is_reset() {
    let server = Server::start();
    let clock = Arc::new(EndingClock(SystemClock::new(), AtomicU32::new(0), ClockEnd::Panics));
    let client = Client::builder("key", "0123456789abcdef").base_url(server.base_url()).clock(clock).build().unwrap();
    let calling = std::thread::spawn(move || call(&client, 10));
    let mut stream = server.accept_with_token();
    calling.join().unwrap_err();
    assert_eq!(rest(&mut stream).1, Some(Io::ConnectionReset));
}

#[test]
fn an_idle_connection_is_closed_gracefully() {
    let server = Server::start();
    let client = Client::builder("key", "0123456789abcdef").base_url(server.base_url()).build().unwrap();
    let calling = std::thread::spawn(move || {
        call(&client, 10).unwrap();
        drop(client);
    });
    let mut stream = server.accept_with_token();
    read_request(&mut stream, &mut Vec::new()).unwrap();
    stream.write_all(&envelope("{}")).unwrap();
    calling.join().unwrap();
    assert_eq!(rest(&mut stream), (0, None));
}

#[cfg(target_os = "linux")]
#[test]
fn a_process_killed_in_mid_request_leaves_a_reset() {
    for size in ["10", "100000"] {
        let server = Server::start();
        let mut worker = Command::new(env!("CARGO_BIN_EXE_call_worker"))
            .args([&server.base_url(), "60000", "call", size])
            .spawn()
            .unwrap();
        let mut stream = server.accept_with_token();
        worker.kill().unwrap();
        worker.wait().unwrap();
        let (delivered, end) = rest(&mut stream);
        assert_eq!(end, Some(Io::ConnectionReset), "{size}: after {delivered} bytes");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_request_is_reset_although_a_forked_child_holds_its_connection() {
    let server = Server::start();
    let worker = Command::new(env!("CARGO_BIN_EXE_call_worker"))
        .args([&server.base_url(), "1500", "fork-in-call"])
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let mut stream = server.accept_with_token();
    let start = Instant::now();
    assert_eq!(rest(&mut stream).1, Some(Io::ConnectionReset));
    // The child sleeps for eight seconds.
    assert!(start.elapsed() < Duration::from_secs(6), "{:?}", start.elapsed());
    assert!(!worker.wait_with_output().unwrap().status.success(), "the call ran out of time");
}
