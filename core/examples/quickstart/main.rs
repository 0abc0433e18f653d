//! A card's whole life in one command.
//!
//! `cargo run --release --example quickstart` starts the embedded sandbox and walks through everything a merchant does:
//! no account, no network. With `KEYSECURE_BASE_URL` and credentials in the environment it runs its read-only part
//! against the real platform instead.

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

/// The whole story, offline.
fn embedded_sandbox() -> Outcome {
    let sandbox = Sandbox::start()?;
    println!("An offline sandbox of the platform listens on {}.", sandbox.base_url());
    let client = Client::builder(sandbox.api_key(), sandbox.api_secret()).base_url(sandbox.base_url()).build()?;
    story::tell(&client, &sandbox)
}

/// What can be read without changing anything.
fn real_platform() -> Outcome {
    let client = Client::from_env()?;
    println!("Reading from the platform named by KEYSECURE_BASE_URL; nothing is changed there.");
    tour::take(&client).inspect_err(|error| {
        if error.downcast_ref::<keysecure::Error>().is_some_and(|error| error.kind() == ErrorKind::Authentication) {
            eprintln!("Check KEYSECURE_API_KEY and KEYSECURE_API_SECRET.");
        }
    })
}
