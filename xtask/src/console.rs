//! The console of the sandbox: its build, and its tests in Chromium.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::report::counts::TestCounts;
use crate::report::failures::Failures;
use crate::report::outcome::{Outcome, classify};
use crate::run;

const FOLDER: &str = "sandbox/console";
/// The folder of the pictures in the documentation.
const PICTURES: &str = "docs/images/console";

/// Checks format and types, and compares the committed files with a build. The error names the missing tools.
pub fn check() -> Result<bool, String> {
    match missing_tools() {
        Some(missing) => Err(missing),
        None => Ok(install()
            && run::passes(npm().args(["exec", "--", "prettier", "--check", "src", "test", "build.mjs"]))
            && run::passes(npm().args(["run", "--silent", "types"]))
            && run::passes(node().args(["build.mjs", "--check"]))),
    }
}

/// Runs the console suite of `cargo xtask test`. The pictures are in the target folder.
pub fn test(failures: &mut Failures) -> Outcome {
    test_with_pictures(&run::target_dir().join("console"), failures)
}

/// Runs the same tests, and writes the pictures of the documentation.
pub fn pictures() -> bool {
    let mut failures = Failures::default();
    let outcome = test_with_pictures(&run::root().join(PICTURES), &mut failures);
    matches!(outcome, Outcome::Ran(counts) if counts.is_good())
}

fn test_with_pictures(pictures: &Path, failures: &mut Failures) -> Outcome {
    if let Some(missing) = missing_tools() {
        return Outcome::Missing(missing);
    }
    let Some(chromium) = chromium() else { return Outcome::Missing("chromium not found".into()) };
    if !install() || !run::passes(&mut run::cargo("build -p keysecure-sandbox")) {
        return Outcome::Broken(TestCounts::default(), "did not build: see above".into());
    }
    let program = run::target_dir().join("debug").join(format!("keysecure-sandbox{}", std::env::consts::EXE_SUFFIX));
    let mut tests = node();
    tests.arg("test/run.mjs").env("KEYSECURE_SANDBOX", program).env("CHROMIUM", chromium);
    let mut counts = TestCounts::default();
    let mut is_failure = false;
    let exited_well = run::streams(tests.env("CONSOLE_PICTURES", pictures), |line| {
        is_failure = line.starts_with("FAILED ") || is_failure && !line.starts_with("ok ");
        if let Some(total) = parse_total(line) {
            counts = total;
        } else if is_failure {
            failures.note(line);
        }
    });
    classify(counts, exited_well)
}

/// The last line of the tests, `20 passed, 0 failed`.
fn parse_total(line: &str) -> Option<TestCounts> {
    let (passed, failed) = line.strip_suffix(" failed")?.split_once(" passed, ")?;
    Some(TestCounts { passed: passed.parse().ok()?, failed: failed.parse().ok()?, skipped: 0 })
}

fn missing_tools() -> Option<String> {
    let missing: Vec<&str> = ["node", "npm"].into_iter().filter(|name| !run::exists(name, "--version")).collect();
    (!missing.is_empty()).then(|| format!("{} not found", missing.join(", ")))
}

fn chromium() -> Option<PathBuf> {
    let known = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].map(PathBuf::from);
    std::env::var_os("CHROMIUM").map(PathBuf::from).into_iter().chain(known).find(|path| path.exists())
}

/// Installs the packages of the lock file, unless they are installed.
fn install() -> bool {
    let folder = run::root().join(FOLDER);
    let mark = folder.join("node_modules").join(".installed");
    let lock = fs::read(folder.join("package-lock.json")).unwrap_or_default();
    if fs::read(&mark).is_ok_and(|installed| installed == lock) {
        return true;
    }
    // No package may run a script of its own.
    run::passes(npm().args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"])) && fs::write(&mark, lock).is_ok()
}

fn npm() -> Command {
    in_folder("npm")
}

fn node() -> Command {
    in_folder("node")
}

fn in_folder(program: &str) -> Command {
    let mut command = run::command(program);
    command.current_dir(run::root().join(FOLDER));
    command
}

#[cfg(test)]
mod tests {
    use super::{TestCounts, parse_total};

    #[test]
    fn the_total_is_read_from_the_last_line_only() {
        assert_eq!(parse_total("20 passed, 1 failed"), Some(TestCounts { passed: 20, failed: 1, skipped: 0 }));
        for other in ["ok 20 passed, 1 failed", "20 passed, 1 failed now", "passed, failed", ""] {
            assert_eq!(parse_total(other), None, "{other}");
        }
    }
}
