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

/// The tag of the release before this version.
pub fn last_tag(version: &str) -> Option<String> {
    before(version, &git(&["tag", "--list", "v*"]).ok()?)
}

/// The highest tag below a version. A candidate such as `v1.2.3-rc.1` promises nothing that a later version could break.
fn before(version: &str, tags: &str) -> Option<String> {
    let own = numbers(version.split('-').next()?)?;
    let releases = tags.lines().filter_map(|tag| Some((numbers(tag.strip_prefix('v')?)?, tag)));
    releases.filter(|(numbers, _)| *numbers < own).max().map(|(_, tag)| tag.to_owned())
}

fn numbers(version: &str) -> Option<Vec<u64>> {
    version.split('.').map(|number| number.parse().ok()).collect()
}

pub fn git(arguments: &[&str]) -> Result<String, String> {
    let output = run::output(run::command("git").args(arguments));
    output.map(|text| text.trim().to_owned()).ok_or_else(|| format!("git {} failed", arguments.join(" ")))
}

#[cfg(test)]
mod tests {
    use super::before;

    #[test]
    fn the_last_release_is_the_highest_below_a_version() {
        let tags = "v0.10.0\nv0.2.0\nv0.9.1\nv0.9.2-rc.1\nv1.0.0\nvendor\n";
        assert_eq!(before("0.9.2", tags).as_deref(), Some("v0.9.1"));
        assert_eq!(before("0.11.0-rc.1", tags).as_deref(), Some("v0.10.0"));
        // A correction of an older version, and a candidate of the first.
        assert_eq!(before("0.10.1", tags).as_deref(), Some("v0.10.0"));
        assert_eq!(before("0.2.0-rc.2", tags), None);
    }
}
