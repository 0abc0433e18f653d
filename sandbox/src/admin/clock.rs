//! The virtual clock.

use std::time::Duration;

use super::platform::Platform;
use crate::clock::{self, Clock};

/// # Clock
impl Platform {
    /// The virtual time in Unix milliseconds.
    pub fn now_ms(&self) -> i64 {
        self.shared.lock().state.clock.now_ms()
    }

    /// Moves the clock forward.
    pub fn advance(&self, by: Duration) {
        self.with_clock(|clock| clock.shift(clock::to_ms(by)));
    }

    /// Moves the clock back.
    pub fn rewind(&self, by: Duration) {
        self.with_clock(|clock| clock.shift(-clock::to_ms(by)));
    }

    /// Stops the clock.
    pub fn freeze(&self) {
        self.with_clock(Clock::freeze);
    }

    /// Lets a frozen clock run again, from the time it shows.
    pub fn unfreeze(&self) {
        self.with_clock(Clock::unfreeze);
    }

    fn with_clock(&self, change: impl FnOnce(&mut Clock)) {
        let mut sandbox = self.shared.lock();
        change(&mut sandbox.state.clock);
        // Webhooks may have become due.
        sandbox.outbox.notify();
    }
}
