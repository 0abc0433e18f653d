//! The state of the control calls: the sandbox, and the snapshots taken by control calls.

use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::admin::platform::Platform;
use crate::admin::snapshot::Snapshot;

/// The sandbox that is controlled, and its snapshots.
pub(super) struct ControlState {
    pub(super) platform: Platform,
    /// A snapshot is named by its index, from 1.
    snapshots: Mutex<Vec<Snapshot>>,
}

impl ControlState {
    pub(super) fn new(platform: Platform) -> Self {
        Self { platform, snapshots: Mutex::default() }
    }

    pub(super) fn snapshots(&self) -> MutexGuard<'_, Vec<Snapshot>> {
        self.snapshots.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
