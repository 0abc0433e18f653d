//! The Python packages: their tests on an installed wheel, type checkers and linters, and the installation with pip.

use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;

use crate::report::counts::TestCounts;
use crate::report::failures::{Failures, Tail};
use crate::report::junit;
use crate::report::outcome::{Outcome, classify};
use crate::venv::{Venv, folder};
use crate::{files, run, servers, wheels};

/// Runs the Python suite of `cargo xtask test`.
pub fn test(failures: &mut Failures) -> Outcome {
    if !run::exists("python3", "--version") {
        return Outcome::Missing("python3 not found".into());
    }
    servers::ensure(&servers::REDIS);
    let Some(venv) = tools() else { return no_environment() };
    let Some(wheels) = dev_wheels(&venv) else { return no_wheels() };
    let mut outcome = pytest(&venv, wheels, "pytest.xml", &["tests", FRAMEWORKS_IGNORED], failures);
    if let Outcome::Ran(counts) = &mut outcome {
        check_packages(&venv, wheels, counts, failures);
    }
    outcome
}

/// The tests that run with the packages of an application: they have an environment of their own.
const FRAMEWORKS: &str = "tests/frameworks";
const FRAMEWORKS_IGNORED: &str = "--ignore=tests/frameworks";

/// Runs the suite of the client under frameworks and servers, with their real packages.
pub fn test_frameworks(failures: &mut Failures) -> Outcome {
    if !run::exists("python3", "--version") {
        return Outcome::Missing("python3 not found".into());
    }
    servers::ensure(&servers::POSTGRESQL);
    let Some(venv) = tools() else { return no_environment() };
    let Some(wheels) = dev_wheels(&venv) else { return no_wheels() };
    let Some(venv) = Venv::ensure("venv-frameworks", Some("requirements-frameworks.txt")) else {
        return no_environment();
    };
    // Warnings of other people's packages are no failures. Most of the time is waiting: it takes a third in four processes.
    let arguments = [FRAMEWORKS, "-W", "default", "-n", "4", "--dist", "loadgroup"];
    pytest(&venv, wheels, "pytest-frameworks.xml", &arguments, failures)
}

/// The outcome without a virtual environment.
pub fn no_environment() -> Outcome {
    Outcome::Missing("no virtual environment with the packages: python3-venv or a package index".into())
}

fn no_wheels() -> Outcome {
    Outcome::Broken(TestCounts::default(), "the wheels were not built: see above".into())
}

/// Installs the wheels and runs pytest on them, with a report of this name.
fn pytest(venv: &Venv, wheels: &[PathBuf], report: &str, arguments: &[&str], failures: &mut Failures) -> Outcome {
    if !installs(venv, wheels) {
        return Outcome::Broken(TestCounts::default(), "the wheels cannot be installed: see above".into());
    }
    let python = venv.python();
    run_pytest(python, report, arguments, failures)
}

/// Runs pytest with this interpreter, with a report of this name.
pub fn run_pytest(mut python: Command, report: &str, arguments: &[&str], failures: &mut Failures) -> Outcome {
    let report = folder().join(report);
    junit::clear(&report);
    python.args(["-m", "pytest", "-q", "-p", "no:cacheprovider"]).args(arguments).arg("--junitxml").arg(&report);
    let mut tail = Tail::default();
    let exited_well = run::streams(&mut python, |line| tail.push(line));
    let outcome = classify(junit::read(&report, failures), exited_well);
    if !matches!(outcome, Outcome::Ran(_)) {
        tail.note_in(failures);
    }
    outcome
}

/// Linters, type checkers and installations. Each counts as one test.
fn check_packages(venv: &Venv, wheels: &[PathBuf], counts: &mut TestCounts, failures: &mut Failures) {
    let mut count = |name: &str, passed: bool| {
        if passed {
            counts.passed += 1;
        } else {
            counts.failed += 1;
            failures.note(format!("FAILED {name}"));
        }
    };
    // At its first start pyright fetches the rest of itself, and unlike pip it tries only once. Its result counts
    // below.
    let _ = (0..3).any(|_| run::passes(venv.command("pyright").arg("--version")));
    for checker in CHECKERS {
        let mut command = venv.command(checker[0]);
        if checker[0] == "pyright" {
            command.arg("--pythonpath").arg(venv.path().join("bin").join("python"));
        }
        count(&checker.join(" "), run::passes(command.args(&checker[1..])));
    }
    let mut contents = venv.python();
    count("the wheels' contents", run::passes(contents.arg("tests/package/contents.py").args(wheels)));
    count("installed from wheels", works_when_installed("from-wheel", wheels));
    let sdists = build_both(|project| sdist(venv, project));
    count("installed from source", sdists.is_some_and(|sdists| works_when_installed("from-sdist", &sdists)));
}

/// The wheels of the tests, built once for all suites.
fn dev_wheels(venv: &Venv) -> Option<&'static [PathBuf; 2]> {
    static WHEELS: OnceLock<Option<[PathBuf; 2]>> = OnceLock::new();
    WHEELS.get_or_init(|| build_both(|project| wheel(venv, project))).as_ref()
}

/// Builds a package of each project.
fn build_both(build: impl Fn(&str) -> Option<PathBuf>) -> Option<[PathBuf; 2]> {
    let [client, sandbox] = wheels::PROJECTS.map(build);
    Some([client?, sandbox?])
}

/// The linters and type checkers.
const CHECKERS: &[&[&str]] = &[
    &["python", "stubs.py", "--check"],
    &["mypy", "--strict", "python/keysecure", "sandbox/python/keysecure_sandbox", "tests/typing_cases.py"],
    &["pyright", "python/keysecure", "sandbox/python/keysecure_sandbox", "tests/typing_cases.py"],
    // The modules with a stub; the others are Python, which mypy reads as it is.
    &["stubtest", "keysecure._native", "keysecure.aio._calls", "keysecure_sandbox._sandbox"],
    &["ruff", "check", "."],
    &["ruff", "format", "--check", "."],
];

/// Packs the sources of both packages.
pub fn sdists() -> Option<[PathBuf; 2]> {
    let venv = tools()?;
    build_both(|project| sdist(&venv, project))
}

/// The environment with the tools that build and check.
fn tools() -> Option<Venv> {
    Venv::ensure("venv", Some("requirements-dev.txt"))
}

fn wheel(venv: &Venv, project: &str) -> Option<PathBuf> {
    let out = folder().join("wheel-dev").join(project);
    files::empty_folder(&out)?;
    let mut maturin = venv.command("maturin");
    maturin.args(["build", "--quiet", "--locked", "--strip", "--compression-level", "9", "--profile", "dev"]);
    maturin.arg("--out").arg(&out).current_dir(run::root().join(project));
    run::passes(&mut maturin).then(|| files::only_file(&out)).flatten()
}

fn sdist(venv: &Venv, project: &str) -> Option<PathBuf> {
    let out = folder().join("sdist").join(project);
    files::empty_folder(&out)?;
    let mut maturin = venv.command("maturin");
    maturin.args(["sdist", "--out"]).arg(&out).current_dir(run::root().join(project));
    run::passes(&mut maturin).then(|| files::only_file(&out)).flatten()
}

fn installs(venv: &Venv, packages: &[PathBuf]) -> bool {
    let mut pip = venv.pip();
    // Installing from source builds: with the dev profile, in the folder of the builds before.
    pip.env("MATURIN_PEP517_ARGS", "--profile dev --strip").env("CARGO_TARGET_DIR", run::target_dir());
    run::passes(pip.args(["--force-reinstall", "--no-deps"]).args(packages))
}

/// Whether a clean environment with only these packages makes a call.
fn works_when_installed(name: &str, packages: &[PathBuf]) -> bool {
    Venv::ensure(name, None)
        .is_some_and(|venv| installs(&venv, packages) && run::passes(venv.python().arg("tests/package/smoke.py")))
}
