//! The Kotlin library: its tests, by Maven, against the sandbox program over real sockets.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::bindings::{self, Bindings};
use crate::faces::{Outcome, judge};
use crate::failures::Failures;
use crate::package;
use crate::run;
use crate::tally::Tally;

const SANDBOX: &str = "build -p keysecure-sandbox";

/// What `cargo xtask test` runs.
pub fn face(failures: &mut Failures) -> Outcome {
    let missing: Vec<&str> = [("java", "-version"), ("mvn", "-version")]
        .into_iter()
        .filter(|(tool, ask)| !run::exists(tool, ask))
        .map(|(tool, _)| tool)
        .collect();
    if !missing.is_empty() {
        return Outcome::Missing(format!("{} not found", missing.join(", ")));
    }
    let Some(bindings) = made() else { return Outcome::Broken(Tally::default(), "the library did not build".into()) };
    let mut tally = Tally::default();
    let ended_well = run::streams(&mut maven(&bindings, &["test".into()]), |line| {
        failures.hear(line);
        if let Some(whole) = total(line) {
            tally = whole;
        }
    });
    judge(tally, ended_well)
}

/// `cargo xtask kotlin test -Dtest=ListsTest`: Maven with the folders of this workspace.
pub fn run(arguments: &[String]) -> bool {
    made().is_some_and(|bindings| run::passes(&mut maven(&bindings, arguments)))
}

/// `cargo xtask kotlin-bench`: the shipped library under the JVM against the Rust call and against the JVM's own HTTP.
pub fn bench() -> bool {
    let Some(library) = package::shipped() else { return false };
    let programs = "build --release -p keysecure-tests --bin bench --bin rust_baseline";
    if !run::passes(&mut run::cargo(programs)) {
        return false;
    }
    let release = run::target_dir().join("release");
    let Some(bindings) = made() else { return false };
    let bindings = Bindings { library, ..bindings };
    let program = |name: &str| format!("-Dbench.{name}={}", release.join(name).display());
    let arguments = [program("bench"), program("rust_baseline"), "-Dtest=Benchmark".into(), "test".into()];
    let maven = maven(&bindings, &arguments);
    // All on one core: to wake the other side of a connection on another core costs up to twice a call, or nothing, by where
    // the system happens to put them.
    run::passes(run::command("taskset").args(["--cpu-list", "0"]).arg(maven.get_program()).args(maven.get_args()))
}

fn made() -> Option<Bindings> {
    // Classes whose source is gone would be tested all the same. What is not there need not go.
    for folder in ["classes", "test-classes"] {
        let _ = fs::remove_dir_all(run::target_dir().join("kotlin").join(folder));
    }
    if !run::passes(&mut run::cargo(SANDBOX)) {
        return None;
    }
    bindings::make()
}

/// Maven in the Kotlin folder, told where cargo builds and which library and sandbox to use.
pub fn maven(bindings: &Bindings, arguments: &[String]) -> Command {
    let sandbox = run::target_dir().join(format!("debug/keysecure-sandbox{}", std::env::consts::EXE_SUFFIX));
    let property = |name: &str, path: &Path| format!("-Dkeysecure.{name}={}", path.display());
    let mut maven = run::command("mvn");
    // Cargo's way to the libraries that it builds: JNA would find ours there before the one in the jar.
    for name in ["LD_LIBRARY_PATH", "DYLD_FALLBACK_LIBRARY_PATH"] {
        maven.env_remove(name);
    }
    maven.args(["--batch-mode", "--no-transfer-progress", "-Dstyle.color=never", "--file", "bindings-kotlin/pom.xml"]);
    maven.arg(property("target", &run::target_dir()));
    maven.arg(property("library", &bindings.library));
    maven.arg(property("program", &sandbox));
    maven.args(arguments);
    maven
}

/// The counts of Surefire's last line, `[INFO] Tests run: 68, Failures: 0, Errors: 0, Skipped: 0`; those of one class have
/// a time behind them.
fn total(line: &str) -> Option<Tally> {
    let counts = line.split_once("] Tests run: ")?.1;
    let numbers: Option<Vec<u64>> = counts
        .split(", ")
        .zip(["", "Failures: ", "Errors: ", "Skipped: "])
        .map(|(part, name)| part.strip_prefix(name)?.parse().ok())
        .collect();
    match (numbers?.as_slice(), counts.matches(", ").count()) {
        (&[run, failures, errors, skipped], 3) => {
            let failed = failures + errors;
            Some(Tally { passed: run.checked_sub(failed + skipped)?, failed, skipped })
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::total;
    use crate::run;
    use crate::tally::Tally;

    #[test]
    fn only_the_total_is_counted() {
        let cases = [
            (
                "[INFO] Tests run: 68, Failures: 0, Errors: 0, Skipped: 0",
                Some(Tally { passed: 68, failed: 0, skipped: 0 }),
            ),
            (
                "[ERROR] Tests run: 68, Failures: 1, Errors: 3, Skipped: 2",
                Some(Tally { passed: 62, failed: 4, skipped: 2 }),
            ),
            (
                "[WARNING] Tests run: 5, Failures: 0, Errors: 0, Skipped: 5",
                Some(Tally { passed: 0, failed: 0, skipped: 5 }),
            ),
            (
                "[INFO] Tests run: 7, Failures: 0, Errors: 0, Skipped: 0, Time elapsed: 0.179 s -- in io.keysecure.ListsTest",
                None,
            ),
            ("[INFO] Tests run: 7, Failures: 0", None),
            ("Tests run: many", None),
            ("", None),
        ];
        for (line, expected) in cases {
            assert_eq!(total(line), expected, "{line}");
        }
    }

    #[test]
    fn the_kotlin_library_has_the_version_of_the_workspace() {
        let pom = fs::read_to_string(run::root().join("bindings-kotlin/pom.xml")).unwrap();
        assert!(pom.contains(&format!(
            "<artifactId>keysecure</artifactId>\n  <version>{}</version>",
            env!("CARGO_PKG_VERSION")
        )));
    }
}
