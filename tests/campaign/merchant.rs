//! How the merchant gets one operation done.

use std::sync::atomic::Ordering;
use std::time::Duration;

use keysecure::{Client, EnsureOptions, ErrorKind, Outcome};

use super::job::{Job, Target};
use super::journal::{Claimed, Journal};
use super::random::Random;
use super::{Flaw, Phase};
use crate::BoxError;

/// The most calls for one reference; after more it cannot be settled at all.
const MAX_CALLS: u32 = 100;

/// One merchant, on one of its threads.
#[derive(Debug)]
pub(crate) struct Merchant<'a> {
    pub(crate) client: &'a Client,
    pub(crate) journal: &'a Journal,
    pub(crate) phase: Phase,
    pub(crate) flaw: Option<Flaw>,
}

impl Merchant<'_> {
    /// Makes calls until the operation is done. A reference for which a call claimed "not made" is given up for another one,
    /// so that the audit shows whether the claim was true.
    pub(crate) fn do_job(&self, job: &Job, random: &mut Random) -> Result<(), BoxError> {
        for version in 1..=MAX_CALLS {
            if self.make(&job.target(version), random)? {
                return Ok(());
            }
        }
        Err(format!("{} was refused {MAX_CALLS} times", job.name).into())
    }

    /// Makes calls for one target; `false` if a call claimed that it was not made.
    fn make(&self, target: &Target, random: &mut Random) -> Result<bool, BoxError> {
        let mut sent_before = false;
        // Some merchants use the plain call first. The error of one single attempt is judged here.
        if random.one_in(3) || self.flaw.is_some_and(|flaw| flaw != Flaw::ShortSettle) {
            loop {
                match self.record(target, target.send(self.client).map(|no| (no, true))) {
                    Claimed::Made { .. } => return Ok(true),
                    Claimed::Nothing(_) if self.flaw != Some(Flaw::Blind) => return Ok(false),
                    _ if self.flaw == Some(Flaw::Blind) => {}
                    _ if self.flaw == Some(Flaw::GivesUp) => return Ok(true),
                    _ => break,
                }
            }
            sent_before = true;
        }
        for _ in 0..MAX_CALLS {
            let options = self.options(!sent_before, random);
            self.journal.ensured.fetch_add(1, Ordering::SeqCst);
            let result = target.ensure(self.client, &options);
            let hopeless = result.as_ref().is_err_and(|error| error.kind() == ErrorKind::Conflict);
            match self.record(target, result) {
                // Two targets have the reference: another call does not help. The audit finds them.
                _ if hopeless => return Ok(true),
                Claimed::Made { .. } => return Ok(true),
                Claimed::Nothing(_) => return Ok(false),
                Claimed::Unknown => sent_before = true,
            }
        }
        Err(format!("{} was not settled by {MAX_CALLS} calls", target.reference()).into())
    }

    fn options(&self, first_attempt: bool, random: &mut Random) -> EnsureOptions {
        let short = self.flaw == Some(Flaw::ShortSettle);
        let settle = if short { Duration::from_millis(1) } else { self.phase.settle() };
        // Some calls have a short deadline, and end before the reference is settled.
        let hurry = random.one_in(6) && !short;
        let deadline = if hurry { settle + settle / 4 } else { self.phase.deadline() };
        EnsureOptions { settle: Some(settle), deadline: Some(deadline), first_attempt, ..EnsureOptions::default() }
    }

    fn record(&self, target: &Target, result: Result<(String, bool), keysecure::Error>) -> Claimed {
        let outcome = result.as_ref().err().map(keysecure::Error::outcome);
        self.journal.count(outcome);
        let claimed = match (result, outcome) {
            (Ok((no, created)), _) => Claimed::Made { no, created },
            (Err(_), Some(Outcome::Unknown) | None) if self.flaw == Some(Flaw::Lies) => {
                Claimed::Nothing(Outcome::Rejected)
            }
            (Err(_), Some(outcome @ (Outcome::Rejected | Outcome::NotSent))) => Claimed::Nothing(outcome),
            (Err(_), _) => Claimed::Unknown,
        };
        self.journal.claim(target.reference(), claimed.clone());
        claimed
    }
}
