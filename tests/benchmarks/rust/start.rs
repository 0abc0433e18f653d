//! The time from the start of a sandbox to its first response.

use std::time::{Duration, Instant};

use keysecure_sandbox::Sandbox;

use crate::{Outcome, server};

/// The times of that many starts, each in a process that has just ended another sandbox.
pub(crate) fn times(starts: u32) -> Outcome<Vec<Duration>> {
    (0..starts)
        .map(|_| {
            let clock = Instant::now();
            let sandbox = Sandbox::start()?;
            server::ask(&sandbox, "GET", "/v1/merchant/token", None, "")?;
            Ok(clock.elapsed())
        })
        .collect()
}
