//! How the attempts of a call share its timeout.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use keysecure::{ErrorKind, Outcome};
use keysecure_tests::{MockResponse, MockServer, TestClock, envelope, http};

use super::{ALL, MUTATIONS, READ, builder, read, transfer};

#[test]
fn a_read_survives_a_connection_that_is_silent() {
    let count = AtomicUsize::new(0);
    let server = MockServer::platform(move |_| match count.fetch_add(1, Ordering::SeqCst) {
        0 => MockResponse::Hold(Vec::new(), Duration::from_secs(30)),
        _ => MockResponse::Keep(envelope(ALL)),
    })
    .unwrap();
    let client = builder(&server).timeout(Duration::from_secs(4)).build().unwrap();
    client.access_token().unwrap();
    assert_eq!(read(&client).unwrap().card_no, "17");
    assert_eq!(server.requests().len(), 2);
}

#[test]
fn the_last_attempt_of_a_read_may_take_all_remaining_time() {
    let server = MockServer::platform(|_| MockResponse::Delayed(Duration::from_millis(1200), envelope(ALL))).unwrap();
    let client = builder(&server).timeout(Duration::from_secs(2)).max_retries(0).build().unwrap();
    read(&client).unwrap();
    // A mutation has one attempt only.
    let client = builder(&server).timeout(Duration::from_secs(2)).build().unwrap();
    transfer(&client).unwrap();
    assert_eq!(server.requests().len(), 2);
}

#[test]
fn no_wait_starts_that_would_pass_the_deadline() {
    let response = http("200 OK", &["Retry-After: 3600"], br#"{"code":1009,"msg":"slow down"}"#);
    for call in MUTATIONS.into_iter().chain([READ]) {
        let response = response.clone();
        let server = MockServer::platform(move |_| MockResponse::Keep(response.clone())).unwrap();
        let clock = Arc::new(TestClock::virtual_sleeps(None));
        let error = call.1(&builder(&server).clock(clock.clone()).build().unwrap()).unwrap_err();
        assert_eq!((error.kind(), error.outcome()), (ErrorKind::RateLimit, Outcome::Rejected), "{error}");
        assert_eq!(error.retry_after(), Some(Duration::from_secs(3600)));
        assert_eq!((server.requests().len(), clock.sleeps()), (1, vec![]), "{error}");
    }
}
