//! The fault plan: decides which request a fault affects.

use serde::Serialize;

use super::kinds::{Fault, FaultKind, FiredFault};

/// The planned faults, in the order in which they were added. Every fault counts every request that matches it; of several
/// faults that are due, the first one takes effect and the others stay due.
#[derive(Debug, Default)]
pub(crate) struct Plan {
    faults: Vec<PlannedFault>,
    fired: Vec<FiredFault>,
    changes: u64,
}

/// A planned fault and its progress.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct PlannedFault {
    #[serde(flatten)]
    fault: Fault,
    /// The number of matching requests so far.
    seen: u64,
    /// The number of requests that it affected.
    hit: u64,
}

impl Plan {
    /// Adds a fault.
    pub(crate) fn add(&mut self, fault: Fault) {
        self.faults.push(PlannedFault { fault, seen: 0, hit: 0 });
        self.changes += 1;
    }

    /// Removes all faults; those that occurred stay recorded.
    pub(crate) fn clear(&mut self) {
        self.faults.clear();
        self.changes += 1;
    }

    /// The planned faults, in the order in which they were added, also those that are used up.
    pub(crate) fn planned(&self) -> &[PlannedFault] {
        &self.faults
    }

    /// The number of planned faults that may still affect a request.
    pub(crate) fn remaining(&self) -> usize {
        self.faults.iter().filter(|planned| planned.hit < planned.fault.times).count()
    }

    /// A number that grows with every change.
    pub(crate) fn changes(&self) -> u64 {
        self.changes
    }

    /// The faults that occurred, oldest first.
    pub(crate) fn fired(&self) -> &[FiredFault] {
        &self.fired
    }

    /// Whether the request whose first bytes arrived is to be refused.
    pub(crate) fn refuses(&mut self, now_ms: i64) -> bool {
        self.hit(now_ms, "unknown", |fault| fault.kind == FaultKind::Refuse).is_some()
    }

    /// The fault of a request of that operation.
    pub(crate) fn next(&mut self, now_ms: i64, operation: &str) -> Option<FaultKind> {
        self.hit(now_ms, operation, |fault| {
            fault.kind != FaultKind::Refuse && fault.operation.as_ref().is_none_or(|wanted| wanted == operation)
        })
    }

    fn hit(&mut self, now_ms: i64, operation: &str, matches: impl Fn(&Fault) -> bool) -> Option<FaultKind> {
        let mut found = None;
        for planned in self.faults.iter_mut().filter(|planned| matches(&planned.fault)) {
            planned.seen += 1;
            self.changes += 1;
            let due = planned.seen >= planned.fault.nth && planned.hit < planned.fault.times;
            if due && found.is_none() {
                planned.hit += 1;
                found = Some(planned.fault.kind);
            }
        }
        if let Some(kind) = found {
            self.fired.push(FiredFault { operation: operation.to_owned(), kind, time_ms: now_ms });
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use FaultKind::{Html, Malformed, Refuse};

    fn kinds(plan: &mut Plan, operations: &[&str]) -> Vec<Option<FaultKind>> {
        operations.iter().map(|operation| plan.next(0, operation)).collect()
    }

    #[test]
    fn a_fault_skips_requests_and_then_affects_its_number_of_them() {
        let mut plan = Plan::default();
        plan.add(Fault::on("a", Html).after(1).times(2));
        assert_eq!(vec![None, None, Some(Html), Some(Html), None], kinds(&mut plan, &["a", "b", "a", "a", "a"]));
        assert_eq!(2, plan.fired().len());
    }

    #[test]
    fn two_faults_due_at_once_affect_one_request_each() {
        let mut plan = Plan::default();
        plan.add(Fault::on("a", Html));
        plan.add(Fault::on_any(Malformed));
        assert_eq!(vec![Some(Html), Some(Malformed), None], kinds(&mut plan, &["a", "a", "a"]));
    }

    #[test]
    fn a_refusal_counts_arrivals_only() {
        let mut plan = Plan::default();
        plan.add(Fault::on_any(Refuse).after(1));
        assert_eq!(None, plan.next(0, "a"));
        assert_eq!([false, true, false], [0; 3].map(|now_ms| plan.refuses(now_ms)));
    }
}
