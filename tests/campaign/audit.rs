//! Checks the sandbox's ledger against the operations and the claims.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;
use std::sync::atomic::{AtomicU64, Ordering};

use keysecure::Decimal;
use keysecure_sandbox::{Account, CardType, Platform, Status, TransferType};

use super::faults;
use super::job::Job;
use super::journal::Claimed;
use super::round::Round;
use super::{Figures, Phase};
use crate::cents;

/// A target that exists.
struct Found {
    /// The platform's number.
    no: String,
    /// Whether it matches its job.
    right: bool,
}

/// The targets by merchant reference.
type Ledger = HashMap<String, Vec<Found>>;

pub(crate) fn audit(round: &Round<'_>) -> Figures {
    let mut figures = counted(round);
    let jobs: HashMap<&str, &Job> = round.jobs.iter().map(|job| (job.name.as_str(), job)).collect();
    let found = found(round, &jobs);
    operations(round, &found, &mut figures);
    outcomes(round, &found, &mut figures);
    money(round, &mut figures);
    limits(round, &mut figures);
    figures
}

fn counted(round: &Round<'_>) -> Figures {
    let journal = &round.journal;
    let get = |counter: &AtomicU64| counter.load(Ordering::SeqCst);
    let operations = ["token", "accounts.transfer", "accounts.transfers", "cards.apply", "cards.list"];
    let requests: usize = operations.iter().map(|operation| round.platform.requests_to(operation)).sum();
    let mut fired = BTreeMap::new();
    for fault in round.platform.faults_fired() {
        *fired.entry(faults::name(fault.kind)).or_insert(0) += 1;
    }
    for (name, count) in journal.events() {
        fired.insert(name.to_owned(), count);
    }
    if get(&journal.kills) > 0 {
        fired.insert("process killed".to_owned(), get(&journal.kills));
    }
    Figures {
        operations: u64::try_from(round.jobs.len()).unwrap_or(u64::MAX),
        calls: get(&journal.calls),
        requests: u64::try_from(requests).unwrap_or(u64::MAX),
        faults: fired,
        unknown_inside: get(&journal.unknown_inside),
        rejected: get(&journal.rejected),
        not_sent: get(&journal.not_sent),
        unknown: get(&journal.unknown),
        kills: get(&journal.kills),
        repeated_lookups: get(&journal.lookups).saturating_sub(get(&journal.ensured)),
        ..Figures::default()
    }
}

/// The job of a reference, which is the job's name, a slash and a version.
fn job_of<'a>(jobs: &HashMap<&str, &'a Job>, reference: &str) -> Option<&'a Job> {
    jobs.get(reference.rsplit_once('/')?.0).copied()
}

/// The reference as its caller knows it: a relay puts the cardholder in front of it.
fn own_reference(phase: Phase, reference: String, cardholder_no: &str) -> String {
    let own = reference.strip_prefix(&format!("app.{cardholder_no}.")).filter(|_| phase == Phase::Relayed);
    own.map(str::to_owned).unwrap_or(reference)
}

fn found(round: &Round<'_>, jobs: &HashMap<&str, &Job>) -> Ledger {
    let (mut found, phase) = (Ledger::new(), round.phase);
    for row in round.platform.transfers() {
        let reference = own_reference(phase, row.transfer_unique_no, &row.cardholder_no);
        let right = job_of(jobs, &reference).is_some_and(|job| {
            job.cents.map(cents) == Some(row.amount)
                && job.cardholder_no == row.cardholder_no
                && row.kind == TransferType::In
                && row.status == Status::Success
        });
        found.entry(reference).or_default().push(Found { no: row.transfer_no, right });
    }
    for row in round.platform.cards() {
        let reference = own_reference(phase, row.card_unique_no, &row.cardholder_no);
        let right = job_of(jobs, &reference).is_some_and(|job| {
            job.cents.is_none() && job.cardholder_no == row.cardholder_no && row.card_type == CardType::Virtual
        });
        found.entry(reference).or_default().push(Found { no: row.card_no, right });
    }
    found
}

/// Checks that each operation was carried out once, under any of its references.
fn operations(round: &Round<'_>, found: &Ledger, figures: &mut Figures) {
    let mut times: HashMap<&str, u64> = HashMap::new();
    for (reference, rows) in found {
        let name = reference.rsplit_once('/').map_or("", |(name, _)| name);
        *times.entry(name).or_insert(0) += u64::try_from(rows.len()).unwrap_or(u64::MAX);
        let wrong = rows.iter().filter(|row| !row.right).count();
        if wrong > 0 {
            figures.wrong += u64::try_from(wrong).unwrap_or(u64::MAX);
            figures.report(format!("{reference} is not what its job says"));
        }
    }
    let forbidden = round.journal.forbidden();
    for job in &round.jobs {
        let is_forbidden = forbidden.contains(&job.name);
        match times.get(job.name.as_str()).copied().unwrap_or(0) {
            0 if is_forbidden && round.limits.contains_key(&job.cardholder_no) => figures.forbidden += 1,
            1.. if is_forbidden => {
                figures.false_outcomes += 1;
                figures.report(format!("{} was forbidden by a limit, but exists", job.name));
            }
            0 => {
                figures.lost += 1;
                figures.report(format!("{} was lost", job.name));
            }
            1 => {}
            many => {
                figures.duplicates += many - 1;
                let claims: Vec<_> = round
                    .journal
                    .claims()
                    .into_iter()
                    .filter(|claim| claim.reference.starts_with(&format!("{}/", job.name)))
                    .collect();
                let trail = trail(&round.platform, &format!("{}/", job.name), job.operation());
                figures.report(format!("{} was carried out {many} times; {claims:?}; requests:{trail}", job.name));
            }
        }
    }
}

/// The requests of an operation whose body contains `text`, each with time, code, fault, and whether it was committed.
fn trail(platform: &Platform, text: &str, operation: &str) -> String {
    let requests = platform.requests();
    let about = requests.iter().filter(|request| request.operation == operation && request.body.contains(text));
    about.fold(String::new(), |mut trail, request| {
        let (call, code, fault) = (&request.operation, request.code, request.fault);
        let _ = write!(trail, "\n    {} {call} {code:?} {fault:?} committed={}", request.time_ms, request.committed);
        trail
    })
}

/// Checks the claims of all calls against the ledger.
///
/// "Made" names the one target that exists under the reference; after "unknown" there is at most one. A reference for which
/// its only caller got "not made" is never used again, so nothing may exist under it. Of several processes one may get
/// "refused" and another one succeed after it. Then one of the others must have created the target: a call that claims so, or
/// one whose outcome is unknown. At most one call claims that it created a target, and one does if every outcome is known.
/// Only after the store has lost its records may two calls claim so: the one whose request was lost does not know the other.
fn outcomes(round: &Round<'_>, found: &Ledger, figures: &mut Figures) {
    let (claims, contended) = (round.journal.claims(), round.phase.is_contended());
    let mut by_reference: BTreeMap<&str, Vec<&Claimed>> = BTreeMap::new();
    for claim in &claims {
        by_reference.entry(&claim.reference).or_default().push(&claim.claimed);
    }
    for (reference, claims) in by_reference {
        let rows = found.get(reference).map(Vec::as_slice).unwrap_or_default();
        let creators = count(&claims, |claimed| matches!(claimed, Claimed::Made { created: true, .. }));
        let unknown = count(&claims, |claimed| matches!(claimed, Claimed::Unknown));
        // Through a relay the second try of a call finds what its first try has created.
        let found =
            round.phase == Phase::Relayed && claims.iter().any(|claimed| matches!(claimed, Claimed::Made { .. }));
        let explained = creators > 0 || unknown > 0 || found;
        if creators > 1 && round.journal.has_lost_records() {
            figures.both_created += 1;
        }
        let mut is_true = (creators <= 1 || round.journal.has_lost_records()) && (rows.is_empty() || explained);
        for claimed in &claims {
            is_true &= match claimed {
                Claimed::Made { no, .. } => matches!(rows, [row] if row.no == *no),
                Claimed::Nothing(_) => rows.is_empty() || (contended && explained),
                Claimed::Unknown => rows.len() <= 1,
            };
            figures.outcomes_checked += 1;
        }
        if !is_true {
            figures.false_outcomes += 1;
            figures.report(format!("{reference}: claimed {claims:?}, but {} exist", rows.len()));
        }
    }
}

fn count(claims: &[&Claimed], which: impl Fn(&Claimed) -> bool) -> usize {
    claims.iter().filter(|claimed| which(claimed)).count()
}

/// Checks that the ledger adds up to zero, and that each cardholder has the sum of the transfers.
fn money(round: &Round<'_>, figures: &mut Figures) {
    let ledger = round.platform.ledger();
    let mut expected: HashMap<&str, Decimal> = HashMap::new();
    let forbidden = round.journal.forbidden();
    for job in round.jobs.iter().filter(|job| !forbidden.contains(&job.name)) {
        *expected.entry(job.cardholder_no.as_str()).or_default() += job.cents.map(cents).unwrap_or_default();
    }
    for (holder, expected) in expected {
        let balance = ledger.balance(&Account::Cardholder(holder.to_owned()));
        if balance != expected {
            figures.wrong_balances += 1;
            figures.report(format!("cardholder {holder} has {balance} instead of {expected}"));
        }
    }
    if !ledger.total().is_zero() {
        figures.wrong_balances += 1;
        figures.report("the ledger does not add up to zero".to_owned());
    }
}

/// Checks that no cardholder moved more than the limit of the day: all transfers of a round are of one day.
fn limits(round: &Round<'_>, figures: &mut Figures) {
    let mut moved: HashMap<String, Decimal> = HashMap::new();
    for row in round.platform.transfers() {
        *moved.entry(row.cardholder_no).or_default() += row.amount;
    }
    let forbidden = round.journal.forbidden();
    for (holder, limit) in &round.limits {
        let moved = moved.get(holder).copied().unwrap_or_default();
        let fits = |job: &&Job| {
            job.cardholder_no == *holder
                && forbidden.contains(&job.name)
                && moved + job.cents.map(cents).unwrap_or_default() <= cents(*limit)
        };
        figures.forbidden_with_room += u64::try_from(round.jobs.iter().filter(fits).count()).unwrap_or(u64::MAX);
        if moved > cents(*limit) {
            figures.limits_exceeded += 1;
            figures.report(format!("cardholder {holder} moved {moved} of {}", cents(*limit)));
        }
    }
}
