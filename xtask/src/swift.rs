//! The Swift package: its tests as a face, and `cargo xtask swift` for everything else that `swift` can do.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::faces::{self, Outcome};
use crate::failures::Failures;
use crate::swift_toolchain::Toolchain;
use crate::tally::Tally;
use crate::{bindings, package, run, swift_package};

/// The program that the tests start; the library that they load is built with the bindings.
const SANDBOX: &str = "build -p keysecure-sandbox";

/// Where the benchmark has the shipped library, in cargo's target folder.
const SHIPPED: &str = "swift-bench";

/// The tests, in the words of `XCTest`.
pub fn face(failures: &mut Failures) -> Outcome {
    let toolchain = match Toolchain::find() {
        Ok(toolchain) => toolchain,
        Err(why) => return Outcome::Missing(why),
    };
    let mut tally = Tally::default();
    if !prepare() {
        return Outcome::Broken(tally, "the library, its Swift face or the sandbox did not build".into());
    }
    let ended_well = run::streams(&mut swift(&toolchain, "test", &["--disable-swift-testing".into()]), |line| {
        failures.hear(line);
        tally += case(line);
    });
    faces::judge(tally, ended_well)
}

/// `cargo xtask swift test --filter Lists`: `swift` with this project's folders, after what it needs was built.
pub fn run(arguments: &[String]) -> bool {
    let Some((verb, rest)) = arguments.split_first() else { return false };
    match Toolchain::find() {
        Ok(toolchain) => prepare() && run::passes(&mut swift(&toolchain, verb, rest)),
        Err(why) => {
            eprintln!("{why}");
            false
        }
    }
}

/// `cargo xtask swift-bench`: what a call costs with the shipped library, against the Rust call.
pub fn bench() -> bool {
    let toolchain = match Toolchain::find() {
        Ok(toolchain) => toolchain,
        Err(why) => {
            eprintln!("{why}");
            return false;
        }
    };
    let programs =
        "build --release -p keysecure-sandbox -p keysecure-tests --bin keysecure-sandbox --bin rust_baseline";
    if !run::passes(&mut run::cargo(programs)) || !prepare() {
        return false;
    }
    let Some(library) = package::shipped() else { return false };
    // The linker finds it by its name only.
    let folder = run::target_dir().join(SHIPPED);
    let named = folder.join(bindings::library("keysecure_ffi"));
    if fs::create_dir_all(&folder).is_err() || fs::copy(library, named).is_err() {
        return false;
    }
    let release = ["-c", "release", "Benchmark"].map(str::to_owned);
    run::passes(&mut swift_with(&toolchain, SHIPPED, "run", &release))
}

/// Whether all hand-written Swift has the style of `bindings-swift/.swift-format`. Where there is no compiler: nothing to say.
pub fn format() -> bool {
    match Toolchain::find() {
        Ok(toolchain) => {
            let listed =
                run::output(run::command("git").args(["ls-files", "bindings-swift/*.swift"])).unwrap_or_default();
            let files = listed.lines().map(|file| text(toolchain.workspace().join(file)));
            let options = ["format", "lint", "--strict"].map(str::to_owned);
            let arguments: Vec<String> = options.into_iter().chain(files).collect();
            run::passes(&mut toolchain.swift(&arguments, &[]))
        }
        Err(why) => {
            eprintln!("{why}");
            !run::in_ci()
        }
    }
}

fn prepare() -> bool {
    run::passes(&mut run::cargo(SANDBOX)) && bindings::make().is_some_and(|made| swift_package::place(&made))
}

/// With the library of the tests.
fn swift(toolchain: &Toolchain, verb: &str, rest: &[String]) -> Command {
    swift_with(toolchain, "debug", verb, rest)
}

/// With the library in this folder of cargo's target, and the programs of the cargo profile that it is nearest to.
fn swift_with(toolchain: &Toolchain, folder: &str, verb: &str, rest: &[String]) -> Command {
    let target = toolchain.target();
    let library = text(target.join(folder));
    let mut arguments = vec![verb.to_owned()];
    for (option, folder) in
        [("--package-path", toolchain.workspace().join("bindings-swift")), ("--scratch-path", target.join("swift"))]
    {
        arguments.extend([option.to_owned(), text(folder)]);
    }
    for word in [format!("-L{library}"), "-rpath".into(), library] {
        arguments.extend(["-Xlinker".into(), word]);
    }
    arguments.extend_from_slice(rest);
    let programs = target.join(if folder == "debug" { "debug" } else { "release" });
    let variables = [
        ("KEYSECURE_SANDBOX", text(programs.join("keysecure-sandbox"))),
        ("KEYSECURE_YARDSTICK", text(programs.join("rust_baseline"))),
        ("KEYSECURE_SCENARIOS", text(toolchain.workspace().join("tests").join("conformance"))),
    ];
    toolchain.swift(&arguments, &variables)
}

fn text(path: impl AsRef<Path>) -> String {
    path.as_ref().to_string_lossy().into_owned()
}

/// One line of `XCTest`: `Test Case 'ListTests.testPages' passed (0.1 seconds)`.
fn case(line: &str) -> Tally {
    let mut tally = Tally::default();
    if let Some((_, end)) =
        line.strip_prefix("Test Case ").and_then(|rest| rest.split_once("' ").or_else(|| rest.split_once("]' ")))
    {
        match end.split(' ').next() {
            Some("passed") => tally.passed = 1,
            Some("failed") => tally.failed = 1,
            Some("skipped") => tally.skipped = 1,
            _ => {}
        }
    }
    tally
}

#[cfg(test)]
mod tests {
    use super::case;
    use crate::tally::Tally;

    #[test]
    fn the_words_of_xctest_are_counted() {
        let tally = |passed, failed, skipped| Tally { passed, failed, skipped };
        let cases = [
            ("Test Case 'ListTests.testPages' passed (0.101 seconds)", tally(1, 0, 0)),
            ("Test Case '-[KeySecureTests.ListTests testPages]' passed (0.101 seconds).", tally(1, 0, 0)),
            ("Test Case 'ListTests.testPages' failed (1.5 seconds)", tally(0, 1, 0)),
            ("Test Case 'ListTests.testPages' skipped (0.0 seconds)", tally(0, 0, 1)),
            ("Test Case 'ListTests.testPages' started at 2026-11-24 10:00:00.000", tally(0, 0, 0)),
            ("Executed 3 tests, with 1 failure (0 unexpected) in 0.2 (0.2) seconds", tally(0, 0, 0)),
        ];
        for (line, expected) in cases {
            assert_eq!(case(line), expected, "{line}");
        }
    }
}
