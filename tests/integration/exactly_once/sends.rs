//! How often a call sends, and what its error says after an attempt whose outcome is unknown.

use std::time::Duration;

use keysecure::{EnsureOptions, Error, ErrorKind, Outcome, Store};

use super::mock_platform::{Fate, Platform, State, row};
use super::top_up;

fn options() -> EnsureOptions {
    let settle = Some(Duration::from_secs(10));
    EnsureOptions { settle, deadline: Some(Duration::from_secs(600)), ..EnsureOptions::first_attempt() }
}

fn failure(platform: &Platform) -> Error {
    let client = platform.builder().store(Store::memory()).build().unwrap();
    client.accounts().ensure_transfer(&top_up("Pay-1"), &options()).unwrap_err()
}

#[test]
fn requests_that_are_lost_are_sent_three_times_at_most() {
    let platform = State::new(std::iter::repeat_n(Fate::Lost, 10)).start();
    let error = failure(&platform);
    assert_eq!((error.outcome(), error.attempts()), (Outcome::Unknown, 3), "{error}");
    assert_eq!(platform.transfers(), 3);
}

#[test]
fn temporary_refusals_are_sent_three_times_at_most() {
    let platform = State::new(std::iter::repeat_n(Fate::Refused(1009), 10)).start();
    let error = failure(&platform);
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::RateLimit, Outcome::Rejected), "{error}");
    assert_eq!(platform.transfers(), 3);
}

#[test]
fn a_refusal_after_an_unknown_attempt_stays_unknown() {
    for code in [2002, 2004, 3001, 4001] {
        let platform = State::new([Fate::Lost, Fate::Refused(code)]).start();
        let error = failure(&platform);
        assert_eq!((error.code(), error.outcome(), error.attempts()), (Some(code), Outcome::Unknown, 2), "{error}");
    }
}

#[test]
fn a_lookup_refused_after_an_unknown_attempt_leaves_it_unknown() {
    for code in [1003, 1012, 2002, 2004] {
        let platform = State { lookup_refused: Some(code), ..State::new([Fate::Lost]) }.start();
        let error = failure(&platform);
        assert_eq!((error.outcome(), error.attempts()), (Outcome::Unknown, 1), "{error}");
    }
}

#[test]
fn a_conflict_or_a_failed_target_after_an_unknown_attempt_stays_unknown() {
    let failed = |mut row: serde_json::Value| {
        row["status"] = "Fail".into();
        row
    };
    for (kind, found) in [
        (ErrorKind::Conflict, row("T1", Some("Pay-1"), "7")),
        (ErrorKind::State, failed(row("T1", Some("Pay-1"), "10"))),
    ] {
        // The row of another client appears while the call waits.
        let appears = Some(found).into();
        let platform = State { filters: false, appears, ..State::new([Fate::Lost]) }.start();
        let error = failure(&platform);
        assert_eq!((error.kind(), error.outcome()), (kind, Outcome::Unknown), "{error}");
    }
}

#[test]
fn a_refusal_of_the_first_attempt_is_a_refusal() {
    let platform = State::new([Fate::Refused(2002)]).start();
    let error = failure(&platform);
    assert_eq!((error.code(), error.outcome(), error.attempts()), (Some(2002), Outcome::Rejected, 1), "{error}");
}
