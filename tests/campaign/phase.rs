//! The phases of a campaign: real or skipped time, and which processes share which store.

use std::fmt;
use std::time::Duration;

/// A part of the campaign. The module's documentation says why there are several.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// One process, whose sleeps take no time.
    Skipping,
    /// One process in real time.
    Real,
    /// Several processes.
    Fleet(Members, Time),
    /// Apps that call through relays.
    Relayed,
}

/// What the processes of a fleet share.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Members {
    /// Nothing: each process has the memory store, and each reference is given to one process.
    Alone,
    /// A directory. Each reference is given to two or four processes at once.
    File,
    /// A Redis. Each reference is given to two or four processes at once.
    Redis,
    /// A flaw: each process has the memory store and declares that nobody has sent the reference, and each reference is
    /// given to two or four.
    OwnMemory,
    /// A flaw: each process has a directory that the others do not use, and each reference is given to two or four.
    OwnDirectory,
}

/// Whether the processes of a fleet wait in real time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Time {
    /// Sleeps take almost no time and advance the platform's clock.
    Skipped,
    /// All waiting is real. Processes are killed.
    Real,
}

impl Phase {
    /// The timeout of calls where time is real.
    pub(crate) const TIMEOUT: Duration = Duration::from_millis(300);

    pub(crate) fn is_skipping(self) -> bool {
        matches!(self, Self::Skipping | Self::Fleet(_, Time::Skipped))
    }

    pub(crate) fn settle(self) -> Duration {
        if self.is_skipping() { Duration::from_secs(10) } else { Duration::from_millis(700) }
    }

    /// The deadline of one `ensure_*` call.
    pub(crate) fn deadline(self) -> Duration {
        // While one thread sleeps ten seconds, ten seconds pass for all threads of its process.
        if self.is_skipping() { Duration::from_secs(24 * 3600) } else { Duration::from_secs(6) }
    }

    /// The timeout of one plain call or lookup.
    pub(crate) fn timeout(self) -> Duration {
        if self.is_skipping() { Duration::from_secs(600) } else { Self::TIMEOUT }
    }

    /// The most operations for one sandbox.
    pub(crate) fn round(self) -> usize {
        match self {
            Self::Skipping => 3_000,
            Self::Real | Self::Relayed | Self::Fleet(_, Time::Skipped) => 2_000,
            Self::Fleet(_, Time::Real) => 600,
        }
    }

    /// Whether a reference is worked on by more than one process at once.
    pub(crate) fn is_contended(self) -> bool {
        matches!(self, Self::Relayed) || matches!(self, Self::Fleet(members, _) if members != Members::Alone)
    }

    /// The first letters of its merchant references. Upper case, because some list rows show references in lower case.
    pub(crate) fn prefix(self) -> &'static str {
        match self {
            Self::Skipping => "S",
            Self::Real => "R",
            Self::Fleet(Members::Alone, _) => "K",
            Self::Fleet(_, Time::Skipped) => "FS",
            Self::Fleet(_, Time::Real) => "FR",
            Self::Relayed => "A",
        }
    }
}

impl fmt::Display for Phase {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(match self {
            Self::Skipping => "skipped time, one process",
            Self::Real => "real time, one process",
            Self::Fleet(Members::Alone, Time::Real) => "real time, killed processes",
            Self::Fleet(Members::Alone, Time::Skipped) => "skipped time, processes without a common store",
            Self::Fleet(Members::File, Time::Skipped) => "skipped time, 2 or 4 processes, files",
            Self::Fleet(Members::Redis, Time::Skipped) => "skipped time, 2 or 4 processes, Redis",
            Self::Fleet(Members::File, Time::Real) => "real time, 2 or 4 processes, files",
            Self::Fleet(Members::Redis, Time::Real) => "real time, 2 or 4 processes, Redis",
            Self::Relayed => "real time, apps through relays",
            Self::Fleet(Members::OwnMemory, _) => "2 or 4 processes, a memory store each",
            Self::Fleet(Members::OwnDirectory, _) => "2 or 4 processes, a directory each",
        })
    }
}
