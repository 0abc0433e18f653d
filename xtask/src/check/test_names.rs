//! Lengths of the names of tests: each is a sentence that fits on one line of a report.

use std::path::Path;

use regex::Regex;

/// The maximum length of a name, in characters, without the prefix `test`.
const MAX_LENGTH: usize = 70;

/// A declaration of a test by the extension of its file. Its group is the name without the prefix `test`.
const DECLARATIONS: [(&str, &str); 4] = [
    ("kt", r"@Test\s+(?:@\w+(?:\([^)]*\))?\s+)*(?:\w+\s+)*fun\s+`?([^`(]+)`?\("),
    ("py", r"(?m)^\s*(?:async\s+)?def\s+test_(\w+)\("),
    ("rs", r"#\[test\]\s+(?:#\[[^\]]*\]\s+)*fn\s+(\w+)\("),
    ("swift", r"\bfunc\s+test(\w+)\("),
];

/// Finds the tests whose names are too long.
pub struct TestNames(Vec<(&'static str, Regex)>);

impl TestNames {
    pub fn new() -> Result<Self, String> {
        let declarations = DECLARATIONS.into_iter().map(|(extension, pattern)| {
            Regex::new(pattern).map(|regex| (extension, regex)).map_err(|error| error.to_string())
        });
        declarations.collect::<Result<_, _>>().map(Self)
    }

    /// One line for each name that is too long, with the line of its file.
    pub fn findings(&self, file: &str, text: &str) -> Vec<String> {
        let extension = Path::new(file).extension().and_then(|extension| extension.to_str());
        let declarations = self.0.iter().filter(|(known, _)| extension == Some(*known));
        let names = declarations.flat_map(|(_, regex)| regex.captures_iter(text)).filter_map(|found| found.get(1));
        let too_long = names.filter(|name| name.as_str().chars().count() > MAX_LENGTH);
        too_long
            .map(|name| {
                let line = text[..name.start()].matches('\n').count() + 1;
                let length = name.as_str().chars().count();
                format!("{file}:{line}: the test name has {length} characters, at most {MAX_LENGTH}: {}", name.as_str())
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::{MAX_LENGTH, TestNames};

    fn lines(file: &str, text: &str) -> Vec<String> {
        TestNames::new().unwrap().findings(file, text)
    }

    #[test]
    fn a_name_of_one_character_too_many_is_found_in_every_language() {
        for (file, before, after) in [
            ("a.rs", "\n#[test]\n#[cfg(unix)]\nfn ", "() {}"),
            ("a.py", "import x\n\n\ndef test_", "(env: Env) -> None:\n"),
            ("a.kt", "class A {\n    @Test\n    fun `", "`() {}\n}"),
            ("a.kt", "class A {\n    @Test\n    fun ", "() {}\n}"),
            ("A.swift", "class A {\n\n    func test", "() throws {}\n}"),
        ] {
            let found = |length: usize| lines(file, &format!("{before}{}{after}", "n".repeat(length)));
            assert!(found(MAX_LENGTH).is_empty(), "{file}");
            let line = before.matches('\n').count() + 1;
            let expected = format!("{file}:{line}: the test name has 71 characters, at most 70: {}", "n".repeat(71));
            assert_eq!(found(MAX_LENGTH + 1), [expected]);
        }
    }

    #[test]
    fn names_of_other_functions_may_be_longer() {
        assert!(lines("a.rs", &format!("fn {}() {{}}", "n".repeat(71))).is_empty());
        assert!(lines("a.md", &format!("#[test]\nfn {}() {{}}", "n".repeat(71))).is_empty());
    }
}
