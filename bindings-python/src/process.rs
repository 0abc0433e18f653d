//! Surviving `os.fork()`.
//!
//! A child that used its parent's sockets would read responses meant for the parent, and a lock that another thread of the
//! parent held at that moment would stay locked in the child for ever. So an object with sockets or locks belongs to one
//! process; a child creates its own at the first use and never touches, nor frees, the parent's.

use std::mem::{self, ManuallyDrop};
use std::process;
use std::sync::{Mutex, MutexGuard, PoisonError};

use pyo3::prelude::*;

/// A value that belongs to the process that created it.
pub struct PerProcess<T>(Mutex<(u32, T)>);

impl<T: Clone> PerProcess<T> {
    /// Creates a value for this process.
    pub fn new(value: T) -> Self {
        Self(Mutex::new((process::id(), value)))
    }

    /// Returns this process's value. In a forked child the first use creates it from the parent's, as far as that can be
    /// read without waiting.
    ///
    /// Only threads attached to Python hold the lock, and `os.fork()` runs attached too, so a child never finds it locked.
    /// It is not held while a value is created: that may run Python, which lets another thread continue.
    pub fn get(&self, _: Python<'_>, renew: impl FnOnce(&T) -> PyResult<T>) -> PyResult<T> {
        let here = process::id();
        let parents = {
            let held = self.lock();
            if held.0 == here {
                return Ok(held.1.clone());
            }
            // Never dropped: that could close the parent's connections or wait for its locks.
            ManuallyDrop::new(held.1.clone())
        };
        let fresh = renew(&parents)?;
        let mut held = self.lock();
        // Another thread may have created one meanwhile.
        if held.0 != here {
            mem::forget(mem::replace(&mut *held, (here, fresh)));
        }
        Ok(held.1.clone())
    }

    fn lock(&self) -> MutexGuard<'_, (u32, T)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
