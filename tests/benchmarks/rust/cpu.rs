//! The processor's time, as Linux counts it.

use std::fs;
use std::thread;
use std::time::Duration;

use crate::Outcome;

/// Linux gives a process's times in hundredths of a second on every machine.
const TICK_MICROS: f64 = 10_000.0;

/// Microseconds that the calling thread has used so far, exact to the nanosecond.
pub(crate) fn of_thread() -> Outcome<f64> {
    // The count is brought up to date when a thread leaves the processor.
    thread::sleep(Duration::from_nanos(1));
    let stat = fs::read_to_string("/proc/thread-self/schedstat").map_err(|_| "processor times need Linux")?;
    let nanos = stat.split(' ').next().ok_or("/proc/thread-self/schedstat is empty")?;
    Ok(nanos.parse::<f64>()? / 1000.0)
}

/// Microseconds that the whole process has used so far, threads that have ended included: in steps of a hundredth of a
/// second, so that only the sum of many readings means something.
pub(crate) fn of_process() -> Outcome<f64> {
    let stat = fs::read_to_string("/proc/self/stat").map_err(|_| "processor times need Linux")?;
    // The program's name stands in parentheses and may hold anything; the state and eleven numbers follow it.
    let (_, numbers) = stat.rsplit_once(") ").ok_or("/proc/self/stat has another form")?;
    let mut times = numbers.split(' ').skip(11);
    let mut ticks = || -> Outcome<u32> { Ok(times.next().ok_or("/proc/self/stat is too short")?.parse()?) };
    Ok(f64::from(ticks()? + ticks()?) * TICK_MICROS)
}
