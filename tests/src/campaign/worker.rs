//! A worker process: it gets a journal, makes everything in it, and may be killed at any moment.

use std::io::{BufRead as _, Write as _, stdin, stdout};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use keysecure::{Client, Ensure, Error, ErrorKind, Outcome, Store};

use super::Leg;
use super::books::Books;
use super::job::Job;
use super::leg::in_threads;
use super::random::Random;
use crate::{Broken, TestClock};

/// Threads of one worker. They mostly wait for `settle`.
const THREADS: usize = 16;
/// More calls than this for one number mean that it cannot be settled at all.
const PATIENCE: usize = 100;

/// Runs a worker: the arguments behind `worker` are base URL, Api-Key, apiSecret, a seed, and by how many milliseconds the
/// device's clock is wrong; the journal is on standard input. What the merchant knows is the journal and nothing else: not
/// what an earlier process has sent, so `never_sent` is never said, and a number is never given up.
pub fn work(arguments: &[String]) -> Result<(), Broken> {
    let [base_url, api_key, api_secret, seed, wrong_by] = arguments else {
        return Err("a worker needs five arguments".into());
    };
    let lines: Vec<String> = stdin().lock().lines().collect::<Result<_, _>>()?;
    let jobs: Vec<Job> = lines.iter().filter_map(|line| Job::from_line(line)).collect();
    let seed: u64 = seed.parse()?;
    let books = Arc::new(Books::default());
    let client = Client::builder(api_key.as_str(), api_secret.as_str())
        .base_url(base_url)
        .clock(Arc::new(TestClock::wrong_by(wrong_by.parse()?)))
        .timeout(Leg::Killed.timeout())
        .observer(books.clone())
        .store(Store::memory())
        .build()?;
    in_threads(THREADS, jobs.len(), |at| {
        let Some(job) = jobs.get(at) else { return Ok(()) };
        let mut random = Random::new(seed, u64::try_from(at).unwrap_or(0));
        for _ in 0..PATIENCE {
            let settle = Leg::Killed.settle();
            let hurry = random.one_in(6);
            let deadline = if hurry { settle + Duration::from_millis(200) } else { Leg::Killed.deadline() };
            let options = Ensure { settle: Some(settle), deadline: Some(deadline), ..Ensure::default() };
            let result = job.thing(1).ensure(&client, &options);
            tell(&books, result.as_ref().err().map(Error::outcome))?;
            // Two stand under the number: calling again will not help. The audit sees it.
            let hopeless = result.as_ref().is_err_and(|error| error.kind() == ErrorKind::Conflict);
            if result.is_ok() || hopeless {
                return Ok(());
            }
        }
        Err(format!("{} was not settled by {PATIENCE} calls", job.name).into())
    })
}

fn tell(books: &Books, outcome: Option<Outcome>) -> Result<(), Broken> {
    let (look_ups, unknown) = (books.look_ups.load(Ordering::SeqCst), books.unknown_inside.swap(0, Ordering::SeqCst));
    let line = format!("{} {look_ups} {unknown}\n", outcome.map_or("made", Outcome::as_str));
    // In one piece, as the next moment may be the last.
    stdout().lock().write_all(line.as_bytes())?;
    Ok(())
}
