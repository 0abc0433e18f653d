//! The Rust call, as the yardstick of the other faces: a process of its own, told over standard input what to call.
//!
//! First line: `base_url api_key api_secret card_no`. Then lines `get COUNT` and `list COUNT`, each answered by the
//! microseconds of processor time that one call took, of the whole process.

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

/// Microseconds that the threads of this process have used so far, exact to the nanosecond: the times of the process itself
/// are in hundredths of a second. None of its threads ends between two readings.
fn used() -> Result<f64, Box<dyn Error>> {
    // The count is brought up to date when a thread leaves the processor.
    thread::sleep(Duration::from_nanos(1));
    let mut nanos = 0.0;
    for task in fs::read_dir("/proc/self/task").map_err(|_| "processor times need Linux")? {
        let stat = fs::read_to_string(task?.path().join("schedstat"))?;
        nanos += stat.split(' ').next().ok_or("schedstat is empty")?.parse::<f64>()?;
    }
    Ok(nanos / 1_000.0)
}
