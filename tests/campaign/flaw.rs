//! Deliberate mistakes, which the audit must find.

use super::Figures;

/// A deliberate mistake that the audit must find.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flaw {
    /// `settle` is shorter than the platform's late commits: duplicates.
    ShortSettle,
    /// The merchant calls `transfer` again and again until it succeeds: duplicates.
    Blind,
    /// The merchant takes an unknown outcome for success: lost operations.
    GivesUp,
    /// Unknown outcomes are recorded as "nothing was done": false outcomes.
    Lies,
    /// Processes work on the same references, each with its memory store and with `first_attempt`: duplicates.
    NoStoreSharing,
    /// Processes work on the same references, each with a file store in a directory that the others do not use: duplicates.
    OwnDirectories,
    /// Processes share a store, and one of them reports every success as "rejected": false outcomes.
    FleetLies,
    /// Relays of one merchant have a directory each, and each counts the limits of a day for itself: limits exceeded.
    RelayDirectories,
    /// Apps use a new tap after an unknown outcome: duplicates.
    FreshTaps,
}

impl Flaw {
    /// All flaws, with their names on the command line.
    pub const ALL: [(&str, Self); 9] = [
        ("short-settle", Self::ShortSettle),
        ("blind", Self::Blind),
        ("gives-up", Self::GivesUp),
        ("lies", Self::Lies),
        ("no-store-sharing", Self::NoStoreSharing),
        ("own-directories", Self::OwnDirectories),
        ("fleet-lies", Self::FleetLies),
        ("relay-directories", Self::RelayDirectories),
        ("fresh-taps", Self::FreshTaps),
    ];

    /// Whether it needs several processes.
    pub fn needs_workers(self) -> bool {
        matches!(
            self,
            Self::NoStoreSharing | Self::OwnDirectories | Self::FleetLies | Self::RelayDirectories | Self::FreshTaps
        )
    }

    /// Whether the audit has found the consequence of this flaw.
    pub fn is_found_in(self, figures: &Figures) -> bool {
        match self {
            Self::ShortSettle | Self::Blind | Self::NoStoreSharing | Self::OwnDirectories | Self::FreshTaps => {
                figures.duplicates > 0
            }
            Self::RelayDirectories => figures.limits_exceeded > 0,
            Self::GivesUp => figures.lost > 0,
            Self::Lies | Self::FleetLies => figures.false_outcomes > 0,
        }
    }
}
