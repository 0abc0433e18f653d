//! The figures of a campaign.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use super::Phase;

/// The figures of a campaign.
#[derive(Debug, Clone, Default)]
pub struct Figures {
    /// Transfers and card applications to make.
    pub operations: u64,
    /// Calls of the merchant, plain ones and `ensure_*`.
    pub calls: u64,
    /// Requests that the platform saw.
    pub requests: u64,
    /// Injected faults, with their counts.
    pub faults: BTreeMap<String, u64>,
    /// Mutations that ended `unknown`, including those that `ensure_*` settled.
    pub unknown_inside: u64,
    /// Calls of the merchant that ended with the outcome `rejected`.
    pub rejected: u64,
    /// Calls of the merchant that ended with the outcome `not_sent`.
    pub not_sent: u64,
    /// Calls of the merchant that ended with the outcome `unknown`.
    pub unknown: u64,
    /// Worker processes killed.
    pub kills: u64,
    /// Lookups beyond the first of each `ensure_*` call.
    pub repeated_lookups: u64,
    /// Claims of calls, checked against the ledger.
    pub outcomes_checked: u64,
    /// Targets beyond the first of their operation. Must be 0.
    pub duplicates: u64,
    /// Operations without a target. Must be 0.
    pub lost: u64,
    /// Targets with a wrong amount, cardholder or type. Must be 0.
    pub wrong: u64,
    /// Claims that the ledger refutes. Must be 0.
    pub false_outcomes: u64,
    /// References that two calls claim to have created, after the store had lost its records.
    pub both_created: u64,
    /// Balances that are not the sum of the transfers. Must be 0.
    pub wrong_balances: u64,
    /// Operations that a limit forbade, and that were not made.
    pub forbidden: u64,
    /// Those of them for which there is room in the end: a reservation for a transfer that did not happen still counted.
    pub forbidden_with_room: u64,
    /// Cardholders who moved more in a day than their limit. Must be 0.
    pub limits_exceeded: u64,
    /// Descriptions of the first mistakes that the audit found.
    pub findings: Vec<String>,
    /// Phases that were skipped, and why.
    pub notes: Vec<String>,
    /// The phases with their operations and their time.
    pub phases: Vec<(Phase, u64, Duration)>,
    /// The duration of the whole campaign.
    pub wall: Duration,
}

/// The most findings with a description; the figures count all of them.
const MAX_FINDINGS: usize = 20;

impl Figures {
    /// Whether every target exists exactly once and every claim is true.
    pub fn is_clean(&self) -> bool {
        self.duplicates + self.lost + self.wrong + self.false_outcomes + self.wrong_balances + self.limits_exceeded == 0
    }

    pub(crate) fn report(&mut self, finding: String) {
        if self.findings.len() < MAX_FINDINGS {
            self.findings.push(finding);
        }
    }

    /// Adds the figures of a phase.
    pub(crate) fn add(&mut self, phase: &Self) {
        for (mine, theirs) in [
            (&mut self.operations, phase.operations),
            (&mut self.calls, phase.calls),
            (&mut self.requests, phase.requests),
            (&mut self.unknown_inside, phase.unknown_inside),
            (&mut self.rejected, phase.rejected),
            (&mut self.not_sent, phase.not_sent),
            (&mut self.unknown, phase.unknown),
            (&mut self.kills, phase.kills),
            (&mut self.repeated_lookups, phase.repeated_lookups),
            (&mut self.outcomes_checked, phase.outcomes_checked),
            (&mut self.duplicates, phase.duplicates),
            (&mut self.lost, phase.lost),
            (&mut self.wrong, phase.wrong),
            (&mut self.false_outcomes, phase.false_outcomes),
            (&mut self.wrong_balances, phase.wrong_balances),
            (&mut self.both_created, phase.both_created),
            (&mut self.forbidden, phase.forbidden),
            (&mut self.forbidden_with_room, phase.forbidden_with_room),
            (&mut self.limits_exceeded, phase.limits_exceeded),
        ] {
            *mine += theirs;
        }
        for (name, count) in &phase.faults {
            *self.faults.entry(name.clone()).or_insert(0) += count;
        }
        phase.findings.iter().for_each(|finding| self.report(finding.clone()));
    }
}

impl fmt::Display for Figures {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut row = |name: &str, count: u64| writeln!(out, "{name:<60}{count:>9}");
        row("operations", self.operations)?;
        row("calls of the merchant", self.calls)?;
        row("requests that the platform saw", self.requests)?;
        row("faults", self.faults.values().sum())?;
        for (name, count) in &self.faults {
            row(&format!("  {name}"), *count)?;
        }
        row("mutations with an unknown outcome", self.unknown_inside)?;
        row("errors that the merchant saw: rejected", self.rejected)?;
        row("errors that the merchant saw: not_sent", self.not_sent)?;
        row("errors that the merchant saw: unknown", self.unknown)?;
        row("processes killed", self.kills)?;
        row("repeated lookups", self.repeated_lookups)?;
        row("outcomes checked against the ledger", self.outcomes_checked)?;
        row("false outcomes", self.false_outcomes)?;
        row("created claimed twice after the store lost its records", self.both_created)?;
        row("wrong amount, cardholder or type", self.wrong)?;
        row("wrong balances", self.wrong_balances)?;
        row("operations that a limit forbade", self.forbidden)?;
        row("  of these with room in the end", self.forbidden_with_room)?;
        row("limits of a day exceeded", self.limits_exceeded)?;
        row("duplicates", self.duplicates)?;
        row("lost", self.lost)?;
        for (phase, operations, time) in &self.phases {
            writeln!(out, "{:<60}{:>7.1} s", format!("{phase}: {operations} operations in"), time.as_secs_f64())?;
        }
        writeln!(out, "{:<60}{:>7.1} s", "wall time", self.wall.as_secs_f64())?;
        self.notes.iter().try_for_each(|note| writeln!(out, "{note}"))?;
        self.findings.iter().try_for_each(|finding| writeln!(out, "FOUND: {finding}"))
    }
}
