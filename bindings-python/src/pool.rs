//! Native threads that wait in the place of greenlets.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread;
use std::time::Duration;

use pyo3::prelude::*;

use crate::process::PerProcess;

/// How long a thread without work stays.
const IDLE_TIMEOUT: Duration = Duration::from_secs(30);

/// Calls of the platform must not keep purchases waiting, so webhooks have threads of their own.
#[derive(Clone, Copy)]
pub enum Pool {
    Calls,
    Webhooks,
}

type Work = Box<dyn FnOnce() + Send>;

impl Pool {
    /// The largest number of threads. Further work waits for one of them.
    const fn size(self) -> usize {
        match self {
            Self::Calls => 64,
            Self::Webhooks => 256,
        }
    }

    /// Runs work on a thread of this process's pool.
    pub fn submit(self, py: Python<'_>, work: Work) -> PyResult<()> {
        static POOLS: OnceLock<[PerProcess<Arc<Threads>>; 2]> = OnceLock::new();
        let pools = POOLS.get_or_init(|| [PerProcess::new(Arc::default()), PerProcess::new(Arc::default())]);
        let threads = pools[self as usize].get(py, |_| Ok(Arc::default()))?;
        // Threads that take work hold the lock without Python, so it is not waited for with Python.
        Ok(py.detach(|| threads.submit(self.size(), work))?)
    }
}

#[derive(Default)]
struct Threads {
    state: Mutex<State>,
    more: Condvar,
}

#[derive(Default)]
struct State {
    queue: VecDeque<Work>,
    threads: usize,
    idle: usize,
}

impl Threads {
    fn submit(self: Arc<Self>, size: usize, work: Work) -> std::io::Result<()> {
        let mut state = self.lock();
        state.queue.push_back(work);
        if state.queue.len() <= state.idle || state.threads == size {
            self.more.notify_one();
            return Ok(());
        }
        let threads = Arc::clone(&self);
        match thread::Builder::new().name("keysecure-greenlet".to_owned()).spawn(move || threads.run()) {
            Ok(_) => state.threads += 1,
            // Others take it.
            Err(_) if state.threads > 0 => {}
            Err(error) => {
                let refused = state.queue.pop_back();
                drop(state);
                drop(refused);
                return Err(error);
            }
        }
        Ok(())
    }

    fn run(&self) {
        while let Some(work) = self.next() {
            work();
        }
    }

    /// The next work; `None` when there was none for long, and this thread ends.
    fn next(&self) -> Option<Work> {
        let mut state = self.lock();
        loop {
            if let Some(work) = state.queue.pop_front() {
                return Some(work);
            }
            state.idle += 1;
            let (woken, waited) = self.more.wait_timeout(state, IDLE_TIMEOUT).unwrap_or_else(PoisonError::into_inner);
            state = woken;
            state.idle -= 1;
            if waited.timed_out() && state.queue.is_empty() {
                state.threads -= 1;
                return None;
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
