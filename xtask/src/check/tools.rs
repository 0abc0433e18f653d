//! Programs that checks need, installed into the cache folder at their first use.

use std::path::PathBuf;

use crate::run;

/// The folder of one version of a program.
pub fn folder(name: &str, version: &str) -> PathBuf {
    run::cache_dir().unwrap_or_else(|| run::target_dir().join("tools")).join(format!("{name}-{version}"))
}

/// A program in a Python package, which installs in seconds. `harmless` is an argument with which it succeeds.
pub fn from_pypi(package: &str, version: &str, program: &str, harmless: &str) -> Result<PathBuf, String> {
    let venv = folder(package, version);
    let bin = venv.join(if cfg!(windows) { "Scripts" } else { "bin" });
    let program = bin.join(program);
    if run::exists(&program, harmless) {
        return Ok(program);
    }
    if !run::exists("python3", "--version") {
        return Err(format!("{package} is installed with python3, which was not found"));
    }
    let mut pip = run::command(bin.join("python"));
    pip.args(["-m", "pip", "--quiet", "--disable-pip-version-check", "install", "--only-binary", ":all:"]);
    pip.arg(format!("{package}=={version}"));
    let is_installed = run::passes(run::command("python3").args(["-m", "venv", "--clear"]).arg(&venv))
        && run::passes(&mut pip)
        && run::exists(&program, harmless);
    is_installed.then_some(program).ok_or_else(|| format!("{package} cannot be installed: see above"))
}
