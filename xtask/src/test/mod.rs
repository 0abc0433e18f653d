//! `cargo xtask test`: all test suites one after another, then the failed tests, and the summary. The last line is the
//! total and nothing else.

mod rust;
pub mod suites;
mod vectors;

use crate::report::counts::TestCounts;
use crate::report::failures::Failures;
use crate::report::outcome::Outcome;
use crate::run;

/// Runs the named suites, or all if `names` is empty. With `package`, the Rust suite runs only the tests of that crate.
pub fn run(names: &[String], package: Option<&str>) -> bool {
    let mut failures = Failures::default();
    let mut ran = Vec::new();
    for suite in suites::ALL.iter().filter(|suite| names.is_empty() || names.iter().any(|name| name == suite.name)) {
        let outcome = match package {
            Some(package) if suite.name == "rust" => rust::test_package(package, &mut failures),
            _ => (suite.run)(&mut failures),
        };
        ran.push((suite.name, outcome));
    }
    let (lines, total) = summary(ran, run::in_ci());
    println!();
    for line in failures.summary().iter().chain(&lines) {
        println!("{line}");
    }
    println!("{total}");
    total.is_good()
}

/// A line for each suite, and the total. A suite that could not run counts as one failed test (or one skipped, where a
/// missing tool is allowed), so that the total alone never looks better than it is.
fn summary(ran: Vec<(&str, Outcome)>, is_strict: bool) -> (Vec<String>, TestCounts) {
    let mut lines = Vec::new();
    let mut total = TestCounts::default();
    for (name, outcome) in ran {
        let (counts, note) = match outcome {
            Outcome::Ran(counts) | Outcome::RanOn(counts, _) if counts == TestCounts::default() => {
                (one_failed(counts), Some("no test ran".into()))
            }
            Outcome::Ran(counts) => (counts, None),
            Outcome::RanOn(counts, version) => (counts, Some(version)),
            Outcome::Broken(counts, reason) => (one_failed(counts), Some(reason)),
            Outcome::Missing(reason) if is_strict => (one_failed(TestCounts::default()), Some(reason)),
            Outcome::Missing(reason) => {
                (TestCounts { skipped: 1, ..TestCounts::default() }, Some(format!("SKIPPED: {reason}")))
            }
        };
        let note = note.map(|note| format!(" ({note})")).unwrap_or_default();
        lines.push(format!("{name}: {counts}{note}"));
        total += counts;
    }
    (lines, total)
}

fn one_failed(counts: TestCounts) -> TestCounts {
    TestCounts { failed: counts.failed + 1, ..counts }
}

#[cfg(test)]
mod tests {
    use super::Outcome::{Broken, Missing, Ran, RanOn};
    use super::{TestCounts, summary};

    fn counts(passed: u64, failed: u64, skipped: u64) -> TestCounts {
        TestCounts { passed, failed, skipped }
    }

    #[test]
    fn every_suite_has_a_line_and_the_total_sums_them() {
        let (lines, total) = summary(vec![("rust", Ran(counts(212, 0, 2))), ("python", Ran(counts(80, 1, 0)))], false);
        assert_eq!(lines, ["rust: 212 passed, 0 failed, 2 skipped", "python: 80 passed, 1 failed"]);
        assert_eq!(total, counts(292, 1, 2));
    }

    #[test]
    fn a_suite_that_breaks_or_runs_no_test_is_a_failure() {
        let (lines, total) =
            summary(vec![("rust", Broken(counts(5, 0, 0), "died".into())), ("swift", Ran(counts(0, 0, 0)))], false);
        assert_eq!(lines, ["rust: 5 passed, 1 failed (died)", "swift: 0 passed, 1 failed (no test ran)"]);
        assert_eq!(total, counts(5, 2, 0));
    }

    #[test]
    fn a_suite_names_the_version_on_which_it_ran() {
        let ran =
            vec![("kotlin", RanOn(counts(9, 0, 0), "JDK 17".into())), ("swift", RanOn(counts(0, 0, 0), "6".into()))];
        let (lines, total) = summary(ran, false);
        assert_eq!(lines, ["kotlin: 9 passed, 0 failed (JDK 17)", "swift: 0 passed, 1 failed (no test ran)"]);
        assert_eq!(total, counts(9, 1, 0));
    }

    #[test]
    fn a_missing_tool_is_skipped_locally_and_fails_in_ci() {
        let missing = || vec![("vectors", Missing("java not found".into()))];
        assert_eq!(
            summary(missing(), false),
            (vec!["vectors: 0 passed, 0 failed, 1 skipped (SKIPPED: java not found)".into()], counts(0, 0, 1))
        );
        assert_eq!(
            summary(missing(), true),
            (vec!["vectors: 0 passed, 1 failed (java not found)".into()], counts(0, 1, 0))
        );
    }
}
