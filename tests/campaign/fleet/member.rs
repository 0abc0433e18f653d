//! One process of a fleet: it calls `ensure_*` for each merchant reference it gets, and may be suspended or killed at any
//! moment.
//!
//! Standard input: `job PLACE NAME CARDHOLDER CENTS VERSION` for each reference, then `go`. Standard output: for each call
//! that ended, `claim PLACE CLAIM LOOKUPS UNKNOWN`, where `CLAIM` is `created NO`, `found NO`, `conflict -`, `no-store -`, or
//! the outcome of the error and `-`; the two numbers count lookups and unknown outcomes since the line before. After the
//! last call: `done`.

use std::io::{BufRead as _, Write as _, stdin, stdout};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

#[cfg(feature = "redis")]
use keysecure::{Acquired, AttemptEnd, AttemptStart, AttemptStore, StoreUnavailable};
use keysecure::{
    Client, Clock, EnsureOptions, Error, ErrorKind, FileStore, MemoryStore, Outcome, Store, TransportFault,
};

use super::clock::FleetClock;
use crate::campaign::job::Job;
use crate::campaign::journal::Journal;
use crate::campaign::random::Random;
use crate::campaign::round::in_threads;
use crate::campaign::{Members, Phase, Time};
use crate::{BoxError, TestClock};

/// The most calls for one reference; after more it cannot be settled at all.
const MAX_CALLS: usize = 100;

/// One reference to work on.
struct Task {
    place: String,
    job: Job,
    version: u32,
}

/// Runs a process of a fleet. The arguments after `member` are base URL, Api-Key, apiSecret, a seed, the offset of the
/// device's clock in milliseconds, the store (`memory`, `first-attempt`, `file:DIRECTORY`, or `redis://HOST`), the
/// number of threads, and the sandbox's control URL where sleeps are skipped.
pub fn member(arguments: &[String]) -> Result<(), BoxError> {
    let [base_url, api_key, api_secret, seed, wrong_by, store, threads, control @ ..] = arguments else {
        return Err("a process of a fleet needs seven arguments".into());
    };
    let (seed, wrong_by, threads): (u64, i64, usize) = (seed.parse()?, wrong_by.parse()?, threads.parse()?);
    let first_attempt = store == "first-attempt";
    let (clock, time): (Arc<dyn Clock>, Time) = match control {
        [url, ..] => (Arc::new(FleetClock::new(wrong_by, url)), Time::Skipped),
        [] => (Arc::new(TestClock::wrong_by(wrong_by)), Time::Real),
    };
    let journal = Arc::new(Journal::default());
    let members = if store.starts_with("redis") { Members::Redis } else { Members::File };
    let phase = Phase::Fleet(members, time);
    let client = Client::builder(api_key.as_str(), api_secret.as_str())
        .base_url(base_url)
        .clock(clock)
        .timeout(phase.timeout())
        .observer(journal.clone())
        .store(open(store, time)?)
        .build()?;
    let mut tasks: Vec<Task> = Vec::new();
    for line in stdin().lock().lines() {
        let line = line?;
        let words: Vec<&str> = line.split(' ').collect();
        match words.as_slice() {
            ["job", place, name, cardholder_no, cents, version] => tasks.push(Task {
                place: (*place).to_owned(),
                job: Job::from_words(name, cardholder_no, cents).ok_or("an amount is no number")?,
                version: version.parse()?,
            }),
            ["go"] => {
                in_threads(threads, tasks.len(), |at| {
                    let Some(task) = tasks.get(at) else { return Ok(()) };
                    let mut random = Random::new(seed, u64::try_from(at).unwrap_or(0));
                    make_sure(&client, &journal, phase, task, first_attempt, &mut random)
                })?;
                tasks.clear();
                stdout().lock().write_all(b"done\n")?;
            }
            _ => return Err(format!("unknown command {line}").into()),
        }
    }
    Ok(())
}

/// Makes calls until the outcome of a reference is known.
fn make_sure(
    client: &Client,
    journal: &Journal,
    phase: Phase,
    task: &Task,
    first_attempt: bool,
    random: &mut Random,
) -> Result<(), BoxError> {
    let target = task.job.target(task.version);
    for _ in 0..MAX_CALLS {
        let settle = phase.settle();
        // Some calls have a short deadline, and end before the reference is settled. Where sleeps are skipped, their lease in
        // Redis would last for ten seconds of real time, and the other processes would have to wait for it.
        let hurry = random.one_in(6) && phase != Phase::Fleet(Members::Redis, Time::Skipped);
        let deadline = if hurry { settle + settle / 4 } else { phase.deadline() };
        let options =
            EnsureOptions { settle: Some(settle), deadline: Some(deadline), first_attempt, ..EnsureOptions::default() };
        let result = target.ensure(client, &options);
        let claim = match &result {
            Ok((no, true)) => format!("created {no}"),
            Ok((no, false)) => format!("found {no}"),
            Err(error) if error.kind() == ErrorKind::Conflict => "conflict -".to_owned(),
            Err(error) if is_store(error) => "no-store -".to_owned(),
            Err(error) => format!("{} -", error.outcome()),
        };
        let (looks, unknown) =
            (journal.lookups.swap(0, Ordering::SeqCst), journal.unknown_inside.swap(0, Ordering::SeqCst));
        // In one write, because the process may be killed at any moment.
        let line = format!("claim {} {claim} {looks} {unknown}\n", task.place);
        stdout().lock().write_all(line.as_bytes())?;
        let is_open = |error: &Error| {
            is_store(error) || error.outcome() == Outcome::Unknown && error.kind() != ErrorKind::Conflict
        };
        if !result.as_ref().is_err_and(is_open) {
            return Ok(());
        }
        if result.as_ref().is_err_and(is_store) {
            std::thread::sleep(Duration::from_millis(100));
        }
    }
    Err(format!("{} was not settled by {MAX_CALLS} calls", target.reference()).into())
}

/// Whether a call failed because its store could not be reached. Its `not_sent` is about that call alone: an earlier one may
/// have been carried out, so the reference is not given up.
fn is_store(error: &Error) -> bool {
    error.transport_fault() == Some(TransportFault::Store)
}

fn open(store: &str, time: Time) -> Result<Store, BoxError> {
    if matches!(store, "memory" | "first-attempt") {
        return Ok(MemoryStore::new().into());
    }
    if let Some(directory) = store.strip_prefix("file:") {
        return Ok(FileStore::open(directory)?.into());
    }
    open_redis(store, time)
}

#[cfg(not(feature = "redis"))]
fn open_redis(_: &str, _: Time) -> Result<Store, BoxError> {
    Err("built without the cargo feature redis".into())
}

#[cfg(feature = "redis")]
fn open_redis(url: &str, time: Time) -> Result<Store, BoxError> {
    let store = keysecure::RedisStore::open(url)?;
    if time == Time::Real {
        return Ok(store.into());
    }
    // A busy machine must not look like an outage.
    let store: Store = store.timeout(Duration::from_secs(10)).into();
    Ok(match store.attempt_store() {
        Some(attempts) => store.attempts(Arc::new(Shorter(attempts))),
        None => store,
    })
}

/// A store whose leases and attempts last for some seconds of real time. Where sleeps are skipped, the deadline of a call is a
/// day; a lease that a process could not release, because Redis did not respond in time, would last as long.
#[cfg(feature = "redis")]
struct Shorter(Arc<dyn AttemptStore>);

#[cfg(feature = "redis")]
impl Shorter {
    /// Far more than an attempt takes without waiting.
    const LONGEST: Duration = Duration::from_secs(20);
}

#[cfg(feature = "redis")]
impl AttemptStore for Shorter {
    fn acquire(&self, reference: &str, lease: Duration, within: Duration) -> Result<Acquired, StoreUnavailable> {
        self.0.acquire(reference, lease.min(Self::LONGEST), within)
    }

    fn begin(&self, attempt: &AttemptStart<'_>, within: Duration) -> Result<bool, StoreUnavailable> {
        let (lasts, lease) = (attempt.lasts.min(Self::LONGEST), attempt.lease.min(Self::LONGEST));
        self.0.begin(&AttemptStart { lasts, lease, ..*attempt }, within)
    }

    fn finish(&self, reference: &str, lease: &str, end: AttemptEnd, within: Duration) -> Result<(), StoreUnavailable> {
        self.0.finish(reference, lease, end, within)
    }

    fn release(&self, reference: &str, lease: &str, within: Duration) -> Result<(), StoreUnavailable> {
        self.0.release(reference, lease, within)
    }
}
