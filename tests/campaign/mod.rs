//! The exactly-once campaign: many `ensure_*` calls under seeded faults, then an audit of the sandbox's ledger.
//!
//! # Time, and why a duplicate is the client's mistake
//!
//! `ensure_*` sends again when a lookup that began `settle` after the last attempt has not found the target. That is
//! correct only if the platform commits within `settle`, where `settle` is measured **on the client's clock** and the delay
//! of the commit **in real time**, because the sandbox delays in real time only. A clock whose sleeps take no time would let
//! ten seconds of settle pass at once, before a commit that is 50 ms late: the client would then be blamed for a platform
//! that commits after `settle`. Therefore there are these phases:
//!
//! * [`Phase::Skipping`]: sleeps take no time and advance the platform's clock; `settle` is the default of 10 s. No fault here
//!   commits after its client has detected the failure.
//! * [`Phase::Real`]: all waiting is real. Calls time out after 300 ms, `settle` is 700 ms. Commits are at most 150 ms later
//!   than the client gives up: late commits by up to 150 ms, stalls before the commit of up to 450 ms. The rest of `settle`
//!   is slack for a busy machine.
//! * [`Phase::Fleet`] in skipped time: four processes, each with a clock that skips its sleeps. They share one store, and two
//!   or four of them get the same reference at the same time. Processes are suspended (SIGSTOP). With files, all of them
//!   are killed together at random moments, and restarted when the sandbox has closed all their connections: otherwise a
//!   request of a dead process would be in progress while its `settle` is skipped.
//! * [`Phase::Fleet`] in real time: the same with the times of `Real`, through a proxy that kills or suspends the sender
//!   after some bytes of a request, delays requests and responses, resets connections, and drops everything for a while.
//!   Single processes are killed at random moments. A Redis is emptied or stopped for a while. With [`Members::Alone`] each
//!   reference has one process, with the memory store, and only the list of references survives it.
//! * [`Phase::Relayed`]: apps call through two relays, which share a file store, in real time with the default `settle` of 10 s.
//!   Both hops are broken by such proxies, and relays are killed, suspended and restarted; taps are repeated, and made by
//!   several devices at once, while the limits of a day are nearly used up. The platform's clock does not jump: the day of a
//!   limit is the platform's.
//!
//! Before the audit the sandbox is stopped, which carries out all delayed requests.
//!
//! # Tests that can fail
//!
//! A [`Flaw`] makes the merchant or the settings wrong in one way; the audit must then find the consequence.

#[cfg(unix)]
mod app;
mod audit;
mod disturbances;
mod faults;
mod figures;
mod flaw;
#[cfg(unix)]
mod fleet;
mod job;
mod journal;
mod merchant;
mod phase;
mod random;
mod round;

use std::path::PathBuf;
use std::time::{Duration, Instant};

pub use figures::Figures;
pub use flaw::Flaw;
#[cfg(unix)]
pub use fleet::member;
pub use phase::{Members, Phase, Time};

use crate::BoxError;

/// The settings of a campaign.
#[derive(Debug, Clone)]
pub struct Campaign {
    /// The seed of all random choices: the faults of an operation depend only on it and on the operation's index. The
    /// scheduling of threads and processes does not.
    pub seed: u64,
    /// The number of operations in skipped time. One in six is a card application, the others are transfers.
    pub skipped: usize,
    /// The number of operations in real time.
    pub real: usize,
    /// The number of operations of apps that call through relays, in real time.
    pub relayed: usize,
    /// The number of cardholders in each round.
    pub cardholders: usize,
    /// The number of threads in the phases of one process.
    pub threads: usize,
    /// The program of the processes of a fleet, which must pass its arguments to [`member`]; without one there are only the
    /// phases of one process.
    pub worker: Option<PathBuf>,
    /// The deliberate mistake.
    pub flaw: Option<Flaw>,
    /// Runs only the phases whose names contain this.
    pub only: Option<String>,
    /// The time after which no further round starts.
    pub max_time: Option<Duration>,
    /// Whether to print a line to standard error after each round.
    pub progress: bool,
}

impl Default for Campaign {
    fn default() -> Self {
        Self {
            seed: 1,
            skipped: 20_000,
            real: 3_000,
            relayed: 20_000,
            cardholders: 40,
            threads: 8,
            worker: None,
            flaw: None,
            only: None,
            max_time: None,
            progress: false,
        }
    }
}

impl Campaign {
    /// Runs the campaign. An error means that it could not be carried out; the findings are in the figures.
    pub fn run(&self) -> Result<Figures, BoxError> {
        let started = Instant::now();
        let mut figures = Figures::default();
        for (phase, operations) in self.phases() {
            if self.only.as_ref().is_some_and(|only| !phase.to_string().contains(only)) {
                continue;
            }
            if let Some(reason) = round::cannot_run(phase)? {
                figures.notes.push(format!("SKIPPED: {phase}: {reason}"));
                continue;
            }
            let phase_started = Instant::now();
            let (mut left, mut round, mut done) = (operations, 0, 0);
            while left > 0 && self.max_time.is_none_or(|most| started.elapsed() < most) {
                let count = left.min(round::max_operations(self, phase, round));
                let found = round::run(self, phase, round, count)?;
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

    /// The phases with their numbers of operations.
    fn phases(&self) -> Vec<(Phase, usize)> {
        let all = self.skipped + self.real + self.relayed;
        let fleet = |members, time| Phase::Fleet(members, time);
        match (self.flaw, &self.worker) {
            (Some(Flaw::ShortSettle), _) => vec![(Phase::Real, all)],
            (Some(Flaw::NoStoreSharing), _) => vec![(fleet(Members::OwnMemory, Time::Skipped), all)],
            (Some(Flaw::OwnDirectories), _) => vec![(fleet(Members::OwnDirectory, Time::Skipped), all)],
            (Some(Flaw::FleetLies), _) => vec![(fleet(Members::File, Time::Skipped), all)],
            (Some(Flaw::RelayDirectories | Flaw::FreshTaps), _) => vec![(Phase::Relayed, all)],
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
                    (Phase::Relayed, self.relayed),
                ]
            }
        }
    }
}
