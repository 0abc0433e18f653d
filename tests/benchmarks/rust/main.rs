//! The Rust benchmark: the client against plain `ureq` and `serde_json`, with several threads, through a relay, and the start of
//! a sandbox.
//!
//! All results are ratios of measurements that alternate in one run: the machine may be slow or busy.
//! Budgets are reported, not asserted; the program fails only when it could not measure.

mod baseline;
mod cpu;
mod race;
mod relay;
mod report;
mod server;
mod start;
mod webhook;
// The same table format as in `cargo xtask bench`.
#[path = "../../../xtask/src/table.rs"]
mod table;

use std::error::Error;
use std::process::ExitCode;

use keysecure::{Client, Date, ListCards};
use keysecure_sandbox::{RequestRecord, Sandbox};
use serde_json::Value;

use baseline::{Baseline, Limit};
use race::{Effort, Runner, race};
use server::Server;

type Outcome<T = ()> = Result<T, Box<dyn Error + Send + Sync>>;

const USAGE: &str = "\
Usage: bench [--quick]

  --quick   a few seconds and a rough response instead of two minutes
";

/// How many cards a list holds: the platform's largest page.
const CARDS: u32 = 100;
/// When they were applied for: 2025-06-15, in Unix milliseconds.
const JUNE_15: i64 = 1_749_945_600_000;
const THREADS: u32 = 8;

fn main() -> ExitCode {
    let all: Vec<String> = std::env::args().skip(1).collect();
    let args_of_relay = all.get(1..).unwrap_or_default();
    let args: Vec<&str> = all.iter().map(String::as_str).collect();
    let result = match args.as_slice() {
        [] => measure(&Effort::THOROUGH),
        ["--quick"] => measure(&Effort::QUICK),
        [server::ARGUMENT] => server::serve(),
        [relay::ARGUMENT, ..] => keysecure_tests::relay_server(args_of_relay),
        _ => {
            eprint!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench: {error}");
            ExitCode::FAILURE
        }
    }
}

fn measure(effort: &Effort) -> Outcome {
    let start = start::times(effort.starts)?;

    let sandbox = Sandbox::start()?;
    let holder = sandbox.seed_approved_cardholder();
    let card_nos = sandbox.seed_cards(&holder, &[JUNE_15; CARDS as usize])?;
    let card_no = card_nos.first().ok_or("the sandbox has no card")?;
    let query = ListCards::between(Date::new(2025, 6, 1)?, Date::new(2025, 6, 30)?);

    // First against the sandbox, which refuses a wrong request: both must send and read the same.
    same_requests(&sandbox, card_no, &query)?;

    // Then against a server that needs little processor time and sends the sandbox's responses.
    let server = Server::spawn(&server::recorded(&sandbox, card_no)?)?;
    let client = client(&sandbox, server.base_url())?;
    let baseline = Baseline::new(&sandbox, server.base_url(), Limit::WholeCall)?;
    let lean = Baseline::new(&sandbox, server.base_url(), Limit::EachPhase)?;

    let get = || client.cards().get(card_no).map(drop).map_err(Into::into);
    let get_typed = || baseline.card(card_no).map(drop);
    let get_lean = || lean.card(card_no).map(drop);
    let get_untyped = || baseline.card_value(card_no).map(drop);
    let get = race(
        effort,
        &[
            Runner { call: &get, threads: 1 },
            Runner { call: &get_typed, threads: 1 },
            Runner { call: &get_lean, threads: 1 },
            Runner { call: &get_untyped, threads: 1 },
            Runner { call: &get, threads: THREADS },
            Runner { call: &get_typed, threads: THREADS },
        ],
    )?;

    let list = || client.cards().list_page(&query, 0, CARDS).map(drop).map_err(Into::into);
    let list_typed = || baseline.cards(CARDS).map(drop);
    let list_lean = || lean.cards(CARDS).map(drop);
    let list_untyped = || baseline.cards_value(CARDS).map(drop);
    let list = race(
        effort,
        &[
            Runner { call: &list, threads: 1 },
            Runner { call: &list_typed, threads: 1 },
            Runner { call: &list_lean, threads: 1 },
            Runner { call: &list_untyped, threads: 1 },
        ],
    )?;

    let verify = webhook::verification()?;
    let refuse = webhook::refusal()?;
    let verify = race(effort, &[Runner { call: &verify, threads: 1 }, Runner { call: &refuse, threads: 1 }])?;

    let relay = relay::cost(effort, &sandbox, &client, server.base_url(), card_no, &query)?;

    print!("{}", report::report(&get, &list, &start, &verify, &relay));
    Ok(())
}

fn client(sandbox: &Sandbox, base_url: &str) -> Outcome<Client> {
    Ok(Client::builder(sandbox.api_key(), sandbox.api_secret()).base_url(base_url).build()?)
}

/// Checks that client and baseline do the same work.
fn same_requests(sandbox: &Sandbox, card_no: &str, query: &ListCards) -> Outcome {
    let client = client(sandbox, sandbox.base_url())?;
    let card = client.cards().get(card_no)?;
    let page = client.cards().list_page(query, 0, CARDS)?;
    let baseline = Baseline::new(sandbox, sandbox.base_url(), Limit::WholeCall)?;
    let baseline_card = baseline.card(card_no)?;
    let baseline_page = baseline.cards(CARDS)?;

    let requests = sandbox.requests();
    for operation in ["cards.get", "cards.list"] {
        let sent = requests.iter().filter(|request| request.operation == operation).map(essence);
        match sent.collect::<Result<Vec<_>, _>>()?.as_slice() {
            [client, baseline] if client == baseline => {}
            other => return Err(format!("{operation} is not sent in the same way: {other:?}").into()),
        }
    }
    let rows = CARDS as usize;
    if page.list.len() != rows || baseline_page.len() != rows || !baseline_card.is(&card) {
        return Err("the client and the baseline do not read the same values".into());
    }
    Ok(())
}

/// The parts of a request that must be equal: the names of the headers, in any order, and the body.
fn essence(request: &RequestRecord) -> Outcome<(Vec<String>, Option<Value>)> {
    let mut names: Vec<String> = request.headers.iter().map(|name| name.to_ascii_lowercase()).collect();
    names.sort();
    let body = if request.body.is_empty() { None } else { Some(serde_json::from_str(&request.body)?) };
    Ok((names, body))
}
