//! `cargo xtask parity`: the table of what each language has, `docs/parity.md`, and its check.

mod document;
mod generated;
mod rust;
mod scan;
mod sources;

use std::fs;

use regex::Regex;

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

/// Whether the page is up to date and each name in it is in the sources. Prints what is wrong.
pub fn is_up_to_date() -> bool {
    let findings = generated().and_then(|Document { page, mut findings }| {
        let path = run::root().join(PAGE);
        if fs::read_to_string(path).map_err(|error| format!("{PAGE}: {error}"))? != page {
            findings.push(format!("{PAGE} is out of date: run `cargo xtask parity`"));
        }
        Ok(findings)
    });
    let findings = findings.unwrap_or_else(|error| vec![error]);
    print(&findings);
    findings.is_empty()
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
    let mut sources = Sources::read(files)?;
    generated::add(&mut sources, files)?;
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

    /// The findings over the project's sources after changes: a file, a text in it, and what replaces it.
    fn findings(changes: &[(&str, &str, &str)]) -> Vec<String> {
        let mut files = files().unwrap();
        for (file, old, new) in changes {
            let text = files[*file].replacen(old, new, 1);
            assert_ne!(text, files[*file], "{file} has no {old}");
            files.insert((*file).to_owned(), text);
        }
        made(&std::fs::read_to_string(run::root().join(LIST)).unwrap(), &files).unwrap().findings
    }

    #[test]
    fn a_name_that_is_removed_is_found_in_every_language() {
        let kotlin = |file: &str| format!("bindings-kotlin/src/main/kotlin/io/keysecure/{file}");
        let (cards, builder) = (kotlin("Cards.kt"), kotlin("ClientBuilder.kt"));
        let removed = [
            ("bindings-python/python/keysecure/_native.pyi", "def freeze(", "python has no Cards.freeze"),
            (&cards, "fun freeze(", "kotlin has no Cards.freeze"),
            (&builder, "fun proxy(", "kotlin has no ClientBuilder.proxy"),
            ("bindings-ffi/src/cards.rs", "pub fn freeze(", "swift has no Cards.freeze"),
            ("bindings-ffi/src/client.rs", "pub app_id:", "swift has no Client.appID"),
            (
                "bindings-swift/Sources/KeySecure/Errors.swift",
                "public let rejection:",
                "swift has no KeySecureError.rejection",
            ),
            ("core/src/ffi_error.rs", "pub rejection:", "kotlin has no KeySecureException.rejection"),
        ];
        let changes = removed.map(|(file, text, _)| (file, text, text.rsplit(' ').next().unwrap_or_default()));
        let renamed: Vec<String> =
            changes.iter().map(|(_, text, name)| text.replace(name, &format!("no_{name}"))).collect();
        let changes: Vec<_> =
            changes.iter().zip(&renamed).map(|((file, old, _), new)| (*file, *old, new.as_str())).collect();
        let found = findings(&changes);
        for (_, _, finding) in removed {
            assert!(found.iter().any(|line| line.contains(finding)), "{finding}: {found:?}");
        }
        assert_eq!(found.len(), removed.len(), "{found:?}");
    }

    #[test]
    fn a_new_setting_or_call_of_the_core_needs_a_row_in_every_language() {
        let setting = "impl ClientBuilder {\n    pub fn colour(self) -> Self { self }\n";
        let call = "    LOANS_GET: 26 loans.get Get \"/v1/loan\" Read Token Both;\n}\n\nimpl Operation {";
        let found = findings(&[
            ("core/src/builder.rs", "impl ClientBuilder {\n", setting),
            (OPERATIONS, "}\n\nimpl Operation {", call),
        ]);
        for finding in [
            "python has no Client.colour",
            "kotlin has no ClientBuilder.colour",
            "swift has no Client.colour",
            "the call loans.get has no row",
        ] {
            assert!(found.iter().any(|line| line.contains(finding)), "{finding}: {found:?}");
        }
    }

    #[test]
    fn a_model_without_json_in_a_language_is_found() {
        let loan =
            "model! {\n    /// A loan.\n    pub struct Loan {\n        pub loan_no: String,\n    }\n}\n\nmodel! {\n";
        let found = findings(&[
            ("core/src/resources/accounts.rs", "model! {\n", loan),
            (
                "core/src/codec/model.rs",
                "            pub fn to_json(",
                "            pub fn to_xml() {}\n            pub fn to_json(",
            ),
        ]);
        let expected = ["python", "kotlin", "swift"].map(|language| {
            let names = if language == "python" { ["from_json", "to_json"] } else { ["fromJson", "toJson"] };
            let names = if language == "swift" { ["init(json:)", "json"] } else { names };
            names.map(|name| format!("{language} has no Loan.{name}"))
        });
        for finding in expected.iter().flatten().map(String::as_str).chain(["python has no Account.to_xml"]) {
            assert!(found.iter().any(|line| line.contains(finding)), "{finding}: {found:?}");
        }
        let unread = findings(&[("bindings-ffi/src/texts.rs", "    fee_from_json -> Fee,\n", "")]);
        assert!(unread.iter().any(|line| line.contains("kotlin has no Fee.fromJson")), "{unread:?}");
    }

    #[test]
    fn a_level_of_the_log_that_reaches_a_language_is_no_difference() {
        let level = |from: &str, to: &str| findings(&[("bindings-ffi/src/warnings.rs", from, to)]);
        let found = level("set_max_level(LevelFilter::Warn)", "set_max_level(LevelFilter::Info)");
        for finding in ["kotlin has Level.INFO", "swift has LogLevel.info"] {
            assert!(found.iter().any(|line| line.contains(finding)), "{finding}: {found:?}");
        }
        let found = level("set_max_level(LevelFilter::Warn)", "set_max_level(LevelFilter::Error)");
        assert!(found.iter().any(|line| line.contains("swift has no LogLevel.warning")), "{found:?}");
    }

    fn small(list: &str) -> (String, Vec<String>) {
        let files = [
            (OPERATIONS, "operations! {\n    CARDS_GET: 1 cards.get Get;\n}\n"),
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
