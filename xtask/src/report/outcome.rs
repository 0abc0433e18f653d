//! The outcome of a test suite.

use super::counts::TestCounts;

/// The outcome of a test suite.
#[derive(Debug, PartialEq, Eq)]
pub enum Outcome {
    /// All tests ran.
    Ran(TestCounts),
    /// All tests ran, on this version of a platform.
    RanOn(TestCounts, String),
    /// The run stopped early, for instance because something does not compile. Tests that ran before count.
    Broken(TestCounts, String),
    /// A tool is missing on this machine. In CI that is a failure.
    Missing(String),
}

/// The outcome of a run with these counts and this exit. A bad exit without a failed test is not covered by the counts:
/// something did not compile, or a test program died.
pub fn classify(counts: TestCounts, exited_well: bool) -> Outcome {
    if exited_well == (counts.failed == 0) {
        Outcome::Ran(counts)
    } else {
        Outcome::Broken(counts, "did not compile, or died before its end: see above".into())
    }
}

#[cfg(test)]
mod tests {
    use super::{Outcome, TestCounts, classify};

    #[test]
    fn counts_that_explain_the_exit_code_are_accepted() {
        let good = TestCounts { passed: 3, failed: 0, skipped: 0 };
        let bad = TestCounts { passed: 3, failed: 1, skipped: 0 };
        assert_eq!(classify(good, true), Outcome::Ran(good));
        assert_eq!(classify(bad, false), Outcome::Ran(bad));
    }

    #[test]
    fn a_bad_exit_without_a_failed_test_is_broken() {
        let good = TestCounts { passed: 3, failed: 0, skipped: 0 };
        assert!(matches!(classify(good, false), Outcome::Broken(counts, _) if counts == good));
    }
}
