//! The merchant references in progress in this process, so threads wait for each other without a store round trip.

use std::collections::HashMap;
use std::sync::{Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread::{self, ThreadId};
use std::time::{Duration, Instant};

use crate::clock::{Clock, await_change};
use crate::error::Interrupted;
use crate::values::per_process::PerProcess;

/// The merchant references with an `ensure_*` call in progress, each with its thread.
#[derive(Debug, Default)]
pub(crate) struct InFlight {
    workers: Mutex<HashMap<String, ThreadId>>,
    freed: Condvar,
}

impl InFlight {
    /// The references in progress in this process, for all its clients.
    ///
    /// A forked child starts with none: the claims and the lock may belong to threads that it does not have.
    pub(crate) fn for_this_process() -> &'static Self {
        static IN_FLIGHT: OnceLock<PerProcess<InFlight>> = OnceLock::new();
        IN_FLIGHT.get_or_init(PerProcess::default).get(|_| Self::default())
    }

    /// Claims a reference for the calling thread. `None` if another thread holds it for longer than `timeout`, or if the
    /// calling thread holds it itself: then a signal handler interrupted that work, and waiting would be a deadlock.
    pub(crate) fn claim(
        &self,
        reference: String,
        clock: &dyn Clock,
        timeout: Duration,
    ) -> Result<Option<Claim<'_>>, Interrupted> {
        let (begin, here) = (Instant::now(), thread::current().id());
        let mut workers = self.lock();
        while let Some(worker) = workers.get(&reference) {
            let left = timeout.saturating_sub(begin.elapsed());
            if left.is_zero() || *worker == here {
                return Ok(None);
            }
            workers = await_change(clock, &self.workers, workers, &self.freed, left)?;
        }
        workers.insert(reference.clone(), here);
        Ok(Some(Claim { in_flight: self, reference }))
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, ThreadId>> {
        self.workers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A claimed reference; dropping it releases the reference.
#[derive(Debug)]
pub(crate) struct Claim<'a> {
    in_flight: &'a InFlight,
    reference: String,
}

impl Drop for Claim<'_> {
    fn drop(&mut self) {
        self.in_flight.lock().remove(&self.reference);
        self.in_flight.freed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::SystemClock;

    #[test]
    fn one_thread_at_a_time_holds_a_reference() {
        let (in_flight, clock) = (InFlight::default(), SystemClock::new());
        let claim = in_flight.claim("a".into(), &clock, Duration::ZERO).unwrap().unwrap();
        let others = || in_flight.claim("a".into(), &clock, Duration::from_millis(10)).unwrap().is_some();
        assert!(!thread::scope(|scope| scope.spawn(others).join()).unwrap());
        assert!(in_flight.claim("a".into(), &clock, Duration::MAX).unwrap().is_none(), "it would wait for itself");
        assert!(in_flight.claim("b".into(), &clock, Duration::ZERO).unwrap().is_some());
        drop(claim);
        assert!(in_flight.claim("a".into(), &clock, Duration::ZERO).unwrap().is_some());
    }

    #[test]
    fn a_reference_is_forgotten_after_the_work_and_after_a_panic() {
        let (in_flight, clock) = (InFlight::default(), SystemClock::new());
        let work = || {
            let _claim = in_flight.claim("a".into(), &clock, Duration::ZERO);
            std::panic::resume_unwind(Box::new("ended"));
        };
        assert!(std::panic::catch_unwind(std::panic::AssertUnwindSafe(work)).is_err());
        drop(in_flight.claim("a".into(), &clock, Duration::ZERO).unwrap().unwrap());
        assert!(in_flight.lock().is_empty());
    }
}
