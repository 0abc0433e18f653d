//! The state of the repository: one version everywhere, and a tag.

use super::step::{Made, Release};
use super::version;
use crate::run;

pub fn version(release: &Release) -> Result<Made, String> {
    if !version::is_consistent() {
        return Err("not the same everywhere: see above".into());
    }
    Ok(Made::Done(release.version().to_owned()))
}

/// Whether everything is committed and the commit has the tag of the version. A dry run only says what is missing.
pub fn is_tagged(release: &Release) -> Result<Made, String> {
    let commit = git(&["rev-parse", "--short", "HEAD"])?;
    let is_clean = git(&["status", "--porcelain"])?.is_empty();
    let tag = format!("v{}", release.version());
    let is_tagged = git(&["tag", "--points-at", "HEAD"])?.lines().any(|line| line == tag);
    let state = match (is_clean, is_tagged) {
        (true, true) => return Ok(Made::Done(format!("{commit}, {tag}"))),
        (false, _) => format!("{commit} has changes that are not committed"),
        (true, false) => format!("{commit} does not have the tag {tag}"),
    };
    if release.dry_run { Ok(Made::Done(format!("{state}, as a dry run accepts"))) } else { Err(state) }
}

/// Whether everything is committed.
pub fn is_clean() -> bool {
    git(&["status", "--porcelain"]).is_ok_and(|changes| changes.is_empty())
}

/// The newest tag of a release before this version.
pub fn last_tag(version: &str) -> Option<String> {
    let tags = git(&["tag", "--list", "v*", "--sort=-version:refname"]).ok()?;
    tags.lines().find(|tag| *tag != format!("v{version}")).map(str::to_owned)
}

pub fn git(arguments: &[&str]) -> Result<String, String> {
    let output = run::output(run::command("git").args(arguments));
    output.map(|text| text.trim().to_owned()).ok_or_else(|| format!("git {} failed", arguments.join(" ")))
}
