//! The tests of the workspace's Rust crates.

use crate::report::failures::Failures;
use crate::report::libtest::LibtestOutput;
use crate::report::outcome::{Outcome, classify};
use crate::{run, servers};

/// Arguments of cargo for the tests of all crates, including the fleet stores that need a server. Without
/// `--no-fail-fast` the first failing crate would hide the results of all others.
const WORKSPACE: &str = "test --workspace --no-fail-fast --features keysecure-tests/redis";

/// Runs the Rust suite of `cargo xtask test`.
pub fn test(failures: &mut Failures) -> Outcome {
    servers::ensure(&servers::REDIS);
    cargo_test(WORKSPACE, failures)
}

/// Runs the tests of one crate.
pub fn test_package(package: &str, failures: &mut Failures) -> Outcome {
    cargo_test(&format!("test --no-fail-fast --package {package}"), failures)
}

fn cargo_test(arguments: &str, failures: &mut Failures) -> Outcome {
    let mut output = LibtestOutput::default();
    let exited_well = run::streams(&mut run::cargo(arguments), |line| output.record(line, failures));
    classify(output.counts, exited_well)
}
