//! Walks through the life cycle of a card, offline.
//!
//! `cargo run --release --example quickstart` starts the embedded sandbox and makes every call of a merchant in credit mode: no
//! account, no network. With `KEYSECURE_BASE_URL` and credentials in the environment it makes read-only calls to the real
//! platform instead.

mod story;
mod tour;

use std::process::ExitCode;

use keysecure::{Client, ErrorKind};
use keysecure_sandbox::Sandbox;

type Outcome = Result<(), Box<dyn std::error::Error>>;

fn main() -> ExitCode {
    let result = if std::env::var_os("KEYSECURE_BASE_URL").is_some() { real_platform() } else { embedded_sandbox() };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("\nStopped: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Makes all calls, offline.
fn embedded_sandbox() -> Outcome {
    let sandbox = Sandbox::start()?;
    println!("An offline sandbox of the platform listens on {}.", sandbox.base_url());
    let client = Client::builder(sandbox.api_key(), sandbox.api_secret()).base_url(sandbox.base_url()).build()?;
    story::run(&client, &sandbox)
}

/// Makes read-only calls.
fn real_platform() -> Outcome {
    let client = Client::from_env()?;
    println!("Reading from the platform named by KEYSECURE_BASE_URL; nothing is changed there.");
    tour::run(&client).inspect_err(|error| {
        if error.downcast_ref::<keysecure::Error>().is_some_and(|error| error.kind() == ErrorKind::Authentication) {
            eprintln!("Check KEYSECURE_API_KEY and KEYSECURE_API_SECRET.");
        }
    })
}
