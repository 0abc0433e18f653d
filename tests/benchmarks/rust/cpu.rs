//! Processor time, as Linux counts it.

use std::fs;
use std::thread;
use std::time::Duration;

use crate::Outcome;

/// Linux gives a process's times in hundredths of a second on every machine.
const TICK_MICROS: f64 = 10_000.0;

/// The processor time of the calling thread in microseconds, exact to the nanosecond.
pub(crate) fn of_thread() -> Outcome<f64> {
    // The kernel updates the count when a thread leaves the processor.
    thread::sleep(Duration::from_nanos(1));
    let stat = fs::read_to_string("/proc/thread-self/schedstat").map_err(|_| "processor times need Linux")?;
    let nanos = stat.split(' ').next().ok_or("/proc/thread-self/schedstat is empty")?;
    Ok(nanos.parse::<f64>()? / 1000.0)
}

/// The processor time of the whole process in microseconds, ended threads included, in steps of a hundredth of a second, so
/// that only the sum of many readings is meaningful.
pub(crate) fn of_process() -> Outcome<f64> {
    let stat = fs::read_to_string("/proc/self/stat").map_err(|_| "processor times need Linux")?;
    // The program's name is in parentheses and may contain anything; the state and eleven numbers follow it.
    let (_, numbers) = stat.rsplit_once(") ").ok_or("/proc/self/stat has another form")?;
    let mut times = numbers.split(' ').skip(11);
    let mut ticks = || -> Outcome<u32> { Ok(times.next().ok_or("/proc/self/stat is too short")?.parse()?) };
    Ok(f64::from(ticks()? + ticks()?) * TICK_MICROS)
}
