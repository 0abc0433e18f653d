//! Counting tests: how many passed, failed and were skipped.

use std::fmt;
use std::ops::AddAssign;

/// A number of tests by their result.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TestCounts {
    pub passed: u64,
    pub failed: u64,
    pub skipped: u64,
}

impl TestCounts {
    /// Whether at least one test passed and none failed.
    pub fn is_good(self) -> bool {
        self.failed == 0 && self.passed > 0
    }
}

impl AddAssign for TestCounts {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
    }
}

impl fmt::Display for TestCounts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} passed, {} failed", self.passed, self.failed)?;
        if self.skipped > 0 {
            write!(f, ", {} skipped", self.skipped)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::TestCounts;

    fn counts(passed: u64, failed: u64, skipped: u64) -> TestCounts {
        TestCounts { passed, failed, skipped }
    }

    #[test]
    fn counts_add_up() {
        let mut total = TestCounts::default();
        for part in [counts(3, 0, 0), counts(10, 1, 2), counts(0, 0, 5)] {
            total += part;
        }
        assert_eq!(total, counts(13, 1, 7));
    }

    #[test]
    fn skipped_tests_are_shown_only_when_there_are_any() {
        assert_eq!(counts(212, 0, 0).to_string(), "212 passed, 0 failed");
        assert_eq!(counts(212, 1, 3).to_string(), "212 passed, 1 failed, 3 skipped");
    }

    #[test]
    fn no_test_at_all_is_not_good() {
        assert!(counts(1, 0, 1).is_good());
        assert!(!counts(0, 0, 1).is_good());
        assert!(!counts(9, 1, 0).is_good());
    }
}
