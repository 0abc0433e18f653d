//! `cargo xtask campaign`: the exactly-once campaign in full, at release speed.

use crate::{run, servers};

/// Runs the campaign program with these arguments.
pub fn run(args: &[String]) -> bool {
    servers::ensure(&servers::REDIS);
    run::passes(run::cargo("run --release -p keysecure-tests --features redis --bin campaign --").args(args))
}
