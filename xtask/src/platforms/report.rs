//! What was built and tested for one platform.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::time::Duration;

use crate::report::counts::TestCounts;
use crate::report::failures::Failures;
use crate::table::row;

/// The results of one platform, filled while its builds and tests run.
pub struct Report {
    pub name: &'static str,
    /// Failed tests, for the end of the run.
    pub failures: Failures,
    /// Whether to leave tests out for the sake of time, and to say so.
    pub quick: bool,
    /// Minutes after which no further file or class of tests is started under wine.
    pub minutes: u32,
    title: &'static str,
    tools: Vec<(String, String)>,
    built: Vec<(String, u64)>,
    checks: Vec<(String, bool)>,
    tests: Vec<(String, TestCounts)>,
    left_out: Vec<(String, String)>,
    commands: Vec<String>,
    outputs: Vec<(String, String)>,
    stopped: Option<String>,
    took: Duration,
}

impl Report {
    pub fn new(name: &'static str, title: &'static str) -> Self {
        Self {
            name,
            failures: Failures::default(),
            quick: false,
            minutes: 60,
            title,
            tools: Vec::new(),
            built: Vec::new(),
            checks: Vec::new(),
            tests: Vec::new(),
            left_out: Vec::new(),
            commands: Vec::new(),
            outputs: Vec::new(),
            stopped: None,
            took: Duration::ZERO,
        }
    }

    /// A tool with its version: the first line that it prints. Nothing is recorded when it prints nothing.
    pub fn tool(&mut self, name: &str, version: Option<String>) {
        let Some(text) = version else { return };
        if let Some(line) = text.lines().map(str::trim).find(|line| !line.is_empty()) {
            // Many programs begin with their own name.
            self.tools.push((name.into(), line.strip_prefix(&format!("{name} ")).unwrap_or(line).into()));
        }
    }

    /// A file that was built; its size is recorded. Without `name`, it has the name of the file.
    pub fn built(&mut self, name: Option<&str>, file: &Path) -> Result<(), String> {
        let size = fs::metadata(file).map_err(|error| format!("{}: {error}", file.display()))?.len();
        let own = file.file_name().unwrap_or_default().to_string_lossy();
        self.built.push((name.map_or_else(|| own.into_owned(), str::to_owned), size));
        Ok(())
    }

    /// A check other than a test, such as auditwheel. Returns whether it passed.
    pub fn check(&mut self, what: impl Into<String>, passed: bool) -> bool {
        self.checks.push((what.into(), passed));
        passed
    }

    /// The tests of one run.
    pub fn tested(&mut self, what: impl Into<String>, counts: TestCounts) {
        self.tests.push((what.into(), counts));
    }

    /// Something that was not done, and the reason.
    pub fn left_out(&mut self, what: impl Into<String>, why: impl Into<String>) {
        self.left_out.push((what.into(), why.into()));
    }

    /// A command line for `docs/platforms.md`, without the folders of this machine.
    pub fn command(&mut self, line: impl Into<String>) {
        self.commands.push(line.into());
    }

    /// What a demo printed, if it printed anything.
    pub fn output(&mut self, what: impl Into<String>, text: &str) {
        let text = text.replace("\r\n", "\n").trim_end().to_owned();
        if !text.is_empty() {
            self.outputs.push((what.into(), text));
        }
    }

    /// The reason why nothing more could be done.
    pub fn stopped(&mut self, why: String) {
        eprintln!("{}: {why}", self.name);
        self.stopped = Some(why);
    }

    pub fn took(&mut self, time: Duration) {
        self.took = time;
    }

    /// Whether all was done, every check passed, and no test failed.
    pub fn is_good(&self) -> bool {
        self.stopped.is_none()
            && self.checks.iter().all(|(_, passed)| *passed)
            && self.tests.iter().all(|(_, counts)| counts.is_good())
    }

    fn counts(&self) -> TestCounts {
        let mut total = TestCounts::default();
        self.tests.iter().for_each(|(_, counts)| total += *counts);
        total
    }

    /// The row of the table: platform, built, passed, failed, not run.
    pub fn row(&self) -> Vec<String> {
        let failed_checks = self.checks.iter().filter(|(_, passed)| !passed).map(|(what, _)| format!("{what} FAILED"));
        let stopped = self.stopped.iter().map(|why| format!("STOPPED: {why}"));
        let left_out = self.left_out.iter().map(|(what, why)| format!("{what}: {why}"));
        let notes: Vec<String> = stopped.chain(failed_checks).chain(left_out).collect();
        let built = match self.built.len() {
            0 if self.stopped.is_some() => "no".to_owned(),
            0 => "-".to_owned(),
            1 => "1 file".to_owned(),
            number => format!("{number} files"),
        };
        let counts = self.counts();
        let (passed, failed) = if self.tests.is_empty() {
            ("not run".to_owned(), "-".to_owned())
        } else {
            (counts.passed.to_string(), counts.failed.to_string())
        };
        row![self.name, built, passed, failed, notes.join("; ")]
    }

    /// The section of `docs/platforms.md`, without its heading.
    pub fn section(&self) -> String {
        let mut text = format!("{}\n\n", self.title);
        let tools: Vec<String> = self.tools.iter().map(|(name, version)| format!("{name} {version}")).collect();
        let minutes = self.took.as_secs().div_ceil(60);
        let _ = writeln!(text, "{} minutes, with {}.", minutes, tools.join(", "));
        text += &part(["file", "bytes"], self.built.iter().map(|(file, size)| [file.clone(), size.to_string()]));
        let tests = self.tests.iter().map(|(what, counts)| [what.clone(), counts.to_string()]);
        let checks =
            self.checks.iter().map(|(what, passed)| [what.clone(), if *passed { "ok" } else { "FAILED" }.into()]);
        text += &part(["tests and checks", "result"], tests.chain(checks));
        let failed: Vec<&str> = self.failures.names().collect();
        if !failed.is_empty() {
            let _ = writeln!(text, "\nFailed: {}.", failed.join(", "));
        }
        text += &part(["left out", "why"], self.left_out.iter().map(|(what, why)| [what.clone(), why.clone()]));
        if let Some(why) = &self.stopped {
            let _ = writeln!(text, "\nStopped: {why}");
        }
        if !self.commands.is_empty() {
            let _ = writeln!(text, "\n```sh\n{}\n```", self.commands.join("\n"));
        }
        for (what, output) in &self.outputs {
            let _ = writeln!(text, "\n{what} printed:\n\n```text\n{output}\n```");
        }
        text
    }
}

/// A Markdown table of two columns; no text if it has no rows.
fn part(heading: [&str; 2], rows: impl Iterator<Item = [String; 2]>) -> String {
    let mut text = String::new();
    for [what, result] in rows {
        if text.is_empty() {
            let _ = writeln!(text, "\n| {} | {} |\n|---|---|", heading[0], heading[1]);
        }
        let _ = writeln!(text, "| {} | {} |", cell(&what), cell(&result));
    }
    text
}

/// The text of a cell of a Markdown table.
pub fn cell(text: &str) -> String {
    text.replace('|', r"\|").replace('\n', " ")
}

#[cfg(test)]
mod tests {
    use super::{Report, TestCounts};

    #[test]
    fn a_report_without_tests_says_that_none_ran() {
        let mut report = Report::new("ios", "iOS");
        report.check("cargo check", true);
        report.left_out("tests", "no Mac");
        assert_eq!(report.row(), ["ios", "-", "not run", "-", "tests: no Mac"]);
        assert!(report.is_good());
    }

    #[test]
    fn a_failed_check_or_test_or_a_stop_is_not_good() {
        let mut check = Report::new("a", "A");
        check.check("auditwheel", false);
        assert_eq!(check.row()[4], "auditwheel FAILED");
        let mut test = Report::new("b", "B");
        test.tested("Rust", TestCounts { passed: 3, failed: 1, skipped: 0 });
        assert_eq!(test.row()[2..4], ["3", "1"]);
        let mut none = Report::new("c", "C");
        none.tested("Rust", TestCounts::default());
        let mut stopped = Report::new("d", "D");
        stopped.stopped("no debootstrap".into());
        assert_eq!(stopped.row(), ["d", "no", "not run", "-", "STOPPED: no debootstrap"]);
        assert!(![check, test, none, stopped].iter().any(Report::is_good));
    }

    #[test]
    fn a_section_lists_what_ran_and_what_did_not() {
        let mut report = Report::new("musl", "Static programs");
        report.tool("zig", Some("0.17.1\n".into()));
        report.tool("rustc", Some("rustc 1.97.1".into()));
        report.tool("wine", None);
        report.tested("Rust", TestCounts { passed: 3, failed: 0, skipped: 0 });
        report.failures.record("fleet::one", "panicked");
        report.left_out("redis | fleets", "no server");
        report.command("cargo build");
        let section = report.section();
        for part in [
            "Static programs\n\n0 minutes, with zig 0.17.1, rustc 1.97.1.\n",
            "| Rust | 3 passed, 0 failed |\n",
            "Failed: fleet::one.\n",
            r"| redis \| fleets | no server |",
            "```sh\ncargo build\n```\n",
        ] {
            assert!(section.contains(part), "{section}");
        }
    }
}
