//! Connection failures: the error names the cause, and no failure is a panic.

use std::net::TcpListener;
#[cfg(target_os = "linux")]
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use keysecure::{Client, Error, ErrorKind, Method, Outcome, TransportFault};
use keysecure_tests::{TestClock, free_address};

#[cfg(target_os = "linux")]
use super::own_process::{in_own_process, test_path};

fn error_of(base_url: &str) -> Error {
    let client = Client::builder("key", "0123456789abcdef")
        .base_url(base_url)
        .clock(Arc::new(TestClock::virtual_sleeps(None)))
        .timeout(Duration::from_secs(20))
        .connect_timeout(Duration::from_millis(500))
        .build()
        .unwrap();
    client.call(Method::Post, "/v1/x", None).map(drop).unwrap_err()
}

#[test]
fn a_port_where_nobody_listens_refuses() {
    let error = error_of(&format!("http://{}", free_address()));
    assert_eq!((error.outcome(), error.transport_fault()), (Outcome::NotSent, Some(TransportFault::Connect)));
    assert!(error.to_string().contains("could not be made: it was refused"), "{error}");
}

#[test]
fn a_host_that_does_not_exist_is_not_found() {
    let error = error_of("https://no-such-host.invalid");
    assert_eq!((error.outcome(), error.transport_fault()), (Outcome::NotSent, Some(TransportFault::Dns)), "{error}");
    assert!(error.to_string().contains("the host no-such-host.invalid was not found"), "{error}");
}

#[test]
fn a_host_that_accepts_no_connection_times_out() {
    // A full accept queue: the system accepts no further connection.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    socket2::SockRef::from(&listener).listen(0).unwrap();
    let _waiting: Vec<_> =
        (0..8).map(|_| std::net::TcpStream::connect_timeout(&address, Duration::from_millis(100))).collect();
    let error = error_of(&format!("http://{address}"));
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::Timeout, Outcome::NotSent), "{error}");
    assert!(error.to_string().contains("while connecting"), "{error}");
}

/// Runs a test of this module in a process with fewer resources; true inside of that process.
#[cfg(target_os = "linux")]
fn limited(test: &str, limits: &[&str]) -> bool {
    if Command::new("prlimit").arg("--version").output().is_err() {
        eprintln!("skipped: there is no prlimit");
        return false;
    }
    // A copy, because another user may not be allowed to run the program where it is.
    let copy = std::env::temp_dir().join(format!("keysecure-limited-{}-{test}", std::process::id()));
    let inside = in_own_process(&test_path(module_path!(), test), |program| {
        std::fs::copy(program, &copy).unwrap();
        let (first, rest) = limits.split_first().unwrap();
        let mut command = Command::new(first);
        command.args(rest).arg(&copy).current_dir("/");
        command
    });
    if !inside {
        std::fs::remove_file(&copy).unwrap();
    }
    inside
}

#[cfg(target_os = "linux")]
#[test]
fn without_threads_a_host_name_is_an_error_and_no_panic() {
    // The limit does not apply to root.
    let as_nobody = ["setpriv", "--reuid", "65534", "--clear-groups", "prlimit", "--nproc=1"];
    let is_root = Command::new("id").arg("-u").output().is_ok_and(|output| output.stdout == b"0\n");
    let by = if is_root { &as_nobody[..] } else { &as_nobody[4..] };
    if !limited("without_threads_a_host_name_is_an_error_and_no_panic", by) {
        return;
    }
    assert!(std::thread::Builder::new().spawn(|| ()).is_err(), "the limit does not hold");
    let error = error_of("https://localhost:1");
    assert_eq!((error.outcome(), error.transport_fault()), (Outcome::NotSent, Some(TransportFault::Connect)));
    assert!(error.to_string().contains("no thread could be started"), "{error}");
    // An address needs no thread.
    assert!(error_of("https://127.0.0.1:1").to_string().contains("refused"));
}

#[cfg(target_os = "linux")]
#[test]
fn without_file_descriptors_the_error_says_so() {
    if !limited("without_file_descriptors_the_error_says_so", &["prlimit", "--nofile=40"]) {
        return;
    }
    let mut held = Vec::new();
    while let Ok(file) = std::fs::File::open("/dev/null") {
        held.push(file);
    }
    let error = error_of("https://127.0.0.1:1");
    drop(held);
    assert_eq!((error.outcome(), error.transport_fault()), (Outcome::NotSent, Some(TransportFault::Connect)));
    assert!(error.to_string().contains("no file descriptors"), "{error}");
}
