//! Attempts in the memory of one process.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use crate::store::{Acquired, AttemptEnd, AttemptStart, PastAttempt};

/// Number of records from which those that ended long ago are dropped.
const FIRST_SWEEP: usize = 100_000;
/// Time after which a record may be dropped: longer than any `settle`.
const KEPT_FOR: Duration = Duration::from_secs(24 * 3600);

/// Upper limit of the duration of an attempt.
const FOR_EVER: Duration = crate::clock::MAX_DURATION;

#[derive(Debug, Default)]
pub(super) struct Attempts {
    records: HashMap<String, Record>,
    leases: HashMap<String, Lease>,
    /// Number of the last lease.
    last_lease: u64,
    /// Number of records at which the next sweep runs, if larger than [`FIRST_SWEEP`].
    sweep_at: usize,
}

#[derive(Debug)]
struct Lease {
    id: String,
    ends: Option<Instant>,
}

#[derive(Debug)]
struct Record {
    lease_id: String,
    begun: Instant,
    lasts: Duration,
    /// Time and kind of its end, once known.
    end: Option<(Instant, AttemptEnd)>,
}

impl Record {
    fn past(&self, now: Instant) -> PastAttempt {
        let (at, end) = match self.end {
            Some((at, end)) => (at, Some(end)),
            None => (self.begun + self.lasts.min(FOR_EVER), None),
        };
        PastAttempt { ended: now.saturating_duration_since(at), end }
    }
}

impl Attempts {
    pub(super) fn acquire(&mut self, reference: &str, lease: Duration) -> Acquired {
        let now = Instant::now();
        if self.is_leased(reference) {
            return Acquired::Busy;
        }
        self.last_lease += 1;
        let lease_id = self.last_lease.to_string();
        self.leases.insert(reference.to_owned(), Lease { id: lease_id.clone(), ends: now.checked_add(lease) });
        let last_attempt = self.last_attempt(reference);
        // Another process may have sent an unrecorded reference, so none counts as new.
        Acquired::Leased { lease_id, last_attempt, store_age: Duration::ZERO }
    }

    pub(super) fn is_leased(&self, reference: &str) -> bool {
        self.leases.get(reference).is_some_and(|lease| lease.ends.is_none_or(|end| end > Instant::now()))
    }

    pub(super) fn last_attempt(&self, reference: &str) -> Option<PastAttempt> {
        self.records.get(reference).map(|record| record.past(Instant::now()))
    }

    pub(super) fn begin(&mut self, attempt: &AttemptStart<'_>) -> bool {
        let now = Instant::now();
        let Some(lease) = self.leases.get_mut(attempt.reference).filter(|lease| lease.id == attempt.lease_id) else {
            return false;
        };
        lease.ends = now.checked_add(attempt.lease);
        let lease_id = attempt.lease_id.to_owned();
        self.sweep(now);
        self.records
            .insert(attempt.reference.to_owned(), Record { lease_id, begun: now, lasts: attempt.lasts, end: None });
        true
    }

    pub(super) fn finish(&mut self, reference: &str, lease_id: &str, end: AttemptEnd) {
        // This end says nothing about a later attempt by another worker, except that the operation is done.
        if let Some(record) = self.records.get_mut(reference)
            && (record.lease_id == lease_id || end == AttemptEnd::Done)
        {
            record.end = Some((Instant::now(), end));
        }
    }

    pub(super) fn release(&mut self, reference: &str, lease_id: &str) {
        if self.leases.get(reference).is_some_and(|lease| lease.id == lease_id) {
            self.leases.remove(reference);
        }
    }

    fn sweep(&mut self, now: Instant) {
        if self.records.len() < FIRST_SWEEP.max(self.sweep_at) {
            return;
        }
        let leases = &self.leases;
        self.records.retain(|reference, record| leases.contains_key(reference) || record.past(now).ended < KEPT_FOR);
        self.sweep_at = self.records.len().saturating_mul(2);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_that_ended_long_ago_are_dropped() {
        let Some(past) = Instant::now().checked_sub(KEPT_FOR) else { return };
        let mut attempts = Attempts::default();
        let record = |begun, end| Record { lease_id: String::new(), begun, lasts: Duration::ZERO, end };
        for name in 0..FIRST_SWEEP {
            attempts.records.insert(name.to_string(), record(past, Some((past, AttemptEnd::Done))));
        }
        attempts.records.insert("young".to_owned(), record(Instant::now(), None));
        let Acquired::Leased { lease_id, .. } = attempts.acquire("new", KEPT_FOR) else { panic!("busy") };
        let start = AttemptStart {
            reference: "new",
            lease_id: &lease_id,
            operation: "accounts.transfer",
            lasts: Duration::ZERO,
            lease: Duration::ZERO,
        };
        assert!(attempts.begin(&start));
        let mut left: Vec<_> = attempts.records.keys().map(String::as_str).collect();
        left.sort_unstable();
        assert_eq!(left, ["new", "young"]);
    }
}
