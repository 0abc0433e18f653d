//! The Python packages: their tests on an installed wheel, type checkers and linters, and the installation with pip.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use crate::report::counts::TestCounts;
use crate::report::failures::{Failures, Tail};
use crate::report::junit;
use crate::report::outcome::{Outcome, classify};
use crate::{run, servers, ship};

/// The budget of the client's wheel, in bytes.
const WHEEL_BUDGET: u64 = 2_000_000;

/// The cargo profile of released wheels.
const RELEASE: &str = "wheel";

/// The folder of the client, and the folder of its sandbox: a separate package, so that production does not install it.
const CLIENT: &str = "bindings-python";
const SANDBOX: &str = "bindings-python/sandbox";

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
    let Some(venv) = environment("venv-frameworks", Some("requirements-frameworks.txt")) else {
        return no_environment();
    };
    // Warnings of other people's packages are no failures.
    pytest(&venv, wheels, "pytest-frameworks.xml", &[FRAMEWORKS, "-W", "default"], failures)
}

fn no_environment() -> Outcome {
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
    let report = folder().join(report);
    junit::clear(&report);
    let mut pytest = venv.python();
    pytest.args(["-m", "pytest", "-q", "-p", "no:cacheprovider"]).args(arguments).arg("--junitxml").arg(&report);
    let mut tail = Tail::default();
    let exited_well = run::streams(&mut pytest, |line| tail.push(line));
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
            command.arg("--pythonpath").arg(venv.0.join("bin").join("python"));
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
    WHEELS.get_or_init(|| build_both(|project| wheel(venv, project, "dev"))).as_ref()
}

/// Builds a package of each project.
fn build_both(build: impl Fn(&str) -> Option<PathBuf>) -> Option<[PathBuf; 2]> {
    Some([build(CLIENT)?, build(SANDBOX)?])
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

/// `cargo xtask wheel`: builds the release wheels and reports their sizes and the budget.
pub fn wheel_command() -> bool {
    let Some([client, sandbox]) = release_wheels() else { return false };
    let size = |wheel: &Path| fs::metadata(wheel).map_or(u64::MAX, |file| file.len());
    let verdict = if size(&client) <= WHEEL_BUDGET { "ok" } else { "over" };
    println!("{}: {} bytes, budget {WHEEL_BUDGET}: {verdict}", client.display(), size(&client));
    println!("{}: {} bytes", sandbox.display(), size(&sandbox));
    true
}

/// Builds the wheels with the profile `wheel`, which takes some minutes.
pub fn release_wheels() -> Option<[PathBuf; 2]> {
    let venv = tools()?;
    build_both(|project| wheel(&venv, project, RELEASE))
}

/// A virtual environment under the target folder.
struct Venv(PathBuf);

impl Venv {
    /// A program of the environment, run in `bindings-python`.
    fn command(&self, program: &str) -> Command {
        let mut command = run::command(self.0.join("bin").join(program));
        command.current_dir(run::root().join("bindings-python"));
        // Tools find the interpreter of the environment here, and maturin the one to build for.
        command.env("VIRTUAL_ENV", &self.0).env_remove("PYTHONPATH");
        command
    }

    fn python(&self) -> Command {
        self.command("python")
    }

    fn pip(&self) -> Command {
        let mut pip = self.python();
        pip.args(["-m", "pip", "--quiet", "--disable-pip-version-check", "install"]);
        pip
    }
}

fn folder() -> PathBuf {
    run::target_dir().join("python")
}

/// The environment with the tools that build and check.
fn tools() -> Option<Venv> {
    environment("venv", Some("requirements-dev.txt"))
}

/// Creates or reuses the environment of that name, with the packages of a list in `bindings-python`. It is recreated when
/// the list changes.
fn environment(name: &str, requirements: Option<&str>) -> Option<Venv> {
    let path = folder().join(name);
    let list = requirements.map(|list| run::root().join("bindings-python").join(list));
    let wanted = list.as_ref().map_or(Some(String::new()), |list| fs::read_to_string(list).ok())?;
    let stamp = path.join("made-from.txt");
    let venv = Venv(path.clone());
    if list.is_some() && fs::read_to_string(&stamp).is_ok_and(|made_from| made_from == wanted) {
        return Some(venv);
    }
    let made = run::passes(run::command("python3").args(["-m", "venv", "--clear"]).arg(&path))
        && list.is_none_or(|list| run::passes(venv.pip().arg("-r").arg(list)));
    // Written last, so that an incomplete environment is made again.
    (made && fs::write(&stamp, wanted).is_ok()).then_some(venv)
}

fn wheel(venv: &Venv, project: &str, profile: &str) -> Option<PathBuf> {
    let out = folder().join(format!("wheel-{profile}")).join(project);
    empty_folder(&out)?;
    let mut maturin = venv.command("maturin");
    maturin.args(["build", "--quiet", "--locked", "--strip", "--compression-level", "9", "--profile", profile]);
    maturin.arg("--out").arg(&out).current_dir(run::root().join(project));
    if profile == RELEASE {
        // Functions with identical code are kept once; the linker that Rust brings on this platform can do that.
        let fold = cfg!(all(target_os = "linux", target_arch = "x86_64"));
        maturin.env("RUSTFLAGS", ship::flags() + if fold { " -C link-arg=-Wl,--icf=all" } else { "" });
    }
    only_file(run::passes(&mut maturin), &out)
}

fn sdist(venv: &Venv, project: &str) -> Option<PathBuf> {
    let out = folder().join("sdist").join(project);
    empty_folder(&out)?;
    let mut maturin = venv.command("maturin");
    maturin.args(["sdist", "--out"]).arg(&out).current_dir(run::root().join(project));
    only_file(run::passes(&mut maturin), &out)
}

/// Empties a folder, so that no file of an older build is used.
fn empty_folder(out: &Path) -> Option<()> {
    if out.exists() {
        fs::remove_dir_all(out).ok()?;
    }
    fs::create_dir_all(out).ok()
}

fn only_file(built: bool, out: &Path) -> Option<PathBuf> {
    let mut files = fs::read_dir(out).ok()?.flatten().map(|entry| entry.path()).filter(|path| path.is_file());
    files.next().filter(|_| built)
}

fn installs(venv: &Venv, packages: &[PathBuf]) -> bool {
    let mut pip = venv.pip();
    // Installing from source builds: with the dev profile, in the folder of the builds before.
    pip.env("MATURIN_PEP517_ARGS", "--profile dev --strip").env("CARGO_TARGET_DIR", run::target_dir());
    run::passes(pip.args(["--force-reinstall", "--no-deps"]).args(packages))
}

/// Whether a clean environment with only these packages makes a call.
fn works_when_installed(name: &str, packages: &[PathBuf]) -> bool {
    environment(name, None)
        .is_some_and(|venv| installs(&venv, packages) && run::passes(venv.python().arg("tests/package/smoke.py")))
}
