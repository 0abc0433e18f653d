//! Snapshots of the state.

use super::platform::Platform;
use crate::state::platform_state::State;

/// A copy of the sandbox's state, made by [`Platform::snapshot`].
#[derive(Clone)]
pub struct Snapshot(State);

impl Snapshot {
    pub(crate) fn state(&self) -> &State {
        &self.0
    }
}

impl std::fmt::Debug for Snapshot {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Snapshot")
    }
}

/// # Snapshots
impl Platform {
    /// Copies the state: rows, ledger, tokens, settings (including those of webhooks) and clock. Recorded requests and
    /// deliveries, planned faults, and queued webhooks are not part of it.
    pub fn snapshot(&self) -> Snapshot {
        Snapshot(self.shared.lock().state.clone())
    }

    /// Restores a snapshot of this sandbox. Queued webhooks and faults planned for webhooks are removed; recorded requests
    /// and deliveries stay.
    pub fn restore(&self, snapshot: &Snapshot) {
        let mut sandbox = self.shared.lock();
        sandbox.state = snapshot.0.clone();
        sandbox.commits += 1;
        sandbox.outbox.clear();
    }
}
