//! `cargo xtask test`: all faces one after another, then what failed, told again, and the summary. Its last line is the total and nothing else.

use crate::faces::{self, Outcome};
use crate::failures::Failures;
use crate::run;
use crate::tally::Tally;

/// Runs the faces of these names, or all when there is none.
pub fn run(names: &[String]) -> bool {
    let wanted = faces::ALL.iter().filter(|face| names.is_empty() || names.iter().any(|name| name == face.name));
    let mut failures = Failures::default();
    let ran: Vec<(&str, Outcome)> = wanted.map(|face| (face.name, (face.run)(&mut failures))).collect();
    let (lines, total) = summary(ran, run::in_ci());
    println!();
    for line in failures.told().iter().chain(&lines) {
        println!("{line}");
    }
    println!("{total}");
    total.is_good()
}

/// A line for each face, and the total. What could not run counts as one failed test (or one skipped, where a missing
/// tool is allowed), so that the total alone never looks better than it is.
fn summary(ran: Vec<(&str, Outcome)>, strict: bool) -> (Vec<String>, Tally) {
    let mut lines = Vec::new();
    let mut total = Tally::default();
    for (name, outcome) in ran {
        let (tally, note) = match outcome {
            Outcome::Ran(tally) if tally == Tally::default() => (one_failed(tally), Some("no test ran".into())),
            Outcome::Ran(tally) => (tally, None),
            Outcome::Broken(tally, why) => (one_failed(tally), Some(why)),
            Outcome::Missing(why) if strict => (one_failed(Tally::default()), Some(why)),
            Outcome::Missing(why) => (Tally { skipped: 1, ..Tally::default() }, Some(format!("SKIPPED: {why}"))),
        };
        let note = note.map(|note| format!(" ({note})")).unwrap_or_default();
        lines.push(format!("{name}: {tally}{note}"));
        total += tally;
    }
    (lines, total)
}

fn one_failed(tally: Tally) -> Tally {
    Tally { failed: tally.failed + 1, ..tally }
}

#[cfg(test)]
mod tests {
    use super::summary;
    use crate::faces::Outcome::{Broken, Missing, Ran};
    use crate::tally::Tally;

    fn tally(passed: u64, failed: u64, skipped: u64) -> Tally {
        Tally { passed, failed, skipped }
    }

    #[test]
    fn every_face_has_a_line_and_the_total_sums_them() {
        let (lines, total) = summary(vec![("rust", Ran(tally(212, 0, 2))), ("python", Ran(tally(80, 1, 0)))], false);
        assert_eq!(lines, ["rust: 212 passed, 0 failed, 2 skipped", "python: 80 passed, 1 failed"]);
        assert_eq!(total, tally(292, 1, 2));
    }

    #[test]
    fn what_breaks_or_runs_nothing_is_a_failure() {
        let (lines, total) =
            summary(vec![("rust", Broken(tally(5, 0, 0), "died".into())), ("swift", Ran(tally(0, 0, 0)))], false);
        assert_eq!(lines, ["rust: 5 passed, 1 failed (died)", "swift: 0 passed, 1 failed (no test ran)"]);
        assert_eq!(total, tally(5, 2, 0));
    }

    #[test]
    fn a_missing_tool_is_skipped_on_a_desk_and_fails_in_ci() {
        let missing = || vec![("vectors", Missing("java not found".into()))];
        assert_eq!(
            summary(missing(), false),
            (vec!["vectors: 0 passed, 0 failed, 1 skipped (SKIPPED: java not found)".into()], tally(0, 0, 1))
        );
        assert_eq!(
            summary(missing(), true),
            (vec!["vectors: 0 passed, 1 failed (java not found)".into()], tally(0, 1, 0))
        );
    }
}
