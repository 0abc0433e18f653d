//! The code of the guides. A guide has no code of its own: a line `{{ code: NAME }}` stands for the section NAME of the
//! guide's file in each language, a test that the suites run. A section is between two comments, `--8<-- [start:NAME]`
//! and `--8<-- [end:NAME]`; it may have several parts.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::sync::LazyLock;

use regex::Regex;

use super::markdown;
use crate::run;

/// A language of the guides.
pub struct Language {
    /// The text of its tab.
    pub title: &'static str,
    /// The word after a fence, and in the exceptions of a directive.
    pub fence: &'static str,
    /// The folder of its files, and how a file is named after its guide.
    folder: &'static str,
    file: fn(&str) -> String,
    /// What a file has that its suite runs.
    test: &'static str,
    /// Whether every directive needs a section in this language.
    is_required: bool,
}

/// The languages, in the order of the tabs.
pub const LANGUAGES: [Language; 5] = [
    Language {
        title: "Python",
        fence: "python",
        folder: "bindings-python/tests/guides",
        file: |guide| format!("test_{}.py", guide.replace('-', "_")),
        test: "def test_",
        is_required: true,
    },
    Language {
        title: "Kotlin",
        fence: "kotlin",
        folder: "bindings-kotlin/src/test/kotlin/guides",
        file: |guide| format!("{}GuideTest.kt", pascal(guide)),
        test: "@Test",
        is_required: true,
    },
    Language {
        title: "Java",
        fence: "java",
        folder: "bindings-kotlin/src/test/java/guides",
        file: |guide| format!("{}JavaGuideTest.java", pascal(guide)),
        test: "@Test",
        // Where it differs from Kotlin.
        is_required: false,
    },
    Language {
        title: "Swift",
        fence: "swift",
        folder: "bindings-swift/Tests/KeySecureTests/Guides",
        file: |guide| format!("{}GuideTests.swift", pascal(guide)),
        test: "func test",
        is_required: true,
    },
    Language {
        title: "Rust",
        fence: "rust",
        folder: "tests/guides",
        file: |guide| format!("{}.rs", guide.replace('-', "_")),
        test: "#[test]",
        is_required: true,
    },
];

/// The file that makes the Rust files part of a test.
const RUST_TESTS: &str = "tests/guides/main.rs";

static DIRECTIVE: LazyLock<Regex> =
    LazyLock::new(|| markdown::regex(r"(?m)^\{\{ code: ([a-z0-9/-]+)(?: (only|except) ([a-z ]+))? \}\}$"));
static MARK: LazyLock<Regex> = LazyLock::new(|| markdown::regex(r"--8<-- \[(start|end):([a-z0-9-]+)\]"));

/// The sections of one file.
type Sections = BTreeMap<String, String>;

/// All sections, by guide and language.
pub struct Snippets {
    sections: BTreeMap<(String, &'static str), Sections>,
    pub findings: Vec<String>,
}

/// A directive in a page.
struct Directive {
    guide: String,
    section: String,
    languages: Vec<&'static Language>,
}

impl Snippets {
    /// Reads the files of these guides in every language.
    pub fn read(guides: &[String]) -> Self {
        let mut snippets = Self { sections: BTreeMap::new(), findings: Vec::new() };
        let rust_tests = fs::read_to_string(run::root().join(RUST_TESTS)).unwrap_or_default();
        for guide in guides {
            for language in &LANGUAGES {
                let file = Path::new(language.folder).join((language.file)(guide));
                let Ok(text) = fs::read_to_string(run::root().join(&file)) else { continue };
                let file = file.display().to_string();
                if !text.contains(language.test) {
                    snippets.findings.push(format!("{file}: no test runs its code"));
                }
                if language.fence == "rust" && !rust_tests.contains(&format!("mod {};", guide.replace('-', "_"))) {
                    snippets.findings.push(format!("{file} is not a module of {RUST_TESTS}"));
                }
                match sections(&text) {
                    Ok(sections) => _ = snippets.sections.insert((guide.clone(), language.fence), sections),
                    Err(error) => snippets.findings.push(format!("{file}: {error}")),
                }
            }
        }
        snippets
    }

    /// Whether a section of this language is exactly this code.
    pub fn has(&self, language: &str, code: &str) -> bool {
        let of_language = self.sections.iter().filter(|((_, fence), _)| *fence == language);
        of_language.flat_map(|(_, sections)| sections.values()).any(|section| section == code)
    }

    /// A page with the code in place of its directives, and what is wrong with them.
    pub fn expand(&self, page: &str, guide: &str, text: &str) -> (String, Vec<String>) {
        let mut findings = Vec::new();
        let expanded = DIRECTIVE.replace_all(text, |found: &regex::Captures<'_>| {
            let code = directive(found, guide).and_then(|directive| self.tabs(&directive));
            code.unwrap_or_else(|error| {
                findings.push(format!("{page}: {}: {error}", &found[0]));
                String::new()
            })
        });
        let rest = expanded.lines().filter(|line| line.trim_start().starts_with("{{ code"));
        findings.extend(rest.map(|line| format!("{page}: not understood: {line}")));
        (expanded.into_owned(), findings)
    }

    /// The sections that no page shows.
    pub fn unused<'a>(&self, pages: impl Iterator<Item = (&'a str, &'a str)>) -> Vec<String> {
        let mut used: BTreeSet<(String, &str, String)> = BTreeSet::new();
        for (guide, text) in pages {
            for directive in DIRECTIVE.captures_iter(text).filter_map(|found| directive(&found, guide).ok()) {
                let Directive { guide, section, languages } = directive;
                used.extend(languages.iter().map(|language| (guide.clone(), language.fence, section.clone())));
            }
        }
        let all = self.sections.iter().flat_map(|((guide, language), sections)| {
            sections.keys().map(move |section| (guide.clone(), *language, section.clone()))
        });
        all.filter(|section| !used.contains(section))
            .map(|(guide, language, section)| format!("{guide}: no page shows the {language} code `{section}`"))
            .collect()
    }

    /// The number of sections of each guide in each language, in the order of [`LANGUAGES`].
    pub fn counts(&self) -> BTreeMap<&str, [usize; LANGUAGES.len()]> {
        let mut counts: BTreeMap<&str, [usize; LANGUAGES.len()]> = BTreeMap::new();
        for ((guide, fence), sections) in &self.sections {
            if let Some(at) = LANGUAGES.iter().position(|language| language.fence == *fence) {
                counts.entry(guide).or_default()[at] = sections.len();
            }
        }
        counts
    }

    fn tabs(&self, directive: &Directive) -> Result<String, String> {
        let Directive { guide, section, languages } = directive;
        let mut tabs = Vec::new();
        for language in languages {
            match self.sections.get(&(guide.clone(), language.fence)).and_then(|sections| sections.get(section)) {
                Some(code) => tabs.push((language, code)),
                None if language.is_required || languages.len() == 1 => {
                    let file = (language.file)(guide);
                    return Err(format!("{}/{file} has no section `{section}`", language.folder));
                }
                None => (),
            }
        }
        if let [(language, code)] = tabs.as_slice() {
            return Ok(format!("```{}\n{code}```", language.fence));
        }
        let indented = |code: &str| {
            let lines = code.lines().map(|line| if line.is_empty() { "\n".into() } else { format!("    {line}\n") });
            lines.collect::<String>()
        };
        let tabs: Vec<String> = tabs
            .into_iter()
            .map(|(language, code)| {
                format!("=== \"{}\"\n\n    ```{}\n{}    ```\n", language.title, language.fence, indented(code))
            })
            .collect();
        Ok(tabs.join("\n"))
    }
}

/// Whether a page has tabs by language, each of which is an anchor.
pub fn has_tabs(text: &str) -> bool {
    DIRECTIVE.is_match(text)
}

fn directive(found: &regex::Captures<'_>, guide: &str) -> Result<Directive, String> {
    let (guide, section) = found[1].split_once('/').unwrap_or((guide, &found[1]));
    let named: Vec<&str> = found.get(3).map_or("", |names| names.as_str()).split_whitespace().collect();
    if let Some(name) = named.iter().find(|name| LANGUAGES.iter().all(|language| language.fence != **name)) {
        return Err(format!("no language {name}"));
    }
    let is_only = found.get(2).is_some_and(|word| word.as_str() == "only");
    let languages = LANGUAGES.iter().filter(|language| named.is_empty() || named.contains(&language.fence) == is_only);
    Ok(Directive { guide: guide.to_owned(), section: section.to_owned(), languages: languages.collect() })
}

/// The sections of a file, without their common indentation.
fn sections(text: &str) -> Result<Sections, String> {
    let mut sections = Sections::new();
    let mut open: Option<(&str, Vec<&str>)> = None;
    for line in text.lines() {
        let Some(mark) = MARK.captures(line) else {
            if let Some((_, code)) = &mut open {
                code.push(line);
            }
            continue;
        };
        let (is_start, name) = (&mark[1] == "start", mark.get(2).map_or("", |name| name.as_str()));
        open = match (open, is_start) {
            (None, true) => Some((name, Vec::new())),
            (Some((started, code)), false) if started == name => {
                // A section may have several parts, such as the imports and the code.
                let section: &mut String = sections.entry(name.to_owned()).or_default();
                *section += if section.is_empty() { "" } else { "\n" };
                *section += &dedented(&code);
                None
            }
            _ => return Err(format!("`{name}` starts or ends at a wrong place")),
        };
    }
    open.map_or(Ok(sections), |(name, _)| Err(format!("the section `{name}` does not end")))
}

fn dedented(lines: &[&str]) -> String {
    let filled = lines.iter().filter(|line| !line.trim().is_empty());
    let margin = filled.map(|line| line.len() - line.trim_start().len()).min().unwrap_or(0);
    lines.iter().map(|line| line.get(margin..).unwrap_or("").trim_end().to_owned() + "\n").collect()
}

/// `exactly-once` as `ExactlyOnce`.
fn pascal(guide: &str) -> String {
    guide.split('-').map(|word| word[..1].to_uppercase() + &word[1..]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn snippets(languages: &[&'static str]) -> Snippets {
        let code = Sections::from([("pay".to_owned(), "pay()\n\ndone()\n".to_owned())]);
        let sections = languages.iter().map(|language| (("pay-once".to_owned(), *language), code.clone())).collect();
        Snippets { sections, findings: Vec::new() }
    }

    #[test]
    fn a_directive_becomes_one_tab_for_each_language() {
        let all = snippets(&["python", "kotlin", "swift", "rust"]);
        let (text, findings) = all.expand("page", "pay-once", "Before\n\n{{ code: pay }}\n\nAfter\n");
        assert_eq!(findings, [""; 0]);
        assert_eq!(text.matches("=== \"").count(), 4);
        assert!(text.contains("=== \"Kotlin\"\n\n    ```kotlin\n    pay()\n\n    done()\n    ```\n"), "{text}");
        let (text, _) = all.expand("page", "other", "{{ code: pay-once/pay only rust }}\n");
        assert_eq!(text, "```rust\npay()\n\ndone()\n```\n");
    }

    #[test]
    fn a_missing_section_or_language_is_a_finding() {
        let some = snippets(&["python", "kotlin", "rust"]);
        for (line, expected) in [
            (
                "{{ code: pay }}",
                "bindings-swift/Tests/KeySecureTests/Guides/PayOnceGuideTests.swift has no section `pay`",
            ),
            ("{{ code: refund only python }}", "has no section `refund`"),
            ("{{ code: pay except ruby }}", "no language ruby"),
            ("{{ code pay }}", "not understood"),
        ] {
            let (_, findings) = some.expand("page", "pay-once", line);
            assert!(findings.iter().any(|finding| finding.contains(expected)), "{line}: {findings:?}");
        }
        assert_eq!(some.expand("page", "pay-once", "{{ code: pay except swift }}").1, [""; 0]);
    }

    #[test]
    fn sections_lose_their_indentation_and_must_end() {
        let text = "fn a() {\n    // --8<-- [start:pay]\n    pay {\n\n        x\n    }\n    // --8<-- [end:pay]\n}\n";
        assert_eq!(sections(text).unwrap()["pay"], "pay {\n\n    x\n}\n");
        assert_eq!(sections(&text.repeat(2)).unwrap()["pay"], "pay {\n\n    x\n}\n\npay {\n\n    x\n}\n");
        for broken in ["# --8<-- [start:a]\n", "# --8<-- [end:a]\n", "# --8<-- [start:a]\n# --8<-- [end:b]\n"] {
            assert!(sections(broken).is_err(), "{broken}");
        }
    }

    #[test]
    fn code_that_no_page_shows_is_a_finding() {
        let some = snippets(&["python", "rust"]);
        assert_eq!(some.unused([("pay-once", "{{ code: pay }}")].into_iter()), [""; 0]);
        let unused = some.unused([("pay-once", "{{ code: pay only rust }}")].into_iter());
        assert_eq!(unused, ["pay-once: no page shows the python code `pay`"]);
    }
}
