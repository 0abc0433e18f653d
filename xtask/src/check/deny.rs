//! cargo-deny: licences, bans, sources and known vulnerabilities of the dependencies, by `deny.toml`. The version is
//! exact, because the meaning of its settings changes between releases.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::result::CheckResult;
use crate::run;

const VERSION: &str = "0.20.2";

/// Checks licences, bans and sources, which needs no network.
pub fn check() -> CheckResult {
    let Some(program) = find_or_install() else { return CheckResult::Failed };
    let options = ["--all-features", "--locked", "check", "--hide-inclusion-graph", "licenses", "bans", "sources"];
    CheckResult::from_passed(run::passes(run::command(program).args(options)))
}

/// Checks for known vulnerabilities, with the database of `RustSec`.
pub fn check_advisories() -> CheckResult {
    let Some(program) = find_or_install() else { return CheckResult::Failed };
    // The database is on another host. Without it the check cannot run, not even in CI.
    if !run::passes(run::command(&program).args(["fetch", "db"])) {
        return CheckResult::Skipped("advisories: database unreachable".into());
    }
    let options = ["--all-features", "--locked", "check", "--hide-inclusion-graph", "advisories"];
    CheckResult::from_passed(run::passes(run::command(program).args(options)))
}

fn find_or_install() -> Option<PathBuf> {
    let cache = run::cache_dir().unwrap_or_else(|| run::target_dir().join("tools"));
    let cached = cache.join("bin").join("cargo-deny");
    if let Some(program) = [PathBuf::from("cargo-deny"), cached.clone()].into_iter().find(|it| is_right_version(it)) {
        return Some(program);
    }
    let mut install = run::cargo(&format!("install --locked cargo-deny --version ={VERSION} --root"));
    (run::passes(install.arg(&cache)) && is_right_version(&cached)).then_some(cached)
}

fn is_right_version(program: &Path) -> bool {
    let output = Command::new(program).arg("--version").stderr(Stdio::null()).output();
    output.is_ok_and(|output| output.status.success() && is_version(&String::from_utf8_lossy(&output.stdout)))
}

fn is_version(output: &str) -> bool {
    output.split_whitespace().eq(["cargo-deny", VERSION])
}

#[cfg(test)]
mod tests {
    use super::is_version;

    #[test]
    fn only_the_exact_version_is_accepted() {
        assert!(is_version("cargo-deny 0.20.2\n"));
        for other in ["cargo-deny 0.20.20", "cargo-deny 0.20.1", "cargo-deny", ""] {
            assert!(!is_version(other), "{other}");
        }
    }
}
