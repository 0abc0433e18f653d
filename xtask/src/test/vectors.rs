//! Compares the committed test vectors with the output of the JDK, OpenSSL and the real fastjson. Each folder counts as
//! one test.

use crate::report::counts::TestCounts;
use crate::report::failures::Failures;
use crate::report::outcome::Outcome;
use crate::run;

/// The programs that make the vectors of each folder under `tests/vectors/`, each with a harmless argument. javac is
/// not called, but a Java without it cannot run a source file.
const FOLDERS: [(&str, &[(&str, &str)]); 2] = [
    ("aes", &[("java", "-version"), ("javac", "-version"), ("openssl", "version")]),
    ("webhooks", &[("java", "-version"), ("mvn", "-version"), ("python3", "--version")]),
];

pub fn test(failures: &mut Failures) -> Outcome {
    let tools = FOLDERS.iter().flat_map(|(_, tools)| tools.iter());
    let missing: Vec<&str> =
        tools.filter(|(name, argument)| !run::exists(name, argument)).map(|(name, _)| *name).collect();
    if !missing.is_empty() {
        return Outcome::Missing(format!("{} not found", missing.join(", ")));
    }
    let mut counts = TestCounts::default();
    for (folder, _) in FOLDERS {
        let script = format!("tests/vectors/{folder}/make.sh");
        if run::passes(run::command("bash").args([script.as_str(), "--check"])) {
            counts.passed += 1;
        } else {
            counts.failed += 1;
            failures.note(format!("{script} --check"));
        }
    }
    Outcome::Ran(counts)
}
