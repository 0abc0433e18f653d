//! Which request a fault hits.

use super::{Fault, FaultKind, FiredFault};

/// Faults in the order they were added. Every fault counts every request that matches it; of those that are due the
/// first one hits, and the others stay due.
#[derive(Debug, Default)]
pub(crate) struct Plan {
    faults: Vec<Planned>,
    fired: Vec<FiredFault>,
}

#[derive(Debug)]
struct Planned {
    fault: Fault,
    seen: u64,
    hit: u64,
}

impl Plan {
    pub(crate) fn add(&mut self, fault: Fault) {
        self.faults.push(Planned { fault, seen: 0, hit: 0 });
    }

    /// Forgets the faults; what they did stays on record.
    pub(crate) fn clear(&mut self) {
        self.faults.clear();
    }

    pub(crate) fn fired(&self) -> &[FiredFault] {
        &self.fired
    }

    /// A request has begun to arrive: is it to be refused?
    pub(crate) fn refuses(&mut self, now_ms: i64) -> bool {
        self.hit(now_ms, "unknown", |fault| fault.kind == FaultKind::Refuse).is_some()
    }

    /// A request for this operation is here: what goes wrong with it?
    pub(crate) fn next(&mut self, now_ms: i64, operation: &str) -> Option<FaultKind> {
        self.hit(now_ms, operation, |fault| {
            fault.kind != FaultKind::Refuse && fault.operation.as_ref().is_none_or(|wanted| wanted == operation)
        })
    }

    fn hit(&mut self, now_ms: i64, operation: &str, matches: impl Fn(&Fault) -> bool) -> Option<FaultKind> {
        let mut found = None;
        for planned in self.faults.iter_mut().filter(|planned| matches(&planned.fault)) {
            planned.seen += 1;
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

    fn names(plan: &mut Plan, operations: &[&str]) -> Vec<Option<FaultKind>> {
        operations.iter().map(|operation| plan.next(0, operation)).collect()
    }

    #[test]
    fn a_fault_lets_requests_pass_and_then_hits_its_number_of_them() {
        let mut plan = Plan::default();
        plan.add(Fault::on("a", Html).after(1).times(2));
        assert_eq!(vec![None, None, Some(Html), Some(Html), None], names(&mut plan, &["a", "b", "a", "a", "a"]));
        assert_eq!(2, plan.fired().len());
    }

    #[test]
    fn two_faults_due_at_once_hit_one_after_the_other() {
        let mut plan = Plan::default();
        plan.add(Fault::on("a", Html));
        plan.add(Fault::on_any(Malformed));
        assert_eq!(vec![Some(Html), Some(Malformed), None], names(&mut plan, &["a", "a", "a"]));
    }

    #[test]
    fn a_refusal_counts_arrivals_only() {
        let mut plan = Plan::default();
        plan.add(Fault::on_any(Refuse).after(1));
        assert_eq!(None, plan.next(0, "a"));
        assert_eq!([false, true, false], [0; 3].map(|now_ms| plan.refuses(now_ms)));
    }
}
