//! Runs several measurements in many short alternating rounds, so that other load of the machine affects all of them.

use std::thread;
use std::time::{Duration, Instant};

use crate::{Outcome, cpu};

/// How long to measure.
pub(crate) struct Effort {
    rounds: u32,
    /// The most time for all rounds; on a busy machine there are fewer rounds.
    most: Duration,
    /// The approximate time of one runner in one round.
    turn: Duration,
    /// How many sandboxes to start.
    pub(crate) starts: u32,
}

impl Effort {
    pub(crate) const THOROUGH: Self =
        Self { rounds: 300, most: Duration::from_secs(60), turn: Duration::from_millis(30), starts: 200 };
    pub(crate) const QUICK: Self =
        Self { rounds: 20, most: Duration::from_secs(3), turn: Duration::from_millis(15), starts: 40 };
}

/// Fewer rounds have no meaningful median.
const FEWEST_ROUNDS: u32 = 5;

/// One measurement.
pub(crate) struct Runner<'a> {
    pub(crate) call: &'a (dyn Fn() -> Outcome + Sync),
    /// How many threads make the calls at once.
    pub(crate) threads: u32,
}

/// The result of one round for one runner.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sample {
    /// Processor time of one call in the thread that makes it, in microseconds.
    pub(crate) cpu: f64,
    /// Processor time of one call in the whole process; only the mean of many samples is meaningful.
    pub(crate) process_cpu: f64,
    /// Calls per second.
    pub(crate) rate: f64,
}

/// Returns the samples of each runner; those of one round have the same index.
pub(crate) fn race(effort: &Effort, runners: &[Runner<'_>]) -> Outcome<Vec<Vec<Sample>>> {
    let mut counts = Vec::with_capacity(runners.len());
    for runner in runners {
        // Twice: the first run includes the time to connect and to warm up.
        run(runner, 100)?;
        let warm = run(runner, 100)?;
        counts.push(calls_in(effort.turn, warm.rate));
    }
    let mut samples = vec![Vec::new(); runners.len()];
    let clock = Instant::now();
    for round in 0..effort.rounds {
        if round >= FEWEST_ROUNDS && clock.elapsed() > effort.most {
            break;
        }
        // In alternating order, so that no runner always comes first.
        let mut order: Vec<usize> = (0..runners.len()).collect();
        if round % 2 == 1 {
            order.reverse();
        }
        for index in order {
            samples[index].push(run(&runners[index], counts[index])?);
        }
    }
    Ok(samples)
}

fn calls_in(turn: Duration, rate: f64) -> u32 {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a cast of a float saturates")]
    let calls = (turn.as_secs_f64() * rate) as u32;
    calls.max(20)
}

/// Makes approximately that many calls.
fn run(runner: &Runner<'_>, calls: u32) -> Outcome<Sample> {
    let each = calls.div_ceil(runner.threads);
    let timed = || -> Outcome<f64> {
        let before = cpu::of_thread()?;
        (0..each).try_for_each(|_| (runner.call)())?;
        Ok(cpu::of_thread()? - before)
    };

    let (process_cpu, clock) = (cpu::of_process()?, Instant::now());
    let cpu = if runner.threads == 1 {
        timed()?
    } else {
        thread::scope(|scope| -> Outcome<f64> {
            let handles: Vec<_> = (0..runner.threads).map(|_| scope.spawn(timed)).collect();
            handles.into_iter().map(|handle| handle.join().map_err(|_| "a thread panicked")?).sum()
        })?
    };
    let (process_cpu, clock) = (cpu::of_process()? - process_cpu, clock.elapsed());
    let calls = f64::from(each * runner.threads);
    Ok(Sample { cpu: cpu / calls, process_cpu: process_cpu / calls, rate: calls / clock.as_secs_f64() })
}
