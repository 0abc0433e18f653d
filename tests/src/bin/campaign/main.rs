//! The exactly-once campaign as a program. See `keysecure_tests::campaign`.

use std::process::ExitCode;

use keysecure_tests::Broken;
use keysecure_tests::campaign::{Campaign, Flaw, work};

const USAGE: &str = "\
Usage: campaign [--seed N] [--transfers N] [--cards N] [--threads N] [--flaw FLAW]

Makes transfers (10000) and cards (2000) in sandboxes where everything goes wrong, and holds the sandboxes' books against
what was to be done and what every error said. Ends with 0 if each is there exactly once and every outcome was true.

  --flaw FLAW   does one thing wrong on purpose (short-settle, blind, gives-up, lies) and ends with 0 if that is found
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let result = match arguments.split_first() {
        Some((first, rest)) if first == "worker" => work(rest).map(|()| true),
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

fn parsed(arguments: &[String]) -> Result<Campaign, Broken> {
    let mut campaign = Campaign { worker: Some(std::env::current_exe()?), ..Campaign::default() };
    let mut words = arguments.iter();
    while let Some(word) = words.next() {
        let value = words.next().ok_or_else(|| format!("what about {word}?"))?;
        match word.as_str() {
            "--seed" => campaign.seed = value.parse()?,
            "--transfers" => campaign.transfers = value.parse()?,
            "--cards" => campaign.cards = value.parse()?,
            "--threads" => campaign.threads = value.parse()?,
            "--flaw" => {
                let flaw = Flaw::ALL.iter().find(|(name, _)| name == value);
                campaign.flaw = Some(flaw.ok_or_else(|| format!("what is the flaw {value}?"))?.1);
            }
            _ => return Err(format!("what is {word}?").into()),
        }
    }
    Ok(campaign)
}

fn run(campaign: &Campaign) -> Result<bool, Broken> {
    println!("seed {}, {} threads", campaign.seed, campaign.threads);
    let figures = campaign.run()?;
    print!("{figures}");
    Ok(match campaign.flaw {
        None => figures.is_clean(),
        Some(flaw) => flaw.is_found_in(&figures),
    })
}
