//! The numbers that are being made sure of, so that two threads of one process never do so for the same one.

use std::collections::HashMap;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use crate::clock::{Clock, await_change};

/// Numbers in work, and numbers whose last attempt is still open.
#[derive(Debug, Default)]
pub(crate) struct Numbers {
    known: Mutex<HashMap<String, Number>>,
    freed: Condvar,
}

#[derive(Debug, Default)]
struct Number {
    claimed: bool,
    last_attempt: Option<Duration>,
    /// Whether work on it was broken off, perhaps in the middle of an attempt.
    broken_off: bool,
}

impl Numbers {
    /// Takes a number for one thread; `None` when another held it for longer than `patience`.
    pub(crate) fn claim(&self, number: String, clock: &dyn Clock, patience: Duration) -> Option<Claim<'_>> {
        let give_up = Instant::now() + patience;
        let mut known = self.lock();
        while known.get(&number).is_some_and(|number| number.claimed) {
            let left = give_up.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return None;
            }
            known = await_change(clock, &self.known, known, &self.freed, left);
        }
        let Number { last_attempt, broken_off, .. } = known.remove(&number).unwrap_or_default();
        known.insert(number.clone(), Number { claimed: true, ..Number::default() });
        Some(Claim { numbers: self, number, last_attempt, broken_off })
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
    last_attempt: Option<Duration>,
    broken_off: bool,
}

impl Claim<'_> {
    /// When the last attempt that is still open ended, if one of this process is.
    pub(crate) fn last_attempt(&self) -> Option<Duration> {
        self.last_attempt
    }

    /// Whether earlier work of this process was broken off: then nobody can say that the number was never sent.
    pub(crate) fn broken_off(&self) -> bool {
        self.broken_off
    }

    /// Ends the work; an attempt that is still open is remembered for the next call.
    pub(crate) fn finish(mut self, open: Option<Duration>) {
        self.last_attempt = open;
        self.broken_off = false;
    }
}

impl Drop for Claim<'_> {
    fn drop(&mut self) {
        let mut known = self.numbers.lock();
        // A call that a face ends, as Ctrl-C does, or a panic: nobody knows how far it came.
        let broken_off = self.broken_off || thread::panicking();
        let last_attempt = self.last_attempt.filter(|_| !broken_off);
        if broken_off || last_attempt.is_some() {
            known.insert(self.number.clone(), Number { claimed: false, last_attempt, broken_off });
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
        let claim = numbers.claim("a".into(), &clock, Duration::ZERO).unwrap();
        assert!(numbers.claim("a".into(), &clock, Duration::from_millis(10)).is_none());
        assert!(numbers.claim("b".into(), &clock, Duration::ZERO).is_some());
        drop(claim);
        assert!(numbers.claim("a".into(), &clock, Duration::ZERO).is_some());
    }

    #[test]
    fn work_that_was_broken_off_is_remembered_until_it_is_finished() {
        let (numbers, clock) = (Numbers::default(), SystemClock::new());
        let work = || {
            let _claim = numbers.claim("a".into(), &clock, Duration::ZERO);
            std::panic::resume_unwind(Box::new("ended"));
        };
        assert!(std::panic::catch_unwind(std::panic::AssertUnwindSafe(work)).is_err());
        let again = numbers.claim("a".into(), &clock, Duration::ZERO).unwrap();
        assert!(again.broken_off());
        again.finish(None);
        assert!(numbers.lock().is_empty());
    }

    #[test]
    fn an_open_attempt_is_remembered_and_a_settled_number_forgotten() {
        let (numbers, clock) = (Numbers::default(), SystemClock::new());
        let open = Some(Duration::from_secs(7));
        numbers.claim("a".into(), &clock, Duration::ZERO).unwrap().finish(open);
        let again = numbers.claim("a".into(), &clock, Duration::ZERO).unwrap();
        assert_eq!(again.last_attempt(), open);
        again.finish(None);
        assert!(numbers.lock().is_empty());
    }
}
