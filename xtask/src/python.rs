//! The Python face: a wheel in an environment of its own, its tests, what type checkers and linters say, and what a user
//! gets from pip.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::faces::Outcome;
use crate::failures::Failures;
use crate::run;
use crate::shipped;
use crate::tally::Tally;

/// The budget of the client's wheel, in bytes.
const WHEEL_BUDGET: u64 = 2_000_000;

/// The cargo profile of what is shipped.
const SHIPPED: &str = "wheel";

/// The client, and its sandbox: a package of its own, so that production does without.
const CLIENT: &str = "bindings-python";
const SANDBOX: &str = "bindings-python/sandbox";

/// The tests of `cargo xtask test`.
pub fn test(failures: &mut Failures) -> Outcome {
    if !run::exists("python3", "--version") {
        return Outcome::Missing("python3 not found".into());
    }
    let mut tally = Tally::default();
    let Some(venv) = environment("venv", Some("requirements-dev.txt")) else {
        return Outcome::Missing("no virtual environment with the tools: python3-venv or a package index".into());
    };
    let Some(wheels) = built(|project| wheel(&venv, project, "dev")) else {
        return Outcome::Broken(tally, "the wheels were not built: see above".into());
    };
    if !installs(&venv, &wheels) {
        return Outcome::Broken(tally, "the wheels cannot be installed: see above".into());
    }
    let mut pytest = venv.python();
    pytest.args(["-m", "pytest", "-q", "-p", "no:cacheprovider", "tests"]);
    let ended_well = run::streams(&mut pytest, |line| {
        failures.hear(line);
        tally += Tally::of_pytest(line).unwrap_or_default();
    });
    if ended_well != (tally.failed == 0) {
        return Outcome::Broken(tally, "pytest did not come to its end: see above".into());
    }
    let mut count = |what: &str, good: bool| {
        if good {
            tally.passed += 1;
        } else {
            tally.failed += 1;
            failures.note(what);
        }
    };
    // It fetches the rest of itself at its first start, and unlike pip it tries only once. Its verdict counts below.
    let _ = (0..3).any(|_| run::passes(venv.command("pyright").arg("--version")));
    for judge in JUDGES {
        let mut command = venv.command(judge[0]);
        if judge[0] == "pyright" {
            command.arg("--pythonpath").arg(venv.0.join("bin").join("python"));
        }
        count(&judge.join(" "), run::passes(command.args(&judge[1..])));
    }
    let mut contents = venv.python();
    count("the wheels' contents", run::passes(contents.arg("tests/package/contents.py").args(&wheels)));
    count("installed from wheels", works_when_installed("from-wheel", &wheels));
    let sdists = built(|project| sdist(&venv, project));
    count("installed from source", sdists.is_some_and(|sdists| works_when_installed("from-sdist", &sdists)));
    Outcome::Ran(tally)
}

/// A package of each project.
fn built(build: impl Fn(&str) -> Option<PathBuf>) -> Option<[PathBuf; 2]> {
    Some([build(CLIENT)?, build(SANDBOX)?])
}

/// What each says about the package counts as one test.
const JUDGES: &[&[&str]] = &[
    &["python", "stubs.py", "--check"],
    &["mypy", "--strict", "python/keysecure", "sandbox/python/keysecure_sandbox", "tests/typing_cases.py"],
    &["pyright", "python/keysecure", "sandbox/python/keysecure_sandbox", "tests/typing_cases.py"],
    &["stubtest", "keysecure", "keysecure_sandbox", "--mypy-config-file", "pyproject.toml"],
    &["ruff", "check", "."],
    &["ruff", "format", "--check", "."],
];

/// `cargo xtask wheel`: the wheels that are shipped, and their sizes.
pub fn wheel_command() -> bool {
    let Some([client, sandbox]) = shipped_wheels() else { return false };
    let size = |wheel: &Path| fs::metadata(wheel).map_or(u64::MAX, |file| file.len());
    let good = size(&client) <= WHEEL_BUDGET;
    let verdict = if good { "ok" } else { "over" };
    println!("{}: {} bytes, budget {WHEEL_BUDGET}: {verdict}", client.display(), size(&client));
    println!("{}: {} bytes", sandbox.display(), size(&sandbox));
    good
}

/// Builds the wheels with the profile `wheel` and packs them as tightly as a zip can be: some minutes.
pub fn shipped_wheels() -> Option<[PathBuf; 2]> {
    let venv = environment("venv", Some("requirements-dev.txt"))?;
    let wheels = built(|project| wheel(&venv, project, SHIPPED))?;
    run::passes(venv.python().arg("pack.py").args(&wheels)).then_some(wheels)
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

fn wheel(venv: &Venv, project: &str, profile: &str) -> Option<PathBuf> {
    let out = folder().join(format!("wheel-{profile}")).join(project);
    emptied(&out)?;
    let mut maturin = venv.command("maturin");
    maturin.args(["build", "--quiet", "--locked", "--strip", "--compression-level", "9", "--profile", profile]);
    maturin.arg("--out").arg(&out).current_dir(run::root().join(project));
    if profile == SHIPPED {
        // Functions that came out the same are kept once: Rust's own linker there can do it.
        let fold = cfg!(all(target_os = "linux", target_arch = "x86_64"));
        maturin.env("RUSTFLAGS", shipped::flags() + if fold { " -C link-arg=-Wl,--icf=all" } else { "" });
    }
    only_file(run::passes(&mut maturin), &out)
}

fn sdist(venv: &Venv, project: &str) -> Option<PathBuf> {
    let out = folder().join("sdist").join(project);
    emptied(&out)?;
    let mut maturin = venv.command("maturin");
    maturin.args(["sdist", "--out"]).arg(&out).current_dir(run::root().join(project));
    only_file(run::passes(&mut maturin), &out)
}

/// An older build's file must not be taken for this one's.
fn emptied(out: &Path) -> Option<()> {
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
    // Installing from source builds: quickly here, and where the tests have built already.
    pip.env("MATURIN_PEP517_ARGS", "--profile dev --strip").env("CARGO_TARGET_DIR", run::target_dir());
    run::passes(pip.args(["--force-reinstall", "--no-deps"]).args(packages))
}

/// A clean environment with nothing but the packages makes a call.
fn works_when_installed(name: &str, packages: &[PathBuf]) -> bool {
    environment(name, None)
        .is_some_and(|venv| installs(&venv, packages) && run::passes(venv.python().arg("tests/package/smoke.py")))
}
