//! The output of Rust's own test harness. Stable Rust has no machine format for the result of a test (`--format json`
//! and `--format junit` need a nightly compiler), and cargo-nextest would have to be compiled in CI and runs no doc
//! tests. So this reads the one line that is stable, `test result: ok. 3 passed; 0 failed; ...`, and the block before
//! it.

use super::counts::TestCounts;
use super::failures::Failures;

/// Reads the output of `cargo test`, line by line.
#[derive(Default)]
pub struct LibtestOutput {
    pub counts: TestCounts,
    is_in_failures: bool,
}

impl LibtestOutput {
    /// Reads one line, and keeps it in `failures` when it is part of the report on failed tests.
    pub fn record(&mut self, line: &str, failures: &mut Failures) {
        if line == "failures:" {
            self.is_in_failures = true;
        }
        if self.is_in_failures {
            failures.note(line);
        }
        if let Some(part) = parse_result(line) {
            self.counts += part;
            self.is_in_failures = false;
        }
    }
}

/// The counts of a result line; any other line has none.
fn parse_result(line: &str) -> Option<TestCounts> {
    let numbers = line.strip_prefix("test result: ")?.split_once(". ")?.1;
    let mut counts = TestCounts::default();
    for part in numbers.split(';') {
        let (number, name) = part.trim().split_once(' ')?;
        match name {
            "passed" => counts.passed = number.parse().ok()?,
            "failed" => counts.failed = number.parse().ok()?,
            "ignored" => counts.skipped = number.parse().ok()?,
            _ => {}
        }
    }
    Some(counts)
}

#[cfg(test)]
mod tests {
    use super::{Failures, LibtestOutput, TestCounts, parse_result};

    fn counts(passed: u64, failed: u64, skipped: u64) -> TestCounts {
        TestCounts { passed, failed, skipped }
    }

    #[test]
    fn result_lines_are_read_and_other_lines_are_not() {
        let cases = [
            (
                "test result: ok. 3 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s",
                Some(counts(3, 0, 0)),
            ),
            (
                "test result: FAILED. 12 passed; 2 failed; 1 ignored; 0 measured; 0 filtered out; finished in 1.20s",
                Some(counts(12, 2, 1)),
            ),
            ("test result: ok. 0 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out", Some(counts(0, 0, 0))),
            ("test result: ok. many passed; 0 failed", None),
            ("test result: ok", None),
            ("  test result: ok. 3 passed; 0 failed", None),
            ("test money::is_exact ... ok", None),
            ("", None),
        ];
        for (line, expected) in cases {
            assert_eq!(parse_result(line), expected, "{line}");
        }
    }

    #[test]
    fn the_report_on_failed_tests_is_kept_and_nothing_around_it() {
        let output = "test a ... ok\ntest b ... FAILED\n\nfailures:\n\n---- b stdout ----\nassertion failed\n\ntest result: FAILED. 1 passed; 1 failed\n     Running tests\ntest result: ok. 2 passed; 0 failed";
        let (mut reader, mut failures) = (LibtestOutput::default(), Failures::default());
        output.lines().for_each(|line| reader.record(line, &mut failures));
        assert_eq!(reader.counts, counts(3, 1, 0));
        assert_eq!(
            failures.summary(),
            ["failures:", "", "---- b stdout ----", "assertion failed", "", "test result: FAILED. 1 passed; 1 failed"]
        );
    }
}
