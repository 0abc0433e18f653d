//! The state of the control calls: the sandbox, and the snapshots taken by control calls.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::admin::platform::Platform;
use crate::admin::snapshot::Snapshot;
use crate::clock;

/// The sandbox that is controlled, and its snapshots.
pub(crate) struct ControlState {
    pub(crate) platform: Platform,
    /// A snapshot is named by its index, from 1.
    pub(crate) snapshots: Arc<Mutex<Vec<TakenSnapshot>>>,
    /// Each open stream of the console holds a clone.
    pub(crate) streams: Arc<()>,
}

/// A snapshot and the time when it was taken.
pub(crate) struct TakenSnapshot {
    pub(crate) snapshot: Snapshot,
    /// Real time in Unix milliseconds.
    pub(crate) taken_ms: i64,
    /// Virtual time in Unix milliseconds.
    pub(crate) virtual_ms: i64,
}

impl ControlState {
    pub(super) fn new(platform: Platform) -> Self {
        Self { platform, snapshots: Arc::default(), streams: Arc::default() }
    }

    pub(crate) fn snapshots(&self) -> MutexGuard<'_, Vec<TakenSnapshot>> {
        self.snapshots.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a snapshot and returns its number.
    pub(super) fn take_snapshot(&self) -> usize {
        let snapshot = self.platform.snapshot();
        let (taken_ms, virtual_ms) = (clock::real_ms(), snapshot.state().clock.now_ms());
        let mut snapshots = self.snapshots();
        snapshots.push(TakenSnapshot { snapshot, taken_ms, virtual_ms });
        snapshots.len()
    }
}
