//! `docs/platforms.md`: a table of all platforms, and a section for each. A run replaces those that it examined and
//! keeps the others.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use super::report::{Report, cell};
use crate::run;

const FILE: &str = "docs/platforms.md";

const HEAD: &str = "\
# Platforms

What was built and tested for each platform, on one machine: Debian 12, x86-64. Written by `cargo xtask platforms --write`;
do not edit. \"not run\" means that the files were built, or the code was checked, and that nothing of it was executed.
";

/// The result of one platform as the file has it: its row and its section.
#[derive(Clone, Debug, PartialEq)]
struct Entry {
    row: String,
    section: String,
}

/// Replaces the results of these platforms in the file. `order` has the names of all platforms.
pub fn update(reports: &[Report], order: &[&str]) -> bool {
    let path = run::root().join(FILE);
    let mut entries = parse(&fs::read_to_string(&path).unwrap_or_default());
    for report in reports {
        let cells: Vec<String> = report.row().iter().map(|text| cell(text)).collect();
        let row = format!("| {} |", cells.join(" | "));
        entries.insert(report.name.into(), Entry { row, section: report.section() });
    }
    fs::write(&path, render(&entries, order)).map_err(|error| eprintln!("{FILE}: {error}")).is_ok()
}

fn render(entries: &BTreeMap<String, Entry>, order: &[&str]) -> String {
    let mut text = format!("{HEAD}{}\n\n", runs(entries, order));
    text.push_str("| platform | built | passed | failed | not run, and why |\n|---|---|---|---|---|\n");
    for name in order {
        let missing = || format!("| {name} | no | not run | - | no run of this row has ended yet |");
        text.push_str(&entries.get(*name).map_or_else(missing, |entry| entry.row.clone()));
        text.push('\n');
    }
    let known = order.iter().filter_map(|name| Some((*name, entries.get(*name)?)));
    for (name, entry) in known {
        text.extend(["\n## ", name, "\n\n", entry.section.trim_end(), "\n"]);
    }
    text
}

/// Whether all rows are of one commit.
fn runs(entries: &BTreeMap<String, Entry>, order: &[&str]) -> String {
    let commit = |entry: &Entry| {
        let (_, after) = entry.section.split_once("commit ")?;
        after.split([',', '.']).next().map(str::to_owned)
    };
    let commits: Option<BTreeSet<String>> = order.iter().map(|name| entries.get(*name).and_then(commit)).collect();
    match commits.map(Vec::from_iter).as_deref() {
        Some([commit]) if !commit.ends_with("-dirty") => format!("All rows are of commit {commit}."),
        _ => "The rows are of several runs: the section of each names its commit and its tools.".to_owned(),
    }
}

fn parse(text: &str) -> BTreeMap<String, Entry> {
    let mut parts = text.split("\n## ");
    let head = parts.next().unwrap_or_default();
    let row = |name: &str| head.lines().find(|line| line.starts_with(&format!("| {name} | "))).map(str::to_owned);
    let sections = parts.filter_map(|part| part.split_once("\n\n"));
    sections
        .filter_map(|(name, section)| {
            Some((name.to_owned(), Entry { row: row(name)?, section: section.trim_end().to_owned() }))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{BTreeMap, Entry, parse, render};

    #[test]
    fn results_survive_writing_and_reading_in_the_order_of_the_list() {
        let entry = |name: &str| Entry {
            row: format!("| {name} | 1 file | 3 | 0 | |"),
            section: format!("About {name}\n\n3 minutes, with commit 1a2b, zig 0.17.1."),
        };
        let entries: BTreeMap<_, _> = ["a", "ab", "b"].map(|name| (name.to_owned(), entry(name))).into();
        let text = render(&entries, &["b", "ab", "a", "other"]);
        assert!(text.find("## b").unwrap() < text.find("## ab").unwrap());
        assert_eq!(parse(&text), entries);
        assert!(text.contains("| other | no | not run |"), "{text}");
        assert!(text.contains("rows are of several runs"), "{text}");
        assert!(render(&entries, &["b", "a"]).contains("All rows are of commit 1a2b."));
        let changed = |entry: Entry| Entry { section: entry.section.replace("1a2b", "1a2b-dirty"), ..entry };
        let dirty = entries.clone().into_iter().map(|(name, entry)| (name, changed(entry))).collect();
        assert!(render(&dirty, &["b", "a"]).contains("rows are of several runs"));
        // A platform that no longer exists is dropped.
        assert_eq!(parse(&render(&entries, &["a"])).keys().collect::<Vec<_>>(), ["a"]);
    }
}
