//! One process of a fleet, as its parent sees it.

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::Sender;
use std::time::Instant;

use crate::BoxError;

/// What a process says.
#[derive(Debug)]
pub(super) enum Said {
    Line(String),
    /// Its output ended.
    End,
}

/// A message from a process: its place in the fleet, which of the processes in that place it is, and what it said.
pub(super) type Message = (usize, u64, Said);

/// A running process. It is killed when it is dropped.
#[derive(Debug)]
pub(super) struct Process {
    child: Child,
    /// Which of the processes in its place it is.
    pub(super) life: u64,
    /// The places of the references that it has not finished.
    pub(super) open: BTreeSet<usize>,
    /// Whether it was killed.
    pub(super) killed: bool,
    /// Until when it is suspended.
    pub(super) suspended_until: Option<Instant>,
    /// Whether it has finished what it was given.
    pub(super) is_done: bool,
}

impl Process {
    pub(super) fn start(
        mut command: Command,
        place: usize,
        life: u64,
        messages: Sender<Message>,
    ) -> Result<Self, BoxError> {
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let output = child.stdout.take().ok_or("the process has no output")?;
        std::thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                if messages.send((place, life, Said::Line(line))).is_err() {
                    return;
                }
            }
            let _ = messages.send((place, life, Said::End));
        });
        Ok(Self { child, life, open: BTreeSet::new(), killed: false, suspended_until: None, is_done: true })
    }

    /// Hands over lines. A process that was killed meanwhile does not take them.
    pub(super) fn tell(&mut self, lines: &str) {
        self.is_done = false;
        if let Some(input) = &mut self.child.stdin {
            let _ = input.write_all(lines.as_bytes());
        }
    }

    pub(super) fn kill(&mut self) -> Result<(), BoxError> {
        self.killed = true;
        self.suspended_until = None;
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }

    pub(super) fn suspend(&mut self, until: Instant) {
        self.suspended_until = Some(until);
        self.signal("-STOP");
    }

    pub(super) fn resume(&mut self) {
        self.suspended_until = None;
        self.signal("-CONT");
    }

    fn signal(&self, name: &str) {
        let _ = Command::new("kill").args([name, &self.child.id().to_string()]).status();
    }

    /// Whether a connection from this address is one of its.
    pub(super) fn has(&self, connection: &SocketAddr) -> bool {
        let Some(inode) = inode_of(connection) else { return false };
        let wanted = format!("socket:[{inode}]");
        let Ok(files) = fs::read_dir(format!("/proc/{}/fd", self.child.id())) else { return false };
        files.flatten().any(|file| fs::read_link(file.path()).is_ok_and(|link| link.as_os_str() == wanted.as_str()))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.kill();
    }
}

/// The states of `/proc/net/tcp` in which one end has not closed.
const ESTABLISHED: &str = "01";
const CLOSE_WAIT: &str = "08";

fn connections() -> Vec<(String, String, String)> {
    let text = fs::read_to_string("/proc/net/tcp").unwrap_or_default();
    let row = |line: &str| {
        let words: Vec<&str> = line.split_whitespace().collect();
        Some((words.get(1)?.to_string(), words.get(3)?.to_string(), words.get(9)?.to_string()))
    };
    text.lines().skip(1).filter_map(row).collect()
}

fn inode_of(address: &SocketAddr) -> Option<String> {
    let end = format!(":{:04X}", address.port());
    connections().into_iter().find(|(local, _, _)| local.ends_with(&end)).map(|(_, _, inode)| inode)
}

/// Whether a server on that port has connections which it has not closed.
pub(super) fn has_connections(port: u16) -> bool {
    let end = format!(":{port:04X}");
    let open = |state: &str| state == ESTABLISHED || state == CLOSE_WAIT;
    connections().iter().any(|(local, state, _)| local.ends_with(&end) && open(state))
}
