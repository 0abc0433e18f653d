//! A queue of delayed jobs in real time, and the thread that runs them.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// A queue of delayed jobs. The thread starts with the first job. A stop runs all jobs at once, in the order of their times.
#[derive(Default)]
pub(crate) struct DelayQueue {
    queue: Mutex<Queue>,
    wake: Condvar,
}

type Job = Box<dyn FnOnce() + Send>;

#[derive(Default)]
struct Queue {
    /// The job, and when it is due; `None`: the time is not representable, so only a stop runs it.
    jobs: Vec<(Option<Instant>, Job)>,
    thread: Option<JoinHandle<()>>,
    stopped: bool,
}

impl DelayQueue {
    /// Runs the job after that delay.
    pub(crate) fn run(self: &Arc<Self>, after: Duration, job: impl FnOnce() + Send + 'static) {
        let mut queue = self.lock();
        if queue.thread.is_none() && !queue.stopped {
            let of_thread = Arc::clone(self);
            queue.thread =
                std::thread::Builder::new().name("delayed jobs".to_owned()).spawn(move || of_thread.work()).ok();
        }
        if queue.thread.is_none() {
            drop(queue);
            return job();
        }
        queue.jobs.push((Instant::now().checked_add(after), Box::new(job)));
        self.wake.notify_one();
    }

    /// Runs all queued jobs and joins the thread.
    pub(crate) fn stop(&self) {
        let thread = {
            let mut queue = self.lock();
            queue.stopped = true;
            self.wake.notify_one();
            queue.thread.take()
        };
        if let Some(thread) = thread {
            let _ = thread.join();
        }
    }

    fn work(&self) {
        let mut queue = self.lock();
        loop {
            let next = queue
                .jobs
                .iter()
                .enumerate()
                // Jobs without a time come last; of jobs of the same time, the first one comes first.
                .min_by_key(|(_, (due, _))| (due.is_none(), *due))
                .map(|(at, (due, _))| (at, *due));
            let left = match next {
                None if queue.stopped => return,
                None => None,
                Some(_) if queue.stopped => Some(Duration::ZERO),
                Some((_, due)) => due.map(|due| due.saturating_duration_since(Instant::now())),
            };
            queue = match (left, next) {
                (Some(Duration::ZERO), Some((at, _))) => {
                    let (_, job) = queue.jobs.remove(at);
                    drop(queue);
                    job();
                    self.lock()
                }
                (Some(left), _) => self.wake.wait_timeout(queue, left).unwrap_or_else(PoisonError::into_inner).0,
                (None, _) => self.wake.wait(queue).unwrap_or_else(PoisonError::into_inner),
            };
        }
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;

    #[test]
    fn jobs_run_when_they_are_due_and_the_rest_at_the_stop() {
        let queue = Arc::new(DelayQueue::default());
        let (send, done) = mpsc::channel();
        for (name, after) in [("never", Duration::MAX), ("hour", Duration::from_secs(3600)), ("now", Duration::ZERO)] {
            let send = send.clone();
            queue.run(after, move || send.send(name).unwrap());
        }
        assert_eq!(Ok("now"), done.recv_timeout(Duration::from_secs(5)));
        assert!(done.try_recv().is_err());
        queue.stop();
        assert_eq!(vec!["hour", "never"], done.try_iter().collect::<Vec<_>>());
        queue.run(Duration::from_secs(3600), move || send.send("after").unwrap());
        assert_eq!(Ok("after"), done.try_recv(), "no job waits after the stop");
    }
}
