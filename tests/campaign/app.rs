//! How apps get operations done through the merchant's relays: with taps that are repeated and made twice at the same time, and
//! with limits that are nearly used up.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use keysecure::{Client, EnsureOptions, Error, ErrorKind, Outcome, Secret};

use super::Flaw;
use super::job::{Job, Target};
use super::journal::{Claimed, Journal};
use super::random::Random;
use super::round::{Round, in_threads};
use crate::{BoxError, cents};

/// How many apps are at work at once. They mostly wait for `settle`, which is the default of 10 s.
const THREADS: usize = 150;
/// The most calls for one tap; after more it cannot be settled at all.
const MAX_CALLS: u32 = 200;
/// How long an app waits for a plain call.
const TIMEOUT: Duration = Duration::from_secs(3);
/// The deadlines of exactly-once calls: enough to look up after `settle`, and hardly enough.
const DEADLINES: [Duration; 2] = [Duration::from_secs(25), Duration::from_secs(12)];
/// The longest suspension of a relay.
pub(crate) const LONGEST_SUSPENSION: Duration = Duration::from_millis(2_500);
/// After this time no request is on its way to a relay: longer than any suspension and any hold of a request.
const QUIET: Duration = Duration::from_secs(4);

/// How an operation ended under one reference.
enum Ended {
    Made,
    /// Every call claimed that it was not made.
    NotMade,
    /// A limit of the session forbids it.
    Forbidden,
}

/// Gets all jobs of a round done, unless `stop` is set.
pub(crate) fn do_jobs(round: &Round<'_>, url: &str, stop: &AtomicBool) -> Result<(), BoxError> {
    let mut apps: HashMap<&str, Client> = HashMap::new();
    for job in &round.jobs {
        let number = job.cardholder_no.as_str();
        if !apps.contains_key(number) {
            let limit = round.limits.get(number);
            let session = match limit {
                Some(limit) => format!("session-{number}-max-{}", cents(*limit)),
                None => format!("session-{number}"),
            };
            let client = Client::relay(url, move |_: bool| Ok(Secret::from(session.clone())));
            apps.insert(number, client.timeout(TIMEOUT).build()?);
        }
    }
    in_threads(THREADS, round.jobs.len(), |at| {
        let Some(job) = round.jobs.get(at) else { return Ok(()) };
        let client = apps.get(job.cardholder_no.as_str()).ok_or("a cardholder without an app")?;
        let mut random = round.plan_faults(at);
        App { client, journal: &round.journal, flaw: round.campaign.flaw, stop }.do_job(job, &mut random)
    })
}

struct App<'a> {
    client: &'a Client,
    journal: &'a Journal,
    flaw: Option<Flaw>,
    stop: &'a AtomicBool,
}

impl App<'_> {
    fn do_job(&self, job: &Job, random: &mut Random) -> Result<(), BoxError> {
        for version in 1..=MAX_CALLS {
            match self.make(&job.target(version), job.callers, random)? {
                Ended::Made => return Ok(()),
                Ended::NotMade => {}
                Ended::Forbidden => {
                    self.journal.forbid(&job.name);
                    return Ok(());
                }
            }
        }
        Err(format!("{} was refused {MAX_CALLS} times", job.name).into())
    }

    /// Makes calls for one tap until its outcome is known.
    ///
    /// An outcome is about its own call: after `unknown` an app does not give a tap up, whatever later calls say.
    fn make(&self, target: &Target, callers: usize, random: &mut Random) -> Result<Ended, BoxError> {
        let mut claims = self.at_once(target, callers, random)?;
        let mut forbidden = 0;
        for _ in 0..MAX_CALLS {
            if claims.iter().any(|(claimed, _)| matches!(claimed, Claimed::Made { .. })) {
                self.tap_again(target, random);
                return Ok(Ended::Made);
            }
            let was_unknown = claims.iter().any(|(claimed, _)| matches!(claimed, Claimed::Unknown));
            match claims.last() {
                Some((Claimed::Nothing(_), Some(ErrorKind::Permission))) => forbidden += 1,
                _ => forbidden = 0,
            }
            if forbidden > 0 && (!was_unknown || forbidden > 2) {
                return Ok(Ended::Forbidden);
            }
            if !was_unknown || self.flaw == Some(Flaw::FreshTaps) {
                return Ok(Ended::NotMade);
            }
            if self.stop.load(Ordering::SeqCst) {
                return Err("the relays have ended".into());
            }
            std::thread::sleep(if forbidden > 0 { QUIET } else { random.millis(20, 300) });
            claims.push(self.call(target, random));
        }
        Err(format!("{} was not settled by {MAX_CALLS} calls", target.reference()).into())
    }

    /// The first calls: one, or several devices of one user with the same tap.
    fn at_once(
        &self,
        target: &Target,
        callers: usize,
        random: &mut Random,
    ) -> Result<Vec<(Claimed, Option<ErrorKind>)>, BoxError> {
        let mut randoms: Vec<Random> = (0..callers).map(|_| random.fork()).collect();
        std::thread::scope(|scope| {
            let calls: Vec<_> = randoms.iter_mut().map(|random| scope.spawn(|| self.call(target, random))).collect();
            calls.into_iter().map(|call| call.join().map_err(|_| "a call panicked".into())).collect()
        })
    }

    /// Some users tap once more after all was done: the relay finds what it did.
    fn tap_again(&self, target: &Target, random: &mut Random) {
        if random.one_in(5) {
            self.journal.event("tap repeated after it was done");
            self.call(target, random);
        }
    }

    /// Makes the plain call or the exactly-once call, and records its claim.
    fn call(&self, target: &Target, random: &mut Random) -> (Claimed, Option<ErrorKind>) {
        let result = if random.one_in(3) {
            // It may find what an earlier call of the tap made.
            target.send(self.client).map(|no| (no, false))
        } else {
            let deadline = DEADLINES[usize::from(random.one_in(6))];
            self.journal.ensured.fetch_add(1, Ordering::SeqCst);
            target.ensure(self.client, &EnsureOptions { deadline: Some(deadline), ..EnsureOptions::default() })
        };
        self.journal.count(result.as_ref().err().map(Error::outcome));
        let kind = result.as_ref().err().map(Error::kind);
        let claimed = match result {
            Ok((no, created)) => Claimed::Made { no, created },
            Err(error) if error.outcome() == Outcome::Unknown => Claimed::Unknown,
            Err(error) => Claimed::Nothing(error.outcome()),
        };
        self.journal.claim(target.reference(), claimed.clone());
        (claimed, kind)
    }
}
