//! The code of the guides in `docs/guides`: each section between the comments `--8<--` is shown in one.

// A failed step of a test is a failed test.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod cards;
mod credentials;
mod errors;
mod exactly_once;
mod lists;
mod migrating;
mod operations;
mod quick_start;
mod testing;
mod webhooks;
mod workers;

use keysecure::{Client, ClientBuilder};
use keysecure_sandbox::Sandbox;
use keysecure_tests::AgedStore;

type Outcome = Result<(), Box<dyn std::error::Error>>;

fn builder(sandbox: &Sandbox) -> ClientBuilder {
    Client::builder(sandbox.api_key(), sandbox.api_secret()).base_url(sandbox.base_url())
}

/// A client whose store is old enough to know that a reference is new.
fn shop(sandbox: &Sandbox) -> Client {
    builder(sandbox).store(AgedStore::default()).build().unwrap()
}
