//! The Rust call, as the yardstick of the other faces: a process of its own, told over standard input what to call.
//!
//! First line: `base_url api_key api_secret card_no`. Then lines `get COUNT` and `list COUNT`, each answered by the
//! microseconds of processor time that one call took, of the whole process.

use std::error::Error;
use std::fs;
use std::io::{self, BufRead as _};

use keysecure::{Client, Date, ListCards};

/// Linux gives a process's times in hundredths of a second on every machine.
const TICK_MICROS: f64 = 10_000.0;

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

/// Microseconds that the whole process has used so far.
fn used() -> Result<f64, Box<dyn Error>> {
    let stat = fs::read_to_string("/proc/self/stat").map_err(|_| "processor times need Linux")?;
    let (_, numbers) = stat.rsplit_once(") ").ok_or("/proc/self/stat has another form")?;
    let mut times = numbers.split(' ').skip(11);
    let mut ticks = || -> Result<u32, Box<dyn Error>> { Ok(times.next().ok_or("it is too short")?.parse()?) };
    Ok(f64::from(ticks()? + ticks()?) * TICK_MICROS)
}
