//! `cargo xtask parity`: the table of what each language has, `docs/parity.md`, and its check.

mod document;
mod rust;
mod scan;
mod sources;

use std::fs;

use regex::Regex;

use crate::check::CheckResult;
use crate::run;
use document::{Document, List, document};
use sources::{Files, Sources, files};

const PAGE: &str = "docs/parity.md";
const LIST: &str = "docs/parity.toml";
/// The operation table of the core: each call has a resource, whose type must be in the list.
const OPERATIONS: &str = "core/src/engine/operation.rs";

/// Writes the page.
pub fn run() -> bool {
    let written = generated().and_then(|Document { page, findings }| {
        print(&findings);
        fs::write(run::root().join(PAGE), page).map_err(|error| format!("{PAGE}: {error}"))?;
        Ok(findings.is_empty())
    });
    written.unwrap_or_else(|error| {
        eprintln!("{error}");
        false
    })
}

/// Fails if the page is out of date, or a name in it is not in the sources.
pub fn check() -> CheckResult {
    let findings = generated().and_then(|Document { page, mut findings }| {
        let path = run::root().join(PAGE);
        if fs::read_to_string(path).map_err(|error| format!("{PAGE}: {error}"))? != page {
            findings.push(format!("{PAGE} is out of date: run `cargo xtask parity`"));
        }
        Ok(findings)
    });
    let findings = findings.unwrap_or_else(|error| vec![error]);
    print(&findings);
    CheckResult::from_passed(findings.is_empty())
}

fn print(findings: &[String]) {
    for line in findings {
        println!("{line}");
    }
}

fn generated() -> Result<Document, String> {
    let list = fs::read_to_string(run::root().join(LIST)).map_err(|error| format!("{LIST}: {error}"))?;
    made(&list, &files()?)
}

fn made(list: &str, files: &Files) -> Result<Document, String> {
    let list = List::parse(list).map_err(|error| format!("{LIST}: {error}"))?;
    let sources = Sources::read(files)?;
    let mut document = document(&list, &sources);
    document.findings.extend(without_row(&list, &sources, files)?);
    Ok(document)
}

/// The calls of the operation table whose type has no section, or no such method.
fn without_row(list: &List, sources: &Sources, files: &Files) -> Result<Vec<String>, String> {
    let operation = Regex::new(r"(?m)^ +[A-Z_]+: \d+ (\w+)\.(\w+) ").map_err(|error| error.to_string())?;
    let text = files.get(OPERATIONS).map_or("", String::as_str);
    let types = list.types();
    let mut findings = Vec::new();
    let mut calls = 0;
    for found in operation.captures_iter(text) {
        let (resource, call) = (&found[1], &found[2]);
        calls += 1;
        let of = format!("{}{}", resource[..1].to_uppercase(), &resource[1..]);
        let has_row = sources.core.get(&of).is_some_and(|names| names.iter().any(|name| name == call));
        if !types.contains(&&*of) || !has_row {
            findings.push(format!("{LIST}: the call {resource}.{call} has no row: add its type to a section"));
        }
    }
    if calls == 0 {
        findings.push(format!("{OPERATIONS} lists no calls"));
    }
    Ok(findings)
}

#[cfg(test)]
mod tests {
    use super::sources::{Files, files};
    use super::{LIST, OPERATIONS, made};
    use crate::run;

    /// The findings over the project's sources after a change of one of them.
    fn findings(file: &str, change: impl Fn(&str) -> String) -> Vec<String> {
        let mut files = files().unwrap();
        let text = change(&files[file]);
        assert_ne!(text, files[file], "{file} is changed");
        files.insert(file.to_owned(), text);
        made(&std::fs::read_to_string(run::root().join(LIST)).unwrap(), &files).unwrap().findings
    }

    #[test]
    fn a_name_that_is_removed_is_found_in_every_language() {
        for (file, old, new, finding) in [
            ("bindings-python/python/keysecure/_native.pyi", "def freeze(", "def ice(", "python has no Cards.freeze"),
            (
                "bindings-kotlin/src/main/kotlin/io/keysecure/Cards.kt",
                "fun freeze(",
                "fun ice(",
                "kotlin has no Cards.freeze",
            ),
            (
                "bindings-kotlin/src/main/kotlin/io/keysecure/ClientBuilder.kt",
                "fun clock(",
                "fun watch(",
                "kotlin has no ClientBuilder.clock",
            ),
            ("bindings-ffi/src/cards.rs", "fn freeze(", "fn ice(", "swift has no Cards.freeze"),
            ("bindings-ffi/src/client.rs", "pub app_id:", "app_id:", "swift has no Client.appId"),
            (
                "bindings-swift/Sources/KeySecure/Errors.swift",
                "let rejection:",
                "let refusal:",
                "swift has no KeySecureError.rejection",
            ),
            ("core/src/ffi_error.rs", "pub rejection:", "pub refusal:", "kotlin has no KeySecureException.rejection"),
        ] {
            let found = findings(file, |text| text.replace(old, new));
            assert!(found.iter().any(|line| line.contains(finding)), "{finding}: {found:?}");
        }
    }

    #[test]
    fn a_new_setting_or_call_of_the_core_needs_a_row_in_every_language() {
        let setting = "impl ClientBuilder {\n    pub fn colour(self) -> Self { self }\n";
        let found = findings("core/src/builder.rs", |text| text.replacen("impl ClientBuilder {\n", setting, 1));
        for name in ["python has no Client.colour", "kotlin has no ClientBuilder.colour", "swift has no Client.colour"]
        {
            assert!(found.iter().any(|line| line.contains(name)), "{name}: {found:?}");
        }
        let call = "    LOANS_GET: 26 loans.get Get \"/v1/loan\" Read Token Both;\n}\n\nimpl Operation {";
        let found = findings(OPERATIONS, |text| text.replacen("}\n\nimpl Operation {", call, 1));
        assert!(found.iter().any(|line| line.contains("the call loans.get has no row")), "{found:?}");
    }

    fn small(list: &str) -> (String, Vec<String>) {
        let files = [
            (OPERATIONS, "    CARDS_GET: 1 cards.get Get"),
            ("core/src/a.rs", "pub struct Cards; impl Cards { pub fn new() -> Self {} pub fn get(&self) {} }"),
            ("bindings-python/a.py", "class Cards:\n    def get(self):\n    def extra(self):\n"),
            ("bindings-kotlin/a.kt", "public class Cards {\n    public fun fetch() {}\n}\n"),
            ("bindings-ffi/src/a.rs", "pub struct Cards; impl Cards { pub fn get(&self) {} }"),
        ];
        let files: Files = files.into_iter().map(|(file, text)| (file.to_owned(), text.to_owned())).collect();
        let document = made(list, &files).unwrap();
        (document.page, document.findings)
    }

    const SECTION: &str = "[[section]]\ntitle = \"Calls\"\ntypes = [\"Cards\"]\n";

    #[test]
    fn a_row_has_the_name_of_each_language() {
        let (page, findings) = small(&format!("{SECTION}[names.\"Cards::get\"]\nkotlin = \"Cards.fetch\"\n"));
        assert!(findings.is_empty(), "{findings:?}");
        assert!(page.contains("| `Cards::get` | `Cards.get` | `Cards.fetch` | `Cards.get` |\n"), "{page}");
        assert!(page.contains("| `Cards::new` | `Cards` | `Cards` | `Cards` |\n"), "{page}");
    }

    #[test]
    fn a_difference_needs_a_reason_and_must_be_one() {
        let difference = |missing: &str, reason: &str| {
            small(&format!("{SECTION}[differences.\"Cards::get\"]\nmissing = [\"{missing}\"]\nreason = \"{reason}\"\n"))
        };
        let (page, findings) = difference("kotlin", "no use");
        assert!(findings.is_empty(), "{findings:?}");
        assert!(page.contains("| `Cards.get` | – (1) | `Cards.get` |\n\n1. no use\n"), "{page}");
        assert!(difference("kotlin", "").1[0].contains("needs `missing` and a `reason`"));
        assert!(difference("python", "no use").1.iter().any(|line| line.contains("is no difference")));
    }

    #[test]
    fn what_the_core_does_not_have_has_a_row_with_a_reason() {
        let only = "[[only]]\nsection = \"Calls\"\npython = \"Cards.extra\"\nreason = \"of Python's\"\n";
        let names = "[names.\"Cards::get\"]\nkotlin = \"Cards.fetch\"\n";
        let (page, findings) = small(&format!("{SECTION}{only}{names}"));
        assert!(findings.is_empty(), "{findings:?}");
        assert!(page.contains("| – (1) | `Cards.extra` | – (1) | – (1) |\n\n1. of Python's\n"), "{page}");
        let (_, findings) = small(&format!("{SECTION}{}{names}", only.replace("extra", "gone")));
        assert_eq!(findings, ["docs/parity.toml: python has no Cards.gone"]);
    }
}
