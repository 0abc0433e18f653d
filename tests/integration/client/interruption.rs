//! Interruption: the client polls its clock while it waits, so that a language binding can handle Ctrl-C.

use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant, SystemTime};

use keysecure::{
    Client, Clock, Error, ErrorKind, Interrupted, ListPackages, Method, Outcome, SimulationRequest, SystemClock,
    TransportFault,
};
use keysecure_sandbox::{Fault, FaultKind};
use keysecure_tests::{TestEnv, TlsServer, cents, envelope};

/// A clock that is polled every five milliseconds of a wait, and interrupts the call at a given poll.
struct PolledClock {
    machine: SystemClock,
    polls: AtomicU32,
    interrupt_at: u32,
}

impl PolledClock {
    fn new(interrupt_at: u32) -> Arc<Self> {
        Arc::new(Self { machine: SystemClock::new(), polls: AtomicU32::new(0), interrupt_at })
    }

    fn polls(&self) -> u32 {
        self.polls.load(Ordering::SeqCst)
    }
}

impl Clock for PolledClock {
    fn now(&self) -> SystemTime {
        self.machine.now()
    }

    fn monotonic(&self) -> Duration {
        self.machine.monotonic()
    }

    fn sleep(&self, duration: Duration) -> Result<(), Interrupted> {
        self.machine.sleep(duration)
    }

    fn longest_wait(&self) -> Option<Duration> {
        Some(Duration::from_millis(5))
    }

    fn between_waits(&self) -> Result<(), Interrupted> {
        if self.polls.fetch_add(1, Ordering::SeqCst) + 1 == self.interrupt_at { Err(Interrupted) } else { Ok(()) }
    }
}

/// The outcome of a call that its clock interrupted.
fn interrupted<T>(call: Result<T, Error>) -> Outcome {
    let Err(error) = call else { panic!("the call was not interrupted") };
    assert_eq!((error.kind(), error.transport_fault()), (ErrorKind::Transport, Some(TransportFault::Interrupted)));
    error.outcome()
}

#[test]
fn the_clock_is_polled_while_a_slow_response_is_awaited() {
    let env = TestEnv::credit().unwrap();
    let clock = PolledClock::new(u32::MAX);
    let client = env.builder().clock(clock.clone()).build().unwrap();
    client.access_token().unwrap();
    let (before, start) = (clock.polls(), Instant::now());
    env.sandbox.fault(Fault::on("accounts.get", FaultKind::Stall(Duration::from_millis(200))));
    client.accounts().get(&env.cardholder_no).unwrap();
    let (polls, intervals) = (clock.polls() - before, start.elapsed().as_millis() / 5);
    assert!(polls > 2 && u128::from(polls) <= intervals + 5, "{polls} polls in {intervals} intervals");
}

#[test]
fn a_wait_for_a_silent_proxy_or_server_can_be_interrupted() {
    // The system accepts connections for it; nobody reads from them.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let silent = listener.local_addr().unwrap();
    let builder = || Client::builder("key", "0123456789abcdef").clock(PolledClock::new(3)).max_retries(2);
    for (name, client) in [
        ("TLS", builder().base_url(format!("https://{silent}"))),
        ("proxy", builder().base_url("https://localhost:1").proxy(format!("http://{silent}"))),
        ("TLS of a proxy", builder().base_url("https://localhost:1").proxy(format!("https://{silent}"))),
    ] {
        let call = client.build().unwrap().call(Method::Post, "/v1/x", None);
        assert_eq!(interrupted(call), Outcome::NotSent, "{name}");
    }
    drop(listener);
}

#[test]
fn a_back_off_can_be_interrupted_and_nothing_is_sent_after_it() {
    /// Ends every sleep.
    struct Sleepless(SystemClock);
    impl Clock for Sleepless {
        fn now(&self) -> SystemTime {
            self.0.now()
        }
        fn monotonic(&self) -> Duration {
            self.0.monotonic()
        }
        fn sleep(&self, _: Duration) -> Result<(), Interrupted> {
            Err(Interrupted)
        }
    }
    let env = TestEnv::credit().unwrap();
    let client = env.builder().clock(Arc::new(Sleepless(SystemClock::new()))).build().unwrap();
    env.sandbox.fault(Fault::on("accounts.get", FaultKind::Code(1009)));
    assert_eq!(interrupted(client.accounts().get(&env.cardholder_no)), Outcome::NotSent);
    assert_eq!(env.sandbox.requests_to("accounts.get"), 1);
}

#[test]
fn a_time_out_counts_all_pieces() {
    let env = TestEnv::credit().unwrap();
    let builder = env.builder().clock(PolledClock::new(u32::MAX)).timeout(Duration::from_millis(300));
    let client = builder.max_retries(0).build().unwrap();
    client.access_token().unwrap();
    env.sandbox.fault(Fault::on("accounts.get", FaultKind::Stall(Duration::from_secs(20))));
    let start = Instant::now();
    let error = client.accounts().get(&env.cardholder_no).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
    assert!((250..10_000).contains(&start.elapsed().as_millis()), "{:?}", start.elapsed());
}

#[test]
fn name_resolution_and_tls_work_with_short_waits() {
    let server = TlsServer::start("localhost", false, envelope(r#"{"consume_no":"99"}"#)).unwrap();
    let client = Client::builder("key", "0123456789abcdef")
        .base_url(format!("https://localhost:{}", server.port()))
        .ca_pem(server.root_pem())
        .clock(PolledClock::new(u32::MAX))
        .build()
        .unwrap();
    let purchase =
        SimulationRequest { card_no: Some("17".into()), amount: Some(cents(1_00)), ..SimulationRequest::default() };
    let made = client.simulation().auth(&purchase).unwrap();
    assert_eq!(made.consume_no.as_deref(), Some("99"));
}

#[test]
fn an_interrupted_call_leaves_the_client_usable() {
    let env = TestEnv::credit().unwrap();
    let clock = PolledClock::new(3);
    let client = env.builder().clock(clock.clone()).build().unwrap();
    client.access_token().unwrap();
    clock.polls.store(0, Ordering::SeqCst);
    env.sandbox.fault(Fault::on("accounts.get", FaultKind::Stall(Duration::from_secs(2))));
    assert_eq!(interrupted(client.accounts().get(&env.cardholder_no)), Outcome::Unknown);
    client.accounts().get(&env.cardholder_no).unwrap();
    // The sandbox counts a stalled request when it ends.
    assert!(env.sandbox.requests_to("accounts.get") <= 2, "an interrupted call sends nothing more");
}

#[test]
fn an_interrupted_list_continues_where_it_was() {
    let env = TestEnv::credit().unwrap();
    let clock = PolledClock::new(3);
    let client = env.builder().clock(clock.clone()).build().unwrap();
    client.access_token().unwrap();
    let whole = env.client.cards().packages(&ListPackages::default()).count();
    clock.polls.store(0, Ordering::SeqCst);
    let mut rows = client.cards().packages(&ListPackages::default());
    env.sandbox.fault(Fault::on("cards.packages", FaultKind::Stall(Duration::from_secs(2))));
    interrupted(rows.next().unwrap());
    assert_eq!(rows.map(Result::unwrap).count(), whole);
}

#[test]
fn an_interrupted_token_fetch_is_made_by_the_next_caller() {
    let env = TestEnv::credit().unwrap();
    let clock = PolledClock::new(3);
    let client = env.builder().clock(clock).build().unwrap();
    env.sandbox.fault(Fault::on("token", FaultKind::Stall(Duration::from_secs(2))));
    interrupted(client.access_token());
    client.access_token().unwrap();
    client.accounts().get(&env.cardholder_no).unwrap();
}
