//! `cargo xtask campaign`: the exactly-once campaign in full, at release speed.

use crate::{redis, run};

/// Runs the campaign program with these arguments.
pub fn run(args: &[String]) -> bool {
    redis::ensure();
    run::passes(run::cargo("run --release -p keysecure-tests --features redis --bin campaign --").args(args))
}
