//! The clock of a process whose sleeps take almost no time.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use keysecure::{Clock, Interrupted};
use ureq::Agent;

/// A sleep takes this fraction of its time, so that a process that waits for another one gives up the processor.
const SHARE: u32 = 100;
/// The longest real sleep.
const LONGEST: Duration = Duration::from_millis(2);
/// The platform's clock is advanced in steps of this length.
const STEP: Duration = Duration::from_secs(1);

/// A clock that skips its sleeps and advances the platform's clock, through the sandbox's control calls.
pub(super) struct FleetClock {
    start: Instant,
    wrong_by: Duration,
    is_late: bool,
    agent: Agent,
    advance_url: String,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    skipped: Duration,
    /// The time by which the platform's clock is still to be advanced.
    owed: Duration,
}

impl FleetClock {
    /// Creates a clock with an offset in milliseconds that advances the clock of the sandbox at that control URL.
    pub(super) fn new(wrong_by_ms: i64, control_url: &str) -> Self {
        Self {
            start: Instant::now(),
            wrong_by: Duration::from_millis(wrong_by_ms.unsigned_abs()),
            is_late: wrong_by_ms < 0,
            agent: Agent::new_with_defaults(),
            advance_url: format!("{}/clock/advance", control_url.trim_end_matches('/')),
            state: Mutex::default(),
        }
    }

    fn skipped(&self) -> Duration {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).skipped
    }

    fn advance(&self, time: Duration) -> Result<(), ureq::Error> {
        let body = format!("{{\"ms\":{}}}", time.as_millis());
        self.agent.post(&self.advance_url).send(body)?.body_mut().read_to_vec().map(drop)
    }
}

impl Clock for FleetClock {
    fn now(&self) -> SystemTime {
        let now = SystemTime::now() + self.skipped();
        if self.is_late { now - self.wrong_by } else { now + self.wrong_by }
    }

    fn monotonic(&self) -> Duration {
        self.start.elapsed() + self.skipped()
    }

    fn sleep(&self, duration: Duration) -> Result<(), Interrupted> {
        std::thread::sleep((duration / SHARE).min(LONGEST));
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.owed += duration;
        if state.owed >= STEP {
            // If the sandbox does not respond, its clock is late: one more disturbance. The next sleep tries again.
            if self.advance(state.owed).is_ok() {
                state.owed = Duration::ZERO;
            }
        }
        state.skipped += duration;
        Ok(())
    }
}
