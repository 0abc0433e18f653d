//! Reads the sandbox's books and holds them against what was to be done and what was said.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;
use std::sync::atomic::{AtomicU64, Ordering};

use keysecure::Decimal;
use keysecure_sandbox::{Account, CardType, Platform, Status, TransferType};

use super::Figures;
use super::books::{Claim, Said};
use super::faults;
use super::job::Job;
use super::leg::Scene;
use crate::cents;

/// A thing that stands in the books.
struct Found {
    /// The platform's number.
    no: String,
    /// Whether it is what its job is.
    right: bool,
}

/// All that is found under the merchant's own numbers.
type Books = HashMap<String, Vec<Found>>;

pub(crate) fn audit(scene: &Scene<'_>) -> Figures {
    let mut figures = counted(scene);
    let jobs: HashMap<&str, &Job> = scene.jobs.iter().map(|job| (job.name.as_str(), job)).collect();
    let found = found(&scene.platform, &jobs);
    operations(scene, &found, &mut figures);
    outcomes(&scene.books.claims(), &found, &mut figures);
    money(scene, &mut figures);
    figures
}

fn counted(scene: &Scene<'_>) -> Figures {
    let books = &scene.books;
    let get = |counter: &AtomicU64| counter.load(Ordering::SeqCst);
    let operations = ["token", "accounts.transfer", "accounts.transfers", "cards.apply", "cards.list"];
    let requests: usize = operations.iter().map(|operation| scene.platform.requests_to(operation)).sum();
    let mut fired = BTreeMap::new();
    for fault in scene.platform.faults_fired() {
        *fired.entry(faults::name(fault.kind)).or_insert(0) += 1;
    }
    if get(&books.kills) > 0 {
        fired.insert("process killed".to_owned(), get(&books.kills));
    }
    Figures {
        operations: u64::try_from(scene.jobs.len()).unwrap_or(u64::MAX),
        calls: get(&books.calls),
        requests: u64::try_from(requests).unwrap_or(u64::MAX),
        faults: fired,
        unknown_inside: get(&books.unknown_inside),
        rejected: get(&books.rejected),
        not_sent: get(&books.not_sent),
        unknown: get(&books.unknown),
        kills: get(&books.kills),
        relooks: get(&books.look_ups).saturating_sub(get(&books.ensured)),
        ..Figures::default()
    }
}

/// The job of a number, which is the job's name, a slash and a version.
fn job_of<'a>(jobs: &HashMap<&str, &'a Job>, number: &str) -> Option<&'a Job> {
    jobs.get(number.rsplit_once('/')?.0).copied()
}

fn found(platform: &Platform, jobs: &HashMap<&str, &Job>) -> Books {
    let mut found = Books::new();
    for row in platform.transfers() {
        let right = job_of(jobs, &row.transfer_unique_no).is_some_and(|job| {
            job.cents.map(cents) == Some(row.amount)
                && job.cardholder_no == row.cardholder_no
                && row.kind == TransferType::In
                && row.status == Status::Success
        });
        found.entry(row.transfer_unique_no).or_default().push(Found { no: row.transfer_no, right });
    }
    for row in platform.cards() {
        let right = job_of(jobs, &row.card_unique_no).is_some_and(|job| {
            job.cents.is_none() && job.cardholder_no == row.cardholder_no && row.card_type == CardType::Virtual
        });
        found.entry(row.card_unique_no).or_default().push(Found { no: row.card_no, right });
    }
    found
}

/// Each operation must have been carried out once, under whichever of its numbers.
fn operations(scene: &Scene<'_>, found: &Books, figures: &mut Figures) {
    let mut times: HashMap<&str, u64> = HashMap::new();
    for (number, rows) in found {
        let name = number.rsplit_once('/').map_or("", |(name, _)| name);
        *times.entry(name).or_insert(0) += u64::try_from(rows.len()).unwrap_or(u64::MAX);
        let wrong = rows.iter().filter(|row| !row.right).count();
        if wrong > 0 {
            figures.wrong += u64::try_from(wrong).unwrap_or(u64::MAX);
            figures.tell(format!("{number} is not what was to be made"));
        }
    }
    for job in &scene.jobs {
        match times.get(job.name.as_str()).copied().unwrap_or(0) {
            0 => {
                figures.lost += 1;
                figures.tell(format!("{} was lost", job.name));
            }
            1 => {}
            many => {
                figures.duplicates += many - 1;
                let said: Vec<_> = scene
                    .books
                    .claims()
                    .into_iter()
                    .filter(|claim| claim.number.starts_with(&format!("{}/", job.name)))
                    .collect();
                let trail = trail(&scene.platform, &format!("{}/", job.name));
                figures.tell(format!("{} was carried out {many} times; {said:?}; requests:{trail}", job.name));
            }
        }
    }
}

/// The requests in which a text stands, each as time, call, code, fault, and whether it was committed.
fn trail(platform: &Platform, text: &str) -> String {
    let requests = platform.requests();
    let about = requests.iter().filter(|request| request.body.contains(text));
    about.fold(String::new(), |mut trail, request| {
        let (call, code, fault) = (&request.operation, request.code, request.fault);
        let _ = write!(trail, "\n    {} {call} {code:?} {fault:?} committed={}", request.time_ms, request.committed);
        // The end of the look-up's window says what the client took for the time.
        if let Some((_, end)) = request.body.split_once("\"end") {
            let _ = write!(trail, " end{end}");
        }
        trail
    })
}

/// What every call said must be what the books show at the end: a number of which a call said "not made" was never used
/// again, so nothing may stand under it; "made" names the one thing that stands there; after "unknown", at most one.
fn outcomes(claims: &[Claim], found: &Books, figures: &mut Figures) {
    for claim in claims {
        let rows = found.get(&claim.number).map(Vec::as_slice).unwrap_or_default();
        let is_true = match &claim.said {
            Said::Made(no) => matches!(rows, [row] if row.no == *no),
            Said::Nothing(_) => rows.is_empty(),
            Said::Unknown => rows.len() <= 1,
        };
        figures.outcomes_checked += 1;
        if !is_true {
            figures.false_outcomes += 1;
            figures.tell(format!("{}: said {:?}, but {} stand there", claim.number, claim.said, rows.len()));
        }
    }
}

/// The ledger adds up to zero, and each cardholder has what was to be transferred.
fn money(scene: &Scene<'_>, figures: &mut Figures) {
    let ledger = scene.platform.ledger();
    let mut expected: HashMap<&str, Decimal> = HashMap::new();
    for job in &scene.jobs {
        *expected.entry(job.cardholder_no.as_str()).or_default() += job.cents.map(cents).unwrap_or_default();
    }
    for (holder, expected) in expected {
        let balance = ledger.balance(&Account::Cardholder(holder.to_owned()));
        if balance != expected {
            figures.wrong_balances += 1;
            figures.tell(format!("cardholder {holder} has {balance} instead of {expected}"));
        }
    }
    if !ledger.total().is_zero() {
        figures.wrong_balances += 1;
        figures.tell("the ledger does not add up to zero".to_owned());
    }
}
