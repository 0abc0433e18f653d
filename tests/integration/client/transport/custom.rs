//! Transports, observers and clocks of the caller.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Barrier};
use std::time::{Duration, Instant};

use keysecure::{Client, ErrorKind, Method, Outcome, Request, Response, Transport, TransportError, TransportFault};
use keysecure_tests::{TestClock, TestEnv};

use super::{KEY, purchase};

type Respond = dyn Fn(usize, &Request<'_>) -> Result<Response, TransportError> + Send + Sync;

/// A transport that responds as the test says and counts the requests.
struct MockTransport {
    success: Box<Respond>,
    sent: AtomicUsize,
}

impl MockTransport {
    fn new(
        success: impl Fn(usize, &Request<'_>) -> Result<Response, TransportError> + Send + Sync + 'static,
    ) -> Arc<Self> {
        Arc::new(Self { success: Box::new(success), sent: AtomicUsize::new(0) })
    }

    fn client(self: &Arc<Self>) -> Client {
        Client::builder(KEY.0, KEY.1)
            .transport(self.clone())
            .clock(Arc::new(TestClock::virtual_sleeps(None)))
            .timeout(Duration::from_secs(5))
            .build()
            .unwrap()
    }
}

impl Transport for MockTransport {
    fn send(&self, request: &Request<'_>) -> Result<Response, TransportError> {
        let number = self.sent.fetch_add(1, Ordering::SeqCst);
        (self.success)(number, request)
    }
}

#[allow(clippy::unnecessary_wraps)] // the return type of `Transport::send`
fn success(data: &str) -> Result<Response, TransportError> {
    let body = format!(r#"{{"code":0,"data":{data}}}"#).into_bytes();
    Ok(Response { status: 200, date: None, retry_after: None, content_type: None, location: None, body: body.into() })
}

fn token() -> Result<Response, TransportError> {
    success(r#"{"access_token":"transport-token","expired_time":4763800000000}"#)
}

fn is_token(request: &Request<'_>) -> bool {
    request.url.ends_with("/merchant/token")
}

#[test]
fn a_custom_transport_is_retried_only_when_nothing_was_sent() {
    for fault in [
        TransportFault::Timeout,
        TransportFault::Dns,
        TransportFault::Connect,
        TransportFault::Tls,
        TransportFault::Proxy,
        TransportFault::Closed,
        TransportFault::Other,
    ] {
        let unsent = MockTransport::new(move |number, _| {
            if number < 2 { Err(TransportError::not_sent(fault)) } else { success(r#"{"consume_no":"99"}"#) }
        });
        assert_eq!(unsent.client().simulation().auth(&purchase()).unwrap().consume_no.as_deref(), Some("99"));
        assert_eq!(unsent.sent.load(Ordering::SeqCst), 3, "{fault:?}");
        let maybe = MockTransport::new(move |_, _| Err(TransportError::maybe_sent(fault)));
        let error = maybe.client().simulation().auth(&purchase()).unwrap_err();
        assert_eq!((error.outcome(), error.attempts()), (Outcome::Unknown, 1), "{fault:?}");
        assert_eq!(maybe.sent.load(Ordering::SeqCst), 1, "{fault:?}");
    }
}

#[test]
fn a_read_that_was_sent_once_is_not_called_not_sent() {
    let transport = MockTransport::new(|number, request| match number {
        _ if is_token(request) => token(),
        1 => Err(TransportError::maybe_sent(TransportFault::Closed)),
        _ => Err(TransportError::not_sent(TransportFault::Connect)),
    });
    let error = transport.client().cards().get("17").unwrap_err();
    assert_eq!((error.outcome(), error.attempts()), (Outcome::Unknown, 3), "{error}");
}

#[test]
fn a_custom_transport_gets_the_request_and_its_limits() {
    let transport = MockTransport::new(|_, request| {
        assert!(request.timeout <= Duration::from_secs(5) && !request.timeout.is_zero());
        assert!(request.connect_timeout <= request.timeout);
        assert_eq!(request.max_response_bytes, 8 << 20);
        assert!(request.url.starts_with("https://sandbox-openplatform.keysecure.io/open-api/v1/"), "{}", request.url);
        let header = |name: &str| request.headers.iter().filter(|(key, _)| *key == name).count();
        assert_eq!((header("Content-Type"), header("Api-Key"), header("Timestamp")), (1, 1, 1));
        if is_token(request) {
            assert_eq!((request.method, request.body, header("Access-Token")), (Method::Get, &b""[..], 0));
            return token();
        }
        assert_eq!((request.method, header("Access-Token")), (Method::Post, 1));
        assert_eq!(request.body, br#"{"card_no":"17","status":"Frozen"}"#);
        success(r#"{"result":true}"#)
    });
    transport.client().cards().freeze("17").unwrap();
    assert_eq!(transport.sent.load(Ordering::SeqCst), 2);
}

const CALLERS: usize = 8;

#[test]
fn a_transport_that_panics_hangs_no_other_thread_and_the_client_recovers() {
    for in_token in [true, false] {
        let broken = Arc::new(AtomicBool::new(true));
        let still_broken = Arc::clone(&broken);
        let transport = MockTransport::new(move |_, request| {
            std::thread::sleep(Duration::from_millis(10));
            assert!(is_token(request) != in_token || !still_broken.load(Ordering::SeqCst), "a foreign panic");
            if is_token(request) { token() } else { success(r#"{"result":true}"#) }
        });
        let client = transport.client();
        let started = Instant::now();
        let start = Barrier::new(CALLERS);
        std::thread::scope(|scope| {
            let threads: Vec<_> = (0..CALLERS)
                .map(|_| {
                    scope.spawn(|| {
                        start.wait();
                        client.cards().freeze("17")
                    })
                })
                .collect();
            for thread in threads {
                // A panic propagates in the thread of its call; the other calls end with errors.
                if let Ok(result) = thread.join() {
                    result.unwrap_err();
                }
            }
        });
        assert!(started.elapsed() < Duration::from_secs(5), "{:?}", started.elapsed());
        broken.store(false, Ordering::SeqCst);
        client.cards().freeze("17").unwrap();
    }
}

#[test]
fn an_observer_and_a_clock_that_panic_hang_no_other_thread() {
    struct Panics(AtomicUsize);
    impl keysecure::Observer for Panics {
        fn attempt(&self, _: &keysecure::AttemptRecord) {
            assert!(self.0.fetch_add(1, Ordering::SeqCst) >= 3, "a foreign panic");
        }
    }
    let env = TestEnv::credit().unwrap();
    let client = env.builder().observer(Arc::new(Panics(AtomicUsize::new(0)))).build().unwrap();
    let started = Instant::now();
    std::thread::scope(|scope| {
        let threads: Vec<_> =
            (0..8).map(|_| scope.spawn(|| client.accounts().get(&env.cardholder_no).map(drop))).collect();
        let panicked = threads.into_iter().map(std::thread::ScopedJoinHandle::join).filter(Result::is_err).count();
        assert_eq!(panicked, 3);
    });
    assert!(started.elapsed() < Duration::from_secs(5));
    client.accounts().get(&env.cardholder_no).unwrap();
}

#[test]
fn a_slow_token_delays_waiting_threads_by_their_own_timeout_at_most() {
    let transport = MockTransport::new(|_, request| {
        if is_token(request) {
            std::thread::sleep(Duration::from_millis(1_500));
        }
        token()
    });
    let client =
        Client::builder(KEY.0, KEY.1).transport(transport.clone()).timeout(Duration::from_millis(200)).build().unwrap();
    let started = Instant::now();
    std::thread::scope(|scope| {
        let leader = scope.spawn(|| client.cards().freeze("17"));
        while transport.sent.load(Ordering::SeqCst) == 0 {
            std::thread::yield_now();
        }
        let error = client.cards().freeze("17").unwrap_err();
        assert_eq!((error.kind(), error.outcome()), (ErrorKind::Timeout, Outcome::NotSent), "{error}");
        // This transport ignores its timeout; the thread that uses it waits for it.
        assert!(!leader.is_finished());
        let _ = leader.join().unwrap();
    });
    assert!(started.elapsed() < Duration::from_secs(5));
}
