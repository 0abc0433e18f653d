//! Streams of events.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use keysecure::{Clock as _, EventStream as CoreStream};
use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::blocking::{SignalClock, blocking};

/// The longest wait for a chunk: the core sends a comment before.
const LONGEST_WAIT: Duration = Duration::from_secs(15);

/// The webhooks of a session's cardholder as server-sent events, of `Relay.events`.
///
/// Respond with status 200 and its `headers`, and send each chunk as it comes, without a `Content-Length`. Iterating waits for the
/// next chunk, at most 15 seconds (then a comment comes), and ends when the session is due to be authorized again: the app then
/// connects again. Close it when the app has gone.
#[pyclass(frozen, weakref, module = "keysecure")]
pub struct EventStream(Arc<Mutex<State>>);

struct State {
    /// `None` while a thread waits, and when it has ended.
    stream: Option<Box<CoreStream>>,
    has_ended: bool,
}

impl EventStream {
    pub fn new(stream: CoreStream) -> Self {
        Self(Arc::new(Mutex::new(State { stream: Some(Box::new(stream)), has_ended: false })))
    }

    fn take(&self) -> PyResult<Option<Box<CoreStream>>> {
        let mut state = lock(&self.0);
        match state.stream.take() {
            None if !state.has_ended => Err(PyRuntimeError::new_err("another thread waits for this stream")),
            taken => Ok(taken),
        }
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Gives the stream back, unless it has ended meanwhile.
fn give_back(state: &Mutex<State>, stream: Box<CoreStream>, has_ended: bool) {
    let mut state = lock(state);
    state.has_ended |= has_ended;
    let dropped = if state.has_ended { Some(stream) } else { state.stream.replace(stream) };
    drop(state);
    drop(dropped);
}

#[pymethods]
impl EventStream {
    /// The headers of the response, as pairs of name and value.
    #[getter]
    fn headers(&self) -> Vec<(&'static str, &'static str)> {
        CoreStream::HEADERS.to_vec()
    }

    /// Returns the next chunk if there is one now, otherwise `b""`; `None` when the stream has ended. It never waits.
    fn poll<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyBytes>>> {
        let Some(mut stream) = self.take()? else { return Ok(None) };
        let chunk = CoreStream::wait_for_chunk(&mut stream, Duration::ZERO);
        give_back(&self.0, stream, chunk.is_none());
        Ok(chunk.map(|chunk| PyBytes::new(py, chunk.as_bytes())))
    }

    /// Ends the stream.
    fn close(&self) {
        let mut state = lock(&self.0);
        state.has_ended = true;
        let stream = state.stream.take();
        drop(state);
        drop(stream);
    }

    fn __iter__(slf: Py<Self>) -> Py<Self> {
        slf
    }

    fn __next__<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyBytes>>> {
        let Some(mut stream) = self.take()? else { return Ok(None) };
        let state = Arc::clone(&self.0);
        let chunk = blocking(py, move || {
            let clock = SignalClock::new();
            let wait = clock.longest_wait().unwrap_or(LONGEST_WAIT);
            loop {
                let chunk = CoreStream::wait_for_chunk(&mut stream, wait);
                let is_empty = chunk.as_ref().is_some_and(String::is_empty);
                // The exception of a signal handler is raised to the caller.
                let continues = is_empty && clock.between_waits().is_ok() && !lock(&state).has_ended;
                if !continues {
                    give_back(&state, stream, chunk.is_none());
                    return Ok(chunk.filter(|chunk| !chunk.is_empty()));
                }
            }
        })?;
        Ok(chunk.map(|chunk| PyBytes::new(py, chunk.as_bytes())))
    }

    fn __enter__(slf: Py<Self>) -> Py<Self> {
        slf
    }

    #[pyo3(signature = (*_exception))]
    fn __exit__(&self, _exception: &Bound<'_, PyAny>) {
        self.close();
    }
}
