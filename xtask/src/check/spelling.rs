//! Spelling, checked by `typos` with `typos.toml`. The program is in a Python package, which installs in seconds.

use std::path::PathBuf;

use super::result::CheckResult;
use crate::run;

const VERSION: &str = "1.52.0";

/// Runs `typos` on the repository, after installing it if it is missing.
pub fn check() -> CheckResult {
    match find_or_install() {
        Ok(program) => {
            let mut typos = run::command(program);
            CheckResult::from_passed(run::passes(typos.args(["--config", "typos.toml", "--format", "brief"])))
        }
        Err(missing) => CheckResult::missing(missing, run::in_ci()),
    }
}

fn find_or_install() -> Result<PathBuf, String> {
    let cache = run::cache_dir().unwrap_or_else(|| run::target_dir().join("tools"));
    let venv = cache.join(format!("typos-{VERSION}"));
    let bin = venv.join(if cfg!(windows) { "Scripts" } else { "bin" });
    let program = bin.join("typos");
    if run::exists(&program, "--version") {
        return Ok(program);
    }
    if !run::exists("python3", "--version") {
        return Err("typos is installed with python3, which was not found".into());
    }
    let mut pip = run::command(bin.join("python"));
    pip.args(["-m", "pip", "--quiet", "--disable-pip-version-check", "install", "--only-binary", ":all:"]);
    pip.arg(format!("typos=={VERSION}"));
    let is_installed = run::passes(run::command("python3").args(["-m", "venv", "--clear"]).arg(&venv))
        && run::passes(&mut pip)
        && run::exists(&program, "--version");
    is_installed.then_some(program).ok_or_else(|| "typos cannot be installed: see above".into())
}
