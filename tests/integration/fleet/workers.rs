//! Starts the workers and sends them commands.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use keysecure_sandbox::Sandbox;

use crate::{PROCESSES, THREADS, TokenCounts};

/// A platform and the processes that call it.
pub struct Fleet {
    pub sandbox: Sandbox,
    pub workers: Vec<Worker>,
    store: Vec<String>,
    cardholder_no: String,
    _alone: MutexGuard<'static, ()>,
}

/// One fleet at a time: two of them on a small machine keep a store waiting beyond its timeout, which is not a failure
/// of the store.
static ALONE: Mutex<()> = Mutex::new(());

/// The results of the calls of all workers.
#[derive(Debug, Default)]
pub struct CallResults {
    pub failed: usize,
    pub longest: Duration,
    pub errors: Vec<String>,
}

impl Fleet {
    /// Starts 8 processes and a sandbox with that token lifetime, where a new token invalidates the old one.
    pub fn with_token_lifetime(life: Duration, store: &[&str]) -> Self {
        let mut fleet = Self::empty(life, store);
        fleet.add(PROCESSES);
        fleet
    }

    /// A platform without workers.
    pub fn empty(life: Duration, store: &[&str]) -> Self {
        let alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
        let sandbox = Sandbox::builder().token_lifetime(life).token_voids_previous(true).start().unwrap();
        let cardholder_no = sandbox.seed_approved_cardholder();
        let store = store.iter().map(ToString::to_string).collect();
        Self { sandbox, workers: Vec::new(), store, cardholder_no, _alone: alone }
    }

    pub fn add(&mut self, count: usize) {
        for _ in 0..count {
            let worker = self.worker_at(self.sandbox.base_url());
            self.workers.push(worker);
        }
    }

    #[cfg(unix)]
    pub fn cardholder_no(&self) -> &str {
        &self.cardholder_no
    }

    /// A worker that reaches the platform by another address.
    pub fn worker_at(&self, base_url: &str) -> Worker {
        let mut child = Command::new(env!("CARGO_BIN_EXE_fleet_worker"))
            .args([base_url, self.sandbox.api_key(), self.sandbox.api_secret()])
            .args([&self.cardholder_no, &THREADS.to_string()])
            .args(&self.store)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let input = child.stdin.take().unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        Worker { child, input, output }
    }

    /// Gives all workers the same command at once and reads their replies.
    pub fn run(&mut self, command: &str) -> Vec<String> {
        self.send(command);
        self.receive()
    }

    pub fn send(&mut self, command: &str) {
        self.workers.iter_mut().for_each(|worker| worker.send(command));
    }

    pub fn receive(&mut self) -> Vec<String> {
        self.workers.iter_mut().map(Worker::receive).collect()
    }

    /// Each thread of each worker makes that many calls.
    pub fn calls(&mut self, count: usize) -> CallResults {
        made(&self.run(&format!("calls {count}")))
    }

    /// Counts the platform's requests during `work`.
    pub fn counted(&mut self, work: impl FnOnce(&mut Self) -> CallResults) -> TokenCounts {
        let before = self.counts();
        let made = work(self);
        let after = self.counts();
        TokenCounts { tokens: after.0 - before.0, refused: after.1 - before.1, failed: made.failed }
    }

    /// Token requests, and responses with code 1007.
    fn counts(&self) -> (usize, usize) {
        let requests = self.sandbox.requests();
        let count = |code| requests.iter().filter(|request| request.code == Some(code)).count();
        (requests.iter().filter(|request| request.operation == "token").count(), count(1007))
    }

    /// A fleet in which one worker holds the lock, because the sandbox stalls its token call.
    pub fn with_a_stalled_holder(store: &[&str]) -> Self {
        use keysecure_sandbox::{Fault, FaultKind};
        let mut fleet = Self::with_token_lifetime(Duration::from_secs(1_000), store);
        fleet.sandbox.fault(Fault::on("token", FaultKind::Stall(Duration::from_secs(30))));
        fleet.workers[0].send("calls 1");
        while fleet.sandbox.faults_fired().is_empty() {
            std::thread::sleep(Duration::from_millis(5));
        }
        fleet
    }
}

pub fn made(replies: &[String]) -> CallResults {
    let mut made = CallResults::default();
    for reply in replies {
        let mut words = reply.splitn(4, ' ').skip(1);
        made.failed += words.next().unwrap().parse::<usize>().unwrap();
        made.longest = made.longest.max(Duration::from_millis(words.next().unwrap().parse().unwrap()));
        made.errors.extend(words.next().filter(|error| *error != "-").map(str::to_owned));
    }
    made
}

/// Kills a process that cannot clean up.
pub fn kill(id: u32) {
    #[cfg(unix)]
    keysecure_tests::signal("KILL", id);
    #[cfg(windows)]
    {
        let mut command = Command::new("taskkill");
        command.args(["/F", "/PID", &id.to_string()]).stdout(Stdio::null());
        assert!(command.status().is_ok_and(|status| status.success()), "{id} was not killed");
    }
}

/// One process. It is killed when it is dropped.
pub struct Worker {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Worker {
    pub fn send(&mut self, command: &str) {
        writeln!(self.input, "{command}").unwrap();
    }

    pub fn run(&mut self, command: &str) -> String {
        self.send(command);
        self.receive()
    }

    /// Sends the process a signal, such as `STOP`.
    #[cfg(unix)]
    pub fn signal(&self, name: &str) {
        keysecure_tests::signal(name, self.child.id());
    }

    /// Waits until the process has stopped itself.
    #[cfg(unix)]
    pub fn await_stop(&self) {
        loop {
            match self.state() {
                'T' => return,
                state => assert_ne!(state, 'Z', "the worker died"),
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// The state of the process: a letter, as `ps` has it.
    #[cfg(target_os = "linux")]
    fn state(&self) -> char {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id())).unwrap();
        // It follows the name, which is in parentheses.
        stat.rsplit_once(") ").unwrap().1.chars().next().unwrap()
    }

    #[cfg(all(unix, not(target_os = "linux")))]
    fn state(&self) -> char {
        let pid = self.child.id().to_string();
        let printed = Command::new("ps").args(["-o", "stat=", "-p", &pid]).output().unwrap().stdout;
        char::from(*printed.trim_ascii().first().unwrap())
    }

    /// Waits until the process has ended.
    pub fn await_death(&mut self) {
        self.child.wait().unwrap();
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    pub fn receive(&mut self) -> String {
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        assert!(line.ends_with('\n'), "the worker died");
        line.trim_end().to_owned()
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        // SIGKILL, so that the process cannot clean up.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A directory that is removed when this is dropped.
pub struct TempDir(PathBuf);

impl TempDir {
    pub fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!("keysecure-fleet-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::SeqCst));
        let path = std::env::temp_dir().join(name);
        let _ = std::fs::remove_dir_all(&path);
        Self(path)
    }

    pub fn path(&self) -> &Path {
        &self.0
    }

    pub fn text(&self) -> &str {
        self.0.to_str().unwrap()
    }
}

impl Drop for TempDir {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
