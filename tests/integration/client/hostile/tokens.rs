//! Access tokens that cannot be used.

use std::time::Instant;

use keysecure::{ErrorKind, Outcome};
use keysecure_tests::{MockResponse, MockServer, envelope};

use super::{TIMEOUT, client_of, mutate};

#[test]
fn a_token_that_cannot_be_a_header_value_is_refused() {
    for data in [
        r#"{"access_token":"a\r\nX-Evil: b","expired_time":4763800000000}"#,
        r#"{"access_token":"","expired_time":4763800000000}"#,
        r#"{"access_token":"a b","expired_time":4763800000000}"#,
        r#"{"access_token":"é","expired_time":4763800000000}"#,
        r#"{"access_token":"good","expired_time":"soon"}"#,
        r#"{"access_token":"good"}"#,
        r#"{"access_token":["good"],"expired_time":4763800000000}"#,
        r#"{"access_token":"good","expired_time":1e400}"#,
    ] {
        let server = MockServer::start(move |_| MockResponse::Keep(envelope(data))).unwrap();
        let error = mutate(&client_of(&server)).unwrap_err();
        assert_eq!((error.kind(), error.outcome()), (ErrorKind::InvalidResponse, Outcome::NotSent), "{data}: {error}");
        assert!(server.requests().is_empty(), "the transfer was never sent");
    }
}

#[test]
fn a_token_that_expired_or_never_expires_causes_no_loop() {
    for expired_time in ["0", "-1", "1", "9223372036854775807", "-9223372036854775808"] {
        let server = MockServer::start(move |request| {
            if request.target.ends_with("/merchant/token") {
                MockResponse::Keep(envelope(&format!(r#"{{"access_token":"good","expired_time":{expired_time}}}"#)))
            } else {
                MockResponse::Keep(envelope(r#"{"transfer_no":"1"}"#))
            }
        })
        .unwrap();
        let client = client_of(&server);
        let started = Instant::now();
        for _ in 0..3 {
            match mutate(&client) {
                Ok(moved) => assert_eq!(moved.transfer_no, "1"),
                Err(error) => assert_eq!(error.outcome(), Outcome::NotSent, "{expired_time}: {error}"),
            }
        }
        assert!(server.requests().len() <= 3, "{expired_time}");
        assert!(started.elapsed() < TIMEOUT, "{expired_time}");
    }
}
