//! `cargo xtask release`: everything that a release consists of, in one folder, with checksums. It publishes nothing:
//! `.github/workflows/release.yml` does that, and RELEASING.md says what a person does.

mod artifacts;
mod central;
mod changelog;
mod checksums;
mod crates;
mod java;
mod python;
mod sbom;
mod step;
mod swift;
mod tree;
mod twice;
pub mod version;

use std::path::{self, Path, PathBuf};
use std::time::Instant;
use std::{env, fs};

use clap::Args;
use clap::builder::PossibleValuesParser;

use crate::{files, run};
use step::{Made, Release, Step};

use crate::table::{row, table};

/// What to release, and how.
#[derive(Args)]
pub struct Options {
    /// The version, such as 1.2.3
    #[arg(value_name = "VERSION", value_parser = version::parse)]
    version: String,
    /// Accept a tree that is not tagged and a changelog that is not closed; another version is set back at the end
    #[arg(long)]
    dry_run: bool,
    /// Build a second time, from a clone elsewhere, and compare the bytes
    #[arg(long)]
    twice: bool,
    /// A folder with what other machines built: wheels, libraries, programs, and others, see RELEASING.md
    #[arg(long, value_name = "DIR")]
    artifacts: Option<PathBuf>,
    /// Sign the Maven bundle with this key of gpg
    #[arg(long, value_name = "KEY", conflicts_with = "twice")]
    gpg_key: Option<String>,
    /// Repeat these steps only, such as one that failed, over the results of the others
    #[arg(long, value_name = "STEP", value_parser = PossibleValuesParser::new(STEPS.iter().map(|(name, _)| *name)))]
    only: Vec<String>,
    /// The folder of the results. Default: `dist/VERSION` in cargo's target folder
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

/// The steps in their order. A failed step does not stop the others.
const STEPS: &[(&str, Step)] = &[
    ("version", tree::version),
    ("changelog", changelog::notes),
    ("git", tree::is_tagged),
    ("artifacts", artifacts::collect),
    ("crates", crates::pack),
    ("semver", crates::semver),
    ("sdists", python::sdists),
    ("wheels", python::wheels),
    ("packages", python::check),
    ("jars", java::jars),
    ("aar", java::aar),
    ("maven", java::bundle),
    ("swift", swift::tree),
    ("swift-library", swift::library),
    ("programs", java::programs),
    ("sbom", sbom::write_all),
    ("sbom-schema", python::validate_sboms),
    ("checksums", checksums::write),
    ("twice", twice::compare),
];

/// Builds a release. The last lines are a table of the steps and the folder of the results.
pub fn run(options: &Options) -> bool {
    let is_current = version::current().as_deref() == Some(&options.version);
    if options.twice && !(is_current && tree::is_clean()) {
        eprintln!("--twice builds from a clone, which has only what is committed: set the version and commit first");
        return false;
    }
    if is_current {
        return steps(options);
    }
    if !options.dry_run {
        eprintln!("The tree has another version: run `cargo xtask set-version {}` and commit it", options.version);
        return false;
    }
    // This program has the old version in it: the new one is built and does the rest.
    let Some(old) = version::current() else {
        eprintln!("Cargo.toml has no workspace.package.version");
        return false;
    };
    let mut rest = run::cargo("run --quiet --package xtask --");
    rest.args(env::args_os().skip(1));
    // Paths in the arguments are relative to this folder.
    if let Ok(folder) = env::current_dir() {
        rest.current_dir(folder);
    }
    let built = version::set(&options.version) && run::passes(&mut rest);
    let restored = version::set(&old);
    built && restored
}

/// Writes another version into the tree.
pub fn set_version(version: &str) -> bool {
    version::set(version)
}

fn steps(options: &Options) -> bool {
    let default = run::target_dir().join("dist").join(&options.version);
    // The second build starts elsewhere.
    let absolute = |path: &PathBuf| path::absolute(path).unwrap_or_else(|_| path.clone());
    let release = Release {
        version: options.version.clone(),
        dry_run: options.dry_run,
        twice: options.twice,
        artifacts: options.artifacts.as_ref().map(absolute),
        gpg_key: options.gpg_key.clone(),
        out: options.out.as_ref().map_or(default, absolute),
    };
    let started = if options.only.is_empty() { empty(&release.out) } else { Ok(()) };
    if let Err(error) = started.and_then(|()| set_time()) {
        eprintln!("{error}");
        return false;
    }
    let mut rows = vec![row!["step", "seconds", "result"]];
    let mut is_good = true;
    let is_chosen = |name: &str| options.only.is_empty() || options.only.iter().any(|one| one == name);
    for (name, step) in STEPS.iter().filter(|(name, _)| is_chosen(name)) {
        println!("\n== {name}");
        let started = Instant::now();
        let result = step(&release);
        let (is_accepted, text) = match result {
            Ok(Made::Done(what)) => (true, what),
            Ok(Made::Incomplete(what)) => (release.dry_run, format!("INCOMPLETE: {what}")),
            Err(error) => (false, format!("FAILED: {error}")),
        };
        is_good &= is_accepted;
        println!("{name}: {text}");
        rows.push(row![name, format!("{:.0}", started.elapsed().as_secs_f64()), text]);
    }
    print!("\n{}\n{}", table(&rows), listing(&release.out));
    println!("\nAll of it is in {}. Nothing was published.", release.out.display());
    is_good
}

/// Empties the folder of the results.
fn empty(out: &Path) -> Result<(), String> {
    if out.exists() {
        // Only a folder that an earlier release filled.
        if !out.join(checksums::FILE).exists() && fs::read_dir(out).is_ok_and(|mut files| files.next().is_some()) {
            return Err(format!("{} is not the folder of a release: remove it yourself", out.display()));
        }
        fs::remove_dir_all(out).map_err(|error| format!("{}: {error}", out.display()))?;
    }
    fs::create_dir_all(out).map_err(|error| format!("{}: {error}", out.display()))?;
    // Before the first step ends: a folder of a release that was interrupted is recognized.
    fs::write(out.join(checksums::FILE), "").map_err(|error| error.to_string())
}

/// Sets the time that goes into archives.
fn set_time() -> Result<(), String> {
    let seconds = run::output(run::command("git").args(["log", "-1", "--format=%ct"]));
    let seconds = seconds.and_then(|text| text.trim().parse().ok()).ok_or("git does not know the last commit")?;
    run::set_build_time(seconds);
    Ok(())
}

/// The files of the results with their sizes.
fn listing(out: &Path) -> String {
    let rows = files::list(out).into_iter().map(|file| {
        let size = fs::metadata(out.join(&file)).map_or(0, |file| file.len());
        row![file, size]
    });
    let rows: Vec<_> = [row!["file", "bytes"]].into_iter().chain(rows).collect();
    table(&rows)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use crate::run;

    /// The release refuses a tree with files that are not committed.
    #[test]
    fn the_workflow_keeps_its_files_where_git_ignores_them() {
        let workflow = fs::read_to_string(run::root().join(".github/workflows/release.yml")).unwrap();
        let line = workflow.lines().find(|line| line.contains("cargo xtask release")).unwrap();
        let words: Vec<_> = line.split_whitespace().collect();
        for option in ["--artifacts", "--out"] {
            let folder = words[words.iter().position(|word| *word == option).unwrap() + 1];
            assert!(run::passes(run::command("git").args(["check-ignore", "--quiet", folder])), "{folder}");
        }
    }
}
