//! Failed tests, collected while the suites run and printed at the end, where thousands of lines of output do not hide
//! them.

/// The number of lines in the summary; all of them are further up in the output.
const MAX_LINES: usize = 120;

/// The lines of output that are kept of a run that stopped early.
const TAIL_LINES: usize = 40;

/// The failures of one run of the tests, as lines.
#[derive(Default)]
pub struct Failures {
    lines: Vec<String>,
}

impl Failures {
    /// Adds one line, for instance the command of a program that failed.
    pub fn note(&mut self, line: impl Into<String>) {
        self.lines.push(line.into());
    }

    /// Adds one failed test with its message.
    pub fn record(&mut self, name: &str, message: &str) {
        self.note(format!("FAILED {name}"));
        self.lines.extend(message.lines().map(|line| format!("    {line}")));
    }

    /// The names of the failed tests.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.lines.iter().filter_map(|line| line.strip_prefix("FAILED "))
    }

    /// The text printed at the end; empty if nothing failed.
    pub fn summary(&self) -> Vec<String> {
        cut_middle(&self.lines, MAX_LINES)
    }
}

/// The first and the last of these lines, `max` of them, with a note between them that says how many are left out.
pub fn cut_middle(lines: &[String], max: usize) -> Vec<String> {
    let Some(left) = lines.len().checked_sub(max).filter(|left| *left > 0) else {
        return lines.to_vec();
    };
    let (head, tail) = (&lines[..max / 2], &lines[lines.len() - max / 2..]);
    let gap = format!("[{left} lines of failures left out: they are further up]");
    head.iter().cloned().chain([gap]).chain(tail.iter().cloned()).collect()
}

/// The last lines of a program's output.
#[derive(Default)]
pub struct Tail {
    lines: Vec<String>,
}

impl Tail {
    pub fn push(&mut self, line: &str) {
        if self.lines.len() == TAIL_LINES {
            self.lines.remove(0);
        }
        self.lines.push(line.to_owned());
    }

    /// Adds the lines to the failures.
    pub fn note_in(self, failures: &mut Failures) {
        failures.lines.extend(self.lines);
    }
}

#[cfg(test)]
mod tests {
    use super::{Failures, MAX_LINES, TAIL_LINES, Tail};

    #[test]
    fn a_failure_is_its_name_and_its_message() {
        let mut failures = Failures::default();
        failures.record("ListTests.testPages", "expected: <1>\n    at A.b");
        failures.note("ruff check .");
        assert_eq!(
            failures.summary(),
            ["FAILED ListTests.testPages", "    expected: <1>", "        at A.b", "ruff check ."]
        );
    }

    #[test]
    fn a_long_summary_keeps_its_start_and_its_end() {
        let mut failures = Failures::default();
        let lines: Vec<String> = (0..MAX_LINES * 3).map(|number| number.to_string()).collect();
        for line in &lines {
            failures.note(line);
        }
        let summary = failures.summary();
        assert_eq!(summary.len(), MAX_LINES + 1);
        assert_eq!((&summary[0], summary.last()), (&lines[0], lines.last()));
        assert_eq!(
            summary[MAX_LINES / 2],
            format!("[{} lines of failures left out: they are further up]", MAX_LINES * 2)
        );
    }

    #[test]
    fn a_tail_keeps_the_last_lines() {
        let (mut tail, mut failures) = (Tail::default(), Failures::default());
        (0..TAIL_LINES + 5).for_each(|number| tail.push(&number.to_string()));
        tail.note_in(&mut failures);
        assert_eq!((failures.lines.len(), failures.lines[0].as_str()), (TAIL_LINES, "5"));
    }
}
