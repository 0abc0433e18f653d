//! `ensure_transfer` against the sandbox.

use std::time::Duration;

use keysecure::{Client, Decimal, EnsureOptions, ErrorKind, Outcome, Store, Transfer, TransferType};
use keysecure_sandbox::{Fault, FaultKind};

use super::{LIST, TRANSFER, setup};

#[test]
fn a_first_attempt_is_sent_at_once() {
    let setup = setup();
    let made = setup.client.accounts().ensure_transfer(&setup.transfer, &EnsureOptions::first_attempt()).unwrap();
    assert!(made.created);
    assert_eq!(made.value.amount, Some(Decimal::TEN));
    assert_eq!(setup.slept(), Duration::ZERO);
    assert_eq!(setup.sandbox.transfers().len(), 1);
}

#[test]
fn a_reference_that_may_have_been_sent_waits_for_proof_of_absence() {
    let setup = setup();
    let made = setup.client.accounts().ensure_transfer(&setup.transfer, &EnsureOptions::default()).unwrap();
    assert!(made.created && setup.slept() >= Duration::from_secs(9), "{:?}", setup.slept());
    let again = setup.client.accounts().ensure_transfer(&setup.transfer, &EnsureOptions::default()).unwrap();
    assert!(!again.created);
    assert_eq!(again.value.transfer_no, made.value.transfer_no);
    assert_eq!(setup.sandbox.transfers().len(), 1);
}

#[test]
fn a_response_lost_after_the_commit_is_found_and_was_created_by_this_call() {
    let setup = setup();
    setup.sandbox.fault(Fault::on(TRANSFER, FaultKind::DropAfterCommit));
    let found = setup.client.accounts().ensure_transfer(&setup.transfer, &EnsureOptions::first_attempt()).unwrap();
    assert!(found.created);
    assert_eq!((setup.sandbox.transfers().len(), setup.sandbox.requests_to(TRANSFER)), (1, 1));
}

#[test]
fn a_request_lost_before_the_commit_is_sent_again_after_settle() {
    let setup = setup();
    setup.sandbox.fault(Fault::on(TRANSFER, FaultKind::DropBeforeRead));
    let made = setup.client.accounts().ensure_transfer(&setup.transfer, &EnsureOptions::first_attempt()).unwrap();
    assert!(made.created && setup.slept() >= Duration::from_secs(9));
    assert_eq!(setup.sandbox.transfers().len(), 1);
}

#[test]
fn another_transfer_under_the_reference_is_a_conflict() {
    let setup = setup();
    setup.client.accounts().transfer(&setup.transfer).unwrap();
    let other = Transfer { amount: Decimal::ONE, ..setup.transfer.clone() };
    let error = setup.client.accounts().ensure_transfer(&other, &EnsureOptions::default()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict);
    assert!(error.to_string().contains("amount"), "{error}");
    assert_eq!(setup.sandbox.transfers().len(), 1);
}

#[test]
fn a_call_that_cannot_settle_in_time_fails_and_a_later_one_continues() {
    let setup = setup();
    setup.sandbox.fault(Fault::on(TRANSFER, FaultKind::DropAfterCommit));
    setup.sandbox.fault(Fault::on(LIST, FaultKind::Code(1001)).after(1).times(10_000));
    let error = setup.client.accounts().ensure_transfer(&setup.transfer, &EnsureOptions::first_attempt()).unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::Timeout, Outcome::Unknown), "{error}");
    setup.sandbox.clear_faults();
    let found = setup.client.accounts().ensure_transfer(&setup.transfer, &EnsureOptions::first_attempt()).unwrap();
    assert!(!found.created);
    assert_eq!((setup.sandbox.transfers().len(), setup.sandbox.requests_to(TRANSFER)), (1, 1));
}

#[test]
fn a_refusal_ends_the_call() {
    let setup = setup();
    let nobody = Transfer { cardholder_no: "404".into(), ..setup.transfer.clone() };
    let error = setup.client.accounts().ensure_transfer(&nobody, &EnsureOptions::first_attempt()).unwrap_err();
    assert_eq!((error.code(), error.outcome()), (Some(2002), Outcome::Rejected));
}

#[test]
fn threads_with_one_reference_make_one_transfer() {
    let setup = setup();
    std::thread::scope(|scope| {
        for _ in 0..16 {
            scope.spawn(|| {
                setup.client.accounts().ensure_transfer(&setup.transfer, &EnsureOptions::first_attempt()).unwrap()
            });
        }
    });
    assert_eq!(setup.sandbox.transfers().len(), 1);
}

#[test]
fn clients_of_one_process_with_one_reference_make_one_transfer() {
    let setup = setup();
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                let sandbox = &setup.sandbox;
                let own = Client::builder(sandbox.api_key(), sandbox.api_secret()).base_url(sandbox.base_url());
                own.store(Store::memory())
                    .build()
                    .unwrap()
                    .accounts()
                    .ensure_transfer(&setup.transfer, &EnsureOptions::first_attempt())
                    .unwrap()
            });
        }
    });
    assert_eq!(setup.sandbox.transfers().len(), 1);
}

#[test]
fn an_earlier_call_shortens_no_wait() {
    let setup = setup();
    setup.sandbox.fault(Fault::on(LIST, FaultKind::Code(1001)).times(10_000));
    setup.client.accounts().ensure_transfer(&setup.transfer, &EnsureOptions::default()).unwrap_err();
    setup.sandbox.clear_faults();
    // Another process may have sent it meanwhile.
    let before = setup.slept();
    assert!(setup.client.accounts().ensure_transfer(&setup.transfer, &EnsureOptions::default()).unwrap().created);
    let waited = setup.slept().saturating_sub(before);
    assert!(waited >= Duration::from_secs(9), "{waited:?}");
}

#[test]
fn unlimited_durations_are_accepted() {
    let setup = setup();
    let sandbox = &setup.sandbox;
    let patient = Client::builder(sandbox.api_key(), sandbox.api_secret()).base_url(sandbox.base_url());
    let patient = patient.store(Store::memory()).timeout(Duration::MAX).connect_timeout(Duration::MAX).build().unwrap();
    let options = EnsureOptions { deadline: Some(Duration::MAX), ..EnsureOptions::first_attempt() };
    assert!(patient.accounts().ensure_transfer(&setup.transfer, &options).unwrap().created);
}

#[test]
fn a_row_of_a_server_whose_clock_runs_ahead_is_found() {
    let setup = setup();
    setup.sandbox.fault(Fault::on(TRANSFER, FaultKind::SkewClock(50_000)));
    let first = Client::builder(setup.sandbox.api_key(), setup.sandbox.api_secret()).base_url(setup.sandbox.base_url());
    // The timestamp is less than a minute before the skewed clock: the call is carried out.
    first.build().unwrap().accounts().transfer(&setup.transfer).unwrap();
    let found = setup.client.accounts().ensure_transfer(&setup.transfer, &EnsureOptions::default()).unwrap();
    assert!(!found.created);
    assert_eq!(setup.sandbox.transfers().len(), 1);
}

#[test]
fn a_conflict_of_a_call_that_sent_nothing_is_not_sent() {
    let setup = setup();
    setup.client.accounts().transfer(&setup.transfer).unwrap();
    let other = Transfer { r#type: TransferType::Out, ..setup.transfer.clone() };
    let error = setup.client.accounts().ensure_transfer(&other, &EnsureOptions::default()).unwrap_err();
    assert_eq!((error.kind(), error.outcome(), error.attempts()), (ErrorKind::Conflict, Outcome::NotSent, 0));
}
