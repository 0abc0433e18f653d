//! The section of the changelog: the notes of the release.

use std::fs;

use super::step::{Made, Release};
use crate::run;

const UNRELEASED: &str = "Unreleased";

/// Writes `notes.md`. A dry run takes what is not released yet if the version has no section.
pub fn notes(release: &Release) -> Result<Made, String> {
    let changelog = fs::read_to_string(run::root().join("CHANGELOG.md")).map_err(|error| error.to_string())?;
    let own = section(&changelog, release.version());
    let (notes, heading) = match (own, section(&changelog, UNRELEASED)) {
        (Some(notes), _) => (notes, release.version()),
        (None, Some(notes)) if release.dry_run => (notes, UNRELEASED),
        _ => return Err(format!("CHANGELOG.md has no section `## [{}] - DATE` with text", release.version())),
    };
    fs::write(release.out.join("notes.md"), &notes).map_err(|error| error.to_string())?;
    Ok(Made::Done(format!("[{heading}], {} lines", notes.lines().count())))
}

/// The text of a section, if it has any. That of a version has a date in its heading.
fn section(changelog: &str, name: &str) -> Option<String> {
    let start = format!("## [{name}]");
    let mut lines = changelog.lines().skip_while(|line| {
        let rest = line.strip_prefix(start.as_str());
        !rest.is_some_and(|rest| if name == UNRELEASED { rest.is_empty() } else { is_dated(rest) })
    });
    lines.next()?;
    let text: Vec<_> = lines.take_while(|line| !line.starts_with("## ")).collect();
    let text = text.join("\n").trim().to_owned();
    (!text.is_empty()).then(|| text + "\n")
}

/// Whether the rest of a heading is ` - 2027-01-31`.
fn is_dated(rest: &str) -> bool {
    let date = rest.strip_prefix(" - ").unwrap_or_default().as_bytes();
    date.len() == 10 && date.iter().enumerate().all(|(at, byte)| [4, 7].contains(&at) || byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::section;

    const CHANGELOG: &str = "# Changelog\n\n## [Unreleased]\n\n- New\n\n## [0.2.0] - 2027-01-31\n\n### All\n\n- Old\n\n## [0.1.0]\n\n- First\n";

    #[test]
    fn a_section_ends_at_the_next_version() {
        assert_eq!(section(CHANGELOG, "0.2.0").as_deref(), Some("### All\n\n- Old\n"));
        assert_eq!(section(CHANGELOG, "Unreleased").as_deref(), Some("- New\n"));
    }

    #[test]
    fn a_version_without_date_or_text_has_no_section() {
        assert_eq!(section(CHANGELOG, "0.1.0"), None);
        assert_eq!(section(CHANGELOG, "0.3.0"), None);
        assert_eq!(section("## [Unreleased]\n\n## [0.1.0] - 2027-01-31\n", "Unreleased"), None);
    }
}
