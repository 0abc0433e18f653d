//! Virtual environments of Python under the target folder.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::run;

/// A virtual environment.
pub struct Venv(PathBuf);

impl Venv {
    /// Creates or reuses the environment of that name, with the packages of a list in `bindings-python`. It is recreated
    /// when the list changes.
    pub fn ensure(name: &str, requirements: Option<&str>) -> Option<Self> {
        let path = folder().join(name);
        let list = requirements.map(|list| run::root().join("bindings-python").join(list));
        let wanted = list.as_ref().map_or(Some(String::new()), |list| fs::read_to_string(list).ok())?;
        let stamp = path.join("made-from.txt");
        let venv = Self(path.clone());
        if list.is_some() && fs::read_to_string(&stamp).is_ok_and(|made_from| made_from == wanted) {
            return Some(venv);
        }
        let made = run::passes(run::command("python3").args(["-m", "venv", "--clear"]).arg(&path))
            && list.is_none_or(|list| run::passes(venv.pip().arg("-r").arg(list)));
        // Written last, so that an incomplete environment is made again.
        (made && fs::write(&stamp, wanted).is_ok()).then_some(venv)
    }

    pub fn path(&self) -> &Path {
        &self.0
    }

    /// A program of the environment, run in `bindings-python`.
    pub fn command(&self, program: &str) -> Command {
        let mut command = run::command(self.0.join("bin").join(program));
        command.current_dir(run::root().join("bindings-python"));
        // Tools find the interpreter of the environment here, and maturin the one to build for.
        command.env("VIRTUAL_ENV", &self.0).env_remove("PYTHONPATH");
        command
    }

    pub fn python(&self) -> Command {
        self.command("python")
    }

    /// Installs packages for another platform, such as `win_amd64` with Python 3.13, into a folder.
    pub fn install_for(&self, platform: &str, python: &str, packages: &[&str], folder: &Path) -> Result<(), String> {
        let mut pip = self.pip();
        pip.args(["--platform", platform, "--python-version", python, "--only-binary=:all:", "--target"]).arg(folder);
        if run::passes(pip.args(packages)) { Ok(()) } else { Err(format!("not installed: {}", packages.join(" "))) }
    }

    pub fn pip(&self) -> Command {
        let mut pip = self.python();
        pip.args(["-m", "pip", "--quiet", "--disable-pip-version-check", "install"]);
        pip
    }
}

/// The folder of the environments and wheels.
pub fn folder() -> PathBuf {
    run::target_dir().join("python")
}

/// The environment with the tools that build and check releases.
pub fn release_tools() -> Option<Venv> {
    Venv::ensure("venv-release", Some("requirements-release.txt"))
}
