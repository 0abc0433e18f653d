//! Counting tests: how many passed, failed and were skipped.

use std::fmt;
use std::ops::AddAssign;

/// A number of tests by their result.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    pub passed: u64,
    pub failed: u64,
    pub skipped: u64,
}

impl Tally {
    /// The counts of one result line of Rust's test harness; any other line has none.
    pub fn of_line(line: &str) -> Option<Self> {
        let counts = line.strip_prefix("test result: ")?.split_once(". ")?.1;
        let mut tally = Self::default();
        for part in counts.split(';') {
            let (number, name) = part.trim().split_once(' ')?;
            match name {
                "passed" => tally.passed = number.parse().ok()?,
                "failed" => tally.failed = number.parse().ok()?,
                "ignored" => tally.skipped = number.parse().ok()?,
                _ => {}
            }
        }
        Some(tally)
    }

    /// The counts of pytest's last line, such as `== 3 failed, 40 passed, 1 skipped in 2.10s ==`.
    pub fn of_pytest(line: &str) -> Option<Self> {
        let (counts, _) = line.trim_matches(['=', ' ']).rsplit_once(" in ")?;
        let mut tally = Self::default();
        for part in counts.split(", ") {
            let (number, name) = part.split_once(' ')?;
            let number: u64 = number.parse().ok()?;
            match name {
                "passed" => tally.passed += number,
                "failed" | "error" | "errors" => tally.failed += number,
                "skipped" | "xfailed" | "xpassed" => tally.skipped += number,
                "warning" | "warnings" | "deselected" => {}
                _ => return None,
            }
        }
        Some(tally)
    }

    /// Whether anything ran and all of it passed.
    pub fn is_good(self) -> bool {
        self.failed == 0 && self.passed > 0
    }
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
    }
}

impl fmt::Display for Tally {
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
    use super::Tally;

    fn tally(passed: u64, failed: u64, skipped: u64) -> Tally {
        Tally { passed, failed, skipped }
    }

    #[test]
    fn result_lines_are_read_and_other_lines_are_not() {
        let cases = [
            (
                "test result: ok. 3 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s",
                Some(tally(3, 0, 0)),
            ),
            (
                "test result: FAILED. 12 passed; 2 failed; 1 ignored; 0 measured; 0 filtered out; finished in 1.20s",
                Some(tally(12, 2, 1)),
            ),
            ("test result: ok. 0 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out", Some(tally(0, 0, 0))),
            ("test result: ok. many passed; 0 failed", None),
            ("test result: ok", None),
            ("  test result: ok. 3 passed; 0 failed", None),
            ("test money::is_exact ... ok", None),
            ("", None),
        ];
        for (line, expected) in cases {
            assert_eq!(Tally::of_line(line), expected, "{line}");
        }
    }

    #[test]
    fn pytests_last_line_is_read_and_other_lines_are_not() {
        let cases = [
            ("120 passed in 3.21s", Some(tally(120, 0, 0))),
            (
                "=== 2 failed, 118 passed, 1 skipped, 3 warnings, 1 error in 63.20s (0:01:03) ===",
                Some(tally(118, 3, 1)),
            ),
            ("no tests ran in 0.01s", None),
            ("tests/test_cards.py ......", None),
            ("it took 3 rounds in 2 s", None),
        ];
        for (line, expected) in cases {
            assert_eq!(Tally::of_pytest(line), expected, "{line}");
        }
    }

    #[test]
    fn tallies_add_up() {
        let mut total = Tally::default();
        for part in [tally(3, 0, 0), tally(10, 1, 2), tally(0, 0, 5)] {
            total += part;
        }
        assert_eq!(total, tally(13, 1, 7));
    }

    #[test]
    fn skipped_tests_are_named_only_when_there_are_any() {
        assert_eq!(tally(212, 0, 0).to_string(), "212 passed, 0 failed");
        assert_eq!(tally(212, 1, 3).to_string(), "212 passed, 1 failed, 3 skipped");
    }

    #[test]
    fn no_test_at_all_is_not_good() {
        assert!(tally(1, 0, 1).is_good());
        assert!(!tally(0, 0, 1).is_good());
        assert!(!tally(9, 1, 0).is_good());
    }
}
