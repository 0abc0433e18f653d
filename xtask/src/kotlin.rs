//! The Kotlin library: its tests, by Maven, against the sandbox program over real sockets.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use crate::bindings::{self, Bindings};
use crate::jdk::{JDK_11, JDK_21, JDK_25, Jdk, Versions};
use crate::report::counts::TestCounts;
use crate::report::failures::{Failures, Tail};
use crate::report::junit;
use crate::report::outcome::{Outcome, classify};
use crate::{api, jdk, maven, run, ship};

/// The sandbox, and a relay for the tests.
const PROGRAMS: &str = "build -p keysecure-sandbox -p keysecure-tests --bin keysecure-sandbox --bin relay_server";

/// The Kotlin suite of `cargo xtask test`, on the JDK of the PATH: the library, and the receivers that use it.
pub fn test(failures: &mut Failures) -> Outcome {
    let bindings = match built() {
        Ok(bindings) => bindings,
        Err(outcome) => return outcome,
    };
    let receivers = maven::RECEIVERS.map(|name| maven::receivers_dir().join(name));
    let folders: Vec<PathBuf> = [maven::build_dir()].into_iter().chain(receivers).collect();
    let outcome = tested(maven::all(bindings, &["test".into()]), &folders, failures);
    if !matches!(outcome, Outcome::Broken(..)) {
        let _ = COMPILED.set(());
    }
    with_interface(outcome, failures)
}

/// Adds one test: the public interface is that of `api/kotlin.txt`.
fn with_interface(outcome: Outcome, failures: &mut Failures) -> Outcome {
    let Outcome::RanOn(mut counts, versions) = outcome else { return outcome };
    if api::kotlin_is_same() {
        counts.passed += 1;
    } else {
        failures.record("public interface", "it is not that of api/kotlin.txt: see above");
        counts.failed += 1;
    }
    Outcome::RanOn(counts, versions)
}

/// The tests of the library on a newer JDK.
pub fn test_newer_jdk(failures: &mut Failures) -> Outcome {
    let [Ok(_), Ok(_), Ok(newer)] = jdks() else {
        return Outcome::Missing(
            jdks().iter().filter_map(|jdk| jdk.as_ref().err()).cloned().collect::<Vec<_>>().join("; "),
        );
    };
    let bindings = match built() {
        Ok(bindings) => bindings,
        Err(outcome) => return outcome,
    };
    let compiles = || run::passes(&mut maven::command(bindings, &["test-compile".into()]));
    if COMPILED.get().is_none() && !compiles() {
        return not_built();
    }
    // The compilers of consumers read the class library of the JDK that runs them, and the lowest does not know a newer one.
    let arguments = [
        "surefire:test".into(),
        format!("-Djvm={}", newer.java().display()),
        "-Dtest=*Test,!KotlinVersionsTest".into(),
    ];
    tested(maven::command(bindings, &arguments), &[maven::build_dir()], failures)
}

/// Runs tests by Maven, which reports on them in these build folders.
fn tested(mut maven: Command, folders: &[PathBuf], failures: &mut Failures) -> Outcome {
    for (versions, jdk) in VERSIONS.iter().zip(jdks()) {
        maven.envs(jdk.as_ref().map(|jdk| (versions.variable, &jdk.home)));
    }
    let reports: Vec<PathBuf> = folders.iter().map(|folder| folder.join("surefire-reports")).collect();
    for folder in &reports {
        junit::clear(folder);
    }
    let mut tail = Tail::default();
    let exited_well = run::streams(&mut maven, |line| tail.push(line));
    let mut counts = TestCounts::default();
    for folder in &reports {
        counts += read(folder, exited_well, failures);
    }
    match classify(counts, exited_well) {
        Outcome::Ran(counts) => Outcome::RanOn(counts, format!("JDK {}", junit::java_versions(&reports[0]).join(", "))),
        outcome => {
            tail.note_in(failures);
            outcome
        }
    }
}

/// The counts of one project. One without a test has failed.
fn read(reports: &Path, exited_well: bool, failures: &mut Failures) -> TestCounts {
    let mut counts = junit::read(reports, failures);
    if exited_well && counts == TestCounts::default() {
        failures.record(&reports.display().to_string(), "no test ran");
        counts.failed += 1;
    }
    counts
}

/// Set when this process has compiled the library and its tests.
static COMPILED: OnceLock<()> = OnceLock::new();

/// What Maven needs, built once for all suites.
fn built() -> Result<&'static Bindings, Outcome> {
    static BUILT: OnceLock<Option<Bindings>> = OnceLock::new();
    let tools = [("java", "-version"), ("mvn", "-version")].into_iter();
    let missing: Vec<&str> =
        tools.filter(|(tool, version)| !run::exists(tool, version)).map(|(tool, _)| tool).collect();
    if !missing.is_empty() {
        return Err(Outcome::Missing(format!("{} not found", missing.join(", "))));
    }
    BUILT.get_or_init(build).as_ref().ok_or_else(not_built)
}

fn not_built() -> Outcome {
    Outcome::Broken(TestCounts::default(), "the library did not build: see above".into())
}

const VERSIONS: [Versions; 3] = [JDK_11, JDK_21, JDK_25];

/// The JDKs that the tests start as children, or what is missing.
fn jdks() -> &'static [Result<Jdk, String>; 3] {
    static JDKS: OnceLock<[Result<Jdk, String>; 3]> = OnceLock::new();
    JDKS.get_or_init(|| VERSIONS.each_ref().map(jdk::find))
}

/// `cargo xtask kotlin test -Dtest=ListsTest`: Maven with the folders of this workspace.
pub fn run(arguments: &[String]) -> bool {
    build().is_some_and(|bindings| run::passes(&mut maven::command(&bindings, arguments)))
}

/// Compiles the library. `false` after a failure, which is printed.
pub fn compiles() -> bool {
    build().is_some_and(|bindings| run::passes(&mut maven::command(&bindings, &["process-classes".into()])))
}

/// `cargo xtask kotlin-bench`: the shipped library under the JVM against the Rust call and the JVM's own HTTP client.
pub fn bench() -> bool {
    let library = run::target_dir().join("sizes/jvm");
    if !ship::jvm_library(&library) {
        return false;
    }
    let programs = "build --release -p keysecure-tests --bin bench --bin rust_baseline";
    if !run::passes(&mut run::cargo(programs)) {
        return false;
    }
    let release = run::target_dir().join("release");
    let Some(bindings) = build() else { return false };
    let bindings = Bindings { library, ..bindings };
    let program = |name: &str| format!("-Dbench.{name}={}", release.join(name).display());
    let arguments = [program("bench"), program("rust_baseline"), "-Dtest=Benchmark".into(), "test".into()];
    run::passes(&mut run::on_one_core(&maven::command(&bindings, &arguments)))
}

/// Builds the sandbox, the relay of the tests, the library and the generated code.
pub fn build() -> Option<Bindings> {
    clean();
    if !run::passes(&mut run::cargo(PROGRAMS)) {
        return None;
    }
    bindings::make()
}

/// Removes the compiled classes: Maven would also test and pack those of sources that were deleted.
pub fn clean() {
    for folder in ["kotlin/classes", "kotlin/test-classes", "kotlin/android/classes", "kotlin-sandbox/classes"] {
        // A folder that does not exist is no error.
        let _ = fs::remove_dir_all(run::target_dir().join(folder));
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use crate::run;

    /// What Maven Central asks of every POM.
    #[test]
    fn the_poms_have_what_maven_central_requires() {
        for folder in ["", "sandbox/", "android/"] {
            let pom = fs::read_to_string(run::root().join(format!("bindings-kotlin/{folder}pom.xml"))).unwrap();
            let document = roxmltree::Document::parse(&pom).unwrap();
            for path in [
                "name",
                "description",
                "url",
                "licenses/license/name",
                "licenses/license/url",
                "developers/developer/name",
                "scm/connection",
                "scm/developerConnection",
                "scm/url",
            ] {
                let node = path.split('/').try_fold(document.root_element(), |node, name| {
                    node.children().find(|child| child.tag_name().name() == name)
                });
                assert!(
                    node.and_then(|node| node.text()).is_some_and(|text| !text.trim().is_empty()),
                    "{folder}{path}"
                );
            }
        }
    }
}
