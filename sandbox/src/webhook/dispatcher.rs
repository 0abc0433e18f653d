//! The thread that delivers webhooks.

use std::sync::{Mutex, PoisonError};
use std::thread::JoinHandle;

/// The delivery thread. It starts with the first webhook URL and ends with the sandbox.
#[derive(Debug, Default)]
pub(crate) struct WebhookDispatcher(Mutex<Option<JoinHandle<()>>>);

impl WebhookDispatcher {
    /// Starts the thread unless it is running.
    pub(crate) fn start(&self, work: impl FnOnce() + Send + 'static) {
        let mut thread = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if thread.is_none() {
            *thread = std::thread::Builder::new().name("webhooks".to_owned()).spawn(work).ok();
        }
    }

    /// Joins the thread, after [`begin_stop`](super::outbox::Outbox::begin_stop).
    pub(crate) fn join(&self) {
        let thread = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread {
            let _ = thread.join();
        }
    }
}
