//! Attempt stores that cannot be reached.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

use keysecure::{Client, EnsureOptions, ErrorKind, Observer, OnStoreFailure, Outcome, Store, TransportFault};
use keysecure_tests::{MockResponse, MockServer, envelope};

use super::super::mock_platform::{Fate, State};
use super::super::{TRANSFER, setup_with, top_up};
use super::{TestStore, options, store};

#[test]
fn an_unreachable_store_fails_ensure_before_anything_is_sent() {
    let setup = setup_with(store(&{
        let mine = TestStore::old();
        mine.gone.store(true, Ordering::SeqCst);
        mine
    }));
    let error = setup.client.accounts().ensure_transfer(&setup.transfer, &options()).unwrap_err();
    // An earlier call may have sent the reference, unless the caller knows better.
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::Transport, Outcome::Unknown), "{error}");
    assert_eq!(error.transport_fault(), Some(TransportFault::Store));
    let first = EnsureOptions { first_attempt: true, ..options() };
    let error = setup.client.accounts().ensure_transfer(&setup.transfer, &first).unwrap_err();
    assert_eq!((error.transport_fault(), error.outcome()), (Some(TransportFault::Store), Outcome::NotSent), "{error}");
    assert_eq!(setup.sandbox.requests_to(TRANSFER), 0);
    let accept = EnsureOptions { on_store_failure: OnStoreFailure::Accept, ..options() };
    assert!(setup.client.accounts().ensure_transfer(&setup.transfer, &accept).unwrap().created);
    assert!(setup.slept() >= Duration::from_secs(9), "without a record it waits");
}

#[test]
fn a_store_lost_after_an_unknown_attempt_leaves_it_unknown() {
    let platform = State::new([Fate::Lost]).start();
    let mine = TestStore::old();
    let client = platform.builder().store(store(&mine)).build().unwrap();
    mine.before_begin(|| true);
    let gone = Arc::clone(&mine);
    mine.before_begin(move || {
        gone.gone.store(true, Ordering::SeqCst);
        true
    });
    let error = client.accounts().ensure_transfer(&top_up("Pay-1"), &options()).unwrap_err();
    assert_eq!((error.transport_fault(), error.outcome()), (Some(TransportFault::Store), Outcome::Unknown), "{error}");
    assert_eq!(platform.transfers(), 1);
}

/// Records when the store becomes unavailable and available.
#[derive(Default)]
struct Watch(Mutex<Vec<bool>>);

impl Observer for Watch {
    fn attempt_store(&self, available: bool) {
        self.0.lock().unwrap().push(available);
    }
}

#[test]
fn an_unreachable_store_fails_no_plain_call_and_no_read() {
    let (mine, watch) = (TestStore::old(), Arc::<Watch>::default());
    let setup = setup_with(Store::new());
    let sandbox = &setup.sandbox;
    let client = Client::builder(sandbox.api_key(), sandbox.api_secret())
        .base_url(sandbox.base_url())
        .store(store(&mine))
        .observer(watch.clone())
        .build()
        .unwrap();
    mine.gone.store(true, Ordering::SeqCst);
    let transfer =
        |number: u32| keysecure::Transfer { transfer_unique_no: number.to_string(), ..setup.transfer.clone() };
    for number in 0..3 {
        client.accounts().transfer(&transfer(number)).unwrap();
        client.accounts().get(&setup.transfer.cardholder_no).unwrap();
    }
    mine.gone.store(false, Ordering::SeqCst);
    client.accounts().transfer(&transfer(3)).unwrap();
    assert_eq!(*watch.0.lock().unwrap(), [false, true], "reported once each");
    assert_eq!(mine.begun.load(Ordering::SeqCst), 1);
}

/// Makes a transfer with an unknown outcome while the store is unreachable; then the store is back, and `ensure` must wait.
fn unknown_in_an_outage(send: impl Fn(&Client)) {
    let platform = State::new([Fate::Lost]).start();
    let mine = TestStore::old();
    let client = || platform.builder().store(store(&mine)).build().unwrap();
    mine.gone.store(true, Ordering::SeqCst);
    send(&client());
    assert_eq!(platform.transfers(), 1);
    mine.gone.store(false, Ordering::SeqCst);
    let before = platform.clock.slept();
    assert!(client().accounts().ensure_transfer(&top_up("Pay-1"), &options()).unwrap().created);
    let after = platform.clock.slept();
    assert!(after >= before + Duration::from_secs(9), "the platform may still commit it: {before:?} {after:?}");
}

#[test]
fn an_attempt_that_could_not_be_recorded_is_not_forgotten() {
    unknown_in_an_outage(|client| {
        client.accounts().transfer(&top_up("Pay-1")).unwrap_err();
    });
    let accept = EnsureOptions {
        settle: Some(Duration::from_secs(10)),
        deadline: Some(Duration::from_secs(15)),
        on_store_failure: OnStoreFailure::Accept,
        ..EnsureOptions::default()
    };
    unknown_in_an_outage(|client| {
        let error = client.accounts().ensure_transfer(&top_up("Pay-1"), &accept).unwrap_err();
        assert_eq!((error.outcome(), error.attempts()), (Outcome::Unknown, 1), "{error}");
    });
}

/// Makes the store reachable again when an attempt has ended.
struct BackAgain(Arc<TestStore>);

impl Observer for BackAgain {
    fn attempt(&self, _: &keysecure::AttemptRecord) {
        self.0.gone.store(false, Ordering::SeqCst);
    }
}

#[test]
fn an_attempt_whose_start_could_not_be_recorded_is_recorded_late() {
    let platform = State::new([Fate::Lost]).start();
    let mine = TestStore::old();
    let builder = platform.builder().store(store(&mine)).observer(Arc::new(BackAgain(mine.clone())));
    let client = builder.build().unwrap();
    client.access_token().unwrap();
    let blip = Arc::clone(&mine);
    mine.before_begin(move || {
        blip.gone.store(true, Ordering::SeqCst);
        true
    });
    client.accounts().transfer(&top_up("Pay-1")).unwrap_err();
    assert_eq!(mine.begun.load(Ordering::SeqCst), 1, "so that other processes know of it");
}

#[test]
fn a_fallback_knows_what_this_process_did_before() {
    let platform = State::new([Fate::Lost, Fate::Lost]).start();
    let mine = TestStore::old();
    let client = platform.builder().store(store(&mine)).build().unwrap();
    let gone = Arc::clone(&mine);
    mine.before_begin(move || {
        gone.gone.store(true, Ordering::SeqCst);
        true
    });
    let accept = EnsureOptions { on_store_failure: OnStoreFailure::Accept, ..options() };
    let made = client.accounts().ensure_transfer(&top_up("Pay-1"), &accept).unwrap();
    assert!(made.created);
    assert!(platform.clock.slept() >= Duration::from_secs(29), "without a record each attempt waits");
}

#[test]
fn concurrent_plain_calls_of_one_process_conflict_without_the_store() {
    let ((arrived, arrivals), (go_on, may_go_on)) = (mpsc::channel(), mpsc::channel());
    let (arrived, may_go_on) = (Mutex::new(arrived), Mutex::new(may_go_on));
    let server = MockServer::platform(move |_| {
        arrived.lock().unwrap().send(()).unwrap();
        may_go_on.lock().unwrap().recv().unwrap();
        MockResponse::Keep(envelope(r#"{"transfer_no":"T1","transfer_unique_no":"Pay-1"}"#))
    })
    .unwrap();
    let mine = TestStore::old();
    let builder = Client::builder("key", "0123456789abcdef").base_url(server.base_url());
    let client = builder.store(store(&mine)).build().unwrap();
    mine.gone.store(true, Ordering::SeqCst);
    std::thread::scope(|scope| {
        let first = scope.spawn(|| client.accounts().transfer(&top_up("Pay-1")));
        arrivals.recv().unwrap();
        // The store is back, and has no record of the transfer in progress.
        mine.gone.store(false, Ordering::SeqCst);
        let error = client.accounts().transfer(&top_up("Pay-1")).unwrap_err();
        assert_eq!((error.kind(), error.outcome()), (ErrorKind::Conflict, Outcome::NotSent), "{error}");
        go_on.send(()).unwrap();
        first.join().unwrap().unwrap();
    });
    assert_eq!(server.requests().len(), 1);
}
