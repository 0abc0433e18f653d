//! Channel that passes a result from one thread to another before a deadline.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

/// Channel for one result with a deadline. Both sides agree whether the result was taken: `give` returns `true` exactly if
/// `take` returns the result.
#[derive(Clone)]
pub(super) struct Handover<T>(Arc<(Mutex<State<T>>, Condvar)>);

enum State<T> {
    Awaited,
    Ready(T),
    /// The result was taken, or the receiver has given up.
    Over,
}

impl<T> Handover<T> {
    pub(super) fn new() -> Self {
        Self(Arc::new((Mutex::new(State::Awaited), Condvar::new())))
    }

    /// Passes the result; `false` if the receiver has given up.
    pub(super) fn give(&self, result: T) -> bool {
        let mut state = self.state();
        let awaited = matches!(*state, State::Awaited);
        if awaited {
            *state = State::Ready(result);
            self.0.1.notify_one();
        }
        awaited
    }

    /// Takes the result, or gives up at `until`.
    pub(super) fn take(&self, until: Instant) -> Option<T> {
        let mut state = self.state();
        loop {
            match std::mem::replace(&mut *state, State::Over) {
                State::Ready(result) => return Some(result),
                State::Over => return None,
                State::Awaited => {}
            }
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return None;
            }
            *state = State::Awaited;
            state = self.0.1.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    fn state(&self) -> MutexGuard<'_, State<T>> {
        self.0.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn both_sides_know_whether_the_result_was_taken() {
        let handover = Handover::new();
        assert!(handover.give(1));
        assert_eq!(handover.take(Instant::now()), Some(1));
        assert!(!handover.give(2), "nobody waits any more");
        let late = Handover::new();
        assert_eq!(late.take(Instant::now()), None);
        assert!(!late.give(1));
        for round in 0..200 {
            let handover = Handover::new();
            let other = handover.clone();
            let thread = std::thread::spawn(move || other.give(round));
            let taken = handover.take(Instant::now() + Duration::from_micros(round));
            assert_eq!(thread.join().unwrap(), taken.is_some());
        }
    }
}
