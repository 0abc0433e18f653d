//! Several processes that work on the same references at the same time, and are killed and suspended meanwhile.

mod clock;
mod fault_proxy;
mod member;
mod process;
mod relays;
mod store;

use std::fmt::Write as _;
use std::process::Command;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::time::{Duration, Instant};

use keysecure::Outcome;

use self::fault_proxy::{FaultProxy, Hop, Order, Strike};
use self::process::{Message, Output, Process, has_connections};
use self::store::{Directory, Redis};
use super::journal::Claimed;
use super::random::Random;
use super::round::Round;
use super::{Flaw, Members, Time};
use crate::BoxError;

pub use self::member::member;
pub(crate) use self::relays::run as run_relays;
pub(crate) use self::store::cannot_use_redis;

/// How many processes there are at once.
const PROCESSES: usize = 4;
/// The most versions of a reference; after more the platform refuses permanently.
const MOST_VERSIONS: u32 = 100;
/// The interval at which processes are killed, suspended and resumed.
const TICK: Duration = Duration::from_millis(10);
/// The time limit of a batch, for processes that hang.
const LONGEST_BATCH: Duration = Duration::from_secs(600);

/// One in this many requests that create something is disturbed.
const CHANCES: u64 = 12;

/// Host and port of the platform.
fn address_of(round: &Round<'_>) -> String {
    round.platform.base_url().trim_start_matches("http://").to_owned()
}

/// Runs all jobs of a round with a fleet.
pub(crate) fn run(round: &Round<'_>, members: Members, time: Time, control_url: &str) -> Result<(), BoxError> {
    Fleet::start(round, members, time, control_url)?.work()
}

struct Fleet<'a> {
    round: &'a Round<'a>,
    members: Members,
    time: Time,
    random: Random,
    directory: Directory,
    redis: Option<Redis>,
    network: Option<FaultProxy>,
    control_url: &'a str,
    processes: Vec<Process>,
    generations: u64,
    sender: Sender<Message>,
    messages: Receiver<Message>,
    orders: Receiver<Order>,
    /// The references of the current batch.
    batch: Vec<Reference>,
}

/// A version of an operation that is given to some processes.
struct Reference {
    job: usize,
    version: u32,
    /// Whether a process has made or found it, or reports that another call does not help.
    is_made: bool,
}

impl<'a> Fleet<'a> {
    fn start(round: &'a Round<'a>, members: Members, time: Time, control_url: &'a str) -> Result<Self, BoxError> {
        let random = Random::new(round.seed, 0xF1EE7);
        let ((sender, messages), (order, orders)) = (mpsc::channel(), mpsc::channel());
        let network = match time {
            Time::Real => Some(FaultProxy::start(
                Hop::ToPlatform(address_of(round)),
                CHANCES,
                Random::new(round.seed, 0xDEAD),
                round.journal.clone(),
                order,
            )?),
            Time::Skipped => None,
        };
        let redis = if members == Members::Redis { Some(Redis::start()?) } else { None };
        let mut fleet = Self {
            round,
            members,
            time,
            random,
            directory: Directory::new()?,
            redis,
            network,
            control_url,
            processes: Vec::new(),
            generations: 0,
            sender,
            messages,
            orders,
            batch: Vec::new(),
        };
        for place in 0..PROCESSES {
            let process = fleet.process(place)?;
            fleet.processes.push(process);
        }
        Ok(fleet)
    }

    fn process(&mut self, place: usize) -> Result<Process, BoxError> {
        let round = self.round;
        let program = round.campaign.worker.as_ref().ok_or("there is no program for the processes")?;
        let wrong_by = i64::try_from(self.random.below(36_000_000)).unwrap_or(0) - 18_000_000;
        let base_url = self.network.as_ref().map_or_else(|| round.platform.base_url().to_owned(), FaultProxy::url);
        let store = match (self.members, &self.redis) {
            (Members::Alone, _) => "memory".to_owned(),
            (Members::OwnMemory, _) => "first-attempt".to_owned(),
            (Members::OwnDirectory, _) => format!("file:{}", self.directory.join(&format!("store-{place}"))),
            (_, Some(redis)) => redis.url(),
            (_, None) => format!("file:{}", self.directory.join("store")),
        };
        // Where time is real, threads mostly wait for `settle`.
        let threads = if self.time == Time::Real { 40 } else { 6 };
        let mut command = Command::new(program);
        command
            .arg("member")
            .args([&base_url, round.platform.api_key(), round.platform.api_secret()])
            .args([self.random.below(u64::MAX).to_string(), wrong_by.to_string()])
            .args([store, threads.to_string()]);
        if self.time == Time::Skipped {
            command.arg(self.control_url);
        }
        self.generations += 1;
        Process::start(command, place, self.generations, self.sender.clone())
    }

    /// Batch by batch, so that all processes work on the same references at the same time.
    fn work(mut self) -> Result<(), BoxError> {
        let size = if self.time == Time::Real { 160 } else { 250 };
        let mut waiting: Vec<(usize, u32)> = (0..self.round.jobs.len()).rev().map(|job| (job, 1)).collect();
        while !waiting.is_empty() {
            let batch = waiting.split_off(waiting.len().saturating_sub(size));
            self.batch =
                batch.into_iter().rev().map(|(job, version)| Reference { job, version, is_made: false }).collect();
            self.hand_out();
            self.run_batch()?;
            for reference in self.batch.iter().rev().filter(|reference| !reference.is_made) {
                if reference.version >= MOST_VERSIONS {
                    return Err(format!("operation {} was refused {MOST_VERSIONS} times", reference.job).into());
                }
                waiting.push((reference.job, reference.version + 1));
            }
        }
        Ok(())
    }

    /// Gives each reference to one process, two, or four.
    fn hand_out(&mut self) {
        for at in 0..self.batch.len() {
            // Once for an operation: its faults are the same each time, and would refuse every version.
            if let Some(reference) = self.batch.get(at).filter(|reference| reference.version == 1) {
                let _ = self.round.plan_faults(reference.job);
            }
            let first = usize::try_from(self.random.below(4)).unwrap_or(0);
            let second = first + 1 + usize::try_from(self.random.below(3)).unwrap_or(0);
            let all = self.random.one_in(2);
            for (place, process) in self.processes.iter_mut().enumerate() {
                let chosen = place == first || (self.members != Members::Alone && (all || place == second % PROCESSES));
                if chosen {
                    process.open.insert(at);
                }
            }
            if self.members != Members::Alone {
                self.round.journal.event(if all { "references of 4 processes" } else { "references of 2 processes" });
            }
        }
        (0..PROCESSES).for_each(|place| self.hand_over(place));
    }

    /// Sends a process all references that it has not finished.
    fn hand_over(&mut self, place: usize) {
        let Some(process) = self.processes.get_mut(place) else { return };
        let mut lines = String::new();
        for at in &process.open {
            let reference = self.batch.get(*at).and_then(|at| Some((self.round.jobs.get(at.job)?, at.version)));
            if let Some((job, version)) = reference {
                let _ = writeln!(lines, "job {at} {} {version}", job.to_words());
            }
        }
        lines.push_str("go\n");
        process.send(&lines);
    }

    fn run_batch(&mut self) -> Result<(), BoxError> {
        let begin = Instant::now();
        let mut next_tick = begin + TICK;
        while !self.processes.iter().all(|process| process.is_done) {
            match self.messages.recv_timeout(next_tick.saturating_duration_since(Instant::now())) {
                Ok(message) => self.receive(message)?,
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return Err("no process is left".into()),
            }
            while let Ok(order) = self.orders.try_recv() {
                self.execute(&order)?;
            }
            if Instant::now() >= next_tick {
                self.tick()?;
                next_tick = Instant::now() + TICK;
            }
            if begin.elapsed() > LONGEST_BATCH {
                return Err("a batch does not end".into());
            }
        }
        // A process that is done is not suspended in the next batch.
        self.processes.iter_mut().filter(|process| process.suspended_until.is_some()).for_each(Process::resume);
        Ok(())
    }

    fn receive(&mut self, (place, generation, output): Message) -> Result<(), BoxError> {
        let Some(process) = self.processes.get_mut(place) else { return Ok(()) };
        if process.generation == generation {
            match output {
                Output::Line(text) if text == "done" => process.is_done = true,
                Output::Line(text) => self.claim(place, &text)?,
                // All output from before the kill has been received.
                Output::End if process.killed => self.replace(place)?,
                Output::End => return Err("a process failed".into()),
            }
        }
        Ok(())
    }

    /// Records a line `claim PLACE CLAIM LOOKUPS UNKNOWN`.
    fn claim(&mut self, place: usize, line: &str) -> Result<(), BoxError> {
        let words: Vec<&str> = line.split(' ').collect();
        let ["claim", at, claim, no, lookups, unknown] = words.as_slice() else {
            return Err(format!("unexpected line {line}").into());
        };
        let at: usize = at.parse()?;
        let (claimed, outcome) = match *claim {
            "created" | "found" => (Claimed::Made { no: (*no).to_owned(), created: *claim == "created" }, None),
            "rejected" => (Claimed::Nothing(Outcome::Rejected), Some(Outcome::Rejected)),
            "not_sent" => (Claimed::Nothing(Outcome::NotSent), Some(Outcome::NotSent)),
            _ => (Claimed::Unknown, Some(Outcome::Unknown)),
        };
        let is_made = matches!(claimed, Claimed::Made { .. }) || *claim == "conflict";
        let is_final = is_made || matches!(claimed, Claimed::Nothing(_));
        let lies = self.round.campaign.flaw == Some(Flaw::FleetLies) && outcome.is_none();
        let claimed = if lies { Claimed::Nothing(Outcome::Rejected) } else { claimed };
        let journal = &self.round.journal;
        journal.lookups.fetch_add(lookups.parse()?, Ordering::SeqCst);
        journal.unknown_inside.fetch_add(unknown.parse()?, Ordering::SeqCst);
        journal.ensured.fetch_add(1, Ordering::SeqCst);
        journal.count(outcome);
        if let Some(reference) = self.batch.get_mut(at) {
            reference.is_made |= is_made;
            if let Some(job) = self.round.jobs.get(reference.job) {
                journal.claim(&job.reference(reference.version), claimed);
            }
        }
        if is_final && let Some(process) = self.processes.get_mut(place) {
            process.open.remove(&at);
        }
        Ok(())
    }

    /// Replaces a process that was killed: the outcome of its unfinished references is unknown.
    fn replace(&mut self, place: usize) -> Result<(), BoxError> {
        let Some(killed) = self.processes.get(place) else { return Ok(()) };
        let (open, was_done) = (killed.open.clone(), killed.is_done);
        for at in &open {
            let reference = self.batch.get(*at).and_then(|at| Some((self.round.jobs.get(at.job)?, at.version)));
            if let Some((job, version)) = reference {
                self.round.journal.claim(&job.reference(version), Claimed::Unknown);
            }
        }
        let mut process = self.process(place)?;
        process.open = open;
        if let Some(slot) = self.processes.get_mut(place) {
            *slot = process;
        }
        if !was_done {
            self.hand_over(place);
        }
        Ok(())
    }

    /// Kills or suspends the sender of a request, as the proxy orders.
    fn execute(&mut self, order: &Order) -> Result<(), BoxError> {
        let sender = self.processes.iter_mut().find(|process| !process.killed && process.has(&order.end));
        let is_here = sender.is_some();
        if let Some(process) = sender {
            match order.what {
                Strike::Kill => {
                    process.kill()?;
                    self.round.journal.kills.fetch_add(1, Ordering::SeqCst);
                }
                Strike::Suspend(time) => process.suspend(Instant::now() + time),
            }
        }
        // If the proxy no longer waits, nobody needs the reply.
        let _ = order.done.send(is_here);
        Ok(())
    }

    /// Kills and suspends processes at random moments, independent of their requests.
    fn tick(&mut self) -> Result<(), BoxError> {
        let now = Instant::now();
        for process in &mut self.processes {
            if process.suspended_until.is_some_and(|until| until <= now) {
                process.resume();
            }
        }
        let place = usize::try_from(self.random.below(4)).unwrap_or(0);
        let chances = if self.time == Time::Real { 40 } else { 25 };
        if self.random.one_in(chances) {
            // In real time shorter than the second that a lease in Redis lasts beyond its operation.
            let longest = if self.time == Time::Real { 900 } else { 80 };
            let time = self.random.millis(2, longest);
            let is_free =
                |process: &&mut Process| !process.killed && !process.is_done && process.suspended_until.is_none();
            if let Some(process) = self.processes.get_mut(place).filter(is_free) {
                process.suspend(now + time);
                self.round.journal.event("process suspended at any moment");
            }
        }
        match (self.time, self.members) {
            (Time::Skipped, Members::File) if self.random.one_in(300) => self.kill_all()?,
            (Time::Real, _) => self.real_time_tick(place)?,
            _ => {}
        }
        Ok(())
    }

    fn real_time_tick(&mut self, place: usize) -> Result<(), BoxError> {
        if self.random.one_in(400)
            && let Some(process) = self.processes.get_mut(place).filter(|process| !process.killed && !process.is_done)
        {
            process.kill()?;
            self.round.journal.kills.fetch_add(1, Ordering::SeqCst);
            self.round.journal.event("process killed at any moment");
        }
        if self.random.one_in(400)
            && let Some(network) = &self.network
        {
            network.cut(self.random.millis(100, 1_500));
        }
        if let Some(redis) = &mut self.redis {
            if self.random.one_in(500) {
                redis.forget()?;
                self.round.journal.store_lost_records();
                self.round.journal.event("Redis forgets everything");
            }
            if self.random.one_in(1_500) {
                redis.restart(self.random.millis(50, 600))?;
                self.round.journal.store_lost_records();
                self.round.journal.event("Redis stopped and started again");
            }
        }
        Ok(())
    }

    /// Kills all processes and waits until the sandbox has closed their connections, so that no request of theirs is under
    /// way when their successors skip `settle`.
    fn kill_all(&mut self) -> Result<(), BoxError> {
        for process in self.processes.iter_mut().filter(|process| !process.killed) {
            process.kill()?;
            self.round.journal.kills.fetch_add(1, Ordering::SeqCst);
        }
        self.round.journal.event("all processes killed at once");
        let address = self.round.platform.base_url();
        let port: u16 = address.rsplit(':').next().unwrap_or_default().parse()?;
        let begin = Instant::now();
        while has_connections(port) {
            if begin.elapsed() > Duration::from_secs(60) {
                return Err("the sandbox keeps connections of dead processes".into());
            }
            std::thread::sleep(Duration::from_millis(2));
        }
        Ok(())
    }
}

/// Kills the processes: they are killed when they are dropped.
impl Drop for Fleet<'_> {
    fn drop(&mut self) {
        self.processes.clear();
    }
}
