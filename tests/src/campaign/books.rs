//! What is noted while a leg runs: for the figures and for the audit. The merchant itself never reads it.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use keysecure::{CallRecord, Effect, OPERATIONS, Observer, Outcome};

/// What a call said of a number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Said {
    /// It is made, under this number of the platform's.
    Made(String),
    /// An error: it was not made, `rejected` or `not_sent`. The merchant never uses the number again.
    Nothing(Outcome),
    /// An error: `unknown`.
    Unknown,
}

/// One statement.
#[derive(Debug, Clone)]
pub(crate) struct Claim {
    pub(crate) number: String,
    pub(crate) said: Said,
}

/// Everything noted in a leg.
#[derive(Debug, Default)]
pub(crate) struct Books {
    claims: Mutex<Vec<Claim>>,
    pub(crate) calls: AtomicU64,
    pub(crate) rejected: AtomicU64,
    pub(crate) not_sent: AtomicU64,
    pub(crate) unknown: AtomicU64,
    /// `ensure_*` calls among the calls.
    pub(crate) ensured: AtomicU64,
    pub(crate) look_ups: AtomicU64,
    /// Calls that change something and ended `unknown`, those inside of `ensure_*` too.
    pub(crate) unknown_inside: AtomicU64,
    pub(crate) kills: AtomicU64,
}

impl Books {
    pub(crate) fn claim(&self, number: &str, said: Said) {
        self.lock().push(Claim { number: number.to_owned(), said });
    }

    pub(crate) fn claims(&self) -> Vec<Claim> {
        self.lock().clone()
    }

    /// Counts a call of the merchant's by its outcome; `None` is success.
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

    fn lock(&self) -> MutexGuard<'_, Vec<Claim>> {
        self.claims.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Observer for Books {
    fn call(&self, record: &CallRecord) {
        if matches!(record.operation, "accounts.transfers" | "cards.list") {
            self.look_ups.fetch_add(1, Ordering::SeqCst);
        }
        let changes = || OPERATIONS.iter().any(|at| at.name == record.operation && at.effect == Effect::Mutation);
        if record.outcome == Some(Outcome::Unknown) && changes() {
            self.unknown_inside.fetch_add(1, Ordering::SeqCst);
        }
    }
}
