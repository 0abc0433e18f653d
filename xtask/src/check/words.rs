//! Retired words: each use of one is an error that names its replacement. The list is `docs/retired-words.toml`.
//! Names of tests that are too long are errors as well.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use regex::RegexSet;
use toml::{Table, Value};

use super::result::CheckResult;
use super::test_names::TestNames;
use crate::run;

const LIST: &str = "docs/retired-words.toml";

/// Extensions of the files that are searched.
const EXTENSIONS: [&str; 9] = ["java", "kt", "md", "py", "pyi", "rs", "sh", "swift", "toml"];

/// Fails on each retired word and each test name that is too long, and prints its file and line.
pub fn check() -> CheckResult {
    let listed = fs::read_to_string(run::root().join(LIST)).map_err(|error| format!("{LIST}: {error}"));
    let findings = listed.and_then(|text| WordList::parse(&text)).and_then(|list| search(&list));
    let lines = findings.unwrap_or_else(|error| vec![error]);
    for line in &lines {
        println!("{line}");
    }
    CheckResult::from_passed(lines.is_empty())
}

/// All findings in the files that git tracks or would track.
fn search(list: &WordList) -> Result<Vec<String>, String> {
    let mut git = run::command("git");
    git.args(["ls-files", "--cached", "--others", "--exclude-standard"]);
    let files = run::output(&mut git).ok_or("git does not list the files")?;
    let test_names = TestNames::new()?;
    let mut findings = Vec::new();
    for file in files.lines() {
        let is_text = Path::new(file).extension().is_some_and(|end| EXTENSIONS.iter().any(|text| end == *text));
        // A tracked file may be deleted while its deletion is not committed.
        if is_text && let Ok(text) = fs::read_to_string(run::root().join(file)) {
            findings.extend(list.findings(file, &text));
            findings.extend(test_names.findings(file, &text));
        }
    }
    Ok(findings)
}

/// The retired words with their replacements.
struct WordList {
    patterns: RegexSet,
    words: Vec<Word>,
    /// Path prefixes that are not searched at all.
    except: Vec<String>,
    /// Established `snake_case` names that may contain a retired word.
    names: Vec<String>,
}

struct Word {
    replacement: String,
    /// Path prefixes or suffixes; if there are any, only these files are searched.
    only: Vec<String>,
    /// Path prefixes that may use the word.
    except: Vec<String>,
}

impl WordList {
    fn parse(text: &str) -> Result<Self, String> {
        let table: Table = text.parse().map_err(|error| format!("{LIST}: {error}"))?;
        let (mut patterns, mut words) = (Vec::new(), Vec::new());
        for entry in table.get("word").and_then(Value::as_array).into_iter().flatten() {
            let text = |key: &str| entry.get(key).and_then(Value::as_str);
            let (Some(pattern), Some(replacement)) = (text("pattern"), text("use")) else {
                return Err(format!("{LIST}: a word needs `pattern` and `use`: {entry:?}"));
            };
            patterns.push(pattern.to_owned());
            let (only, except) = (texts(entry.get("only")), texts(entry.get("except")));
            words.push(Word { replacement: replacement.to_owned(), only, except });
        }
        let patterns = RegexSet::new(patterns).map_err(|error| format!("{LIST}: {error}"))?;
        Ok(Self { patterns, words, except: texts(table.get("except")), names: texts(table.get("names")) })
    }

    /// The indices of the patterns that match the line, or the line with its `snake_case` names split into words: `\b` does
    /// not match at `_`.
    fn matches(&self, line: &str) -> BTreeSet<usize> {
        let mut found: BTreeSet<usize> = self.patterns.matches(line).into_iter().collect();
        if line.contains('_') {
            let others = self.names.iter().fold(line.to_owned(), |rest, name| rest.replace(name.as_str(), ""));
            found.extend(self.patterns.matches(&others.replace('_', " ")));
        }
        found
    }

    fn findings(&self, file: &str, text: &str) -> Vec<String> {
        let mut findings = Vec::new();
        if starts_with_any(file, &self.except) {
            return findings;
        }
        for (number, line) in text.lines().enumerate() {
            for index in self.matches(line) {
                let word = &self.words[index];
                let is_searched = word.only.is_empty()
                    || word.only.iter().any(|part| file.starts_with(part.as_str()) || file.ends_with(part.as_str()));
                if is_searched && !starts_with_any(file, &word.except) {
                    let pattern = &self.patterns.patterns()[index];
                    findings.push(format!("{file}:{}: `{pattern}`: {}", number + 1, word.replacement));
                }
            }
        }
        findings
    }
}

fn starts_with_any(file: &str, starts: &[String]) -> bool {
    starts.iter().any(|start| file.starts_with(start.as_str()))
}

fn texts(value: Option<&Value>) -> Vec<String> {
    value.and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::{LIST, WordList};
    use crate::run;

    const WORDS: &str = r#"
except = ["CHANGELOG.md"]
names = ["not_a_thing"]

[[word]]
pattern = '\bCourier\b'
use = "WebhookDispatcher"
except = ["docs/history/"]

[[word]]
pattern = '(?i)\bthing\b'
use = "name it"
only = [".md", "core/"]
"#;

    fn findings(file: &str, text: &str) -> Vec<String> {
        WordList::parse(WORDS).unwrap().findings(file, text)
    }

    #[test]
    fn a_finding_names_file_line_and_replacement() {
        let found = findings("sandbox/src/a.rs", "struct Couriers;\nstruct Courier;\n");
        assert_eq!(found, [r"sandbox/src/a.rs:2: `\bCourier\b`: WebhookDispatcher"]);
    }

    #[test]
    fn paths_limit_a_word_and_except_from_it() {
        assert_eq!(findings("docs/a.md", "A Thing").len(), 1);
        assert_eq!(findings("core/src/a.rs", "// a thing").len(), 1);
        assert!(findings("sandbox/src/a.rs", "// a thing").is_empty());
        assert!(findings("docs/history/a.md", "Courier").is_empty());
        assert!(findings("CHANGELOG.md", "Courier, thing").is_empty());
    }

    #[test]
    fn a_word_is_found_inside_a_snake_case_name() {
        assert_eq!(findings("core/src/a.rs", "fn nothing_is_a_thing_twice() {").len(), 1);
        assert!(findings("core/src/a.rs", "fn nothings() -> not_a_thing {").is_empty());
        assert_eq!(findings("core/src/a.rs", "a_thing(not_a_thing)").len(), 1);
    }

    #[test]
    fn the_committed_list_is_valid() {
        let list = WordList::parse(&fs::read_to_string(run::root().join(LIST)).unwrap()).unwrap();
        assert!(list.words.len() > 50);
    }

    #[test]
    fn a_word_without_replacement_is_an_error() {
        assert!(WordList::parse("[[word]]\npattern = 'x'\n").is_err());
        assert!(WordList::parse("[[word]]\npattern = '('\nuse = 'y'\n").is_err());
    }
}
