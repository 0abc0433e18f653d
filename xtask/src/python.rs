//! The Python face: a wheel in an environment of its own, its tests, what type checkers and linters say, and what a user
//! gets from pip.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::faces::Outcome;
use crate::run;
use crate::tally::Tally;

/// The budget of the wheel, in bytes (without the sandbox it would be less).
const WHEEL_BUDGET: u64 = 1_500_000;

/// The tests of `cargo xtask test`.
pub fn test() -> Outcome {
    if !run::exists("python3", "--version") {
        return Outcome::Missing("python3 not found".into());
    }
    let mut tally = Tally::default();
    let Some(venv) = environment("venv", Some("requirements-dev.txt")) else {
        return Outcome::Missing("no virtual environment with the tools: python3-venv or a package index".into());
    };
    let Some(wheel) = wheel(&venv, "dev") else {
        return Outcome::Broken(tally, "the wheel was not built: see above".into());
    };
    if !installs(&venv, &wheel) {
        return Outcome::Broken(tally, "the wheel cannot be installed: see above".into());
    }
    let mut pytest = venv.python();
    pytest.args(["-m", "pytest", "-q", "-p", "no:cacheprovider", "tests"]);
    let ended_well = run::streams(&mut pytest, |line| tally += Tally::of_pytest(line).unwrap_or_default());
    if ended_well != (tally.failed == 0) {
        return Outcome::Broken(tally, "pytest did not come to its end: see above".into());
    }
    for judge in JUDGES {
        count(&mut tally, run::passes(venv.command(judge[0]).args(&judge[1..])));
    }
    count(&mut tally, run::passes(venv.python().args(["tests/package/contents.py".as_ref(), wheel.as_os_str()])));
    count(&mut tally, works_when_installed("from-wheel", &wheel));
    let sdist = sdist(&venv);
    count(&mut tally, sdist.is_some_and(|sdist| works_when_installed("from-sdist", &sdist)));
    Outcome::Ran(tally)
}

/// What each says about the package counts as one test.
const JUDGES: &[&[&str]] = &[
    &["python", "stubs.py", "--check"],
    &["mypy", "--strict", "python/keysecure", "tests/typing_cases.py"],
    &["pyright", "python/keysecure", "tests/typing_cases.py"],
    &["stubtest", "keysecure", "--mypy-config-file", "pyproject.toml"],
    &["ruff", "check", "."],
    &["ruff", "format", "--check", "."],
];

fn count(tally: &mut Tally, good: bool) {
    if good {
        tally.passed += 1;
    } else {
        tally.failed += 1;
    }
}

/// `cargo xtask wheel`: the wheel that is shipped, and its size.
pub fn wheel_command() -> bool {
    let Some(wheel) = shipped_wheel() else { return false };
    let Ok(size) = fs::metadata(&wheel).map(|file| file.len()) else { return false };
    let verdict = if size <= WHEEL_BUDGET { "ok" } else { "over" };
    println!("{}: {size} bytes, budget {WHEEL_BUDGET}: {verdict}", wheel.display());
    size <= WHEEL_BUDGET
}

/// Builds the wheel with the profile `wheel`, which takes some minutes.
pub fn shipped_wheel() -> Option<PathBuf> {
    wheel(&environment("venv", Some("requirements-dev.txt"))?, "wheel")
}

/// A virtual environment under the target folder.
struct Venv(PathBuf);

impl Venv {
    /// One of its programs, run in `bindings-python`.
    fn command(&self, program: &str) -> Command {
        let mut command = run::command(self.0.join("bin").join(program));
        command.current_dir(run::root().join("bindings-python"));
        // Tools look for the interpreter of "their" environment, and maturin for the one to build for.
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

/// An environment of that name, with the packages of a list beside the crate. It is used again while the list is the same.
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
    // Written last: an environment that was left half made is made anew.
    (made && fs::write(&stamp, wanted).is_ok()).then_some(venv)
}

fn wheel(venv: &Venv, profile: &str) -> Option<PathBuf> {
    let out = folder().join(format!("wheel-{profile}"));
    emptied(&out)?;
    let mut maturin = venv.command("maturin");
    maturin.args(["build", "--quiet", "--locked", "--strip", "--profile", profile, "--out"]).arg(&out);
    only_file(run::passes(&mut maturin), &out)
}

fn sdist(venv: &Venv) -> Option<PathBuf> {
    let out = folder().join("sdist");
    emptied(&out)?;
    only_file(run::passes(venv.command("maturin").args(["sdist", "--quiet", "--out"]).arg(&out)), &out)
}

/// An older build's file must not be taken for this one's.
fn emptied(out: &Path) -> Option<()> {
    if out.exists() {
        fs::remove_dir_all(out).ok()?;
    }
    fs::create_dir_all(out).ok()
}

fn only_file(built: bool, out: &Path) -> Option<PathBuf> {
    let mut files = fs::read_dir(out).ok()?.flatten().map(|entry| entry.path());
    files.next().filter(|_| built)
}

fn installs(venv: &Venv, package: &Path) -> bool {
    let mut pip = venv.pip();
    // Installing from source builds: quickly here, and where the tests have built already.
    pip.env("MATURIN_PEP517_ARGS", "--profile dev --strip").env("CARGO_TARGET_DIR", run::target_dir());
    run::passes(pip.args(["--force-reinstall", "--no-deps"]).arg(package))
}

/// A clean environment with nothing but the package makes a call.
fn works_when_installed(name: &str, package: &Path) -> bool {
    environment(name, None)
        .is_some_and(|venv| installs(&venv, package) && run::passes(venv.python().arg("tests/package/smoke.py")))
}
