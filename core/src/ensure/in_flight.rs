//! The references in work, so that a thread waits for another one of its process without asking a store.

use std::collections::HashMap;
use std::sync::{Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread::{self, ThreadId};
use std::time::{Duration, Instant};

use crate::clock::{Clock, await_change};
use crate::error::Interrupted;
use crate::values::per_process::PerProcess;

/// The references in work, each with the thread that works on it.
#[derive(Debug, Default)]
pub(crate) struct InFlight {
    workers: Mutex<HashMap<String, ThreadId>>,
    freed: Condvar,
}

impl InFlight {
    /// Those of this process, for all its clients.
    ///
    /// A forked child begins with none: the claims and the lock may be those of threads that it does not have.
    pub(crate) fn for_this_process() -> &'static Self {
        static NUMBERS: OnceLock<PerProcess<InFlight>> = OnceLock::new();
        NUMBERS.get_or_init(PerProcess::default).get(|_| Self::default())
    }

    /// Takes a number for one thread; `None` when another held it for longer than `timeout`, or when this very thread has
    /// it: a signal handler has interrupted that work, which would wait for the handler.
    pub(crate) fn claim(
        &self,
        number: String,
        clock: &dyn Clock,
        timeout: Duration,
    ) -> Result<Option<Claim<'_>>, Interrupted> {
        let (begin, here) = (Instant::now(), thread::current().id());
        let mut workers = self.lock();
        while let Some(worker) = workers.get(&number) {
            let left = timeout.saturating_sub(begin.elapsed());
            if left.is_zero() || *worker == here {
                return Ok(None);
            }
            workers = await_change(clock, &self.workers, workers, &self.freed, left)?;
        }
        workers.insert(number.clone(), here);
        Ok(Some(Claim { numbers: self, number }))
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, ThreadId>> {
        self.workers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One reference in work; dropping it lets the next thread in.
#[derive(Debug)]
pub(crate) struct Claim<'a> {
    numbers: &'a InFlight,
    number: String,
}

impl Drop for Claim<'_> {
    fn drop(&mut self) {
        self.numbers.lock().remove(&self.number);
        self.numbers.freed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::SystemClock;

    #[test]
    fn one_thread_at_a_time_has_a_number() {
        let (numbers, clock) = (InFlight::default(), SystemClock::new());
        let claim = numbers.claim("a".into(), &clock, Duration::ZERO).unwrap().unwrap();
        let others = || numbers.claim("a".into(), &clock, Duration::from_millis(10)).unwrap().is_some();
        assert!(!thread::scope(|scope| scope.spawn(others).join()).unwrap());
        assert!(numbers.claim("a".into(), &clock, Duration::MAX).unwrap().is_none(), "it would wait for itself");
        assert!(numbers.claim("b".into(), &clock, Duration::ZERO).unwrap().is_some());
        drop(claim);
        assert!(numbers.claim("a".into(), &clock, Duration::ZERO).unwrap().is_some());
    }

    #[test]
    fn a_reference_is_forgotten_after_the_work_and_after_a_panic() {
        let (numbers, clock) = (InFlight::default(), SystemClock::new());
        let work = || {
            let _claim = numbers.claim("a".into(), &clock, Duration::ZERO);
            std::panic::resume_unwind(Box::new("ended"));
        };
        assert!(std::panic::catch_unwind(std::panic::AssertUnwindSafe(work)).is_err());
        drop(numbers.claim("a".into(), &clock, Duration::ZERO).unwrap().unwrap());
        assert!(numbers.lock().is_empty());
    }
}
