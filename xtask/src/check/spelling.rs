//! Spelling, checked by `typos` with `typos.toml`. The program is in a Python package, which installs in seconds.

use super::result::CheckResult;
use super::tools;
use crate::run;

const VERSION: &str = "1.52.0";

/// Runs `typos` on the repository, after installing it if it is missing.
pub fn check() -> CheckResult {
    match tools::from_pypi("typos", VERSION, "typos", "--version") {
        Ok(program) => {
            let mut typos = run::command(program);
            CheckResult::from_passed(run::passes(typos.args(["--config", "typos.toml", "--format", "brief"])))
        }
        Err(missing) => CheckResult::missing(missing, run::in_ci()),
    }
}
