//! What is recorded while a phase runs: for the figures and for the audit. The merchant itself never reads it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use keysecure::{CallRecord, Effect, OPERATIONS, Observer, Outcome};

/// What a call claimed of a merchant reference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Claimed {
    /// The target exists under this number of the platform; whether the call created it.
    Made { no: String, created: bool },
    /// An error: it was not made, `rejected` or `not_sent`. The caller does not use the reference again.
    Nothing(Outcome),
    /// An error: `unknown`. Or the process was killed in mid-call.
    Unknown,
}

/// One claim.
#[derive(Debug, Clone)]
pub(crate) struct Claim {
    pub(crate) reference: String,
    pub(crate) claimed: Claimed,
}

/// Everything recorded in one round of a phase.
#[derive(Debug, Default)]
pub(crate) struct Journal {
    claims: Mutex<Vec<Claim>>,
    events: Mutex<BTreeMap<&'static str, u64>>,
    forbidden: Mutex<BTreeSet<String>>,
    pub(crate) calls: AtomicU64,
    pub(crate) rejected: AtomicU64,
    pub(crate) not_sent: AtomicU64,
    pub(crate) unknown: AtomicU64,
    /// `ensure_*` calls among the calls.
    pub(crate) ensured: AtomicU64,
    pub(crate) lookups: AtomicU64,
    /// Calls that change something and ended `unknown`, those inside of `ensure_*` too.
    pub(crate) unknown_inside: AtomicU64,
    pub(crate) kills: AtomicU64,
    lost_records: AtomicBool,
}

impl Journal {
    pub(crate) fn claim(&self, reference: &str, claimed: Claimed) {
        lock(&self.claims).push(Claim { reference: reference.to_owned(), claimed });
    }

    pub(crate) fn claims(&self) -> Vec<Claim> {
        lock(&self.claims).clone()
    }

    /// Records that a limit forbids an operation: nothing may exist for it.
    #[cfg(unix)]
    pub(crate) fn forbid(&self, name: &str) {
        lock(&self.forbidden).insert(name.to_owned());
    }

    pub(crate) fn forbidden(&self) -> BTreeSet<String> {
        lock(&self.forbidden).clone()
    }

    /// Counts something that was done to the processes or to the network.
    pub(crate) fn event(&self, name: &'static str) {
        *lock(&self.events).entry(name).or_insert(0) += 1;
    }

    pub(crate) fn events(&self) -> BTreeMap<&'static str, u64> {
        lock(&self.events).clone()
    }

    /// Records that the attempt store has lost its records.
    #[cfg(unix)]
    pub(crate) fn store_lost_records(&self) {
        self.lost_records.store(true, Ordering::SeqCst);
    }

    pub(crate) fn has_lost_records(&self) -> bool {
        self.lost_records.load(Ordering::SeqCst)
    }

    /// Counts a call of the merchant by its outcome; `None` is success.
    pub(crate) fn count(&self, outcome: Option<Outcome>) {
        self.calls.fetch_add(1, Ordering::SeqCst);
        let counter = match outcome {
            None => return,
            Some(Outcome::Rejected) => &self.rejected,
            Some(Outcome::NotSent) => &self.not_sent,
            Some(Outcome::Unknown) => &self.unknown,
        };
        counter.fetch_add(1, Ordering::SeqCst);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Observer for Journal {
    fn call(&self, record: &CallRecord) {
        if matches!(record.operation, "accounts.transfers" | "cards.list") {
            self.lookups.fetch_add(1, Ordering::SeqCst);
        }
        let changes = || OPERATIONS.iter().any(|at| at.name == record.operation && at.effect == Effect::Mutation);
        if record.outcome == Some(Outcome::Unknown) && changes() {
            self.unknown_inside.fetch_add(1, Ordering::SeqCst);
        }
    }
}
