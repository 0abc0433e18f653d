//! The data that all handles and threads of a sandbox share.

use std::sync::atomic::AtomicUsize;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::delay_queue::DelayQueue;
use crate::fault::plan::Plan;
use crate::http::stop::StopSignal;
use crate::log::Log;
use crate::platform::call::Setup;
use crate::state::platform_state::State;
use crate::state::transaction::Transaction;
use crate::webhook::dispatcher::WebhookDispatcher;
use crate::webhook::outbox::Outbox;

/// Everything that the one mutex protects.
#[derive(Debug)]
pub(crate) struct SandboxState {
    pub(crate) state: State,
    pub(crate) faults: Plan,
    pub(crate) log: Log,
    pub(crate) outbox: Outbox,
    /// The number of committed transactions and restored snapshots.
    pub(crate) commits: u64,
}

impl SandboxState {
    /// Applies a transaction and queues its webhooks.
    pub(crate) fn commit(&mut self, transaction: Transaction) {
        self.commits += 1;
        let notifications = self.state.commit(transaction);
        let (nulls, now_ms) = (self.state.settings.webhooks.nulls, self.state.clock.now_ms());
        for notification in &notifications {
            self.outbox.notify_merchant(notification, nulls, now_ms);
        }
    }
}

/// The data that handles and server threads share.
pub(crate) struct Shared {
    pub(crate) setup: Setup,
    pub(crate) api_secret: String,
    pub(crate) base_url: String,
    pub(crate) control_url: String,
    pub(crate) console_url: String,
    /// The target of redirect faults. A correct client never calls it.
    pub(crate) redirect_url: String,
    /// The number of calls of `redirect_url`.
    pub(crate) redirect_hits: AtomicUsize,
    pub(crate) stop: Arc<StopSignal>,
    pub(crate) delay_queue: Arc<DelayQueue>,
    pub(crate) dispatcher: WebhookDispatcher,
    pub(crate) sandbox: Mutex<SandboxState>,
}

impl Shared {
    /// Locks the state.
    pub(crate) fn lock(&self) -> MutexGuard<'_, SandboxState> {
        // A panic in another thread is already visible; a poisoned lock would only hide it.
        self.sandbox.lock().unwrap_or_else(PoisonError::into_inner)
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
