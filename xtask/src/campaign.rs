//! `cargo xtask campaign`: the exactly-once campaign in full, at release speed.

use crate::run;

/// `args` go to the campaign program.
pub fn run(args: &[String]) -> bool {
    run::passes(run::cargo("run --release -p keysecure-tests --bin campaign --").args(args))
}
