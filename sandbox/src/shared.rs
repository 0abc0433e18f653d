//! What all handles and threads share.

use std::sync::atomic::AtomicUsize;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::callback::{Courier, Outbox};
use crate::fault::Plan;
use crate::http::StopSignal;
use crate::late::Later;
use crate::log::Log;
use crate::platform::Setup;
use crate::state::{State, Transaction};

/// Everything behind the one mutex.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) state: State,
    pub(crate) faults: Plan,
    pub(crate) log: Log,
    pub(crate) outbox: Outbox,
}

impl World {
    /// Carries out a transaction and has the merchant told.
    pub(crate) fn commit(&mut self, transaction: Transaction) {
        let notices = self.state.commit(transaction);
        let (nulls, now_ms) = (self.state.settings.callbacks.nulls, self.state.clock.now_ms());
        for notice in &notices {
            self.outbox.tell(notice, nulls, now_ms);
        }
    }
}

/// Shared between the handles and the server threads.
pub(crate) struct Shared {
    pub(crate) setup: Setup,
    pub(crate) api_secret: String,
    pub(crate) base_url: String,
    pub(crate) control_url: String,
    /// Where redirect faults lead. Nobody must ever call it.
    pub(crate) trap_url: String,
    pub(crate) trapped: AtomicUsize,
    pub(crate) stop: Arc<StopSignal>,
    pub(crate) later: Arc<Later>,
    pub(crate) courier: Courier,
    pub(crate) world: Mutex<World>,
}

impl Shared {
    pub(crate) fn lock(&self) -> MutexGuard<'_, World> {
        // A panic elsewhere is a bug that shows by itself; a poisoned lock would only hide it.
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shared")
            .field("base_url", &self.base_url)
            .field("control_url", &self.control_url)
            .finish_non_exhaustive()
    }
}
