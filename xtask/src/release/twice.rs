//! A second build, from a clone in another folder: the same commit must give the same bytes.

use std::collections::BTreeMap;
use std::fs;

use super::checksums;
use super::step::{Made, Release};
use crate::run;

/// Builds again and compares. Without `--twice` it says so.
pub fn compare(release: &Release) -> Result<Made, String> {
    if !release.twice {
        return Ok(Made::Done("not compared: without --twice".into()));
    }
    let folder = run::target_dir().join("second-build");
    if folder.exists() {
        fs::remove_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    }
    let (clone, out) = (folder.join("clone"), folder.join("out"));
    let cloned =
        run::passes(run::command("git").args(["clone", "--quiet", "--no-hardlinks"]).arg(run::root()).arg(&clone));
    let mut build = run::cargo("run --quiet --package xtask -- release --dry-run");
    build.arg(release.version()).arg("--out").arg(&out);
    if let Some(artifacts) = &release.artifacts {
        build.arg("--artifacts").arg(artifacts);
    }
    build.current_dir(&clone).env("CARGO_TARGET_DIR", folder.join("target"));
    if !cloned || !run::passes(&mut build) {
        return Err("the second build failed: see above".into());
    }
    let sums = |folder| checksums::of_folder(folder).map(|text| lines(&text));
    let different = differences(&sums(&release.out)?, &sums(&out)?);
    // What differs stays, to be looked into.
    if different.is_empty() {
        let _ = fs::remove_dir_all(&folder);
        Ok(Made::Done("the same bytes".into()))
    } else {
        let _ = fs::remove_dir_all(folder.join("target"));
        Err(format!("different bytes in {}", different.join(", ")))
    }
}

/// The files with their checksums.
fn lines(text: &str) -> BTreeMap<String, String> {
    text.lines().filter_map(|line| line.split_once("  ")).map(|(sum, file)| (file.to_owned(), sum.to_owned())).collect()
}

/// The files that only one has, or that are not the same.
fn differences(one: &BTreeMap<String, String>, other: &BTreeMap<String, String>) -> Vec<String> {
    let files = one.keys().chain(other.keys().filter(|file| !one.contains_key(*file)));
    files.filter(|file| one.get(*file) != other.get(*file)).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::{differences, lines};

    #[test]
    fn files_that_differ_or_are_missing_are_named() {
        let (one, other) = (lines("aa  x\nbb  y\ncc  z\n"), lines("aa  x\nbc  y\ndd  w\n"));
        assert_eq!(differences(&one, &other), ["y", "z", "w"]);
        assert!(differences(&one, &one).is_empty());
    }
}
