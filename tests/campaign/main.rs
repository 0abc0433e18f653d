//! The campaign program. See `keysecure_tests::campaign`.

use std::process::ExitCode;

use std::time::Duration;

#[cfg(unix)]
use keysecure_tests::campaign::member;
use keysecure_tests::campaign::{Campaign, Flaw};
use keysecure_tests::{BoxError, relay_server};

const USAGE: &str = "\
Usage: campaign [--seed N] [--skipped N] [--real N] [--relayed N] [--only TEXT] [--threads N] [--minutes N] [--flaw FLAW]

Makes transfers and cards in sandboxes with injected faults, and checks the sandboxes' ledgers against the operations and
against the claims of every call. The exit code is 0 if each target exists exactly once and every outcome is true.

  --skipped N   operations in skipped time (20000)
  --real N      operations in real time (3000)
  --relayed N   operations of apps through relays, in real time (20000)
  --only TEXT   only the phases whose names contain it, such as files or real
  --minutes N   starts no further round after that time
  --flaw FLAW   makes one mistake on purpose; the exit code is 0 if it is found: short-settle, blind, gives-up, lies,
                no-store-sharing, own-directories, fleet-lies, relay-directories, fresh-taps
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let result = match arguments.split_first() {
        #[cfg(unix)]
        Some((first, rest)) if first == "member" => member(rest).map(|()| true),
        Some((first, rest)) if first == "relay" => relay_server(rest).map(|()| true),
        _ => match parsed(&arguments) {
            Ok(campaign) => run(&campaign),
            Err(error) => {
                eprint!("campaign: {error}\n{USAGE}");
                return ExitCode::from(2);
            }
        },
    };
    match result {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("campaign: {error}");
            ExitCode::FAILURE
        }
    }
}

fn parsed(arguments: &[String]) -> Result<Campaign, BoxError> {
    let worker = Some(std::env::current_exe()?);
    let mut campaign = Campaign { worker, progress: true, ..Campaign::default() };
    let mut words = arguments.iter();
    while let Some(word) = words.next() {
        let value = words.next().ok_or_else(|| format!("{word} needs a value"))?;
        match word.as_str() {
            "--seed" => campaign.seed = value.parse()?,
            "--skipped" => campaign.skipped = value.parse()?,
            "--real" => campaign.real = value.parse()?,
            "--relayed" => campaign.relayed = value.parse()?,
            "--only" => campaign.only = Some(value.clone()),
            "--minutes" => campaign.max_time = Some(Duration::from_secs(60 * value.parse::<u64>()?)),
            "--threads" => campaign.threads = value.parse()?,
            "--flaw" => {
                let flaw = Flaw::ALL.iter().find(|(name, _)| name == value);
                campaign.flaw = Some(flaw.ok_or_else(|| format!("unknown flaw {value}"))?.1);
            }
            _ => return Err(format!("unknown option {word}").into()),
        }
    }
    Ok(campaign)
}

fn run(campaign: &Campaign) -> Result<bool, BoxError> {
    println!("seed {}, {} threads", campaign.seed, campaign.threads);
    let figures = campaign.run()?;
    print!("{figures}");
    Ok(match campaign.flaw {
        None => figures.is_clean(),
        Some(flaw) => flaw.is_found_in(&figures),
    })
}
