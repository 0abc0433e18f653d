//! `cargo xtask check`: the checks that do not run the product.

mod cycles;
mod deny;
mod graph;
mod imports;
mod layers;
mod result;
mod spelling;
mod syntax;
mod test_names;
mod words;

use std::time::Instant;

use crate::table::{row, table};
use crate::{openapi, parity, run, swift};
pub use result::CheckResult;

/// One check of `cargo xtask check`.
struct Check {
    name: &'static str,
    run: fn() -> CheckResult,
}

/// All checks, in the order in which they run. Clippy runs once for each feature set that compiles different code: all
/// features together, each binding alone, and the core without HTTP.
const CHECKS: &[Check] = &[
    Check { name: "fmt", run: || cargo("fmt --all --check") },
    Check { name: "layers", run: layers::check },
    Check { name: "cycles", run: cycles::check },
    Check { name: "words", run: words::check },
    Check { name: "spelling", run: spelling::check },
    Check { name: "parity", run: || CheckResult::from_passed(parity::is_up_to_date()) },
    Check { name: "openapi", run: || CheckResult::from_passed(openapi::is_up_to_date()) },
    Check { name: "clippy", run: || clippy("--workspace --all-targets --features keysecure-tests/redis") },
    Check { name: "clippy-uniffi", run: || clippy("-p keysecure --features uniffi") },
    Check { name: "clippy-python", run: || clippy("-p keysecure --features python") },
    Check { name: "clippy-no-defaults", run: || clippy("-p keysecure --no-default-features") },
    Check { name: "swift-format", run: swift_format },
    Check { name: "doc", run: doc },
    Check { name: "deny", run: deny::check },
    Check { name: "advisories", run: deny::check_advisories },
];

/// The names of all checks.
pub fn names() -> impl Iterator<Item = &'static str> {
    CHECKS.iter().map(|check| check.name)
}

/// Runs the named checks, or all if `names` is empty. A failed check does not stop the others.
pub fn run(names: &[String]) -> bool {
    let mut rows = vec![row!["check", "seconds", "result"]];
    let mut is_good = true;
    for check in CHECKS.iter().filter(|check| names.is_empty() || names.iter().any(|name| name == check.name)) {
        let started = Instant::now();
        println!("\n== {}", check.name);
        let result = (check.run)();
        println!("{}: {result}", check.name);
        is_good &= result != CheckResult::Failed;
        rows.push(row![check.name, format!("{:.1}", started.elapsed().as_secs_f64()), result]);
    }
    print!("\n{}", table(&rows));
    is_good
}

fn cargo(arguments: &str) -> CheckResult {
    CheckResult::from_passed(run::passes(&mut run::cargo(arguments)))
}

fn clippy(packages: &str) -> CheckResult {
    cargo(&format!("clippy {packages} -- -D warnings"))
}

fn doc() -> CheckResult {
    let mut doc = run::cargo("doc --workspace --no-deps");
    CheckResult::from_passed(run::passes(doc.env("RUSTDOCFLAGS", "-D warnings")))
}

fn swift_format() -> CheckResult {
    match swift::format() {
        Ok(passed) => CheckResult::from_passed(passed),
        Err(missing) => CheckResult::missing(missing, run::in_ci()),
    }
}
