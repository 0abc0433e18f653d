//! Interruption of a call that waits, by the means of the calling language, such as `Thread.interrupt`.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, SystemTime};

use keysecure::{Clock, Interrupted, SystemClock, UtcOffset};

use crate::clock::local_offset;
use crate::convert::ForeignFailure;

/// The time between two checks for an interruption. A call that ends earlier is never checked.
const INTERVAL: Duration = Duration::from_millis(50);

/// Tells whether the calling thread was interrupted.
#[uniffi::export(foreign)]
pub trait InterruptPoll: Send + Sync {
    /// Returns whether the current thread was interrupted. Called on the thread of a call, between two pieces of a wait;
    /// should return quickly. What it throws is ignored.
    fn is_interrupted(&self) -> Result<bool, ForeignFailure>;
}

crate::tables::in_c_order!(UniFfiTraitVtableInterruptPoll: is_interrupted);

/// Lets interrupted threads end their calls from now on, for the whole process. Default: calls cannot be interrupted.
#[uniffi::export]
pub fn set_interrupt_poll(poll: Option<Arc<dyn InterruptPoll>>) {
    *POLL.write().unwrap_or_else(PoisonError::into_inner) = poll;
}

static POLL: RwLock<Option<Arc<dyn InterruptPoll>>> = RwLock::new(None);

/// The system clock, whose waits end when the waiting thread is interrupted.
pub(crate) struct InterruptibleClock(SystemClock);

impl InterruptibleClock {
    pub(crate) fn new() -> Self {
        Self(SystemClock::new())
    }
}

impl Clock for InterruptibleClock {
    fn now(&self) -> SystemTime {
        self.0.now()
    }

    fn monotonic(&self) -> Duration {
        self.0.monotonic()
    }

    fn local_offset(&self) -> Option<UtcOffset> {
        local_offset()
    }

    fn longest_wait(&self) -> Option<Duration> {
        POLL.read().unwrap_or_else(PoisonError::into_inner).is_some().then_some(INTERVAL)
    }

    fn between_waits(&self) -> Result<(), Interrupted> {
        // No lock is held over foreign code.
        let poll = POLL.read().unwrap_or_else(PoisonError::into_inner).clone();
        match poll.map(|poll| poll.is_interrupted()) {
            Some(Ok(true)) => Err(Interrupted),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::sync::Arc;
    use std::time::{Duration, Instant};

    use keysecure::Clock as _;

    use super::{InterruptPoll, InterruptibleClock, set_interrupt_poll};
    use crate::convert::ForeignFailure;

    thread_local! {
        static INTERRUPTED: Cell<bool> = const { Cell::new(false) };
    }

    struct OfThread;

    impl InterruptPoll for OfThread {
        fn is_interrupted(&self) -> Result<bool, ForeignFailure> {
            Ok(INTERRUPTED.get())
        }
    }

    #[test]
    fn only_a_wait_of_an_interrupted_thread_ends() {
        set_interrupt_poll(Some(Arc::new(OfThread)));
        let (clock, start) = (InterruptibleClock::new(), Instant::now());
        clock.sleep(Duration::from_millis(120)).unwrap();
        assert!(start.elapsed() >= Duration::from_millis(120));
        INTERRUPTED.set(true);
        clock.sleep(Duration::from_secs(3600)).unwrap_err();
        set_interrupt_poll(None);
        clock.sleep(Duration::from_millis(1)).unwrap();
        assert_eq!(clock.longest_wait(), None);
    }
}
