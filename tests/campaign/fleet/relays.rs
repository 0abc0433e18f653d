//! Relays that share a file store and serve apps, and are killed and suspended meanwhile.

use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use keysecure::{AttemptStore as _, FileStore};

use super::fault_proxy::{FaultProxy, Hop, Order, Relays as Running, Strike};
use super::process::{Message, Output, Process};
use super::store::Directory;
use super::{TICK, address_of};
use crate::BoxError;
use crate::campaign::app;
use crate::campaign::random::Random;
use crate::campaign::round::Round;
use crate::campaign::{Flaw, Phase};

/// How many relays there are at once.
const RELAYS: usize = 2;
/// One in this many requests that create something is disturbed, on each of the two hops.
const CHANCES: u64 = 40;
/// A store of this age knows that a reference without a record is new.
const STORE_AGE: Duration = Duration::from_secs(3_600);

/// Runs all jobs of a round with apps and relays.
pub(crate) fn run(round: &Round<'_>) -> Result<(), BoxError> {
    let mut relays = Relays::start(round)?;
    let (url, stop) = (relays.apps.url(), AtomicBool::new(false));
    std::thread::scope(|scope| {
        let apps = scope.spawn(|| {
            let result = app::do_jobs(round, &url, &stop);
            stop.store(true, Ordering::SeqCst);
            result
        });
        let kept = relays.keep_running(&stop);
        stop.store(true, Ordering::SeqCst);
        apps.join().map_err(|_| "the thread of the apps panicked")??;
        kept
    })
}

struct Relays<'a> {
    round: &'a Round<'a>,
    random: Random,
    directory: Directory,
    /// The hop between relays and platform.
    platform: FaultProxy,
    /// The hop between apps and relays.
    apps: FaultProxy,
    processes: Vec<Process>,
    /// The address of each process once it has printed it.
    addresses: Vec<Option<SocketAddr>>,
    running: Running,
    generations: u64,
    sender: Sender<Message>,
    messages: Receiver<Message>,
    orders: Receiver<Order>,
}

impl<'a> Relays<'a> {
    fn start(round: &'a Round<'a>) -> Result<Self, BoxError> {
        let random = |stream| Random::new(round.seed, stream);
        let ((sender, messages), (order, orders)) = (mpsc::channel(), mpsc::channel());
        let (running, journal) = (Running::default(), &round.journal);
        let to_platform = Hop::ToPlatform(address_of(round));
        let platform = FaultProxy::start(to_platform, CHANCES, random(0xDEAD), journal.clone(), order.clone())?;
        let to_relays = Hop::ToRelays(Arc::clone(&running));
        let apps = FaultProxy::start(to_relays, CHANCES, random(0xA995), journal.clone(), order)?;
        let mut relays = Self {
            round,
            random: random(0xF1EE7),
            directory: Directory::new()?,
            platform,
            apps,
            processes: Vec::new(),
            addresses: vec![None; RELAYS],
            running,
            generations: 0,
            sender,
            messages,
            orders,
        };
        for place in 0..RELAYS {
            make_old(Path::new(&relays.store(place)))?;
        }
        for place in 0..RELAYS {
            let process = relays.process(place)?;
            relays.processes.push(process);
        }
        Ok(relays)
    }

    /// The directory of a relay's store: the same for all.
    fn store(&self, place: usize) -> String {
        let is_shared = self.round.campaign.flaw != Some(Flaw::RelayDirectories);
        self.directory.join(&if is_shared { "store".to_owned() } else { format!("store-{place}") })
    }

    fn process(&mut self, place: usize) -> Result<Process, BoxError> {
        let round = self.round;
        let program = round.campaign.worker.as_ref().ok_or("there is no program for the relays")?;
        let mut command = Command::new(program);
        command
            .arg("relay")
            .args([&self.platform.url(), round.platform.api_key(), round.platform.api_secret()])
            .arg(format!("file:{}", self.store(place)))
            .args(["--timeout-ms", &Phase::TIMEOUT.as_millis().to_string()]);
        self.generations += 1;
        Process::start(command, place, self.generations, self.sender.clone())
    }

    /// Keeps the relays running, and disturbs them, until `stop`.
    fn keep_running(&mut self, stop: &AtomicBool) -> Result<(), BoxError> {
        let mut next_tick = Instant::now() + TICK;
        while !stop.load(Ordering::SeqCst) {
            match self.messages.recv_timeout(next_tick.saturating_duration_since(Instant::now())) {
                Ok(message) => self.receive(message)?,
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return Err("no relay is left".into()),
            }
            while let Ok(order) = self.orders.try_recv() {
                self.execute(&order)?;
            }
            if Instant::now() >= next_tick {
                self.tick()?;
                next_tick = Instant::now() + TICK;
            }
        }
        Ok(())
    }

    fn receive(&mut self, (place, generation, output): Message) -> Result<(), BoxError> {
        let Some(process) = self.processes.get(place) else { return Ok(()) };
        if process.generation != generation {
            return Ok(());
        }
        match output {
            Output::Line(url) => {
                if let Some(address) = self.addresses.get_mut(place) {
                    *address = Some(url.trim_start_matches("http://").parse()?);
                }
                self.publish();
            }
            Output::End if process.killed => {
                let process = self.process(place)?;
                if let Some(slot) = self.processes.get_mut(place) {
                    *slot = process;
                }
            }
            Output::End => return Err("a relay failed".into()),
        }
        Ok(())
    }

    /// Tells the apps' proxy which relays run. A process that was killed has no address until its successor prints one.
    fn publish(&self) {
        *lock(&self.running) = self.addresses.iter().flatten().copied().collect();
    }

    fn kill(&mut self, place: usize) -> Result<(), BoxError> {
        if let Some(process) = self.processes.get_mut(place) {
            process.kill()?;
            self.round.journal.kills.fetch_add(1, Ordering::SeqCst);
        }
        if let Some(address) = self.addresses.get_mut(place) {
            *address = None;
        }
        self.publish();
        Ok(())
    }

    /// Kills or suspends a relay, as a proxy orders.
    fn execute(&mut self, order: &Order) -> Result<(), BoxError> {
        let struck = self.processes.iter().position(|process| !process.killed && process.has(&order.end));
        if let Some(place) = struck {
            match order.what {
                Strike::Kill => self.kill(place)?,
                Strike::Suspend(time) => self.suspend(place, time),
            }
        }
        // If the proxy no longer waits, nobody needs the reply.
        let _ = order.done.send(struck.is_some());
        Ok(())
    }

    fn suspend(&mut self, place: usize, time: Duration) {
        if let Some(process) = self.processes.get_mut(place).filter(|process| !process.killed) {
            process.suspend(Instant::now() + time.min(app::LONGEST_SUSPENSION));
        }
    }

    /// Kills and suspends relays, and cuts the network, at random moments.
    fn tick(&mut self) -> Result<(), BoxError> {
        let now = Instant::now();
        for process in &mut self.processes {
            if process.suspended_until.is_some_and(|until| until <= now) {
                process.resume();
            }
        }
        let place = usize::try_from(self.random.below(2)).unwrap_or(0);
        let journal = &self.round.journal;
        match self.random.below(1_600) {
            0 => {
                journal.event("process killed at any moment");
                self.kill(place)?;
            }
            1 => {
                journal.event("all processes killed at once");
                (0..RELAYS).try_for_each(|place| self.kill(place))?;
            }
            2..=9 => {
                journal.event("process suspended at any moment");
                let time = self.random.millis(2, 900);
                self.suspend(place, time);
            }
            10 | 11 => self.platform.cut(self.random.millis(100, 1_500)),
            12 | 13 => self.apps.cut(self.random.millis(100, 1_500)),
            _ => {}
        }
        Ok(())
    }
}

/// Creates a store that is old enough to know that a reference is new.
fn make_old(directory: &Path) -> Result<(), BoxError> {
    let store = FileStore::open(directory)?;
    let within = Duration::from_secs(5);
    store.acquire("the first", within, within)?;
    let created = SystemTime::now().duration_since(UNIX_EPOCH)?.saturating_sub(STORE_AGE);
    // Without the moment of the machine's own clock, which counts only since it was started.
    std::fs::write(directory.join("attempts/created"), format!("{} - 0", created.as_millis()))?;
    Ok(())
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
