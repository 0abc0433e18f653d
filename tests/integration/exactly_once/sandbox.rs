//! Against the sandbox.

use std::time::Duration;

use keysecure::{Client, Decimal, EnsureOptions, ErrorKind, Outcome, Store, Transfer, TransferType};
use keysecure_sandbox::{Fault, FaultKind};

use super::{LIST, TRANSFER, scene};

#[test]
fn a_first_attempt_is_sent_at_once() {
    let scene = scene();
    let made = scene.client.accounts().ensure_transfer(&scene.transfer, &EnsureOptions::first_attempt()).unwrap();
    assert!(made.created);
    assert_eq!(made.value.balance, Some(Decimal::TEN));
    assert_eq!(scene.slept(), Duration::ZERO);
    assert_eq!(scene.sandbox.transfers().len(), 1);
}

#[test]
fn a_reference_that_may_have_been_sent_waits_for_proof_of_absence() {
    let scene = scene();
    let made = scene.client.accounts().ensure_transfer(&scene.transfer, &EnsureOptions::default()).unwrap();
    assert!(made.created && scene.slept() >= Duration::from_secs(9), "{:?}", scene.slept());
    let again = scene.client.accounts().ensure_transfer(&scene.transfer, &EnsureOptions::default()).unwrap();
    assert!(!again.created);
    assert_eq!(again.value.transfer_no, made.value.transfer_no);
    assert_eq!(scene.sandbox.transfers().len(), 1);
}

#[test]
fn a_response_lost_after_the_commit_is_found_and_was_created_by_this_call() {
    let scene = scene();
    scene.sandbox.fault(Fault::on(TRANSFER, FaultKind::DropAfterCommit));
    let found = scene.client.accounts().ensure_transfer(&scene.transfer, &EnsureOptions::first_attempt()).unwrap();
    assert!(found.created);
    assert_eq!((scene.sandbox.transfers().len(), scene.sandbox.requests_to(TRANSFER)), (1, 1));
}

#[test]
fn a_request_lost_before_the_commit_is_sent_again_after_settle() {
    let scene = scene();
    scene.sandbox.fault(Fault::on(TRANSFER, FaultKind::DropBeforeRead));
    let made = scene.client.accounts().ensure_transfer(&scene.transfer, &EnsureOptions::first_attempt()).unwrap();
    assert!(made.created && scene.slept() >= Duration::from_secs(9));
    assert_eq!(scene.sandbox.transfers().len(), 1);
}

#[test]
fn another_transfer_under_the_reference_is_a_conflict() {
    let scene = scene();
    scene.client.accounts().transfer(&scene.transfer).unwrap();
    let other = Transfer { amount: Decimal::ONE, ..scene.transfer.clone() };
    let error = scene.client.accounts().ensure_transfer(&other, &EnsureOptions::default()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict);
    assert!(error.to_string().contains("amount"), "{error}");
    assert_eq!(scene.sandbox.transfers().len(), 1);
}

#[test]
fn a_call_that_cannot_settle_in_time_fails_and_a_later_one_continues() {
    let scene = scene();
    scene.sandbox.fault(Fault::on(TRANSFER, FaultKind::DropAfterCommit));
    scene.sandbox.fault(Fault::on(LIST, FaultKind::Code(1001)).after(1).times(10_000));
    let error = scene.client.accounts().ensure_transfer(&scene.transfer, &EnsureOptions::first_attempt()).unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::Timeout, Outcome::Unknown), "{error}");
    scene.sandbox.clear_faults();
    let found = scene.client.accounts().ensure_transfer(&scene.transfer, &EnsureOptions::first_attempt()).unwrap();
    assert!(!found.created);
    assert_eq!((scene.sandbox.transfers().len(), scene.sandbox.requests_to(TRANSFER)), (1, 1));
}

#[test]
fn a_refusal_ends_the_call() {
    let scene = scene();
    let nobody = Transfer { cardholder_no: "404".into(), ..scene.transfer.clone() };
    let error = scene.client.accounts().ensure_transfer(&nobody, &EnsureOptions::first_attempt()).unwrap_err();
    assert_eq!((error.code(), error.outcome()), (Some(2002), Outcome::Rejected));
}

#[test]
fn threads_with_one_reference_make_one_transfer() {
    let scene = scene();
    std::thread::scope(|scope| {
        for _ in 0..16 {
            scope.spawn(|| {
                scene.client.accounts().ensure_transfer(&scene.transfer, &EnsureOptions::first_attempt()).unwrap()
            });
        }
    });
    assert_eq!(scene.sandbox.transfers().len(), 1);
}

#[test]
fn clients_of_one_process_with_one_reference_make_one_transfer() {
    let scene = scene();
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                let sandbox = &scene.sandbox;
                let own = Client::builder(sandbox.api_key(), sandbox.api_secret()).base_url(sandbox.base_url());
                own.store(Store::memory())
                    .build()
                    .unwrap()
                    .accounts()
                    .ensure_transfer(&scene.transfer, &EnsureOptions::first_attempt())
                    .unwrap()
            });
        }
    });
    assert_eq!(scene.sandbox.transfers().len(), 1);
}

#[test]
fn an_earlier_call_shortens_no_wait() {
    let scene = scene();
    scene.sandbox.fault(Fault::on(LIST, FaultKind::Code(1001)).times(10_000));
    scene.client.accounts().ensure_transfer(&scene.transfer, &EnsureOptions::default()).unwrap_err();
    scene.sandbox.clear_faults();
    // Another process may have sent it meanwhile.
    let before = scene.slept();
    assert!(scene.client.accounts().ensure_transfer(&scene.transfer, &EnsureOptions::default()).unwrap().created);
    let waited = scene.slept().saturating_sub(before);
    assert!(waited >= Duration::from_secs(9), "{waited:?}");
}

#[test]
fn unlimited_durations_are_accepted() {
    let scene = scene();
    let sandbox = &scene.sandbox;
    let patient = Client::builder(sandbox.api_key(), sandbox.api_secret()).base_url(sandbox.base_url());
    let patient = patient.store(Store::memory()).timeout(Duration::MAX).connect_timeout(Duration::MAX).build().unwrap();
    let options = EnsureOptions { deadline: Some(Duration::MAX), ..EnsureOptions::first_attempt() };
    assert!(patient.accounts().ensure_transfer(&scene.transfer, &options).unwrap().created);
}

#[test]
fn a_row_of_a_server_whose_clock_runs_ahead_is_found() {
    let scene = scene();
    scene.sandbox.fault(Fault::on(TRANSFER, FaultKind::SkewClock(50_000)));
    let first = Client::builder(scene.sandbox.api_key(), scene.sandbox.api_secret()).base_url(scene.sandbox.base_url());
    // The client's stamp lies before the skewed clock by less than a minute: the call is carried out.
    first.build().unwrap().accounts().transfer(&scene.transfer).unwrap();
    let found = scene.client.accounts().ensure_transfer(&scene.transfer, &EnsureOptions::default()).unwrap();
    assert!(!found.created);
    assert_eq!(scene.sandbox.transfers().len(), 1);
}

#[test]
fn a_conflict_that_is_certain_is_rejected_and_not_unknown() {
    let scene = scene();
    scene.client.accounts().transfer(&scene.transfer).unwrap();
    let other = Transfer { r#type: TransferType::Out, ..scene.transfer.clone() };
    let error = scene.client.accounts().ensure_transfer(&other, &EnsureOptions::default()).unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::Conflict, Outcome::Rejected));
}
