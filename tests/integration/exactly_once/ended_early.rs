//! An `ensure_*` call that ends while it waits, before it has sent anything: its outcome and the reason in its text.

use std::sync::{Arc, Mutex, mpsc};
use std::time::{Duration, SystemTime};

use keysecure::{
    Acquired, AttemptEnd, AttemptStart, AttemptStore, Client, Clock, EnsureOptions, Error, ErrorKind, Interrupted,
    MemoryStore, Outcome, Store, StoreUnavailable, TransportFault,
};

use super::mock_platform::{Fate, Platform, State};
use super::{FastClock, top_up};

type OnSleep = Box<dyn FnMut() -> Result<(), Interrupted> + Send>;

/// A fast clock that calls a function before each sleep, which takes no time.
struct HookedClock {
    fast: FastClock,
    on_sleep: Mutex<OnSleep>,
    /// Whether it interrupts every wait for another thread too.
    interrupts_threads: bool,
}

impl HookedClock {
    fn new(on_sleep: impl FnMut() -> Result<(), Interrupted> + Send + 'static) -> Arc<Self> {
        let on_sleep = Mutex::new(Box::new(on_sleep) as OnSleep);
        Arc::new(Self { fast: FastClock::new(), on_sleep, interrupts_threads: false })
    }

    /// A clock that interrupts every sleep.
    fn interrupting() -> Arc<Self> {
        Self::new(|| Err(Interrupted))
    }

    /// A clock that interrupts every wait.
    fn impatient() -> Arc<Self> {
        let on_sleep = Mutex::new(Box::new(|| Err(Interrupted)) as OnSleep);
        Arc::new(Self { fast: FastClock::new(), on_sleep, interrupts_threads: true })
    }
}

impl Clock for HookedClock {
    fn now(&self) -> SystemTime {
        self.fast.now()
    }
    fn monotonic(&self) -> Duration {
        self.fast.monotonic()
    }
    fn sleep(&self, duration: Duration) -> Result<(), Interrupted> {
        (self.on_sleep.lock().unwrap())()?;
        self.fast.sleep(duration)
    }
    fn longest_wait(&self) -> Option<Duration> {
        self.interrupts_threads.then_some(Duration::from_millis(5))
    }
    fn between_waits(&self) -> Result<(), Interrupted> {
        if self.interrupts_threads { Err(Interrupted) } else { Ok(()) }
    }
}

fn memory() -> Store {
    MemoryStore::new().into()
}

/// The error of a call that nothing was sent for.
fn failed(platform: &Platform, client: &Client, options: &EnsureOptions) -> Error {
    let before = platform.transfers();
    let error = client.accounts().ensure_transfer(&top_up("Pay-1"), options).unwrap_err();
    assert_eq!((error.attempts(), platform.transfers()), (0, before), "{error}");
    error
}

#[test]
fn an_interrupted_wait_for_a_reference_that_may_be_old_is_unknown() {
    let platform = State::new([]).start();
    let client = platform.builder().store(memory()).clock(HookedClock::interrupting()).build().unwrap();
    let error = failed(&platform, &client, &EnsureOptions::default());
    assert_eq!((error.outcome(), error.transport_fault()), (Outcome::Unknown, Some(TransportFault::Interrupted)));
    let reason = "this call sent nothing, but the store cannot tell whether an earlier run sent this reference";
    assert!(error.to_string().contains(reason), "{error}");
}

#[test]
fn a_client_closed_while_a_call_waits_leaves_it_unknown_with_the_reason() {
    let platform = State::new([]).start();
    let closing: Arc<Mutex<Option<Client>>> = Arc::default();
    let closes = Arc::clone(&closing);
    let clock = HookedClock::new(move || {
        closes.lock().unwrap().take().inspect(Client::close);
        Ok(())
    });
    let client = platform.builder().store(memory()).clock(clock).build().unwrap();
    *closing.lock().unwrap() = Some(client.clone());
    let error = failed(&platform, &client, &EnsureOptions::default());
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::Config, Outcome::Unknown), "{error}");
    assert!(error.to_string().contains("first_attempt declares that none did"), "{error}");
}

#[test]
fn an_interrupted_call_on_a_reference_that_is_new_sent_nothing() {
    // No lookup succeeds, so that the call waits.
    let platform = State { lookup_refused: Some(1001), ..State::new([]) }.start();
    let client = platform.builder().store(memory()).clock(HookedClock::interrupting()).build().unwrap();
    let error = failed(&platform, &client, &EnsureOptions::first_attempt());
    assert_eq!((error.outcome(), error.transport_fault()), (Outcome::NotSent, Some(TransportFault::Interrupted)));
    assert!(!error.to_string().contains("this call sent nothing"), "{error}");
}

#[test]
fn an_interrupted_call_after_a_recorded_attempt_is_unknown() {
    let platform = State::new([Fate::Lost]).start();
    let client = platform.builder().store(memory()).clock(HookedClock::interrupting()).build().unwrap();
    client.accounts().transfer(&top_up("Pay-1")).unwrap_err();
    let error = failed(&platform, &client, &EnsureOptions::first_attempt());
    assert_eq!(error.outcome(), Outcome::Unknown);
    assert!(error.to_string().contains("an earlier attempt on this reference may be carried out"), "{error}");
}

/// A store whose references another worker always holds.
struct Busy;

impl AttemptStore for Busy {
    fn acquire(&self, _: &str, _: Duration, _: Duration) -> Result<Acquired, StoreUnavailable> {
        Ok(Acquired::Busy)
    }
    fn begin(&self, _: &AttemptStart<'_>, _: Duration) -> Result<bool, StoreUnavailable> {
        Err(StoreUnavailable)
    }
    fn finish(&self, _: &str, _: &str, _: AttemptEnd, _: Duration) -> Result<(), StoreUnavailable> {
        Err(StoreUnavailable)
    }
    fn release(&self, _: &str, _: &str, _: Duration) -> Result<(), StoreUnavailable> {
        Err(StoreUnavailable)
    }
}

#[test]
fn an_interrupted_wait_for_another_worker_is_unknown() {
    let platform = State::new([]).start();
    let interrupted = |store: Store| {
        let client = platform.builder().store(store).clock(HookedClock::impatient()).build().unwrap();
        let error = failed(&platform, &client, &EnsureOptions::first_attempt());
        assert_eq!((error.outcome(), error.transport_fault()), (Outcome::Unknown, Some(TransportFault::Interrupted)));
        assert!(error.to_string().contains("another worker is working on the same reference"), "{error}");
    };
    // In another process.
    interrupted(Store::new().attempts(Arc::new(Busy)));
    // On another thread, which waits for `settle`.
    let (waits, is_waiting) = mpsc::channel();
    let (go_on, may_go_on) = mpsc::channel::<()>();
    let clock = HookedClock::new(move || {
        waits.send(()).unwrap();
        let _ = may_go_on.recv();
        Err(Interrupted)
    });
    let shared = MemoryStore::new();
    let other = platform.builder().store(shared.clone()).clock(clock).build().unwrap();
    std::thread::scope(|scope| {
        scope.spawn(|| other.accounts().ensure_transfer(&top_up("Pay-1"), &EnsureOptions::default()).unwrap_err());
        is_waiting.recv().unwrap();
        interrupted(shared.into());
        drop(go_on);
    });
}
