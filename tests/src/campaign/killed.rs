//! The parent of the workers: it starts them, kills them, and starts them again with the same journal.

use std::io::{BufRead as _, BufReader, Write as _};
use std::ops::Range;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::sleep;
use std::time::Duration;

use keysecure::Outcome;

use super::leg::{Scene, in_threads};
use super::random::Random;
use crate::Broken;

/// How many numbers a journal holds.
const BATCH: usize = 32;
/// How many journals are worked on at once.
const WORKERS: usize = 4;

/// All jobs of the leg, in batches.
pub(crate) fn run(scene: &Scene<'_>) -> Result<(), Broken> {
    in_threads(WORKERS, scene.jobs.len().div_ceil(BATCH), |batch| {
        let jobs = batch * BATCH..scene.jobs.len().min((batch + 1) * BATCH);
        let mut random = Random::new(scene.campaign.seed, u64::try_from(batch).unwrap_or(0) + 0x00DE_AD00);
        for _ in 0..=random.below(3) {
            plan_faults(scene, &jobs);
            let life = random.millis(20, 2_000);
            worker(scene, jobs.clone(), &mut random, Some(life))?;
        }
        plan_faults(scene, &jobs);
        worker(scene, jobs, &mut random, None)
    })
}

fn plan_faults(scene: &Scene<'_>, jobs: &Range<usize>) {
    for at in jobs.clone() {
        let _ = scene.plan_faults(at);
    }
}

/// The life of one worker. With a `life` it is killed after that time, unless it was faster.
fn worker(scene: &Scene<'_>, jobs: Range<usize>, random: &mut Random, life: Option<Duration>) -> Result<(), Broken> {
    let program = scene.campaign.worker.as_ref().ok_or("there is no worker program")?;
    let wrong_by = i64::try_from(random.below(36_000_000)).unwrap_or(0) - 18_000_000;
    let mut child = Command::new(program)
        .arg("worker")
        .args([scene.platform.base_url(), scene.platform.api_key(), scene.platform.api_secret()])
        .args([random.below(u64::MAX).to_string(), wrong_by.to_string()])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    let handed = hand_over(scene, jobs, &mut child);
    let output = child.stdout.take().ok_or("the worker has no output")?;
    let looks = AtomicU64::new(0);
    let done = std::thread::scope(|scope| -> Result<bool, Broken> {
        // What it says is read for the figures only.
        scope.spawn(|| {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                hear(scene, &line, &looks);
            }
        });
        if let Some(life) = life {
            sleep(life);
            if child.try_wait()?.is_none() {
                child.kill()?;
                scene.books.kills.fetch_add(1, Ordering::SeqCst);
                child.wait()?;
                return Ok(true);
            }
        }
        Ok(child.wait()?.success())
    })?;
    scene.books.look_ups.fetch_add(looks.load(Ordering::SeqCst), Ordering::SeqCst);
    handed?;
    if done { Ok(()) } else { Err("a worker failed".into()) }
}

fn hand_over(scene: &Scene<'_>, jobs: Range<usize>, child: &mut Child) -> Result<(), Broken> {
    let mut journal = child.stdin.take().ok_or("the worker has no input")?;
    for job in scene.jobs.get(jobs).unwrap_or_default() {
        writeln!(journal, "{}", job.to_line())?;
    }
    Ok(())
}

/// A line is `OUTCOME LOOK-UPS UNKNOWN`, both counted since the worker began.
fn hear(scene: &Scene<'_>, line: &str, looks: &AtomicU64) {
    let words: Vec<&str> = line.split(' ').collect();
    let [outcome, look_ups, unknown] = words.as_slice() else { return };
    let number = |text: &str| text.parse::<u64>().unwrap_or(0);
    looks.fetch_max(number(look_ups), Ordering::SeqCst);
    scene.books.unknown_inside.fetch_add(number(unknown), Ordering::SeqCst);
    scene.books.ensured.fetch_add(1, Ordering::SeqCst);
    scene.books.count(match *outcome {
        "rejected" => Some(Outcome::Rejected),
        "not_sent" => Some(Outcome::NotSent),
        "unknown" => Some(Outcome::Unknown),
        _ => None,
    });
}
