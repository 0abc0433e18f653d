//! What a campaign found out.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use super::Phase;

/// The figures of a campaign.
#[derive(Debug, Clone, Default)]
pub struct Figures {
    /// Transfers and card applications that were to be made.
    pub operations: u64,
    /// Calls of the merchant's, plain ones and `ensure_*`.
    pub calls: u64,
    /// Requests that the platform saw.
    pub requests: u64,
    /// What went wrong on purpose, and how often.
    pub faults: BTreeMap<String, u64>,
    /// Attempts to make something that ended `unknown`, those that `ensure_*` settled by itself too.
    pub unknown_inside: u64,
    /// Calls of the merchant's that ended in an error of this outcome.
    pub rejected: u64,
    /// The same for `not_sent`.
    pub not_sent: u64,
    /// The same for `unknown`.
    pub unknown: u64,
    /// Worker processes killed.
    pub kills: u64,
    /// Look-ups beyond the first of each `ensure_*` call.
    pub relooks: u64,
    /// What calls said of a number, checked against the ledger.
    pub outcomes_checked: u64,
    /// Things that were made beyond the first of their operation. Must be 0.
    pub duplicates: u64,
    /// Operations of which nothing was made. Must be 0.
    pub lost: u64,
    /// Things with another amount, cardholder or type than wanted. Must be 0.
    pub wrong: u64,
    /// Claims that the ledger refutes. Must be 0.
    pub false_outcomes: u64,
    /// References that two calls claim to have created, after the store had lost its records.
    pub both_created: u64,
    /// Balances that are not the sum of the transfers. Must be 0.
    pub wrong_balances: u64,
    /// The first things that were found wrong, in words.
    pub findings: Vec<String>,
    /// Phases that were skipped, and why.
    pub notes: Vec<String>,
    /// The phases with their operations and their time.
    pub phases: Vec<(Phase, u64, Duration)>,
    /// From the beginning to the end.
    pub wall: Duration,
}

/// So many findings are told; the figures count all of them.
const TOLD: usize = 20;

impl Figures {
    /// Whether everything is there exactly once and every statement true.
    pub fn is_clean(&self) -> bool {
        self.duplicates + self.lost + self.wrong + self.false_outcomes + self.wrong_balances == 0
    }

    pub(crate) fn tell(&mut self, finding: String) {
        if self.findings.len() < TOLD {
            self.findings.push(finding);
        }
    }

    /// Adds those of a phase.
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
            (&mut self.relooks, phase.relooks),
            (&mut self.outcomes_checked, phase.outcomes_checked),
            (&mut self.duplicates, phase.duplicates),
            (&mut self.lost, phase.lost),
            (&mut self.wrong, phase.wrong),
            (&mut self.false_outcomes, phase.false_outcomes),
            (&mut self.wrong_balances, phase.wrong_balances),
            (&mut self.both_created, phase.both_created),
        ] {
            *mine += theirs;
        }
        for (name, count) in &phase.faults {
            *self.faults.entry(name.clone()).or_insert(0) += count;
        }
        phase.findings.iter().for_each(|finding| self.tell(finding.clone()));
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
        row("unknown outcomes of attempts to make something", self.unknown_inside)?;
        row("errors that the merchant saw: rejected", self.rejected)?;
        row("errors that the merchant saw: not_sent", self.not_sent)?;
        row("errors that the merchant saw: unknown", self.unknown)?;
        row("processes killed", self.kills)?;
        row("re-looks", self.relooks)?;
        row("outcomes checked against the ledger", self.outcomes_checked)?;
        row("false outcomes", self.false_outcomes)?;
        row("created claimed twice after the store lost its records", self.both_created)?;
        row("wrong amount, cardholder or type", self.wrong)?;
        row("wrong balances", self.wrong_balances)?;
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
