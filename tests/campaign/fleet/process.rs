//! One process of a fleet, as its parent sees it.

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::Sender;
use std::time::Instant;

use crate::BoxError;

/// A line of output of a process, or its end.
#[derive(Debug)]
pub(super) enum Output {
    Line(String),
    /// Its output ended.
    End,
}

/// A message from a process: its place in the fleet, the ordinal of the process in that place, and the output.
pub(super) type Message = (usize, u64, Output);

/// A running process. It is killed when it is dropped.
#[derive(Debug)]
pub(super) struct Process {
    child: Child,
    /// The ordinal of the process in its place.
    pub(super) generation: u64,
    /// The places of the references that are not finished.
    pub(super) open: BTreeSet<usize>,
    /// Whether it was killed.
    pub(super) killed: bool,
    /// Until when it is suspended.
    pub(super) suspended_until: Option<Instant>,
    /// Whether it has finished its references.
    pub(super) is_done: bool,
}

impl Process {
    pub(super) fn start(
        mut command: Command,
        place: usize,
        generation: u64,
        messages: Sender<Message>,
    ) -> Result<Self, BoxError> {
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let output = child.stdout.take().ok_or("the process has no output")?;
        std::thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                if messages.send((place, generation, Output::Line(line))).is_err() {
                    return;
                }
            }
            let _ = messages.send((place, generation, Output::End));
        });
        Ok(Self { child, generation, open: BTreeSet::new(), killed: false, suspended_until: None, is_done: true })
    }

    /// Sends lines to the process. A process that was killed meanwhile does not read them.
    pub(super) fn send(&mut self, lines: &str) {
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
        self.signal("STOP");
    }

    pub(super) fn resume(&mut self) {
        self.suspended_until = None;
        self.signal("CONT");
    }

    fn signal(&self, name: &str) {
        crate::signal(name, self.child.id());
    }

    /// Whether the process owns the connection from this address.
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
