//! Sums in the memory of one process.

use std::collections::HashMap;
use std::time::Instant;

use crate::clock::MAX_DURATION;
use crate::store::{Reservation, Reserved};

/// Number of sums from which those that have ended are dropped.
const FIRST_SWEEP: usize = 1_000;

#[derive(Debug, Default)]
pub(super) struct Quotas {
    sums: HashMap<String, Sum>,
    /// Number of sums at which the next sweep runs, if larger than [`FIRST_SWEEP`].
    sweep_at: usize,
}

#[derive(Debug)]
struct Sum {
    entries: HashMap<String, u64>,
    total: u64,
    ends: Instant,
}

impl Quotas {
    pub(super) fn reserve(&mut self, reservation: &Reservation<'_>) -> Reserved {
        let Reservation { key, entry, amount, limit, keep } = *reservation;
        let now = Instant::now();
        let known = self.sums.get(key).filter(|sum| sum.ends > now);
        if known.is_some_and(|sum| sum.entries.contains_key(entry)) {
            return Reserved::Repeated;
        }
        let Some(total) = known.map_or(0, |sum| sum.total).checked_add(amount).filter(|total| *total <= limit) else {
            return Reserved::Exceeded;
        };
        if known.is_none() {
            self.sweep(now);
            self.sums.insert(key.to_owned(), Sum { entries: HashMap::new(), total: 0, ends: now });
        }
        if let Some(sum) = self.sums.get_mut(key) {
            sum.entries.insert(entry.to_owned(), amount);
            sum.total = total;
            sum.ends = sum.ends.max(now + keep.min(MAX_DURATION));
        }
        Reserved::New
    }

    pub(super) fn release(&mut self, key: &str, entry: &str) {
        let Some(sum) = self.sums.get_mut(key) else { return };
        if let Some(amount) = sum.entries.remove(entry) {
            sum.total -= amount;
        }
        if sum.entries.is_empty() {
            self.sums.remove(key);
        }
    }

    fn sweep(&mut self, now: Instant) {
        if self.sums.len() < FIRST_SWEEP.max(self.sweep_at) {
            return;
        }
        self.sums.retain(|_, sum| sum.ends > now);
        self.sweep_at = self.sums.len().saturating_mul(2);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn reservation(key: &str, keep: Duration) -> Reservation<'_> {
        Reservation { key, entry: "entry", amount: 1, limit: 1, keep }
    }

    #[test]
    fn ended_and_empty_sums_take_no_memory() {
        let mut quotas = Quotas::default();
        for key in 0..FIRST_SWEEP {
            assert_eq!(quotas.reserve(&reservation(&key.to_string(), Duration::ZERO)), Reserved::New);
        }
        let young = reservation("young", Duration::MAX);
        assert_eq!(quotas.reserve(&young), Reserved::New);
        assert_eq!(quotas.sums.keys().collect::<Vec<_>>(), ["young"]);
        quotas.release("young", "another entry");
        assert_eq!(quotas.reserve(&young), Reserved::Repeated);
        quotas.release("young", "entry");
        assert!(quotas.sums.is_empty());
    }
}
