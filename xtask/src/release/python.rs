//! The Python packages, and the tools that check them.

use std::fs;
use std::path::{Path, PathBuf};

use super::step::{Made, Release, copy_into};
use crate::venv::{self, Venv};
use crate::{python, run, wheels};

/// Builds the wheels for this machine, unless there are wheels for its system already.
pub fn wheels(release: &Release) -> Result<Made, String> {
    let others = files(&release.folder("python")?, &["whl"]);
    let is_here = |wheel: &PathBuf| {
        let name = wheel.to_string_lossy();
        name.contains("manylinux") && name.ends_with(&format!("_{}.whl", std::env::consts::ARCH))
    };
    if cfg!(target_os = "linux") && others.iter().any(is_here) {
        return Ok(Made::Done("those of other machines".into()));
    }
    let built = wheels::release().ok_or("the wheels were not built: see above")?;
    keep(release, &built)
}

pub fn sdists(release: &Release) -> Result<Made, String> {
    let built = python::sdists().ok_or("the source distributions were not built: see above")?;
    keep(release, &built)
}

/// Copies packages into the results.
fn keep(release: &Release, built: &[PathBuf]) -> Result<Made, String> {
    let folder = release.folder("python")?;
    let mut names = Vec::new();
    for file in built {
        let kept = copy_into(file, &folder)?;
        names.push(kept.file_name().unwrap_or_default().to_string_lossy().into_owned());
    }
    Ok(Made::Done(names.join(", ")))
}

/// `twine check --strict` of all packages, those of other machines included, and whether the wheels have the licences of what is
/// inside.
pub fn check(release: &Release) -> Result<Made, String> {
    let packages = files(&release.folder("python")?, &["whl", "gz"]);
    let mut twine = tools()?.python();
    twine.args(["-m", "twine", "check", "--strict"]).args(&packages);
    if packages.is_empty() || !run::passes(&mut twine) {
        return Err("twine refuses them".into());
    }
    let without: Vec<_> =
        files(&release.folder("python")?, &["whl"]).into_iter().filter(|wheel| !has_notices(wheel)).collect();
    if !without.is_empty() {
        return Err(format!("without the licences of what is inside: {without:?}"));
    }
    let names: Vec<_> = packages.iter().filter_map(|file| file.file_name()?.to_str()).collect();
    Ok(Made::with_missing(&format!("{} packages", packages.len()), &missing(&names)))
}

/// The systems of the wheels: their names in `release.yml`, and the beginning and the end of their tags.
const SYSTEMS: [(&str, &str, &str); 7] = [
    ("linux-x86_64", "manylinux", "_x86_64"),
    ("linux-aarch64", "manylinux", "_aarch64"),
    ("musl-x86_64", "musllinux", "_x86_64"),
    ("musl-aarch64", "musllinux", "_aarch64"),
    ("macos-aarch64", "macosx", "_arm64"),
    ("macos-x86_64", "macosx", "_x86_64"),
    ("windows-x86_64", "win", "_amd64"),
];

/// The wheels that are not among these files.
fn missing(names: &[&str]) -> Vec<String> {
    let mut missing = Vec::new();
    for package in PACKAGES {
        for (system, start, end) in SYSTEMS {
            let is_it = |name: &&str| {
                let tag = name.strip_suffix(".whl").and_then(|name| name.rsplit('-').next()).unwrap_or_default();
                name.starts_with(&format!("{package}-")) && tag.starts_with(start) && tag.ends_with(end)
            };
            if !names.iter().any(is_it) {
                missing.push(format!("{package} {system}"));
            }
        }
    }
    missing
}

/// How the names of our wheels of this version begin.
pub fn wheel_names(version: &str) -> [String; 2] {
    let (numbers, rest) = version.split_once('-').unwrap_or((version, ""));
    let rest = rest.replace('.', "").replace("alpha", "a").replace("beta", "b");
    PACKAGES.map(|package| format!("{package}-{numbers}{rest}-"))
}

/// The packages, as the names of their files begin.
const PACKAGES: [&str; 2] = ["keysecure", "keysecure_sandbox"];

fn has_notices(wheel: &Path) -> bool {
    let entries = run::output(run::command("jar").args(["--list", "--file"]).arg(wheel)).unwrap_or_default();
    entries.lines().any(|entry| entry.ends_with(".dist-info/licenses/LICENSE-THIRD-PARTY.txt"))
}

/// Compares the lists of components with the schema of `CycloneDX`.
pub fn validate_sboms(release: &Release) -> Result<Made, String> {
    let lists = files(&release.folder("sbom")?, &["json"]);
    let mut python = tools()?.python();
    python.args(["-c", VALIDATE]).args(&lists);
    if lists.is_empty() || !run::passes(&mut python) {
        return Err("a list is not valid".into());
    }
    Ok(Made::Done(format!("{} lists are valid", lists.len())))
}

const VALIDATE: &str = "
import sys
from pathlib import Path
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
validator = JsonStrictValidator(SchemaVersion.V1_6)
faults = {name: validator.validate_str(Path(name).read_text()) for name in sys.argv[1:]}
sys.exit('\\n'.join(f'{name}: {fault}' for name, fault in faults.items() if fault) or 0)
";

fn tools() -> Result<Venv, String> {
    venv::release_tools().ok_or_else(|| "no virtual environment".into())
}

fn files(folder: &Path, extensions: &[&str]) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    let is = |file: &PathBuf| extensions.iter().any(|end| file.extension().is_some_and(|extension| extension == *end));
    let mut files: Vec<_> = entries.filter(is).collect();
    files.sort();
    files
}

#[cfg(test)]
mod tests {
    use super::{missing, wheel_names};

    #[test]
    fn the_systems_without_a_wheel_are_named() {
        let mut names = Vec::new();
        for package in super::PACKAGES {
            for tag in [
                "manylinux_2_17_x86_64.manylinux2014_x86_64",
                "manylinux_2_17_aarch64.manylinux2014_aarch64",
                "musllinux_1_2_x86_64",
                "musllinux_1_2_aarch64",
                "macosx_11_0_arm64",
                "macosx_10_12_x86_64",
                "win_amd64",
            ] {
                names.push(format!("{package}-0.1.0-cp310-abi3-{tag}.whl"));
            }
        }
        let mut names: Vec<_> = names.iter().map(String::as_str).collect();
        assert!(missing(&names).is_empty());
        names.remove(7 + 2);
        names.push("keysecure_sandbox-0.1.0.tar.gz");
        assert_eq!(missing(&names), ["keysecure_sandbox musl-x86_64"]);
    }

    #[test]
    fn a_wheel_of_a_candidate_has_the_form_of_python() {
        assert_eq!(wheel_names("0.1.0"), ["keysecure-0.1.0-", "keysecure_sandbox-0.1.0-"]);
        assert_eq!(wheel_names("0.1.0-rc.1")[0], "keysecure-0.1.0rc1-");
        assert_eq!(wheel_names("1.0.0-beta.2")[1], "keysecure_sandbox-1.0.0b2-");
    }
}
