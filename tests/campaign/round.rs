//! One round of a phase, with a sandbox, a merchant and an audit.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use keysecure::{Client, Decimal, Store};
use keysecure_sandbox::{Platform, Sandbox};

use super::job::Job;
use super::journal::Journal;
use super::merchant::Merchant;
use super::random::Random;
use super::{Campaign, Figures, Flaw, Members, Phase, audit, disturbances, faults};
use crate::{BoxError, TestClock};

/// A round that is being run.
pub(crate) struct Round<'a> {
    pub(crate) campaign: &'a Campaign,
    pub(crate) phase: Phase,
    /// The seed of this round.
    pub(crate) seed: u64,
    pub(crate) platform: Platform,
    pub(crate) jobs: Vec<Job>,
    /// What a cardholder's app may move in a day, in cents. Without an entry: as much as it wants.
    pub(crate) limits: HashMap<String, i64>,
    pub(crate) journal: Arc<Journal>,
    planned: AtomicUsize,
}

/// The most faults in the sandbox's plan: used faults stay in it, and every request is compared with all of them.
const PLAN: usize = 200;

/// Why a phase cannot be run here; an error where it must be.
pub(crate) fn cannot_run(phase: Phase) -> Result<Option<String>, BoxError> {
    match phase {
        #[cfg(unix)]
        Phase::Fleet(Members::Redis, _) => super::fleet::cannot_use_redis(),
        #[cfg(not(unix))]
        Phase::Fleet(..) | Phase::Relayed => Ok(Some("its workers are suspended, which Windows cannot do".to_owned())),
        _ => Ok(None),
    }
}

/// The most operations of a round. Where filters are ignored each lookup reads all of them, page by page.
pub(crate) fn max_operations(campaign: &Campaign, phase: Phase, round: usize) -> usize {
    const UNFILTERED: usize = 300;
    let (rules, _) = disturbances::base_rules(&mut Random::new(seed_of(campaign, phase, round), u64::MAX));
    if rules.ignore_filters { UNFILTERED } else { phase.round() }
}

fn seed_of(campaign: &Campaign, phase: Phase, round: usize) -> u64 {
    let phase = phase.to_string().bytes().fold(0, |sum: u64, byte| sum.wrapping_mul(31).wrapping_add(byte.into()));
    campaign.seed ^ (phase << 32) ^ u64::try_from(round).unwrap_or(0).wrapping_mul(0x9E37_79B9_7F4A_7C15)
}

pub(crate) fn run(campaign: &Campaign, phase: Phase, round: usize, count: usize) -> Result<Figures, BoxError> {
    let seed = seed_of(campaign, phase, round);
    let shares_tokens = !matches!(phase, Phase::Fleet(Members::Alone | Members::OwnMemory | Members::OwnDirectory, _));
    let sandbox = Sandbox::builder()
        .seed(seed)
        .merchant_reserve(Decimal::from(1_000_000_000))
        // An hour: tokens expire during the round where time is skipped.
        .token_lifetime(Duration::from_secs(3_600))
        .token_voids_previous(shares_tokens)
        .request_log(200_000)
        .start()?;
    let holders: Vec<String> = (0..campaign.cardholders.max(2)).map(|_| sandbox.seed_approved_cardholder()).collect();
    let prefix = format!("{}{round}", phase.prefix());
    let mut jobs = Job::list(seed, &prefix, count - count / 6, count / 6, &holders);
    let mut limits = HashMap::new();
    if phase == Phase::Relayed {
        stay_in_the_day(&sandbox);
        jobs = Job::with_several_devices(jobs, seed);
        limits = Job::limits(&jobs, seed, campaign.flaw == Some(Flaw::RelayDirectories));
    }
    let round = Round {
        campaign,
        phase,
        seed,
        platform: sandbox.platform(),
        jobs,
        limits,
        journal: Arc::default(),
        planned: AtomicUsize::new(0),
    };
    let disturbed = match phase {
        Phase::Skipping | Phase::Real => round.in_process()?,
        #[cfg(unix)]
        Phase::Fleet(members, time) => {
            round.disturbed(None, || super::fleet::run(&round, members, time, sandbox.control_url()))?
        }
        #[cfg(unix)]
        Phase::Relayed => round.disturbed(None, || super::fleet::run_relays(&round))?,
        #[cfg(not(unix))]
        Phase::Fleet(..) | Phase::Relayed => BTreeMap::new(),
    };
    // Stopping executes the requests that were held back, so that no late duplicate can hide.
    drop(sandbox);
    let mut figures = audit::audit(&round);
    for (name, count) in disturbed {
        *figures.faults.entry(name).or_insert(0) += count;
    }
    Ok(figures)
}

/// Sets the platform's clock ahead if its day (UTC+8) ends soon: all transfers of a round are of one day.
fn stay_in_the_day(sandbox: &Sandbox) {
    const DAY_MS: i64 = 86_400_000;
    const HOUR_MS: i64 = 3_600_000;
    let left = DAY_MS - (sandbox.now_ms() + 8 * HOUR_MS).rem_euclid(DAY_MS);
    if left < 2 * HOUR_MS {
        sandbox.advance(Duration::from_millis(left.unsigned_abs()));
    }
}

impl Round<'_> {
    fn in_process(&self) -> Result<BTreeMap<String, u64>, BoxError> {
        let clock = Arc::new(if self.phase.is_skipping() {
            TestClock::virtual_sleeps(Some(self.platform.clone()))
        } else {
            TestClock::wrong_by(0)
        });
        let client = Client::builder(self.platform.api_key(), self.platform.api_secret())
            .base_url(self.platform.base_url())
            .clock(clock.clone())
            .timeout(self.phase.timeout())
            .observer(self.journal.clone())
            .store(Store::memory())
            .build()?;
        let merchant =
            Merchant { client: &client, journal: &self.journal, phase: self.phase, flaw: self.campaign.flaw };
        self.disturbed(Some(&clock), || {
            in_threads(self.campaign.threads, self.jobs.len(), |at| {
                let Some(job) = self.jobs.get(at) else { return Ok(()) };
                let mut random = self.plan_faults(at);
                merchant.do_job(job, &mut random)
            })
        })
    }

    /// Plans the faults of a job; returns the generator for its other random choices.
    pub(crate) fn plan_faults(&self, at: usize) -> Random {
        let mut random = Random::new(self.seed, u64::try_from(at).unwrap_or(0));
        if let Some(job) = self.jobs.get(at) {
            let mut drawn = faults::draw(&mut random, self.phase, job);
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

    /// Runs something while clocks jump, tokens end, and lists and HTTP statuses change.
    fn disturbed(
        &self,
        device: Option<&TestClock>,
        run: impl FnOnce() -> Result<(), BoxError>,
    ) -> Result<BTreeMap<String, u64>, BoxError> {
        let stop = AtomicBool::new(false);
        let mut random = Random::new(self.seed, u64::MAX);
        let (rules, name) = disturbances::base_rules(&mut random);
        self.platform.set_list_rules(rules.clone())?;
        self.journal.event(name);
        // The limits of the relays' sessions are those of the platform's day.
        let moves_clock = self.phase != Phase::Relayed;
        std::thread::scope(|scope| {
            let disturber =
                scope.spawn(|| disturbances::disturb(&mut random, &self.platform, device, moves_clock, &rules, &stop));
            let result = run();
            stop.store(true, Ordering::SeqCst);
            let done = disturber.join().map_err(|_| "the thread of the disturbances panicked")?;
            result.map(|()| done)
        })
    }
}

/// Runs `work(0)`, `work(1)`, ... in that many threads. The first error ends all of them.
pub(crate) fn in_threads(
    threads: usize,
    count: usize,
    work: impl Fn(usize) -> Result<(), BoxError> + Sync,
) -> Result<(), BoxError> {
    let next = AtomicUsize::new(0);
    let broken = Mutex::new(None);
    std::thread::scope(|scope| {
        for _ in 0..threads.max(1).min(count) {
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
