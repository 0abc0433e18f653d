//! The exactly-once campaign: thousands of `ensure_*` calls under seeded faults, then the sandbox's own books are read.
//!
//! # Time, or why a proof here is a proof
//!
//! `ensure_*` sends again when a look-up that began `settle` after the last attempt has not found the thing. That is
//! right only if the platform commits within `settle`, and what counts is `settle` **on the client's clock** against the
//! delay **in real time**, for the sandbox delays in real time only. A clock whose sleeps take no time would let ten
//! seconds of settle pass at once, before a commit that is 50 ms late: the client would then be blamed for a platform
//! that commits after `settle`. So there are three legs:
//!
//! * [`Leg::Skipping`]: sleeps take no time and move the platform's clock along; `settle` is the default of 10 s. No fault
//!   here commits after its client has been told of the failure.
//! * [`Leg::Real`]: all waiting is real. Calls time out after 300 ms, `settle` is 700 ms. Commits come at most 150 ms after
//!   the client has given up: late commits by up to 150 ms, stalls before the commit of up to 450 ms. The rest of `settle`
//!   is room for a busy machine.
//! * [`Leg::Killed`]: as `Real`, in worker processes that are killed at random moments and started again. A worker's first
//!   look-up may come right after the kill, so here the whole stall of 450 ms must fit into `settle`.
//!
//! Before the books are read the sandbox is stopped, which carries out everything that it still held back.
//!
//! # Tests that can fail
//!
//! A [`Flaw`] makes the merchant or the settings wrong in one way; the audit must then find what it is there to find.

mod audit;
mod books;
mod faults;
mod figures;
mod job;
mod jumps;
mod killed;
mod leg;
mod merchant;
mod random;
mod worker;

use std::path::PathBuf;
use std::time::Instant;

pub use figures::Figures;
pub use leg::Leg;
pub use worker::work;

use crate::Broken;

/// A campaign to be run.
#[derive(Debug, Clone)]
pub struct Campaign {
    /// What all draws are made from: the faults of an operation depend on it and on the operation's ordinal alone. How
    /// threads take turns does not.
    pub seed: u64,
    /// How many transfers.
    pub transfers: usize,
    /// How many card applications.
    pub cards: usize,
    /// How many cardholders share them in each leg.
    pub cardholders: usize,
    /// How many threads call at once.
    pub threads: usize,
    /// The program that is run as a worker and killed, which must hand its arguments to [`work`]; without one there is
    /// no [`Leg::Killed`].
    pub worker: Option<PathBuf>,
    /// What is done wrong on purpose.
    pub flaw: Option<Flaw>,
}

impl Default for Campaign {
    fn default() -> Self {
        Self { seed: 1, transfers: 10_000, cards: 2_000, cardholders: 40, threads: 8, worker: None, flaw: None }
    }
}

/// What is done wrong on purpose, to see that the audit finds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flaw {
    /// `settle` is shorter than the platform's late commits: duplicates.
    ShortSettle,
    /// The merchant calls `transfer` again and again until it succeeds: duplicates.
    Blind,
    /// The merchant takes an unknown outcome for success: lost operations.
    GivesUp,
    /// Unknown outcomes are noted as "nothing was done": false outcomes.
    Lies,
}

impl Flaw {
    /// All of them, with their names on the command line.
    pub const ALL: [(&str, Self); 4] = [
        ("short-settle", Self::ShortSettle),
        ("blind", Self::Blind),
        ("gives-up", Self::GivesUp),
        ("lies", Self::Lies),
    ];

    /// Whether the audit has found what this flaw must lead to.
    pub fn is_found_in(self, figures: &Figures) -> bool {
        match self {
            Self::ShortSettle | Self::Blind => figures.duplicates > 0,
            Self::GivesUp => figures.lost > 0,
            Self::Lies => figures.false_outcomes > 0,
        }
    }
}

impl Campaign {
    /// Runs it. An error means that it could not be carried out; what it found out is in the figures.
    pub fn run(&self) -> Result<Figures, Broken> {
        let started = Instant::now();
        let mut figures = Figures::default();
        for (leg, percent) in self.legs() {
            let share = |whole: usize| (whole * percent).div_ceil(100);
            let leg_started = Instant::now();
            let found = leg::run(self, leg, share(self.transfers), share(self.cards))?;
            figures.add(&found);
            figures.legs.push((leg, found.operations, leg_started.elapsed()));
        }
        figures.wall = started.elapsed();
        Ok(figures)
    }

    /// The legs with their share of the operations, in percent.
    fn legs(&self) -> Vec<(Leg, usize)> {
        match (self.flaw, &self.worker) {
            (Some(Flaw::ShortSettle), _) => vec![(Leg::Real, 100)],
            (Some(_), _) => vec![(Leg::Skipping, 100)],
            (None, None) => vec![(Leg::Skipping, 60), (Leg::Real, 40)],
            (None, Some(_)) => vec![(Leg::Skipping, 74), (Leg::Real, 18), (Leg::Killed, 8)],
        }
    }
}
