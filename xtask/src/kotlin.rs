//! The Kotlin library: its tests, by Maven, against the sandbox program over real sockets.

use std::fs;

use crate::bindings::{self, Bindings};
use crate::report::counts::TestCounts;
use crate::report::failures::{Failures, Tail};
use crate::report::junit;
use crate::report::outcome::{Outcome, classify};
use crate::{maven, run, ship};

const SANDBOX: &str = "build -p keysecure-sandbox";

/// Runs the Kotlin suite of `cargo xtask test`.
pub fn test(failures: &mut Failures) -> Outcome {
    let tools = [("java", "-version"), ("mvn", "-version")].into_iter();
    let missing: Vec<&str> =
        tools.filter(|(tool, version)| !run::exists(tool, version)).map(|(tool, _)| tool).collect();
    if !missing.is_empty() {
        return Outcome::Missing(format!("{} not found", missing.join(", ")));
    }
    let Some(bindings) = build() else {
        return Outcome::Broken(TestCounts::default(), "the library did not build".into());
    };
    let reports = maven::build_dir().join("surefire-reports");
    junit::clear(&reports);
    let mut tail = Tail::default();
    let exited_well = run::streams(&mut maven::command(&bindings, &["test".into()]), |line| tail.push(line));
    let outcome = classify(junit::read(&reports, failures), exited_well);
    if matches!(outcome, Outcome::Broken(..)) {
        tail.note_in(failures);
    }
    outcome
}

/// `cargo xtask kotlin test -Dtest=ListsTest`: Maven with the folders of this workspace.
pub fn run(arguments: &[String]) -> bool {
    build().is_some_and(|bindings| run::passes(&mut maven::command(&bindings, arguments)))
}

/// `cargo xtask kotlin-bench`: the shipped library under the JVM against the Rust call and the JVM's own HTTP client.
pub fn bench() -> bool {
    let Some(library) = ship::server_library() else { return false };
    let programs = "build --release -p keysecure-tests --bin bench --bin rust_baseline";
    if !run::passes(&mut run::cargo(programs)) {
        return false;
    }
    let release = run::target_dir().join("release");
    let Some(bindings) = build() else { return false };
    let bindings = Bindings { library, ..bindings };
    let program = |name: &str| format!("-Dbench.{name}={}", release.join(name).display());
    let arguments = [program("bench"), program("rust_baseline"), "-Dtest=Benchmark".into(), "test".into()];
    let maven = maven::command(&bindings, &arguments);
    // All on one core: waking the other side of a connection on another core costs between nothing and two calls,
    // depending on where the scheduler places them.
    run::passes(run::command("taskset").args(["--cpu-list", "0"]).arg(maven.get_program()).args(maven.get_args()))
}

/// Builds the sandbox, the library and the generated code.
fn build() -> Option<Bindings> {
    clean();
    if !run::passes(&mut run::cargo(SANDBOX)) {
        return None;
    }
    bindings::make()
}

/// Removes the compiled classes: Maven would also test and pack those of sources that were deleted.
pub fn clean() {
    for folder in ["classes", "test-classes", "android/classes"] {
        // A folder that does not exist is no error.
        let _ = fs::remove_dir_all(maven::build_dir().join(folder));
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use crate::run;

    #[test]
    fn the_kotlin_library_has_the_version_of_the_workspace() {
        for (folder, name) in [("", "keysecure"), ("sandbox/", "keysecure-sandbox"), ("android/", "keysecure-android")]
        {
            let pom = fs::read_to_string(run::root().join(format!("bindings-kotlin/{folder}pom.xml"))).unwrap();
            let version = env!("CARGO_PKG_VERSION");
            assert!(
                pom.contains(&format!("<artifactId>{name}</artifactId>\n  <version>{version}</version>")),
                "{name}"
            );
        }
        for language in ["java", "kotlin"] {
            let pom = run::root().join(format!("bindings-kotlin/consumers/{language}/pom.xml"));
            let version = format!("<version>{}</version>", env!("CARGO_PKG_VERSION"));
            assert_eq!(fs::read_to_string(pom).unwrap().matches(&version).count(), 2, "{language}");
        }
    }
}
