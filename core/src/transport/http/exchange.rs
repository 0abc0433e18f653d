//! The exchange of the calling thread, for the layers below ureq: its limits, and whether a byte of the request was sent.
//!
//! ureq runs an exchange on the calling thread, so the state is thread-local. Passing the limits through ureq would cost a copy
//! of its settings for each request.

use std::cell::Cell;
use std::time::{Duration, Instant};

use super::failure::Failure;
use crate::error::{ConnectReason, TransportFault};
use crate::transport::Request;

#[derive(Clone, Copy)]
struct State {
    /// Deadline of the whole exchange.
    end: Option<Instant>,
    connect_timeout: Duration,
    /// Deadline for making the connection, while it is made.
    connecting: Option<Instant>,
    /// The latest time for the first byte of the request.
    start_by: Option<Instant>,
    begun: bool,
}

const NONE: State =
    State { end: None, connect_timeout: Duration::ZERO, connecting: None, start_by: None, begun: false };

thread_local! {
    static STATE: Cell<State> = const { Cell::new(NONE) };
}

/// The calling thread's exchange, until it is dropped. A signal handler may make another one within it.
pub(super) struct Exchange {
    outer: State,
}

impl Exchange {
    pub(super) fn enter(request: &Request<'_>) -> Self {
        let now = Instant::now();
        let outer = STATE.replace(State {
            end: now.checked_add(request.timeout),
            connect_timeout: request.connect_timeout,
            start_by: request.start_within.and_then(|within| now.checked_add(within)),
            ..NONE
        });
        Self { outer }
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        STATE.set(self.outer);
    }
}

/// Time limit for a wait of the calling thread.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limit {
    /// End of the wait; `None`: no limit.
    end: Option<Instant>,
    connecting: bool,
}

impl Limit {
    /// The limit for the current step of the exchange.
    pub(super) fn current() -> Self {
        let state = STATE.get();
        Self { end: state.connecting.or(state.end), connecting: state.connecting.is_some() }
    }

    /// The limit for making a connection. Its time starts now if it has not started.
    pub(super) fn for_connecting() -> Self {
        let mut state = STATE.get();
        if state.connecting.is_none() {
            let end = Instant::now().checked_add(state.connect_timeout);
            state.connecting = end.into_iter().chain(state.end).min();
            STATE.set(state);
        }
        Self::current()
    }

    /// A limit with a part of the time that is left.
    pub(super) fn part(self, divisor: u32) -> Self {
        Self { end: self.left().map(|left| Instant::now() + left / divisor), ..self }
    }

    /// The time that is left; `None` if there is no limit.
    pub(super) fn left(self) -> Option<Duration> {
        self.end.map(|end| end.saturating_duration_since(Instant::now()))
    }

    /// The next piece of a wait, which is at most as long as `longest`.
    pub(super) fn piece(self, longest: Option<Duration>) -> Result<Option<Duration>, Failure> {
        match self.left() {
            Some(Duration::ZERO) => Err(self.is_over()),
            left => Ok(left.into_iter().chain(longest).min()),
        }
    }

    pub(super) fn is_over(self) -> Failure {
        Failure { fault: TransportFault::Timeout, reason: self.connecting.then_some(ConnectReason::TimedOut) }
    }
}

/// Checks that there is still time for the request, before its first byte is written.
pub(super) fn check_start() -> Result<(), Failure> {
    let mut state = STATE.get();
    state.connecting = None;
    STATE.set(state);
    let now = Instant::now();
    // A process that was suspended meanwhile must not send a request that other workers have taken over.
    let is_late = [state.start_by, state.end].into_iter().flatten().any(|latest| now > latest);
    if is_late && !state.begun { Err(Limit::current().is_over()) } else { Ok(()) }
}

/// Whether a byte of the request may have left.
pub(super) fn has_begun() -> bool {
    STATE.get().begun
}

/// Records that the system took a byte of the request.
pub(super) fn set_begun() {
    STATE.set(State { begun: true, ..STATE.get() });
}

/// The time that is left for the whole exchange, in seconds, rounded up.
#[cfg(any(target_os = "linux", target_os = "android"))]
pub(super) fn seconds_left() -> Option<u64> {
    STATE.get().end.map(|end| end.saturating_duration_since(Instant::now()).as_secs() + 1)
}

/// Runs `work` within an exchange with this time limit for its connection.
#[cfg(test)]
pub(super) fn for_tests<T>(connect_timeout: Duration, work: impl FnOnce() -> T) -> T {
    let _exchange = Exchange::enter(&Request {
        method: crate::transport::Method::Get,
        url: "",
        headers: &[],
        body: &[],
        timeout: Duration::from_secs(20),
        connect_timeout,
        start_within: None,
        max_response_bytes: 0,
    });
    work()
}
