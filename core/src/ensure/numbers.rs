//! The numbers that are being made sure of, so that two threads of one process never do so for the same one.

use std::collections::HashMap;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::clock::{Clock, await_change};

/// Numbers in work, and numbers whose last attempt is still open.
#[derive(Debug, Default)]
pub(crate) struct Numbers {
    known: Mutex<HashMap<String, Number>>,
    freed: Condvar,
}

#[derive(Debug)]
struct Number {
    claimed: bool,
    last_attempt: Option<Duration>,
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
        let last_attempt = known.get(&number).and_then(|number| number.last_attempt);
        known.insert(number.clone(), Number { claimed: true, last_attempt });
        Some(Claim { numbers: self, number, last_attempt })
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
}

impl Claim<'_> {
    /// When the last attempt that is still open ended, if one of this process is.
    pub(crate) fn last_attempt(&self) -> Option<Duration> {
        self.last_attempt
    }

    /// Ends the work; an attempt that is still open is remembered for the next call.
    pub(crate) fn finish(mut self, open: Option<Duration>) {
        self.last_attempt = open;
    }
}

impl Drop for Claim<'_> {
    fn drop(&mut self) {
        let mut known = self.numbers.lock();
        match self.last_attempt {
            Some(_) => {
                known.insert(self.number.clone(), Number { claimed: false, last_attempt: self.last_attempt });
            }
            None => {
                known.remove(&self.number);
            }
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
