use std::sync::Barrier;
use std::sync::atomic::{AtomicI64, AtomicU32, Ordering};

use std::time::SystemTime;

use super::*;
use crate::clock::SystemClock;
use crate::error::TransportError;
use crate::secrets::Secret;
use crate::values::instant;

const LIFE: i64 = 1_000_000;

fn token(number: u32, expires_at: i64) -> AccessTokenData {
    AccessTokenData {
        secret: Secret::from(format!("token-{number}")),
        expires_at: instant::from_millis(expires_at).unwrap(),
        renew_at: None,
    }
}

struct Platform {
    cell: TokenCell,
    now: AtomicI64,
    fetches: AtomicU32,
}

impl Platform {
    fn new() -> Self {
        Self { cell: TokenCell::default(), now: AtomicI64::new(0), fetches: AtomicU32::new(0) }
    }

    fn get(&self, refused: Option<&CachedToken>) -> CachedToken {
        self.get_with(refused, || {
            std::thread::sleep(Duration::from_millis(20));
            Ok(())
        })
        .unwrap()
    }

    fn get_with(
        &self,
        refused: Option<&CachedToken>,
        fetch: impl FnOnce() -> Result<(), Error>,
    ) -> Result<CachedToken, Error> {
        let now = || self.now.load(Ordering::SeqCst);
        self.cell.get(refused, &SystemClock::new(), now, Duration::from_secs(5), || {
            let number = self.fetches.fetch_add(1, Ordering::SeqCst) + 1;
            fetch()?;
            Ok(token(number, now() + LIFE))
        })
    }
}

fn broken() -> Error {
    Error::transport(TransportError::not_sent(TransportFault::Connect), None)
}

#[test]
fn many_threads_fetch_once_for_each_expiry() {
    let platform = Platform::new();
    for expiry in 1..=3 {
        let start = Barrier::new(32);
        std::thread::scope(|scope| {
            for _ in 0..32 {
                scope.spawn(|| {
                    start.wait();
                    platform.get(None);
                });
            }
        });
        assert_eq!(platform.fetches.load(Ordering::SeqCst), expiry);
        platform.now.fetch_add(LIFE, Ordering::SeqCst);
    }
}

#[test]
fn threads_refused_with_the_same_token_fetch_one_new_token() {
    let platform = Platform::new();
    let refused = platform.get(None);
    let start = Barrier::new(32);
    std::thread::scope(|scope| {
        for _ in 0..32 {
            scope.spawn(|| {
                start.wait();
                assert_eq!(platform.get(Some(&refused)).secret.expose(), "token-2");
            });
        }
    });
    assert_eq!(platform.fetches.load(Ordering::SeqCst), 2);
}

#[test]
fn a_token_is_renewed_early_and_stays_in_use_while_renewal_fails() {
    let platform = Platform::new();
    platform.get(None);
    platform.now.store(LIFE - 60_001, Ordering::SeqCst);
    platform.get(None);
    assert_eq!(platform.fetches.load(Ordering::SeqCst), 1);
    platform.now.store(LIFE - 60_000, Ordering::SeqCst);
    assert_eq!(platform.get_with(None, || Err(broken())).unwrap().secret.expose(), "token-1");
    platform.now.store(LIFE, Ordering::SeqCst);
    assert_eq!(platform.get_with(None, || Err(broken())).unwrap_err(), broken());
    assert_eq!(platform.get(None).secret.expose(), "token-4");
}

#[test]
fn a_failure_is_shared_by_those_who_waited_for_it() {
    let platform = Platform::new();
    let start = Barrier::new(8);
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                start.wait();
                let slow_failure = || {
                    std::thread::sleep(Duration::from_millis(200));
                    Err(broken())
                };
                assert_eq!(platform.get_with(None, slow_failure).unwrap_err(), broken());
            });
        }
    });
    assert_eq!(platform.fetches.load(Ordering::SeqCst), 1);
}

#[test]
fn a_fetch_that_was_interrupted_ends_no_other_call() {
    let platform = Platform::new();
    let under_way = Barrier::new(2);
    std::thread::scope(|scope| {
        let other = scope.spawn(|| {
            under_way.wait();
            platform.get(None)
        });
        let interrupted = platform.get_with(None, || {
            under_way.wait();
            std::thread::sleep(Duration::from_millis(200));
            Err(Interrupted.into())
        });
        assert_eq!(interrupted.unwrap_err().transport_fault(), Some(TransportFault::Interrupted));
        assert_eq!(other.join().unwrap().secret.expose(), "token-2");
    });
}

#[test]
fn a_panic_while_fetching_does_not_leave_the_others_waiting() {
    let platform = Platform::new();
    let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        platform.get_with(None, || panic!("a foreign transport panicked"))
    }));
    assert!(panicked.is_err());
    assert_eq!(platform.get(None).secret.expose(), "token-2");
}

#[test]
fn a_call_made_from_within_a_fetch_fetches_for_itself() {
    let platform = Platform::new();
    let outer = platform.get_with(None, || {
        assert_eq!(platform.get(None).secret.expose(), "token-2");
        Ok(())
    });
    assert_eq!(outer.unwrap().secret.expose(), "token-1");
    platform.now.store(LIFE, Ordering::SeqCst);
    assert_eq!(platform.get(None).secret.expose(), "token-3", "afterwards there is no fetch under way");
}

/// A clock that is asked between the pieces of a wait, and at the third time ends it.
#[derive(Default)]
struct Impatient(AtomicU32);

impl Clock for Impatient {
    fn now(&self) -> SystemTime {
        SystemTime::now()
    }

    fn monotonic(&self) -> Duration {
        Duration::ZERO
    }

    fn sleep(&self, _: Duration) -> Result<(), Interrupted> {
        Ok(())
    }

    fn longest_wait(&self) -> Option<Duration> {
        Some(Duration::from_millis(1))
    }

    fn between_waits(&self) -> Result<(), Interrupted> {
        if self.0.fetch_add(1, Ordering::SeqCst) == 2 { Err(Interrupted) } else { Ok(()) }
    }
}

#[test]
fn a_clock_ends_a_wait_between_its_pieces_and_wakes_the_others() {
    let platform = Platform::new();
    let clock = Impatient::default();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            platform.get_with(None, || {
                while clock.0.load(Ordering::SeqCst) < 3 {
                    std::thread::yield_now();
                }
                Ok(())
            })
        });
        while platform.fetches.load(Ordering::SeqCst) == 0 {
            std::thread::yield_now();
        }
        let error = platform
            .cell
            .get(None, &clock, || 0, Duration::from_secs(60), || unreachable!("one fetch at a time"))
            .unwrap_err();
        let fault = Some(TransportFault::Interrupted);
        assert_eq!((error.transport_fault(), error.outcome()), (fault, Outcome::NotSent));
    });
    assert_eq!(platform.get(None).secret.expose(), "token-1");
}

#[test]
fn a_waiter_gives_up_in_its_own_time() {
    let platform = Platform::new();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            platform.get_with(None, || {
                std::thread::sleep(Duration::from_millis(300));
                Ok(())
            })
        });
        while platform.fetches.load(Ordering::SeqCst) == 0 {
            std::thread::yield_now();
        }
        let clock = SystemClock::new();
        let hurried =
            platform.cell.get(None, &clock, || 0, Duration::from_millis(20), || unreachable!("one fetch at a time"));
        let error = hurried.unwrap_err();
        assert_eq!((error.kind(), error.outcome()), (ErrorKind::Timeout, Outcome::NotSent));
    });
}
