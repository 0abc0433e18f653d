//! Checks an integration: `cargo run --example doctor [--json] [CARD_NO]`.
//!
//! Reads `KEYSECURE_API_KEY`, `KEYSECURE_API_SECRET` and, if set, `KEYSECURE_ENVIRONMENT` or `KEYSECURE_BASE_URL`. `--json` prints
//! the report as JSON. Exits with 1 if a check failed, 2 if the settings are invalid, and 3 if a check could not be made.

use std::process::ExitCode;

use keysecure::{CheckStatus, Client};

fn main() -> ExitCode {
    let mut arguments: Vec<String> = std::env::args().skip(1).collect();
    let json = arguments.first().is_some_and(|first| first == "--json");
    if json {
        arguments.remove(0);
    }
    let client = match Client::from_env() {
        Ok(client) => client,
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::from(2);
        }
    };
    let report = client.doctor(arguments.first().map(String::as_str));
    if json {
        println!("{}", report.to_json());
    } else {
        println!("{report}");
    }
    let failed = report.findings.iter().any(|result| result.status == CheckStatus::Fail);
    match (failed, report.is_complete()) {
        (true, _) => ExitCode::FAILURE,
        (false, false) => ExitCode::from(3),
        (false, true) => ExitCode::SUCCESS,
    }
}
