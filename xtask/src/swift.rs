//! The Swift package: its tests, its benchmark, and `cargo xtask swift` for every other command of `swift`.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::report::counts::TestCounts;
use crate::report::failures::{Failures, Tail};
use crate::report::junit;
use crate::report::outcome::{Outcome, classify};
use crate::swift_toolchain::Toolchain;
use crate::{api, bindings, run, ship, swift_install, swift_manifests, swift_module};

/// The programs that the tests start: the sandbox, and a relay. The library that they load is built with the bindings.
const SANDBOX: &str = "build -p keysecure-sandbox -p keysecure-tests --bin keysecure-sandbox --bin relay_server";

/// The folder of the release library for the benchmark, in cargo's target folder.
const RELEASE: &str = "swift-bench";

/// The folder of the pkg-config files of the libraries in cargo's target folder.
const PACKAGES: &str = "swift-packages";

/// The folder of the build as an older compiler would make it, in cargo's target folder.
const OLDER: &str = "swift-older";

/// What is checked before the tests, and what a failure says.
const CHECKS: [(Check, &str); 5] = [
    (swift_manifests::choose_by_platform, "a manifest does not choose the library by the platform"),
    (swift_module::is_found_beside_another, "the module map does not work beside that of another library"),
    (compiles_for_ios, "the sandbox needs what iOS does not have"),
    (compiles_for_older, "the package does not compile as Swift 5 without typed throws"),
    (has_known_interface, "the public interface is not that of api/swift.txt"),
];

type Check = fn(&Toolchain) -> bool;

/// The report of the tests, in cargo's target folder.
const REPORT: &str = "swift-tests.xml";

/// The number of failed assertions whose text is repeated at the end.
const MAX_ASSERTIONS: usize = 40;

/// Runs the Swift suite of `cargo xtask test`.
///
/// Swift 6.0 reports on `XCTest` only with `--parallel`, where each test is a separate process. Its report names the
/// failed tests without the reason, and counts a skipped test as passed; no test of this package is ever skipped.
pub fn test(failures: &mut Failures) -> Outcome {
    let toolchain = match Toolchain::find() {
        Ok(toolchain) => toolchain,
        Err(reason) => return Outcome::Missing(reason),
    };
    if !prepare() {
        return Outcome::Broken(
            TestCounts::default(),
            "the library, its Swift code, the sandbox or the relay did not build".into(),
        );
    }
    for (holds, reason) in CHECKS {
        if !holds(&toolchain) {
            return Outcome::Broken(TestCounts::default(), reason.into());
        }
    }
    let report = run::target_dir().join(REPORT);
    junit::clear(&report);
    let options = ["--disable-swift-testing", "--parallel", "--num-workers", "1", "--xunit-output"].map(str::to_owned);
    let arguments: Vec<String> = options.into_iter().chain([text(toolchain.target().join(REPORT))]).collect();
    let (mut tail, mut assertions) = (Tail::default(), Vec::new());
    let exited_well = run::streams(&mut swift(&toolchain, "test", &arguments), |line| {
        tail.push(line);
        if line.contains(": error: ") && assertions.len() < MAX_ASSERTIONS {
            assertions.push(line.to_owned());
        }
    });
    let outcome = classify(junit::read(&report, failures), exited_well);
    match outcome {
        Outcome::Broken(..) => tail.note_in(failures),
        _ => assertions.into_iter().for_each(|line| failures.note(line)),
    }
    outcome
}

/// `cargo xtask swift test --filter ListTests`: builds what `swift` needs and runs it with the folders of this workspace.
pub fn run(arguments: &[String]) -> bool {
    let Some((verb, rest)) = arguments.split_first() else { return false };
    match Toolchain::find() {
        Ok(toolchain) => prepare() && run::passes(&mut swift(&toolchain, verb, rest)),
        Err(reason) => {
            eprintln!("{reason}");
            false
        }
    }
}

/// Builds the package with these arguments of `swift build`.
pub fn build(toolchain: &Toolchain, arguments: &[String]) -> bool {
    prepare() && run::passes(&mut swift(toolchain, "build", arguments))
}

/// `cargo xtask swift-bench`: CPU time of a call with the release library, against the Rust call.
pub fn bench() -> bool {
    let toolchain = match Toolchain::find() {
        Ok(toolchain) => toolchain,
        Err(reason) => {
            eprintln!("{reason}");
            return false;
        }
    };
    let programs =
        "build --release -p keysecure-sandbox -p keysecure-tests --bin keysecure-sandbox --bin rust_baseline";
    if !run::passes(&mut run::cargo(programs)) || !prepare() {
        return false;
    }
    let Some(library) = ship::server_library() else { return false };
    // The linker finds a library only by its name.
    let folder = run::target_dir().join(RELEASE);
    let named = folder.join(bindings::library("keysecure_ffi"));
    if fs::create_dir_all(&folder).is_err() || fs::copy(library, named).is_err() {
        return false;
    }
    let built = ["-c", "release", "--product", "Benchmark"].map(str::to_owned);
    let measured = ["-c", "release", "--skip-build", "Benchmark"].map(str::to_owned);
    run::passes(&mut swift_with(&toolchain, RELEASE, "build", &built))
        && run::passes(&mut run::on_one_core(&swift_with(&toolchain, RELEASE, "run", &measured)))
}

/// Whether all hand-written Swift has the style of `bindings-swift/.swift-format`. The error says which tool is missing.
pub fn format() -> Result<bool, String> {
    let toolchain = Toolchain::find()?;
    let listed = run::output(run::command("git").args(["ls-files", "bindings-swift/*.swift"])).unwrap_or_default();
    let files = listed.lines().map(|file| text(toolchain.workspace().join(file)));
    let options = ["format", "lint", "--strict"].map(str::to_owned);
    let arguments: Vec<String> = options.into_iter().chain(files).collect();
    Ok(run::passes(&mut toolchain.swift(&arguments, &[])))
}

/// Whether the package compiles in Swift 5 mode and without what Swift 5.9 does not have.
fn compiles_for_older(toolchain: &Toolchain) -> bool {
    let options = ["--target", "KeySecure", "-Xswiftc", "-swift-version", "-Xswiftc", "5"];
    let flag = ["-Xswiftc", "-DKEYSECURE_UNTYPED_THROWS"];
    let scratch = ["--scratch-path".to_owned(), text(toolchain.target().join(OLDER))];
    let arguments: Vec<String> = options.iter().chain(&flag).map(|&word| word.into()).chain(scratch).collect();
    run::passes(&mut swift(toolchain, "build", &arguments))
}

/// Whether the sandbox compiles without the class that runs programs, which iOS does not have.
fn compiles_for_ios(toolchain: &Toolchain) -> bool {
    let package = toolchain.workspace().join("bindings-swift");
    let files =
        ["Sources/KeySecureSandbox/Sandbox.swift", "Tests/IOS/Process.swift"].map(|file| text(package.join(file)));
    let options = ["-typecheck", "-swift-version", "6", "-DKEYSECURE_NO_PROCESS"].map(str::to_owned);
    let arguments: Vec<String> = options.into_iter().chain(files).collect();
    run::passes(&mut toolchain.run("swiftc", &[], &arguments, &[]))
}

/// Whether the interface is the one that the repository has.
fn has_known_interface(toolchain: &Toolchain) -> bool {
    // The file is that of Linux: another system has other conditions in the sources. With the tests, which are built next anyway.
    !cfg!(target_os = "linux")
        || run::passes(&mut swift(toolchain, "build", &["--build-tests".into()])) && api::swift_is_same(toolchain)
}

/// Builds the package with what it needs. `false` after a failure, which is printed.
pub fn builds() -> bool {
    match Toolchain::find() {
        Ok(toolchain) => prepare() && run::passes(&mut swift(&toolchain, "build", &[])),
        Err(reason) => {
            eprintln!("{reason}");
            false
        }
    }
}

fn prepare() -> bool {
    run::passes(&mut run::cargo(SANDBOX)) && bindings::make().is_some()
}

/// `swift` with the library of the tests.
fn swift(toolchain: &Toolchain, verb: &str, rest: &[String]) -> Command {
    swift_with(toolchain, "debug", verb, rest)
}

/// `swift` with the library in this folder of cargo's target, and with the programs of the debug or release profile.
fn swift_with(toolchain: &Toolchain, folder: &str, verb: &str, rest: &[String]) -> Command {
    let target = toolchain.target();
    let library = text(target.join(folder));
    let mut arguments = vec![verb.to_owned()];
    for (option, folder) in
        [("--package-path", toolchain.workspace().join("bindings-swift")), ("--scratch-path", target.join("swift"))]
    {
        arguments.extend([option.to_owned(), text(folder)]);
    }
    // pkg-config files do not say where a program finds its libraries.
    for word in ["-rpath", &library] {
        arguments.extend(["-Xlinker".into(), word.to_owned()]);
    }
    arguments.extend_from_slice(rest);
    let programs = target.join(if folder == "debug" { "debug" } else { "release" });
    let packages = Path::new(PACKAGES).join(folder);
    if !swift_install::dynamic_pc(Path::new(&library), &run::target_dir().join(&packages)) {
        eprintln!("the linker will not find the library");
    }
    let variables = [
        ("PKG_CONFIG_PATH", text(target.join(packages))),
        ("KEYSECURE_SANDBOX", text(programs.join("keysecure-sandbox"))),
        ("KEYSECURE_RELAY_SERVER", text(programs.join("relay_server"))),
        ("KEYSECURE_RUST_BASELINE", text(programs.join("rust_baseline"))),
        ("KEYSECURE_SCENARIOS", text(toolchain.workspace().join("tests").join("conformance"))),
    ];
    toolchain.swift(&arguments, &variables)
}

fn text(path: impl AsRef<Path>) -> String {
    path.as_ref().to_string_lossy().into_owned()
}
