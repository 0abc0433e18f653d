//! Rows whose reference is missing or changed: they are no proof of absence.

use std::time::Duration;

use keysecure::{Ensure, ErrorKind, Outcome, Store};

use crate::platform::{Fate, Shown, State, row};
use crate::top_up;

fn options() -> Ensure {
    let settle = Some(Duration::from_secs(10));
    Ensure { settle, deadline: Some(Duration::from_secs(60)), ..Ensure::never_sent() }
}

const CHANGES: [Shown; 4] = [
    |_| None,
    |_| Some(String::new()),
    |reference| Some(reference.to_lowercase()),
    |reference| Some(format!(" {reference} ")),
];

#[test]
fn where_the_filter_works_a_row_with_a_missing_or_changed_reference_is_ours() {
    for shown in CHANGES {
        let platform = State { shown, ..State::new([Fate::ResponseLost]) }.start();
        let client = platform.builder().store(Store::memory()).build().unwrap();
        let found = client.accounts().ensure_transfer(&top_up("Pay-1"), &options()).unwrap();
        assert!(found.created, "only the response was lost");
        assert_eq!((platform.made(), platform.transfers()), (1, 1));
    }
}

#[test]
fn where_the_filter_works_such_a_row_with_another_amount_is_a_conflict() {
    let platform = State { shown: |_| None, ..State::new([]) }.start();
    let client = platform.builder().store(Store::memory()).build().unwrap();
    client.accounts().transfer(&top_up("Pay-1")).unwrap();
    let other = keysecure::Transfer { amount: keysecure::Decimal::ONE, ..top_up("Pay-1") };
    let error = client.accounts().ensure_transfer(&other, &options()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict, "{error}");
    assert_eq!(platform.transfers(), 1);
}

#[test]
fn where_the_filter_is_ignored_such_a_row_proves_nothing() {
    for shown in CHANGES {
        let platform = State { shown, filters: false, ..State::new([Fate::ResponseLost]) }.start();
        let client = platform.builder().store(Store::memory()).build().unwrap();
        let error = client.accounts().ensure_transfer(&top_up("Pay-1"), &options()).unwrap_err();
        assert_eq!((error.kind(), error.outcome()), (ErrorKind::Timeout, Outcome::Unknown), "{error}");
        assert_eq!((platform.made(), platform.transfers()), (1, 1));
    }
}

#[test]
fn where_the_filter_is_ignored_nothing_is_sent_beside_a_row_of_nobody() {
    let platform = State { filters: false, ..State::new([]) }.start();
    platform.state.rows.lock().unwrap().push(row("T1", None, "7"));
    let client = platform.builder().store(Store::memory()).build().unwrap();
    let error = client.accounts().ensure_transfer(&top_up("Pay-1"), &options()).unwrap_err();
    assert_eq!((error.outcome(), platform.transfers()), (Outcome::Unknown, 0), "{error}");
}

#[test]
fn where_the_filter_is_ignored_the_rows_of_others_are_skipped() {
    let platform = State { filters: false, ..State::new([Fate::ResponseLost]) }.start();
    platform.state.rows.lock().unwrap().extend([row("A", Some("Pay-2"), "10"), row("B", Some("Pay-10"), "10")]);
    let client = platform.builder().store(Store::memory()).build().unwrap();
    let made = client.accounts().ensure_transfer(&top_up("Pay-1"), &options()).unwrap();
    assert_eq!((made.value.transfer_no.as_str(), made.created), ("T3", true));
    assert_eq!(platform.transfers(), 1);
}
