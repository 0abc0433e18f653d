//! One leg: its own sandbox, its own merchant, its own audit.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use keysecure::{Client, Decimal, Store};
use keysecure_sandbox::{Platform, Sandbox};

use super::books::Books;
use super::job::Job;
use super::merchant::Merchant;
use super::random::Random;
use super::{Campaign, Figures, Flaw, audit, faults, jumps, killed};
use crate::{Broken, TestClock};

/// A part of the campaign, by what time is in it. The module's documentation says why there are three.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Leg {
    /// Sleeps take no time.
    Skipping,
    /// All time is real.
    Real,
    /// All time is real, and the merchant's processes are killed.
    Killed,
}

impl Leg {
    /// The time-out of calls where time is real.
    pub(crate) const TIMEOUT: Duration = Duration::from_millis(300);

    pub(crate) fn settle(self) -> Duration {
        if self == Self::Skipping { Duration::from_secs(10) } else { Duration::from_millis(700) }
    }

    /// Of one `ensure_*` call.
    pub(crate) fn deadline(self) -> Duration {
        // While one thread sleeps ten seconds, ten seconds go by for all.
        if self == Self::Skipping { Duration::from_secs(24 * 3600) } else { Duration::from_secs(20) }
    }

    /// Of one plain call or look-up.
    pub(crate) fn timeout(self) -> Duration {
        if self == Self::Skipping { Duration::from_secs(600) } else { Self::TIMEOUT }
    }

    fn prefix(self) -> &'static str {
        match self {
            Self::Skipping => "s",
            Self::Real => "r",
            Self::Killed => "k",
        }
    }
}

impl fmt::Display for Leg {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(match self {
            Self::Skipping => "skipped time",
            Self::Real => "real time",
            Self::Killed => "killed processes",
        })
    }
}

/// A leg that is being run.
pub(crate) struct Scene<'a> {
    pub(crate) campaign: &'a Campaign,
    pub(crate) leg: Leg,
    pub(crate) platform: Platform,
    pub(crate) jobs: Vec<Job>,
    pub(crate) books: Arc<Books>,
    planned: AtomicUsize,
}

/// Faults that have hit stay in the plan, and every request is held against all of them.
const PLAN: usize = 500;

pub(crate) fn run(campaign: &Campaign, leg: Leg, transfers: usize, cards: usize) -> Result<Figures, Broken> {
    let sandbox = Sandbox::builder()
        .seed(campaign.seed)
        .merchant_reserve(Decimal::from(1_000_000_000))
        // An hour: it ends in mid-campaign where time is skipped.
        .token_lifetime(Duration::from_secs(3_600))
        // Workers do not share their tokens.
        .token_voids_previous(leg != Leg::Killed)
        .request_log(1_000_000)
        .start()?;
    let holders: Vec<String> = (0..campaign.cardholders.max(2)).map(|_| sandbox.seed_approved_cardholder()).collect();
    let scene = Scene {
        campaign,
        leg,
        platform: sandbox.platform(),
        jobs: Job::list(campaign.seed, leg.prefix(), transfers, cards, &holders),
        books: Arc::default(),
        planned: AtomicUsize::new(0),
    };
    let disturbed = match leg {
        Leg::Killed => scene.disturbed(None, || killed::run(&scene))?,
        Leg::Skipping | Leg::Real => scene.in_process()?,
    };
    // Stopping carries out what was held back, so that no late duplicate can hide.
    drop(sandbox);
    let mut figures = audit::audit(&scene);
    for (name, count) in disturbed {
        *figures.faults.entry(name).or_insert(0) += count;
    }
    Ok(figures)
}

impl Scene<'_> {
    fn in_process(&self) -> Result<BTreeMap<String, u64>, Broken> {
        let clock = Arc::new(match self.leg {
            Leg::Skipping => TestClock::virtual_sleeps(Some(self.platform.clone())),
            Leg::Real | Leg::Killed => TestClock::wrong_by(0),
        });
        let client = Client::builder(self.platform.api_key(), self.platform.api_secret())
            .base_url(self.platform.base_url())
            .clock(clock.clone())
            .timeout(self.leg.timeout())
            .observer(self.books.clone())
            .store(Store::memory())
            .build()?;
        let merchant = Merchant { client: &client, books: &self.books, leg: self.leg, flaw: self.campaign.flaw };
        self.disturbed(Some(&clock), || {
            in_threads(self.campaign.threads, self.jobs.len(), |at| {
                let Some(job) = self.jobs.get(at) else { return Ok(()) };
                let mut random = self.plan_faults(at);
                merchant.do_job(job, &mut random)
            })
        })
    }

    /// Plans the faults around a job, and gives what else may be drawn for it.
    pub(crate) fn plan_faults(&self, at: usize) -> Random {
        let mut random = Random::new(self.campaign.seed, u64::try_from(at).unwrap_or(0));
        if let Some(job) = self.jobs.get(at) {
            let mut drawn = faults::draw(&mut random, self.leg, job);
            if self.campaign.flaw == Some(Flaw::ShortSettle) {
                drawn.push(faults::late_commit(job));
            }
            for fault in drawn {
                if (self.planned.fetch_add(1, Ordering::SeqCst) + 1).is_multiple_of(PLAN) {
                    self.platform.clear_faults();
                }
                self.platform.fault(fault);
            }
        }
        random
    }

    /// Runs something while clocks jump and tokens end.
    fn disturbed(
        &self,
        device: Option<&TestClock>,
        run: impl FnOnce() -> Result<(), Broken>,
    ) -> Result<BTreeMap<String, u64>, Broken> {
        let stop = AtomicBool::new(false);
        let mut random = Random::new(self.campaign.seed, u64::MAX);
        std::thread::scope(|scope| {
            let disturber = scope.spawn(|| jumps::disturb(&mut random, &self.platform, device, &stop));
            let result = run();
            stop.store(true, Ordering::SeqCst);
            let done = disturber.join().map_err(|_| "the thread of the jumps panicked")?;
            result.map(|()| done)
        })
    }
}

/// Does work 0, 1, 2 ... in so many threads. The first error ends it.
pub(crate) fn in_threads(
    threads: usize,
    count: usize,
    work: impl Fn(usize) -> Result<(), Broken> + Sync,
) -> Result<(), Broken> {
    let next = AtomicUsize::new(0);
    let broken = Mutex::new(None);
    std::thread::scope(|scope| {
        for _ in 0..threads.max(1) {
            scope.spawn(|| {
                loop {
                    let at = next.fetch_add(1, Ordering::SeqCst);
                    if at >= count {
                        return;
                    }
                    if let Err(error) = work(at) {
                        next.store(count, Ordering::SeqCst);
                        broken.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
                    }
                }
            });
        }
    });
    match broken.into_inner().unwrap_or_else(PoisonError::into_inner) {
        Some(error) => Err(error),
        None => Ok(()),
    }
}
