//! The baseline of the Kotlin and Swift benchmarks: a process that makes Rust calls as standard input says.
//!
//! First line: `base_url api_key api_secret card_no`. Then lines `get COUNT` and `list COUNT`; the reply to each is the
//! processor time of the whole process for one call, in microseconds.

use std::error::Error;
use std::fs;
use std::io::{self, BufRead as _};
use std::thread;
use std::time::Duration;

use keysecure::{Client, Date, ListCards};

fn main() -> Result<(), Box<dyn Error>> {
    let mut lines = io::stdin().lock().lines();
    let first = lines.next().ok_or("no first line")??;
    let [base_url, api_key, api_secret, card_no] = first.split(' ').collect::<Vec<_>>()[..] else {
        return Err("the first line has four words".into());
    };
    let client = Client::builder(api_key, api_secret).base_url(base_url).build()?;
    let query = ListCards::between(Date::new(2025, 6, 1)?, Date::new(2025, 6, 30)?);
    for line in lines {
        let line = line?;
        let (task, count) = line.split_once(' ').ok_or("a task and a count")?;
        let count: u32 = count.parse()?;
        let before = used()?;
        for _ in 0..count {
            match task {
                "get" => drop(client.cards().get(card_no)?),
                _ => drop(client.cards().list_page(&query, 0, 100)?),
            }
        }
        println!("{:.3}", (used()? - before) / f64::from(count));
    }
    Ok(())
}

/// The processor time of the threads of this process in microseconds, exact to the nanosecond: the time of the process itself
/// is in hundredths of a second. None of its threads ends between two readings.
fn used() -> Result<f64, Box<dyn Error>> {
    // The kernel updates the count when a thread leaves the processor.
    thread::sleep(Duration::from_nanos(1));
    let mut nanos = 0.0;
    for task in fs::read_dir("/proc/self/task").map_err(|_| "processor times need Linux")? {
        let stat = fs::read_to_string(task?.path().join("schedstat"))?;
        nanos += stat.split(' ').next().ok_or("schedstat is empty")?.parse::<f64>()?;
    }
    Ok(nanos / 1_000.0)
}
