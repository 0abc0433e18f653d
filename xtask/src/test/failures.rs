//! What failed tests said, kept while the faces run and told again at the end: thousands of lines of output hide it.

use crate::tally::Tally;

/// So many lines are told again; the whole is further up in the output.
const MOST: usize = 120;

/// The failures of one run of the tests, as lines.
#[derive(Default)]
pub struct Failures {
    lines: Vec<String>,
    inside: bool,
}

impl Failures {
    /// Looks at one line of any test harness, and keeps it when it tells of a failure.
    pub fn hear(&mut self, line: &str) {
        if begins(line) {
            self.inside = true;
        }
        if self.inside || stands_alone(line) {
            self.lines.push(line.to_owned());
        }
        if ends(line) {
            self.inside = false;
        }
    }

    /// Something that has no output of its own to keep, such as a program that said no.
    pub fn note(&mut self, what: impl Into<String>) {
        self.lines.push(what.into());
    }

    /// What is told again, if anything failed.
    pub fn told(&self) -> Vec<String> {
        let Some(left) = self.lines.len().checked_sub(MOST).filter(|left| *left > 0) else {
            return self.lines.clone();
        };
        let (head, tail) = (&self.lines[..MOST / 2], &self.lines[self.lines.len() - MOST / 2..]);
        let gap = format!("[{left} lines of failures left out: they are further up]");
        head.iter().cloned().chain([gap]).chain(tail.iter().cloned()).collect()
    }
}

/// Rust's harness, pytest and Maven put what failed into a block.
fn begins(line: &str) -> bool {
    line == "failures:" || matches!(line.trim_matches(['=', ' ']), "FAILURES" | "ERRORS") || line.starts_with("[ERROR]")
}

fn ends(line: &str) -> bool {
    line.starts_with("test result: ") || Tally::of_pytest(line).is_some() || line.starts_with("[INFO]")
}

/// `XCTest` writes one line for each assertion and one for each test.
fn stands_alone(line: &str) -> bool {
    line.contains(": error: ") || (line.starts_with("Test Case ") && line.contains(" failed ("))
}

#[cfg(test)]
mod tests {
    use super::{Failures, MOST};

    fn told(output: &str) -> Vec<String> {
        let mut failures = Failures::default();
        output.lines().for_each(|line| failures.hear(line));
        failures.told()
    }

    #[test]
    fn the_block_of_every_harness_is_kept_and_nothing_around_it() {
        let rust = "test a ... ok\ntest b ... FAILED\n\nfailures:\n\n---- b stdout ----\nassertion failed\n\ntest result: FAILED. 1 passed; 1 failed\n     Running tests";
        assert_eq!(
            told(rust),
            ["failures:", "", "---- b stdout ----", "assertion failed", "", "test result: FAILED. 1 passed; 1 failed"]
        );
        let pytest = "..F. [100%]\n=== FAILURES ===\n___ test_b ___\nE  assert 1 == 2\n1 failed, 3 passed in 0.10s\nSuccess: no issues";
        assert_eq!(
            told(pytest),
            ["=== FAILURES ===", "___ test_b ___", "E  assert 1 == 2", "1 failed, 3 passed in 0.10s"]
        );
        let maven = "[INFO] Running io.A\n[ERROR] io.A.b -- Time elapsed: 1 s <<< FAILURE!\nexpected: <1>\n\tat io.A.b\n\n[INFO] Results:";
        assert_eq!(
            told(maven),
            ["[ERROR] io.A.b -- Time elapsed: 1 s <<< FAILURE!", "expected: <1>", "\tat io.A.b", "", "[INFO] Results:"]
        );
        let swift = "Test Case 'A.b' started at 10:00\n/A.swift:7: error: A.b : XCTAssertEqual failed\nTest Case 'A.b' failed (0.1 seconds)\nTest Case 'A.c' passed (0.1 seconds)";
        assert_eq!(
            told(swift),
            ["/A.swift:7: error: A.b : XCTAssertEqual failed", "Test Case 'A.b' failed (0.1 seconds)"]
        );
    }

    #[test]
    fn a_run_without_failures_tells_nothing() {
        let good = "test a ... ok\ntest result: ok. 1 passed; 0 failed\n3 passed in 0.10s\n[INFO] Tests run: 3\nTest Case 'A.c' passed (0.1 seconds)";
        assert!(told(good).is_empty());
    }

    #[test]
    fn a_long_tale_keeps_its_beginning_and_its_end() {
        let lines: Vec<String> = (0..MOST * 3).map(|number| format!("/A.swift:{number}: error: no")).collect();
        let told = told(&lines.join("\n"));
        assert_eq!(told.len(), MOST + 1);
        assert_eq!((&told[0], told.last()), (&lines[0], lines.last()));
        assert_eq!(told[MOST / 2], format!("[{} lines of failures left out: they are further up]", MOST * 2));
    }
}
