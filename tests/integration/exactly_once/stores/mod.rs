//! What the record of attempts does for a call.

mod outages;

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

use keysecure::{
    Acquired, AttemptEnd, AttemptStart, AttemptStore, Client, Clock as _, EnsureOptions, ErrorKind, MemoryStore,
    Outcome, Request, Response, Store, StoreUnavailable, Transport, TransportError,
};
use keysecure_tests::{MockResponse, MockServer, envelope, virtual_card};

use super::mock_platform::{Fate, State, row};
use super::{FastClock, LIST, setup_with, top_up};

type Hook = Box<dyn FnOnce() -> bool + Send>;

/// A store of a given age that can be made unreachable, with hooks before each attempt.
#[derive(Default)]
struct TestStore {
    records: MemoryStore,
    age: Duration,
    gone: AtomicBool,
    before_begin: Mutex<VecDeque<Hook>>,
    begun: AtomicUsize,
}

impl TestStore {
    fn aged(age: Duration) -> Arc<Self> {
        Arc::new(Self { age, ..Self::default() })
    }

    fn old() -> Arc<Self> {
        Self::aged(Duration::from_secs(3600))
    }

    /// Adds a hook for the next attempt; it returns whether the lease is still held.
    fn before_begin(&self, hook: impl FnOnce() -> bool + Send + 'static) {
        self.before_begin.lock().unwrap().push_back(Box::new(hook));
    }

    fn check(&self) -> Result<(), StoreUnavailable> {
        if self.gone.load(Ordering::SeqCst) { Err(StoreUnavailable) } else { Ok(()) }
    }
}

impl AttemptStore for TestStore {
    fn acquire(&self, reference: &str, lease: Duration, within: Duration) -> Result<Acquired, StoreUnavailable> {
        self.check()?;
        Ok(match self.records.acquire(reference, lease, within)? {
            Acquired::Leased { lease_id, last_attempt, .. } => {
                Acquired::Leased { lease_id, last_attempt, store_age: self.age }
            }
            Acquired::Busy => Acquired::Busy,
        })
    }

    fn begin(&self, attempt: &AttemptStart<'_>, within: Duration) -> Result<bool, StoreUnavailable> {
        let hook = self.before_begin.lock().unwrap().pop_front();
        if !hook.is_none_or(|hook| hook()) {
            self.records.release(attempt.reference, attempt.lease_id, within)?;
            return Ok(false);
        }
        self.check()?;
        self.begun.fetch_add(1, Ordering::SeqCst);
        self.records.begin(attempt, within)
    }

    fn finish(
        &self,
        reference: &str,
        lease_id: &str,
        end: AttemptEnd,
        within: Duration,
    ) -> Result<(), StoreUnavailable> {
        self.check()?;
        self.records.finish(reference, lease_id, end, within)
    }

    fn release(&self, reference: &str, lease_id: &str, within: Duration) -> Result<(), StoreUnavailable> {
        self.check()?;
        self.records.release(reference, lease_id, within)
    }
}

fn store(mine: &Arc<TestStore>) -> Store {
    Store::new().attempts(mine.clone())
}

fn options() -> EnsureOptions {
    let settle = Some(Duration::from_secs(10));
    EnsureOptions { settle, deadline: Some(Duration::from_secs(60)), ..EnsureOptions::default() }
}

#[test]
fn without_a_store_ensure_names_the_three_choices() {
    let client = Client::builder("key", "0123456789abcdef").base_url("http://127.0.0.1:1").build().unwrap();
    let error = client.accounts().ensure_transfer(&top_up("Pay-1"), &EnsureOptions::first_attempt()).unwrap_err();
    assert_eq!((error.kind(), error.outcome(), error.attempts()), (ErrorKind::Config, Outcome::NotSent, 0));
    for choice in ["memory", "file:", "redis:"] {
        assert!(error.to_string().contains(choice), "{error}");
    }
}

#[test]
fn a_client_closed_while_an_attempt_is_recorded_sends_nothing() {
    let platform = State::new([]).start();
    let mine = TestStore::old();
    let client = platform.builder().store(store(&mine)).build().unwrap();
    client.access_token().unwrap();
    let closing = client.clone();
    mine.before_begin(move || {
        closing.close();
        true
    });
    let error = client.accounts().transfer(&top_up("Pay-1")).unwrap_err();
    assert_eq!((error.kind(), error.outcome(), error.attempts()), (ErrorKind::Config, Outcome::NotSent, 0), "{error}");
    assert_eq!(platform.transfers(), 0);
}

#[test]
fn new_references_of_an_old_store_do_not_wait() {
    let setup = setup_with(store(&TestStore::old()));
    for number in 0..50 {
        let card = virtual_card(&setup.transfer.cardholder_no, &format!("card-{number}"));
        assert!(setup.client.cards().ensure_card(&card, &options()).unwrap().created);
        let transfer = keysecure::Transfer { transfer_unique_no: format!("topup-{number}"), ..setup.transfer.clone() };
        assert!(setup.client.accounts().ensure_transfer(&transfer, &options()).unwrap().created);
    }
    // Not zero: a machine that is too busy to send within a second repeats the lookup.
    assert!(setup.slept() < Duration::from_secs(10), "{:?}", setup.slept());
    assert_eq!((setup.sandbox.transfers().len(), setup.sandbox.cards().len()), (50, 50));
    assert!(setup.sandbox.requests_to(LIST) >= 50, "each was looked up");
}

#[test]
fn a_young_store_waits() {
    let setup = setup_with(store(&TestStore::aged(Duration::from_secs(9))));
    assert!(setup.client.accounts().ensure_transfer(&setup.transfer, &options()).unwrap().created);
    assert!(setup.slept() >= Duration::from_secs(9), "{:?}", setup.slept());
}

#[test]
fn a_plain_call_that_may_have_been_carried_out_makes_ensure_wait() {
    // Also for a call that declares a first attempt.
    for options in [options(), EnsureOptions { first_attempt: true, ..options() }] {
        let platform = State::new([Fate::Lost]).start();
        let client = platform.builder().store(store(&TestStore::old())).build().unwrap();
        client.accounts().transfer(&top_up("Pay-1")).unwrap_err();
        let made = client.accounts().ensure_transfer(&top_up("Pay-1"), &options).unwrap();
        assert!(made.created);
        assert!(platform.clock.slept() >= Duration::from_secs(9), "{:?}", platform.clock.slept());
    }
}

#[test]
fn what_a_plain_call_did_is_found_and_not_created() {
    let platform = State::new([Fate::ResponseLost]).start();
    let client = platform.builder().store(store(&TestStore::old())).build().unwrap();
    client.accounts().transfer(&top_up("Pay-1")).unwrap_err();
    assert!(!client.accounts().ensure_transfer(&top_up("Pay-1"), &options()).unwrap().created);
    assert_eq!(platform.transfers(), 1);
}

#[test]
fn what_is_recorded_as_done_is_never_sent_again() {
    let platform = State::new([]).start();
    let client = platform.builder().store(store(&TestStore::old())).build().unwrap();
    client.accounts().transfer(&top_up("Pay-1")).unwrap();
    // The list does not show the transfer.
    platform.state.rows.lock().unwrap().clear();
    let error = client.accounts().ensure_transfer(&top_up("Pay-1"), &options()).unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::Timeout, Outcome::Unknown), "{error}");
    assert_eq!(platform.transfers(), 1);
}

#[test]
fn a_conflict_is_unknown_while_a_recorded_attempt_may_be_carried_out() {
    let appears = Some(row("T1", Some("Pay-1"), "7")).into();
    let platform = State { filters: false, appears, ..State::new([Fate::Lost]) }.start();
    let client = platform.builder().store(store(&TestStore::old())).build().unwrap();
    client.accounts().transfer(&top_up("Pay-1")).unwrap_err();
    let outcome = |settle| {
        let options = EnsureOptions { settle: Some(settle), ..options() };
        let error = client.accounts().ensure_transfer(&top_up("Pay-1"), &options).unwrap_err();
        assert_eq!((error.kind(), error.attempts()), (ErrorKind::Conflict, 0), "{error}");
        error.outcome()
    };
    assert_eq!(outcome(Duration::from_secs(50)), Outcome::Unknown);
    // Once it cannot be carried out any more, nothing that this call asks for was done.
    assert_eq!(outcome(Duration::ZERO), Outcome::NotSent);
}

#[test]
fn a_lost_lease_sends_nothing_before_another_lookup() {
    let platform = State::new([]).start();
    let mine = TestStore::old();
    let client = platform.builder().store(store(&mine)).build().unwrap();
    let other = platform.builder().build().unwrap();
    // Another worker has taken over the lease and made the transfer.
    mine.before_begin(move || {
        other.accounts().transfer(&top_up("Pay-1")).unwrap();
        false
    });
    let found = client.accounts().ensure_transfer(&top_up("Pay-1"), &options()).unwrap();
    assert!(!found.created);
    assert_eq!((platform.transfers(), mine.begun.load(Ordering::SeqCst)), (1, 0));
}

#[test]
fn a_process_suspended_between_lookup_and_send_looks_again() {
    let platform = State::new([]).start();
    let mine = TestStore::old();
    let client = platform.builder().store(store(&mine)).build().unwrap();
    let other = platform.builder().build().unwrap();
    // A client without a store makes the transfer meanwhile.
    mine.before_begin(move || {
        other.accounts().transfer(&top_up("Pay-1")).unwrap();
        std::thread::sleep(Duration::from_millis(1_100));
        true
    });
    let found = client.accounts().ensure_transfer(&top_up("Pay-1"), &options()).unwrap();
    assert!(!found.created);
    assert_eq!((platform.transfers(), mine.begun.load(Ordering::SeqCst)), (1, 1));
}

#[test]
fn concurrent_plain_calls_on_one_reference_conflict() {
    let ((arrived, arrivals), (go_on, may_go_on)) = (mpsc::channel(), mpsc::channel());
    let (arrived, may_go_on) = (Mutex::new(arrived), Mutex::new(may_go_on));
    let server = MockServer::platform(move |_| {
        arrived.lock().unwrap().send(()).unwrap();
        may_go_on.lock().unwrap().recv().unwrap();
        MockResponse::Keep(envelope(r#"{"transfer_no":"T1","transfer_unique_no":"Pay-1"}"#))
    })
    .unwrap();
    let shared = store(&TestStore::old());
    let client = || {
        let builder = Client::builder("key", "0123456789abcdef").base_url(server.base_url());
        builder.store(shared.clone()).build().unwrap()
    };
    std::thread::scope(|scope| {
        let first = scope.spawn(|| client().accounts().transfer(&top_up("Pay-1")));
        arrivals.recv().unwrap();
        let error = client().accounts().transfer(&top_up("Pay-1")).unwrap_err();
        assert_eq!((error.kind(), error.outcome(), error.attempts()), (ErrorKind::Conflict, Outcome::NotSent, 0));
        go_on.send(()).unwrap();
        first.join().unwrap().unwrap();
        go_on.send(()).unwrap();
        client().accounts().transfer(&top_up("Pay-1")).unwrap();
    });
    assert_eq!(server.requests().len(), 2);
}

#[test]
fn a_raw_call_that_carries_a_reference_is_recorded() {
    let platform = State::new([Fate::Lost]).start();
    let client = platform.builder().store(store(&TestStore::old())).build().unwrap();
    let body = r#"{"cardholder_no":"1001","transfer_unique_no":"Pay-1","type":"In","balance":"10"}"#;
    let body = keysecure::Json::new(body).unwrap();
    client.call(keysecure::Method::Post, "/v1/account/transfer", Some(&body)).unwrap_err();
    assert!(client.accounts().ensure_transfer(&top_up("Pay-1"), &options()).unwrap().created);
    assert!(platform.clock.slept() >= Duration::from_secs(9), "{:?}", platform.clock.slept());
}

/// A transport that responds to every request with a token.
struct Token(AtomicUsize);

impl Transport for Token {
    fn send(&self, request: &Request<'_>) -> Result<Response, TransportError> {
        assert!(!request.timeout.is_zero(), "a timeout of zero must not mean no limit");
        self.0.fetch_add(1, Ordering::SeqCst);
        let body = br#"{"code":0,"data":{"access_token":"t","expired_time":4102444800000}}"#;
        Ok(Response {
            status: 200,
            date: None,
            retry_after: None,
            content_type: None,
            location: None,
            body: body.to_vec().into(),
        })
    }
}

#[test]
fn a_plain_call_suspended_past_its_deadline_sends_nothing() {
    let (mine, clock, transport) = (TestStore::old(), Arc::new(FastClock::new()), Arc::new(Token(AtomicUsize::new(0))));
    let builder = Client::builder("key", "0123456789abcdef").base_url("http://127.0.0.1:1").clock(clock.clone());
    let client = builder.transport(transport.clone()).store(store(&mine)).build().unwrap();
    client.access_token().unwrap();
    // Another worker may then take over the reference and make the transfer.
    mine.before_begin(move || clock.sleep(Duration::from_secs(60)).is_ok());
    let error = client.accounts().transfer(&top_up("Pay-1")).unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::Timeout, Outcome::NotSent), "{error}");
    assert_eq!(transport.0.load(Ordering::SeqCst), 1, "the token's");
}
