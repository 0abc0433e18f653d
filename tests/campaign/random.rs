//! Seeded random choices.

use std::time::Duration;

use fastrand::Rng;

/// A generator that gives the same numbers for the same seed.
#[derive(Debug, Clone)]
pub(crate) struct Random(Rng);

impl Random {
    /// Creates one of the generators of a seed.
    pub(crate) fn new(seed: u64, stream: u64) -> Self {
        Self(Rng::with_seed(seed ^ stream.wrapping_mul(0xD1B5_4A32_D192_ED03)))
    }

    /// A number below `limit`.
    pub(crate) fn below(&mut self, limit: u64) -> u64 {
        self.0.u64(0..limit.max(1))
    }

    /// True with a probability of one in `chances`.
    pub(crate) fn one_in(&mut self, chances: u64) -> bool {
        self.below(chances) == 0
    }

    /// One of the choices.
    pub(crate) fn pick<T: Copy>(&mut self, of: &[T]) -> Option<T> {
        self.0.choice(of).copied()
    }

    /// A generator for a part of the work that runs at the same time.
    #[cfg(unix)]
    pub(crate) fn fork(&mut self) -> Self {
        Self(self.0.fork())
    }

    /// A duration in milliseconds, both ends included.
    pub(crate) fn millis(&mut self, from: u64, to: u64) -> Duration {
        Duration::from_millis(self.0.u64(from..=to))
    }
}
