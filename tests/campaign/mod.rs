//! The exactly-once campaign: a great many `ensure_*` calls under seeded faults, then the sandbox's ledger is read.
//!
//! # Time, or why a proof here is a proof
//!
//! `ensure_*` sends again when a look-up that began `settle` after the last attempt has not found the target. That is
//! right only if the platform commits within `settle`, and what counts is `settle` **on the client's clock** against the
//! delay **in real time**, for the sandbox delays in real time only. A clock whose sleeps take no time would let ten
//! seconds of settle pass at once, before a commit that is 50 ms late: the client would then be blamed for a platform
//! that commits after `settle`. So there are these phases:
//!
//! * [`Phase::Skipping`]: sleeps take no time and move the platform's clock along; `settle` is the default of 10 s. No fault
//!   here commits after its client has learned of the failure.
//! * [`Phase::Real`]: all waiting is real. Calls time out after 300 ms, `settle` is 700 ms. Commits come at most 150 ms after
//!   the client has given up: late commits by up to 150 ms, stalls before the commit of up to 450 ms. The rest of `settle`
//!   is room for a busy machine.
//! * [`Phase::Fleet`] in skipped time: four processes, each with a clock that skips its sleeps. They share one store, and two
//!   or four of them get the same reference at the same time. Processes are suspended (SIGSTOP). With files, all of them
//!   are killed together at random moments and started again when the sandbox has closed every connection of theirs: a
//!   request of a dead process would otherwise be under way while its `settle` is skipped.
//! * [`Phase::Fleet`] in real time: the same with the times of `Real`, through a relay that kills or suspends the sender
//!   after some bytes of a request, holds requests and responses, breaks connections, and is dead for a while. Single
//!   processes are killed at random moments. A Redis is emptied or stopped for a while. With [`Members::Alone`] each
//!   reference has one process, with the memory store, and nothing survives it but the list of references.
//!
//! Before the ledger is read the sandbox is stopped, which carries out everything that it still held back.
//!
//! # Tests that can fail
//!
//! A [`Flaw`] makes the merchant or the settings wrong in one way; the audit must then find what it is there to find.

mod audit;
mod faults;
mod figures;
mod flaw;
#[cfg(unix)]
mod fleet;
mod job;
mod journal;
mod jumps;
mod merchant;
mod phase;
mod random;
mod scene;

use std::path::PathBuf;
use std::time::{Duration, Instant};

pub use figures::Figures;
pub use flaw::Flaw;
#[cfg(unix)]
pub use fleet::member;
pub use phase::{Members, Phase, Time};

use crate::BoxError;

/// A campaign to be run.
#[derive(Debug, Clone)]
pub struct Campaign {
    /// What all draws are made from: the faults of an operation depend on it and on the operation's place alone. How
    /// threads and processes take turns does not.
    pub seed: u64,
    /// How many operations in skipped time. One in six is a card application, the others are transfers.
    pub skipped: usize,
    /// How many operations in real time.
    pub real: usize,
    /// How many cardholders share them in each round.
    pub cardholders: usize,
    /// How many threads call at once in the phases of one process.
    pub threads: usize,
    /// The program that is run as the processes of a fleet, which must hand its arguments to [`member`]; without one there
    /// are only the phases of one process.
    pub worker: Option<PathBuf>,
    /// The mistake that is made on purpose.
    pub flaw: Option<Flaw>,
    /// Only the phases whose names contain this.
    pub only: Option<String>,
    /// No round begins later than this after the start.
    pub most_time: Option<Duration>,
    /// Whether to print a line to standard error after each round.
    pub progress: bool,
}

impl Default for Campaign {
    fn default() -> Self {
        Self {
            seed: 1,
            skipped: 20_000,
            real: 3_000,
            cardholders: 40,
            threads: 8,
            worker: None,
            flaw: None,
            only: None,
            most_time: None,
            progress: false,
        }
    }
}

impl Campaign {
    /// Runs it. An error means that it could not be carried out; what it found is in the figures.
    pub fn run(&self) -> Result<Figures, BoxError> {
        let started = Instant::now();
        let mut figures = Figures::default();
        for (phase, operations) in self.phases() {
            if self.only.as_ref().is_some_and(|only| !phase.to_string().contains(only)) {
                continue;
            }
            if let Some(reason) = scene::cannot_run(phase)? {
                figures.notes.push(format!("SKIPPED: {phase}: {reason}"));
                continue;
            }
            let phase_started = Instant::now();
            let (mut left, mut round, mut done) = (operations, 0, 0);
            while left > 0 && self.most_time.is_none_or(|most| started.elapsed() < most) {
                let count = left.min(scene::most_operations(self, phase, round));
                let found = scene::run(self, phase, round, count)?;
                figures.add(&found);
                (left, round, done) = (left - count, round + 1, done + found.operations);
                if self.progress && (round % 10 == 0 || !phase.is_skipping() || left == 0 || !found.is_clean()) {
                    let clean = if figures.is_clean() { "clean" } else { "NOT CLEAN" };
                    let seconds = started.elapsed().as_secs();
                    eprintln!("{seconds:>6} s  {phase}: {done} of {operations}, {clean}");
                    found.findings.iter().for_each(|finding| eprintln!("FOUND: {finding}"));
                }
            }
            figures.phases.push((phase, done, phase_started.elapsed()));
        }
        figures.wall = started.elapsed();
        Ok(figures)
    }

    /// The phases with their operations.
    fn phases(&self) -> Vec<(Phase, usize)> {
        let all = self.skipped + self.real;
        let fleet = |members, time| Phase::Fleet(members, time);
        match (self.flaw, &self.worker) {
            (Some(Flaw::ShortSettle), _) => vec![(Phase::Real, all)],
            (Some(Flaw::NoStoreSharing), _) => vec![(fleet(Members::OwnMemory, Time::Skipped), all)],
            (Some(Flaw::OwnDirectories), _) => vec![(fleet(Members::OwnDirectory, Time::Skipped), all)],
            (Some(Flaw::FleetLies), _) => vec![(fleet(Members::File, Time::Skipped), all)],
            (Some(_), _) => vec![(Phase::Skipping, all)],
            (None, None) => vec![(Phase::Skipping, self.skipped), (Phase::Real, self.real)],
            (None, Some(_)) => {
                let (skipped, real) = (|percent| self.skipped * percent / 100, |percent| self.real * percent / 100);
                let rest = |whole: usize, parts: &[usize]| whole - parts.iter().sum::<usize>();
                let (files, redis) = (skipped(18), skipped(12));
                let (killed, real_files, real_redis) = (real(20), real(30), real(25));
                vec![
                    (Phase::Skipping, rest(self.skipped, &[files, redis])),
                    (fleet(Members::File, Time::Skipped), files),
                    (fleet(Members::Redis, Time::Skipped), redis),
                    (Phase::Real, rest(self.real, &[killed, real_files, real_redis])),
                    (fleet(Members::Alone, Time::Real), killed),
                    (fleet(Members::File, Time::Real), real_files),
                    (fleet(Members::Redis, Time::Real), real_redis),
                ]
            }
        }
    }
}
