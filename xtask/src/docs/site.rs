//! The check of the built site: every link leads to a file and an anchor of the site, and nothing comes from elsewhere.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Component, Path, PathBuf};
use std::sync::LazyLock;

use regex::Regex;

use super::markdown;

static LINK: LazyLock<Regex> = LazyLock::new(|| markdown::regex(r#"<(\w+)\b[^>]*?\s(?:href|src)="([^"]*)"[^>]*>"#));
static ID: LazyLock<Regex> = LazyLock::new(|| markdown::regex(r#"\s(?:id|name)="([^"]+)""#));
static SCRIPT: LazyLock<Regex> = LazyLock::new(|| markdown::regex(r"(?s)<script\b.*?</script>|<!--.*?-->"));

/// What was examined, and what is wrong.
#[derive(Default)]
pub struct Report {
    pub pages: usize,
    pub links: usize,
    pub findings: Vec<String>,
}

/// Examines all pages of a site, but for those below these folders, which other tools write: of them, only what pages
/// link to.
pub fn check(site: &Path, foreign: &[&str]) -> Report {
    let mut files = Vec::new();
    html_files(site, &mut files);
    let mut report = Report::default();
    let mut anchors: BTreeMap<PathBuf, BTreeSet<String>> = BTreeMap::new();
    for file in &files {
        let name = file.strip_prefix(site).unwrap_or(file);
        if foreign.iter().any(|folder| name.starts_with(folder)) {
            continue;
        }
        let Ok(text) = fs::read_to_string(file) else {
            report.findings.push(format!("{}: cannot be read", name.display()));
            continue;
        };
        report.pages += 1;
        for found in LINK.captures_iter(&SCRIPT.replace_all(&text, opening_tag)) {
            report.links += 1;
            let problem = problem(site, file, &found[1], &unescaped(&found[2]), &mut anchors);
            report.findings.extend(problem.map(|problem| format!("{}: {problem}: {}", name.display(), &found[2])));
        }
    }
    report
}

/// The opening tag of a script, without its text; nothing of a comment.
fn opening_tag(found: &regex::Captures<'_>) -> String {
    found[0].split_inclusive('>').next().filter(|tag| tag.starts_with("<script")).unwrap_or_default().to_owned()
}

fn problem(
    site: &Path,
    file: &Path,
    tag: &str,
    link: &str,
    anchors: &mut BTreeMap<PathBuf, BTreeSet<String>>,
) -> Option<String> {
    if link.starts_with("data:") || link.starts_with("mailto:") {
        return None;
    }
    if link.contains("://") || link.starts_with("//") {
        return (tag != "a").then(|| "loaded from elsewhere".into());
    }
    let (path, anchor) = link.split_once('#').unwrap_or((link, ""));
    let path = path.split('?').next().unwrap_or("");
    let target = if path.is_empty() { file.to_owned() } else { normalized(&file.parent()?.join(decoded(path))) };
    let target = if target.is_dir() { target.join("index.html") } else { target };
    if !target.starts_with(site) || !target.is_file() {
        return Some("no such page".into());
    }
    if anchor.is_empty() || target.extension().is_none_or(|end| end != "html") {
        return None;
    }
    let known = anchors.entry(target.clone()).or_insert_with(|| {
        let text = fs::read_to_string(&target).unwrap_or_default();
        ID.captures_iter(&text).map(|found| unescaped(&found[1])).collect()
    });
    (!known.contains(&decoded(anchor))).then(|| "no such anchor".into())
}

fn html_files(folder: &Path, files: &mut Vec<PathBuf>) {
    let mut entries: Vec<PathBuf> =
        fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            html_files(&path, files);
        } else if path.extension().is_some_and(|end| end == "html") {
            files.push(path);
        }
    }
}

/// A path without `..` in it.
fn normalized(path: &Path) -> PathBuf {
    let mut result = PathBuf::new();
    for part in path.components() {
        if part == Component::ParentDir {
            result.pop();
        } else {
            result.push(part);
        }
    }
    result
}

fn unescaped(text: &str) -> String {
    text.replace("&amp;", "&").replace("&quot;", "\"").replace("&#39;", "'").replace("&lt;", "<").replace("&gt;", ">")
}

/// A part of a URL without its `%xx`.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let code = (*first == b'%').then(|| after.get(..2)).flatten();
        let code = code.and_then(|code| u8::from_str_radix(std::str::from_utf8(code).ok()?, 16).ok());
        bytes.push(code.unwrap_or(*first));
        rest = if code.is_some() { &after[2..] } else { after };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn broken_links_and_what_is_loaded_from_elsewhere_are_found() {
        let site = std::env::temp_dir().join(format!("keysecure-site-{}", std::process::id()));
        fs::create_dir_all(site.join("zh")).unwrap();
        fs::create_dir_all(site.join("reference")).unwrap();
        let page = r##"<h1 id="é">x</h1><a href="#%C3%A9">x</a> <a class="y" href="zh/">x</a> <a href="zh/index.html#no">x</a>
            <a href="none.html">x</a> <a href="../out.html">x</a> <a href="https://a.example/">x</a>
            <script src="https://b.example/x.js">"<a href='in'>"</script> <img alt="" src="one.png">
            <!-- <a href="comment.html"> --><a href="reference/x.html#y">x</a>"##;
        fs::write(site.join("index.html"), page).unwrap();
        fs::write(site.join("zh/index.html"), "<a href=\"../index.html#é\">x</a>").unwrap();
        fs::write(site.join("reference/x.html"), "<p id=\"y\"><a href=\"nowhere.html\">").unwrap();
        let report = check(&site, &["reference"]);
        fs::remove_dir_all(&site).unwrap();
        assert_eq!((report.pages, report.links), (2, 10));
        let expected = [
            "index.html: no such anchor: zh/index.html#no",
            "index.html: no such page: none.html",
            "index.html: no such page: ../out.html",
            "index.html: loaded from elsewhere: https://b.example/x.js",
            "index.html: no such page: one.png",
        ];
        assert_eq!(report.findings, expected);
    }
}
