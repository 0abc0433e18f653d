//! The numbers that are being made sure of, so that two threads of one process never do so for the same one.

use std::collections::HashMap;
use std::process;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, ThreadId};
use std::time::{Duration, Instant};

use crate::clock::{Clock, Interrupted, await_change};

/// Numbers in work, and numbers of which an attempt may still be on its way.
#[derive(Debug, Default)]
pub(crate) struct Numbers {
    known: Mutex<HashMap<String, Number>>,
    freed: Condvar,
}

#[derive(Debug, Default)]
struct Number {
    worker: Option<ThreadId>,
    /// Whether earlier work may have left an attempt that is still carried out.
    open: bool,
}

impl Numbers {
    /// Those of this process, for all its clients: it is the number that must not be sent twice, whoever sends it.
    ///
    /// A forked child begins anew. The locks within may be held by threads that it does not have.
    pub(crate) fn of_this_process() -> Arc<Self> {
        static KNOWN: Mutex<Option<(u32, Arc<Numbers>)>> = Mutex::new(None);
        let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
        let here = process::id();
        match &*known {
            Some((process, numbers)) if *process == here => Arc::clone(numbers),
            _ => Arc::clone(&known.insert((here, Arc::default())).1),
        }
    }

    /// Takes a number for one thread; `None` when another held it for longer than `patience`, or when this very thread has
    /// it: a signal handler has interrupted that work, which would wait for the handler.
    pub(crate) fn claim(
        &self,
        number: String,
        clock: &dyn Clock,
        patience: Duration,
    ) -> Result<Option<Claim<'_>>, Interrupted> {
        let (begin, here) = (Instant::now(), thread::current().id());
        let mut known = self.lock();
        while let Some(worker) = known.get(&number).and_then(|number| number.worker) {
            let left = patience.saturating_sub(begin.elapsed());
            if left.is_zero() || worker == here {
                return Ok(None);
            }
            known = await_change(clock, &self.known, known, &self.freed, left)?;
        }
        let open = known.remove(&number).is_some_and(|number| number.open);
        known.insert(number.clone(), Number { worker: Some(here), open });
        Ok(Some(Claim { numbers: self, number, open }))
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Number>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One number in work; dropping it lets the next thread in.
#[derive(Debug)]
pub(crate) struct Claim<'a> {
    numbers: &'a Numbers,
    number: String,
    open: bool,
}

impl Claim<'_> {
    /// Whether an attempt of this process may still be on its way, or work on the number was broken off: then nobody can say
    /// that it was never sent.
    pub(crate) fn is_open(&self) -> bool {
        self.open
    }

    /// Ends the work and says whether an attempt may still be on its way.
    pub(crate) fn finish(mut self, open: bool) {
        self.open = open;
    }
}

impl Drop for Claim<'_> {
    fn drop(&mut self) {
        let mut known = self.numbers.lock();
        // A call that a face ends, as Ctrl-C does, or a panic: nobody knows how far it came.
        if self.open || thread::panicking() {
            known.insert(self.number.clone(), Number { worker: None, open: true });
        } else {
            known.remove(&self.number);
        }
        drop(known);
        self.numbers.freed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::SystemClock;

    #[test]
    fn one_thread_at_a_time_has_a_number() {
        let (numbers, clock) = (Numbers::default(), SystemClock::new());
        let claim = numbers.claim("a".into(), &clock, Duration::ZERO).unwrap().unwrap();
        let others = || numbers.claim("a".into(), &clock, Duration::from_millis(10)).unwrap().is_some();
        assert!(!thread::scope(|scope| scope.spawn(others).join()).unwrap());
        assert!(numbers.claim("a".into(), &clock, Duration::MAX).unwrap().is_none(), "it would wait for itself");
        assert!(numbers.claim("b".into(), &clock, Duration::ZERO).unwrap().is_some());
        drop(claim);
        assert!(numbers.claim("a".into(), &clock, Duration::ZERO).unwrap().is_some());
    }

    #[test]
    fn work_that_was_broken_off_is_remembered_until_it_is_finished() {
        let (numbers, clock) = (Numbers::default(), SystemClock::new());
        let work = || {
            let _claim = numbers.claim("a".into(), &clock, Duration::ZERO);
            std::panic::resume_unwind(Box::new("ended"));
        };
        assert!(std::panic::catch_unwind(std::panic::AssertUnwindSafe(work)).is_err());
        let again = numbers.claim("a".into(), &clock, Duration::ZERO).unwrap().unwrap();
        assert!(again.is_open());
        again.finish(false);
        assert!(numbers.lock().is_empty());
    }

    #[test]
    fn an_open_attempt_is_remembered_and_a_settled_number_forgotten() {
        let (numbers, clock) = (Numbers::default(), SystemClock::new());
        numbers.claim("a".into(), &clock, Duration::ZERO).unwrap().unwrap().finish(true);
        let again = numbers.claim("a".into(), &clock, Duration::ZERO).unwrap().unwrap();
        assert!(again.is_open());
        again.finish(false);
        assert!(numbers.lock().is_empty());
    }
}
