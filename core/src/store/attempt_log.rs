//! The client's use of an attempt store: leasing a reference, recording each attempt, releasing the reference.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::{Acquired, AttemptEnd, AttemptStart, AttemptStore, MemoryStore, PastAttempt, StoreUnavailable, digest};
use crate::observe::Observer;

/// Time by which a lease outlasts the work that it covers.
const MARGIN: Duration = Duration::from_secs(1);

/// Attempt store of a client.
pub(crate) struct AttemptLog {
    store: Arc<dyn AttemptStore>,
    merchant: String,
    observer: Option<Arc<dyn Observer>>,
    /// Whether the last access to the store failed, so that an outage is reported once.
    down: AtomicBool,
}

/// Leased merchant reference. Dropping it records an attempt in progress as unknown and ends the lease.
pub(crate) struct Lease<'a> {
    log: Log<'a>,
    reference: String,
    operation: &'static str,
    id: String,
    last_attempt: Option<PastAttempt>,
    store_age: Duration,
    /// Whether an attempt has begun whose end is not recorded.
    attempting: bool,
    released: bool,
}

/// Log of a lease: the client's, or a separate one.
enum Log<'a> {
    Shared(&'a AttemptLog),
    Owned(AttemptLog),
}

impl Deref for Log<'_> {
    type Target = AttemptLog;

    fn deref(&self) -> &AttemptLog {
        match self {
            Self::Shared(log) => log,
            Self::Owned(log) => log,
        }
    }
}

impl AttemptLog {
    /// `merchant` identifies the merchant and the platform.
    pub(crate) fn new(store: Arc<dyn AttemptStore>, merchant: String, observer: Option<Arc<dyn Observer>>) -> Self {
        Self { store, merchant, observer, down: AtomicBool::new(false) }
    }

    /// Log in the memory of this process, used while the store is unavailable. Calls that reach the store read it as well.
    pub(crate) fn in_memory(&self) -> Self {
        Self::new(Arc::new(MemoryStore::for_this_process()), self.merchant.clone(), None)
    }

    /// Leases the merchant reference `number` for the time `left` of the work. `None`: another worker holds it.
    pub(crate) fn acquire(
        &self,
        operation: &'static str,
        number: &str,
        left: Duration,
    ) -> Result<Option<Lease<'_>>, StoreUnavailable> {
        Lease::take(Log::Shared(self), operation, number, left)
    }

    /// Leases a reference in the memory of this process.
    pub(crate) fn acquire_in_memory(
        &self,
        operation: &'static str,
        number: &str,
        left: Duration,
    ) -> Option<Lease<'static>> {
        Lease::take(Log::Owned(self.in_memory()), operation, number, left).ok().flatten()
    }

    /// Records an attempt with an unknown outcome that is not recorded yet, if the store is available now.
    pub(crate) fn record_late(&self, operation: &'static str, number: &str, left: Duration) {
        if let Ok(Some(mut lease)) = self.acquire(operation, number, left) {
            if !lease.is_done() {
                let _ = lease.begin(Duration::ZERO, left);
                lease.finish(AttemptEnd::Unknown, left);
            }
            lease.release(left);
        }
    }

    /// Calls the store with a quarter of the time that is left.
    fn ask<T>(
        &self,
        left: Duration,
        question: impl FnOnce(Duration) -> Result<T, StoreUnavailable>,
    ) -> Result<T, StoreUnavailable> {
        let within = left / 4;
        let result = question(within);
        // Without time a store may fail although it is available.
        if within.is_zero() && result.is_err() {
            return result;
        }
        let down = result.is_err();
        if self.down.swap(down, Ordering::AcqRel) != down {
            if down {
                log::warn!(
                    target: "keysecure",
                    "the attempt store cannot be reached: ensure_* calls are refused, other calls are recorded in memory only"
                );
            } else {
                log::warn!(target: "keysecure", "the attempt store can be reached again");
            }
            if let Some(observer) = &self.observer {
                observer.attempt_store(!down);
            }
        }
        result
    }
}

/// Merges the last attempt in the store with that of this process without the store. `Done` wins; otherwise the later attempt
/// that may have been carried out.
fn last_of(stored: Option<PastAttempt>, own: Option<PastAttempt>) -> Option<PastAttempt> {
    let own = own.filter(|own| own.end != Some(AttemptEnd::NotDone));
    let (Some(stored), Some(own)) = (stored, own) else { return stored.or(own) };
    let own_counts = match (stored.end, own.end) {
        (Some(AttemptEnd::Done), _) => false,
        (Some(AttemptEnd::NotDone), _) | (_, Some(AttemptEnd::Done)) => true,
        _ => own.ended < stored.ended,
    };
    Some(if own_counts { own } else { stored })
}

/// The key of a merchant reference in the store. It reveals neither the reference nor the merchant.
pub(crate) fn reference(merchant: &str, operation: &str, number: &str) -> String {
    digest(&["keysecure attempt", merchant, operation, number])
}

impl<'a> Lease<'a> {
    fn take(
        log: Log<'a>,
        operation: &'static str,
        number: &str,
        left: Duration,
    ) -> Result<Option<Self>, StoreUnavailable> {
        let reference = reference(&log.merchant, operation, number);
        let memory = MemoryStore::for_this_process();
        if memory.is_leased(&reference) {
            return Ok(None);
        }
        let lease = left.saturating_add(MARGIN);
        match log.ask(left, |within| log.store.acquire(&reference, lease, within))? {
            Acquired::Busy => Ok(None),
            Acquired::Leased { lease_id, last_attempt, store_age } => Ok(Some(Self {
                last_attempt: last_of(last_attempt, memory.last_attempt(&reference)),
                log,
                reference,
                operation,
                id: lease_id,
                store_age,
                attempting: false,
                released: false,
            })),
        }
    }

    /// The last attempt on the reference, of an earlier worker or of this lease.
    pub(crate) fn last_attempt(&self) -> Option<PastAttempt> {
        self.last_attempt
    }

    /// Age of the store.
    pub(crate) fn store_age(&self) -> Duration {
        self.store_age
    }

    /// Whether the operation is recorded as done. No later record changes that.
    pub(crate) fn is_done(&self) -> bool {
        self.last_attempt.is_some_and(|attempt| attempt.end == Some(AttemptEnd::Done))
    }

    /// Records that an attempt begins, with its time limit and the time `left` of the work. `false`: the lease was lost.
    pub(crate) fn begin(&mut self, lasts: Duration, left: Duration) -> Result<bool, StoreUnavailable> {
        let attempt = AttemptStart {
            reference: &self.reference,
            lease_id: &self.id,
            operation: self.operation,
            lasts,
            lease: left.saturating_add(MARGIN),
        };
        self.attempting = self.log.ask(left, |within| self.log.store.begin(&attempt, within))?;
        Ok(self.attempting)
    }

    /// Records how the attempt ended. If an earlier attempt may have been carried out, a refusal of this one does not prove that
    /// the operation was not carried out.
    pub(crate) fn finish(&mut self, end: AttemptEnd, left: Duration) {
        let end = match (end, self.last_attempt.map(|attempt| attempt.end)) {
            (AttemptEnd::NotDone, Some(Some(AttemptEnd::Unknown) | None)) => AttemptEnd::Unknown,
            (end, _) => end,
        };
        if self.attempting {
            self.attempting = false;
            self.last_attempt = Some(PastAttempt { ended: Duration::ZERO, end: Some(end) });
            // An end that cannot be recorded leaves the attempt unknown, which is correct.
            let _ = self.log.ask(left, |within| self.log.store.finish(&self.reference, &self.id, end, within));
        }
    }

    /// Ends the lease.
    pub(crate) fn release(mut self, left: Duration) {
        self.end(left);
    }

    fn end(&mut self, left: Duration) {
        self.finish(AttemptEnd::Unknown, left);
        if !self.released {
            self.released = true;
            // If this fails, the lease expires or ends with this process.
            let _ = self.log.ask(left, |within| self.log.store.release(&self.reference, &self.id, within));
        }
    }
}

impl Drop for Lease<'_> {
    fn drop(&mut self) {
        // Without waiting, because this also runs after a panic.
        self.end(Duration::ZERO);
    }
}

impl fmt::Debug for AttemptLog {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("AttemptLog").finish_non_exhaustive()
    }
}

impl fmt::Debug for Lease<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Lease").field("last_attempt", &self.last_attempt).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;
    use crate::store::MemoryStore;

    const TRANSFER: &str = "accounts.transfer";
    const MINUTE: Duration = Duration::from_secs(60);

    fn log(store: &MemoryStore) -> AttemptLog {
        AttemptLog::new(Arc::new(store.clone()), "merchant".to_owned(), None)
    }

    fn lease(log: &AttemptLog) -> Lease<'_> {
        log.acquire(TRANSFER, "topup-1", MINUTE).unwrap().unwrap()
    }

    /// Makes one attempt for each end, each in its own lease, and returns the recorded end.
    fn recorded(ends: &[AttemptEnd]) -> Option<AttemptEnd> {
        let store = MemoryStore::new();
        for end in ends {
            let log = log(&store);
            let mut lease = lease(&log);
            assert!(lease.begin(MINUTE, MINUTE).unwrap());
            lease.finish(*end, MINUTE);
            lease.release(MINUTE);
        }
        lease(&log(&store)).last_attempt().unwrap().end
    }

    #[test]
    fn a_refusal_hides_no_attempt_that_may_have_been_carried_out() {
        use AttemptEnd::{Done, NotDone, Unknown};
        for (ends, end) in [
            (&[NotDone][..], NotDone),
            (&[NotDone, NotDone], NotDone),
            (&[Unknown, NotDone], Unknown),
            (&[Unknown, NotDone, NotDone], Unknown),
            (&[Unknown, Done], Done),
        ] {
            assert_eq!(recorded(ends), Some(end), "{ends:?}");
        }
    }

    #[test]
    fn an_attempt_that_the_store_does_not_know_counts_unless_it_was_refused() {
        use AttemptEnd::{Done, NotDone, Unknown};
        let past = |ended, end| Some(PastAttempt { ended: Duration::from_secs(ended), end });
        for (stored, own, last) in [
            (None, None, None),
            (None, past(1, Some(NotDone)), None),
            (None, past(1, Some(Unknown)), past(1, Some(Unknown))),
            (past(1, Some(NotDone)), past(5, None), past(5, None)),
            (past(1, Some(Unknown)), past(5, Some(Unknown)), past(1, Some(Unknown))),
            (past(5, None), past(1, Some(Unknown)), past(1, Some(Unknown))),
            (past(1, Some(Unknown)), past(5, Some(Done)), past(5, Some(Done))),
            (past(5, Some(Done)), past(1, Some(Unknown)), past(5, Some(Done))),
        ] {
            assert_eq!(last_of(stored, own), last);
        }
    }

    #[test]
    fn a_lease_is_exclusive_and_a_panic_ends_it_as_unknown() {
        let store = MemoryStore::new();
        let (one, other) = (log(&store), log(&store));
        let held = lease(&one);
        assert!(other.acquire(TRANSFER, "topup-1", MINUTE).unwrap().is_none());
        assert!(other.acquire(TRANSFER, "topup-2", MINUTE).unwrap().is_some());
        drop(held);
        let work = || {
            let mut lease = lease(&one);
            lease.begin(MINUTE, MINUTE).unwrap();
            std::panic::resume_unwind(Box::new("ended"));
        };
        assert!(std::panic::catch_unwind(std::panic::AssertUnwindSafe(work)).is_err());
        assert_eq!(lease(&other).last_attempt().unwrap().end, Some(AttemptEnd::Unknown));
    }

    /// A store that is always unavailable, and an observer of it.
    #[derive(Default)]
    struct Gone {
        asked: Mutex<Vec<Duration>>,
        seen: Mutex<Vec<bool>>,
    }

    impl AttemptStore for Gone {
        fn acquire(&self, _: &str, _: Duration, within: Duration) -> Result<Acquired, StoreUnavailable> {
            self.asked.lock().unwrap().push(within);
            Err(StoreUnavailable)
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

    impl Observer for Gone {
        fn attempt_store(&self, available: bool) {
            self.seen.lock().unwrap().push(available);
        }
    }

    #[test]
    fn an_outage_is_reported_once_and_costs_a_quarter_of_the_time_at_most() {
        let gone = Arc::<Gone>::default();
        let log = AttemptLog::new(gone.clone(), "merchant".to_owned(), Some(gone.clone()));
        for _ in 0..3 {
            assert!(log.acquire(TRANSFER, "topup-1", MINUTE).is_err());
        }
        assert_eq!(*gone.seen.lock().unwrap(), [false]);
        assert!(gone.asked.lock().unwrap().iter().all(|within| *within <= MINUTE / 4));
    }

    #[test]
    fn a_reference_identifies_an_operation_without_revealing_it() {
        let names = [("m1", "topup-1"), ("m2", "topup-1"), ("m1", "topup-2")]
            .map(|(merchant, number)| reference(merchant, TRANSFER, number));
        assert!(names.iter().all(|name| name.len() == 64 && !name.contains("topup")));
        assert!(names[0] != names[1] && names[0] != names[2]);
    }
}
