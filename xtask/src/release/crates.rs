//! The crates: `cargo publish --dry-run` packs and compiles them, and `cargo-semver-checks` compares them with the last release. The
//! interfaces of the other languages are compared as text.

use std::fs;
use std::path::PathBuf;

use super::step::{Made, Release, copy_into};
use super::tree;
use crate::run;

/// The published crates. Together: one is a development dependency of the other.
const CRATES: [&str; 2] = ["keysecure", "keysecure-sandbox"];

const SEMVER_CHECKS: &str = "0.51.0";

/// The interfaces of the languages without such a program: `cargo xtask api` writes them.
const INTERFACES: [&str; 3] = ["api/python.txt", "api/kotlin.txt", "api/swift.txt"];

pub fn pack(release: &Release) -> Result<Made, String> {
    let mut cargo = run::cargo("publish --dry-run --locked");
    packages(&mut cargo);
    // With changes, the step `git` has failed already unless this is a dry run.
    if !tree::is_clean() {
        cargo.arg("--allow-dirty");
    }
    if !run::passes(&mut cargo) {
        return Err("cargo publish --dry-run refuses them".into());
    }
    let folder = release.folder("crates")?;
    let names = CRATES.map(|name| format!("{name}-{}.crate", release.version()));
    for name in &names {
        // Where `publish` packs depends on the version of cargo.
        let packed = ["package/tmp-registry", "package"].map(|at| run::target_dir().join(at).join(name));
        let newest = packed.iter().filter(|file| file.exists()).max_by_key(|file| modified(file));
        copy_into(newest.ok_or_else(|| format!("cargo did not leave {name}"))?, &folder)?;
    }
    Ok(Made::Done(names.join(", ")))
}

fn modified(file: &PathBuf) -> Option<std::time::SystemTime> {
    fs::metadata(file).and_then(|file| file.modified()).ok()
}

/// Compares the crates and the interfaces with the last tag.
pub fn semver(release: &Release) -> Result<Made, String> {
    let Some(tag) = tree::last_tag(release.version()) else {
        return Ok(Made::Done("there is no tag of an earlier release to compare with".into()));
    };
    let program = semver_checks().ok_or("cargo-semver-checks cannot be installed: see above")?;
    let mut check = run::command(program);
    check.args(["semver-checks", "--baseline-rev", &tag]);
    packages(&mut check);
    let interfaces = interfaces(&tag)?;
    if run::passes(&mut check) {
        Ok(Made::Done(format!("crates compatible with {tag}, or the version allows them not to be; {interfaces}")))
    } else {
        Err(format!(
            "cargo-semver-checks {SEMVER_CHECKS} refuses a comparison with {tag}: a change that the version does not allow, or a Rust \
             that it does not know, see above"
        ))
    }
}

/// Prints what changed in the interfaces since a tag: whether the version allows it is for a person to decide. Returns the number
/// of lines.
fn interfaces(tag: &str) -> Result<String, String> {
    let changes = tree::git(&[&["diff", tag, "--"], &INTERFACES[..]].concat())?;
    println!("{changes}");
    let lines =
        |sign: char| changes.lines().filter(|line| line.starts_with(sign) && line.chars().nth(1) != Some(sign)).count();
    Ok(format!("interfaces of Python, Kotlin and Swift: {} lines added, {} removed, see above", lines('+'), lines('-')))
}

fn packages(command: &mut std::process::Command) {
    for name in CRATES {
        command.args(["-p", name]);
    }
}

/// The program, compiled at its first use: some minutes.
fn semver_checks() -> Option<PathBuf> {
    let cache = run::cache_dir().unwrap_or_else(|| run::target_dir().join("tools"));
    let folder = cache.join(format!("cargo-semver-checks-{SEMVER_CHECKS}"));
    let program = folder.join("bin/cargo-semver-checks");
    if run::exists(&program, "--version") {
        return Some(program);
    }
    let mut install = run::cargo(&format!("install --locked cargo-semver-checks --version ={SEMVER_CHECKS} --root"));
    run::passes(install.arg(&folder)).then_some(program)
}
