//! The cost of a relay between an app and the platform: processor time, latency, and memory for each session.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use keysecure::{Client, ListCards, Secret};
use keysecure_sandbox::Sandbox;

use crate::race::{Effort, Runner, Sample, race};
use crate::{CARDS, Outcome};

/// The hidden argument under which this program is a relay.
pub(crate) const ARGUMENT: &str = "serve-apps";
/// How many sessions one relay serves for the row of its memory.
pub(crate) const SESSIONS: u32 = 1_000;
/// Requests of each session.
const REQUESTS: u32 = 5;
/// Calls for the processor time of the relay.
const CALLS: u32 = 2_000;

/// What a relay costs.
pub(crate) struct Cost {
    /// Samples of a call through the relay and of a direct one, of a list through the relay and of a direct one.
    pub(crate) samples: Vec<Vec<Sample>>,
    /// Processor time of the relay for a call and for a list of 100, in microseconds.
    pub(crate) cpu: [f64; 2],
    /// Resident memory of the relay in kilobytes: at the start, after [`SESSIONS`] sessions, with a connection for each.
    pub(crate) memory: [u64; 3],
}

/// Measures calls through a relay against the direct ones of `client`, whose platform is at `base_url`.
pub(crate) fn cost(
    effort: &Effort,
    sandbox: &Sandbox,
    client: &Client,
    base_url: &str,
    card_no: &str,
    query: &ListCards,
) -> Outcome<Cost> {
    let holder = client.cards().get(card_no)?.cardholder_no.ok_or("the card has no cardholder")?;
    let relay = Relay::spawn(base_url, sandbox)?;
    let app = relay.app(&holder)?;
    if app.cards().get(card_no)? != client.cards().get(card_no)?
        || app.cards().list_page(query, 0, CARDS)?.list != client.cards().list_page(query, 0, CARDS)?.list
    {
        return Err("an app does not read what the client reads".into());
    }
    let get = |client: &Client| client.cards().get(card_no).map(drop).map_err(Into::into);
    let list = |client: &Client| client.cards().list_page(query, 0, CARDS).map(drop).map_err(Into::into);
    let calls: [&(dyn Fn() -> Outcome + Sync); 4] = [&|| get(&app), &|| get(client), &|| list(&app), &|| list(client)];
    let samples = race(effort, &calls.map(|call| Runner { call, threads: 1 }))?;
    let cpu = [relay.cpu(|| get(&app))?, relay.cpu(|| list(&app))?];
    Ok(Cost { samples, cpu, memory: memory(sandbox)? })
}

/// The resident memory of a relay before and after many sessions, each of another cardholder with a card.
fn memory(sandbox: &Sandbox) -> Outcome<[u64; 3]> {
    let users: Vec<(String, String)> = (0..SESSIONS)
        .map(|_| {
            let holder = sandbox.seed_approved_cardholder();
            Ok((sandbox.seed_virtual_card(&holder)?, holder))
        })
        .collect::<Outcome<_>>()?;
    let relay = Relay::spawn(sandbox.base_url(), sandbox)?;
    let calls = |app: &Client, card_no: &str| -> Outcome {
        (0..REQUESTS).try_for_each(|_| app.cards().get(card_no).map(drop)).map_err(Into::into)
    };
    // What a relay needs before the first session counts for none.
    let (card_no, holder) = users.first().ok_or("no users")?;
    (0..200).try_for_each(|_| calls(&relay.app(holder)?, card_no))?;
    let before = relay.memory()?;
    for (card_no, holder) in &users {
        // Its connection ends with the app.
        calls(&relay.app(holder)?, card_no)?;
    }
    let after = relay.memory()?;
    let mut open = Vec::new();
    for (card_no, holder) in &users {
        let app = relay.app(holder)?;
        calls(&app, card_no)?;
        open.push(app);
    }
    Ok([before, after, relay.memory()?])
}

/// A relay in a process of its own. It ends when this is dropped.
struct Relay {
    url: String,
    child: Child,
}

impl Relay {
    fn spawn(base_url: &str, sandbox: &Sandbox) -> Outcome<Self> {
        let mut child = Command::new(std::env::current_exe()?)
            .args([ARGUMENT, base_url, sandbox.api_key(), sandbox.api_secret()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let output = child.stdout.take();
        let mut relay = Self { url: String::new(), child };
        BufReader::new(output.ok_or("the relay has no output")?).read_line(&mut relay.url)?;
        relay.url.truncate(relay.url.trim_end().len());
        Ok(relay)
    }

    fn app(&self, cardholder_no: &str) -> Outcome<Client> {
        let session = format!("session-{cardholder_no}");
        Ok(Client::relay(&self.url, move |_: bool| Ok(Secret::from(session.clone()))).build()?)
    }

    /// The processor time of one call in the relay, in microseconds.
    fn cpu(&self, call: impl Fn() -> Outcome) -> Outcome<f64> {
        call()?;
        let before = self.used()?;
        (0..CALLS).try_for_each(|_| call())?;
        Ok((self.used()? - before) / f64::from(CALLS))
    }

    /// The processor time of all threads, in microseconds. None ends between two readings.
    fn used(&self) -> Outcome<f64> {
        // The kernel updates the count when a thread leaves the processor: the relay waits for the next request.
        thread::sleep(Duration::from_millis(5));
        let mut nanos = 0.0;
        for task in fs::read_dir(format!("/proc/{}/task", self.child.id())).map_err(|_| "this needs Linux")? {
            let stat = fs::read_to_string(task?.path().join("schedstat"))?;
            nanos += stat.split(' ').next().ok_or("schedstat is empty")?.parse::<f64>()?;
        }
        Ok(nanos / 1_000.0)
    }

    /// Resident memory in kilobytes.
    fn memory(&self) -> Outcome<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).ok_or("no VmRSS")?;
        Ok(line.trim().trim_end_matches(" kB").parse()?)
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        // The process has ended in either case.
        let _ = self.child.wait();
    }
}
