//! Copies of code that tests run, in pages that are read in the repository as well as on the site. A comment
//! `<!-- code: FILE#SECTION -->` stands before the block, which is the section of that file: see [`super::snippets`] for the
//! marks of a section. `cargo xtask docs snippets --write` writes the blocks.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::sync::LazyLock;

use regex::Regex;

use super::{markdown, snippets};
use crate::run;

static COPY: LazyLock<Regex> = LazyLock::new(|| {
    markdown::regex(r"(?m)^<!-- code: ([^\s#]+)#([a-z0-9-]+) -->\n(?P<fence>```[a-z]+)\n(?P<code>(?s:.*?))```$")
});

/// Every line that is meant as the start of a copy.
static MARK: LazyLock<Regex> = LazyLock::new(|| markdown::regex(r"(?m)^<!-- code:.*$"));

/// What is wrong with the copies of all pages.
pub fn findings(texts: &BTreeMap<String, String>) -> Vec<String> {
    let mut findings = Vec::new();
    let mut used: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (page, text) in texts {
        let copies: Vec<_> = COPY.captures_iter(text).collect();
        if copies.len() != MARK.find_iter(text).count() {
            findings.push(format!("{page}: a comment `<!-- code: FILE#SECTION -->` must stand before a block of code"));
        }
        for copy in copies {
            let (file, section) = (&copy[1], &copy[2]);
            match code(file, section) {
                Ok(code) if code == copy["code"] => (),
                Ok(_) => findings.push(format!(
                    "{page}: not the code `{section}` of {file}: run `cargo xtask docs snippets --write`"
                )),
                Err(error) => findings.push(format!("{page}: {error}")),
            }
            used.entry(file.to_owned()).or_default().insert(section.to_owned());
        }
    }
    // The sections of a guide's files are shown by the guide.
    for (file, shown) in used.into_iter().filter(|(file, _)| !snippets::is_of_a_guide(file, texts)) {
        let all = read(&file).unwrap_or_default();
        let unused = all.into_keys().filter(|section| !shown.contains(section));
        findings.extend(unused.map(|section| format!("{file}: no page shows the code `{section}`")));
    }
    findings
}

/// The lines of the fences of copies, counted from 1.
pub fn fences(text: &str) -> BTreeSet<usize> {
    let fence = |copy: regex::Captures<'_>| copy.name("fence").map(|fence| text[..fence.start()].lines().count() + 1);
    COPY.captures_iter(text).filter_map(fence).collect()
}

/// A page with the present code in its copies.
pub fn updated(text: &str) -> Result<String, String> {
    let (mut page, mut end) = (String::with_capacity(text.len()), 0);
    for copy in COPY.captures_iter(text) {
        if let Some(old) = copy.name("code") {
            page += &text[end..old.start()];
            page += &code(&copy[1], &copy[2])?;
            end = old.end();
        }
    }
    Ok(page + &text[end..])
}

fn code(file: &str, section: &str) -> Result<String, String> {
    read(file)?.remove(section).ok_or_else(|| format!("{file} has no section `{section}`"))
}

fn read(file: &str) -> Result<BTreeMap<String, String>, String> {
    if !snippets::is_run(file) {
        return Err(format!("{file} is neither a test of a guide nor an example, which a test runs"));
    }
    let text = fs::read_to_string(run::root().join(file)).map_err(|error| format!("{file}: {error}"))?;
    snippets::sections(&text).map_err(|error| format!("{file}: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "bindings-python/tests/guides/test_exactly_once.py";

    fn page(mark: &str, code: &str) -> String {
        format!("# Title\n\n<!-- code: {mark} -->\n```python\n{code}```\n\nMore\n")
    }

    fn findings_of(text: String) -> Vec<String> {
        // The page that makes the file a guide's.
        findings(&BTreeMap::from([
            ("a.md".to_owned(), text),
            ("docs/guides/exactly-once.md".to_owned(), String::new()),
        ]))
    }

    #[test]
    fn a_copy_is_the_code_of_its_section() {
        let old = page(&format!("{FILE}#pay"), "pay()\n");
        let [finding] = findings_of(old.clone()).try_into().unwrap();
        assert!(finding.starts_with("a.md: not the code `pay` of"), "{finding}");
        let new = updated(&old).unwrap();
        assert!(new.ends_with("```\n\nMore\n") && new.len() > old.len(), "{new}");
        assert_eq!(findings_of(new.clone()), [""; 0]);
        assert_eq!(fences(&new), BTreeSet::from([4]));
    }

    #[test]
    fn a_copy_names_a_section_of_a_file_that_a_test_runs() {
        for (mark, expected) in [
            (format!("{FILE}#none"), "has no section `none`"),
            ("xtask/src/main.rs#pay".to_owned(), "neither a test of a guide nor an example"),
            ("docs/../xtask/examples/x.rs#pay".to_owned(), "neither a test of a guide nor an example"),
            (format!("{FILE} pay"), "must stand before a block of code"),
        ] {
            let findings = findings_of(page(&mark, ""));
            assert!(findings.iter().any(|finding| finding.contains(expected)), "{mark}: {findings:?}");
        }
    }
}
