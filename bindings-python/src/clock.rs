//! The setting `clock` of a client and of a verifier: a function like `time.time`.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use keysecure::{Clock, Interrupted, UtcOffset};
use pyo3::prelude::*;
use pyo3::types::PyBool;

use crate::blocking::SignalClock;
use crate::errors::{config, map_exception};
use crate::values::{FromArgument, Mismatch};

/// The year 10000, in Unix seconds. A clock of milliseconds or nanoseconds returns more.
const END: f64 = 253_402_300_800.0;

/// A clock that is written in Python.
///
/// It is read when a call begins, so that its exceptions end the call before anything is sent; until the next call its time
/// passes as the machine's does. Waits are those of the machine. It has no lock, which a forked child could inherit locked.
pub struct OwnClock {
    pub function: Py<PyAny>,
    /// The time of the function minus `waits`' monotonic time, in microseconds since 1970.
    offset: AtomicI64,
    start: Instant,
    waits: SignalClock,
}

impl OwnClock {
    fn of(function: &Bound<'_, PyAny>) -> PyResult<Self> {
        let clock = Self {
            function: function.clone().unbind(),
            offset: AtomicI64::new(0),
            start: Instant::now(),
            waits: SignalClock::new(),
        };
        clock.read_now(function.py())?;
        Ok(clock)
    }

    /// A clock with the same function, for another object.
    pub fn clone_ref(&self, py: Python<'_>) -> Self {
        Self {
            function: self.function.clone_ref(py),
            offset: AtomicI64::new(self.offset.load(Ordering::Acquire)),
            start: self.start,
            waits: SignalClock::new(),
        }
    }

    /// Reads the clock, for the call that begins.
    pub fn read_now(&self, py: Python<'_>) -> PyResult<()> {
        let returned = self.function.bind(py).call0().map_err(|raised| {
            let class = raised.get_type(py).name().map(|name| name.to_string()).unwrap_or_default();
            let cause = raised.clone_ref(py);
            map_exception(py, raised, || {
                let error = config(py, &format!("clock raised {class}"));
                error.set_cause(py, Some(cause));
                error
            })
        })?;
        let seconds = returned.extract::<f64>().ok().filter(|_| !returned.is_instance_of::<PyBool>());
        let Some(seconds) = seconds.filter(|seconds| (0.0..END).contains(seconds)) else {
            let class = returned.get_type().name()?;
            let rule = "clock must return Unix seconds, as time.time does";
            return Err(config(
                py,
                &match seconds {
                    Some(_) => format!("{rule}; this is no time from 1970 to 9999"),
                    None => format!("{rule}, not {class}"),
                },
            ));
        };
        let micros = |duration: Duration| i64::try_from(duration.as_micros()).unwrap_or(i64::MAX);
        let now = micros(Duration::from_secs_f64(seconds));
        self.offset.store(now.saturating_sub(micros(self.start.elapsed())), Ordering::Release);
        Ok(())
    }
}

impl Clock for OwnClock {
    fn now(&self) -> SystemTime {
        let offset = self.offset.load(Ordering::Acquire);
        let start = if offset < 0 {
            UNIX_EPOCH.checked_sub(Duration::from_micros(offset.unsigned_abs()))
        } else {
            UNIX_EPOCH.checked_add(Duration::from_micros(offset.unsigned_abs()))
        };
        start.and_then(|start| start.checked_add(self.start.elapsed())).unwrap_or(UNIX_EPOCH)
    }

    fn local_offset(&self) -> Option<UtcOffset> {
        self.waits.local_offset()
    }

    fn monotonic(&self) -> Duration {
        self.waits.monotonic()
    }

    fn longest_wait(&self) -> Option<Duration> {
        self.waits.longest_wait()
    }

    fn between_waits(&self) -> Result<(), Interrupted> {
        self.waits.between_waits()
    }
}

/// A function that returns Unix seconds. It is called once, so that a wrong one is refused where it is passed in.
impl FromArgument for OwnClock {
    fn read(_: &str, value: &Bound<'_, PyAny>) -> Result<Self, Mismatch> {
        if !value.is_callable() {
            return Err(Mismatch::Rule("must be a function that returns Unix seconds, such as time.time"));
        }
        Ok(Self::of(value)?)
    }
}
