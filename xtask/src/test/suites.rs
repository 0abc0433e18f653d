//! What `cargo xtask test` runs. A further language is a further function and a further line in `ALL`.

use crate::failures::Failures;
use crate::kotlin;
use crate::python;
use crate::redis;
use crate::run;
use crate::swift;
use crate::tally::Tally;

/// One group of tests with a line of its own in the summary.
pub struct Face {
    pub name: &'static str,
    pub run: fn(&mut Failures) -> Outcome,
}

/// How a face's tests ended.
#[derive(Debug, PartialEq, Eq)]
pub enum Outcome {
    /// All tests ran.
    Ran(Tally),
    /// It stopped before its end, as when something does not compile. What had run by then still counts.
    Broken(Tally, String),
    /// A tool it needs is not on this machine. In CI that is no excuse.
    Missing(String),
}

pub const ALL: &[Face] = &[
    Face { name: "rust", run: rust },
    Face { name: "vectors", run: vectors },
    Face { name: "python", run: python::test },
    Face { name: "kotlin", run: kotlin::face },
    Face { name: "swift", run: swift::face },
];

/// Whether there is a face of that name.
pub fn is_known(name: &str) -> bool {
    ALL.iter().any(|face| face.name == name)
}

/// With the stores of a fleet that need a server.
const RUST: &str = "test --workspace --no-fail-fast --features keysecure-tests/redis";

fn rust(failures: &mut Failures) -> Outcome {
    redis::ensure();
    let mut tally = Tally::default();
    // Without --no-fail-fast the first failing crate would hide the results of all others.
    let ended_well = run::streams(&mut run::cargo(RUST), |line| {
        failures.hear(line);
        if let Some(part) = Tally::of_line(line) {
            tally += part;
        }
    });
    judge(tally, ended_well)
}

/// A bad exit without a failed test is not covered by the counts: a crate did not compile, or a test program died.
pub fn judge(tally: Tally, ended_well: bool) -> Outcome {
    if ended_well == (tally.failed == 0) {
        Outcome::Ran(tally)
    } else {
        Outcome::Broken(tally, "did not compile, or died before its end: see above".into())
    }
}

/// The programs that make the vectors of each folder under `tests/vectors/`, and how to ask whether they are there. javac
/// is not called, but a Java without it cannot run a source file.
const VECTORS: [(&str, &[(&str, &str)]); 2] = [
    ("aes", &[("java", "-version"), ("javac", "-version"), ("openssl", "version")]),
    ("webhooks", &[("java", "-version"), ("mvn", "-version"), ("python3", "--version")]),
];

/// The committed vectors are what the JDK, OpenSSL and the real fastjson make. Each folder counts as one test.
fn vectors(failures: &mut Failures) -> Outcome {
    let missing: Vec<&str> = VECTORS
        .iter()
        .flat_map(|(_, tools)| tools.iter())
        .filter(|(name, ask)| !run::exists(name, ask))
        .map(|(name, _)| *name)
        .collect();
    if !missing.is_empty() {
        return Outcome::Missing(format!("{} not found", missing.join(", ")));
    }
    let mut tally = Tally::default();
    for (folder, _) in VECTORS {
        let script = format!("tests/vectors/{folder}/make.sh");
        if run::passes(run::command("bash").args([script.as_str(), "--check"])) {
            tally.passed += 1;
        } else {
            tally.failed += 1;
            failures.note(format!("{script} --check"));
        }
    }
    Outcome::Ran(tally)
}

#[cfg(test)]
mod tests {
    use super::{Outcome, judge};
    use crate::tally::Tally;

    #[test]
    fn counts_stand_when_they_explain_the_exit_code() {
        let good = Tally { passed: 3, failed: 0, skipped: 0 };
        let bad = Tally { passed: 3, failed: 1, skipped: 0 };
        assert_eq!(judge(good, true), Outcome::Ran(good));
        assert_eq!(judge(bad, false), Outcome::Ran(bad));
    }

    #[test]
    fn a_bad_exit_without_a_failed_test_is_broken() {
        let good = Tally { passed: 3, failed: 0, skipped: 0 };
        assert!(matches!(judge(good, false), Outcome::Broken(tally, _) if tally == good));
    }
}
