//! The version, which `Cargo.toml` declares: manifests of other tools and install lines repeat it. They are written from it, and
//! `cargo xtask check version` compares them.

use std::fs;
use std::path::Path;

use regex::{Captures, Regex};
use toml::Table;

use crate::run;

/// The text between the two groups of a pattern.
#[derive(Clone, Copy)]
enum Form {
    /// The version.
    Exact,
    /// The range of the versions that are compatible with it, as Python writes it.
    Range,
}

/// The ends of the files' names with what surrounds a version there.
const PATTERNS: [(&str, &str, Form); 10] = [
    ("Cargo.toml", r#"(?m)^(version = ")[^"]+(")"#, Form::Exact),
    ("Cargo.toml", r#"(?m)^(keysecure[\w-]* = \{ path = "[\w-]+", version = "=)[^"]+(")"#, Form::Exact),
    ("pyproject.toml", r#"("keysecure[\w-]*)>=[^"]+(")"#, Form::Range),
    ("pom.xml", COORDINATES, Form::Exact),
    ("README.md", COORDINATES, Form::Exact),
    ("README.md", GRADLE, Form::Exact),
    ("index.md", GRADLE, Form::Exact),
    ("openapi.json", r#"(?m)^(    "version": ")[^"]+(")"#, Form::Exact),
    ("README.md", SWIFT, Form::Exact),
    ("Package.swift", SWIFT, Form::Exact),
];

const COORDINATES: &str =
    r"(<groupId>io\.keysecure[.\w]*</groupId>\s*<artifactId>[\w-]+</artifactId>\s*<version>)\d[^<]*(</version>)";

/// Coordinates as Gradle writes them.
const GRADLE: &str = r"(io\.keysecure:[\w-]+:)\d+\.\d+\.\d+(?:-[\w.]+)?()";

/// A package by its URL, in a manifest or in the README.
const SWIFT: &str = r#"(\.package\(url: [^)]*, from: ")[^"]+(")"#;

/// The manifests with an address of the repository that `Cargo.toml` cannot give them.
const ADDRESSES: [&str; 5] = [
    "bindings-python/pyproject.toml",
    "bindings-python/sandbox/pyproject.toml",
    "bindings-kotlin/pom.xml",
    "bindings-kotlin/sandbox/pom.xml",
    "bindings-kotlin/android/pom.xml",
];

/// Whether all files have the version and the repository of `Cargo.toml`. Prints those that do not.
pub fn is_consistent() -> bool {
    let Some((version, repository)) = declared() else { return false };
    let others = outdated(&version);
    for (file, _) in &others {
        eprintln!("{file} does not have the version {version} of Cargo.toml: run `cargo xtask set-version {version}`");
    }
    let elsewhere: Vec<_> = ADDRESSES.iter().filter(|file| !read(file).contains(&repository)).collect();
    for file in &elsewhere {
        eprintln!("{file} does not name the repository of Cargo.toml, {repository}");
    }
    others.is_empty() && elsewhere.is_empty()
}

/// Writes the version into all files, and the lock files after them. `false` after a failure, which is printed.
pub fn set(version: &str) -> bool {
    let written = outdated(version).into_iter().all(|(file, text)| {
        println!("{file}: {version}");
        fs::write(run::root().join(&file), text).map_err(|error| eprintln!("{file}: {error}")).is_ok()
    });
    let locks = ["update --workspace", "update --workspace --manifest-path tests/fuzz/Cargo.toml"];
    written && locks.iter().all(|update| run::passes(&mut run::cargo(update)))
}

/// The version of `Cargo.toml`.
pub fn current() -> Option<String> {
    declared().map(|(version, _)| version)
}

/// The address of the repository.
pub fn repository() -> Option<String> {
    declared().map(|(_, repository)| repository)
}

fn declared() -> Option<(String, String)> {
    let manifest: Table = read("Cargo.toml").parse().ok()?;
    let package = manifest.get("workspace")?.get("package")?;
    let text = |name: &str| package.get(name).and_then(toml::Value::as_str).map(str::to_owned);
    Some((text("version")?, text("repository")?))
}

/// A version such as `1.2.3` or `1.2.3-rc.1`. Python spells other candidates in ways of its own.
pub fn parse(text: &str) -> Result<String, &'static str> {
    let (numbers, candidate) = text.split_once('-').map_or((text, None), |(numbers, rest)| (numbers, Some(rest)));
    let is_number = |part: &str| {
        let has_digits = !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        has_digits && (part == "0" || !part.starts_with('0'))
    };
    let is_version = numbers.split('.').count() == 3 && numbers.split('.').all(is_number);
    let is_candidate = |text: &str| {
        text.split_once('.').is_some_and(|(kind, number)| ["alpha", "beta", "rc"].contains(&kind) && is_number(number))
    };
    if is_version && candidate.is_none_or(is_candidate) {
        Ok(text.to_owned())
    } else {
        Err("it must be like 1.2.3, 1.2.3-alpha.1, 1.2.3-beta.1 or 1.2.3-rc.1")
    }
}

/// The files that do not have this version, with the text that they should have.
fn outdated(version: &str) -> Vec<(String, String)> {
    let listed = run::output(run::command("git").arg("ls-files")).unwrap_or_default();
    let texts = listed.lines().map(|file| (file.to_owned(), read(file)));
    let changed = texts.filter_map(|(file, text)| {
        let expected = with_version(&file, &text, version);
        (expected != text).then_some((file, expected))
    });
    changed.collect()
}

fn with_version(file: &str, text: &str, version: &str) -> String {
    let name = Path::new(file).file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    // The members of the workspace inherit their version.
    let patterns = PATTERNS.iter().filter(|(end, _, _)| name.ends_with(end) && (name != "Cargo.toml" || file == name));
    patterns.fold(text.to_owned(), |text, (_, pattern, form)| {
        let Ok(pattern) = Regex::new(pattern) else { return text };
        let new = match form {
            Form::Exact => version.to_owned(),
            Form::Range => range(version),
        };
        pattern.replace_all(&text, |found: &Captures<'_>| format!("{}{new}{}", &found[1], &found[2])).into_owned()
    })
}

/// The versions from this one to the next that may break programs.
fn range(version: &str) -> String {
    let numbers: Vec<u64> = version.split(['.', '-']).filter_map(|part| part.parse().ok()).collect();
    match numbers[..] {
        [0, minor, ..] => format!(">={version},<0.{}", minor + 1),
        [major, ..] => format!(">={version},<{}", major + 1),
        [] => String::new(),
    }
}

fn read(file: &str) -> String {
    fs::read_to_string(run::root().join(file)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::{is_consistent, parse, range, with_version};

    #[test]
    fn every_manifest_has_the_version_of_the_workspace() {
        assert!(is_consistent());
    }

    #[test]
    fn versions_are_written_where_they_are_ours_only() {
        let cargo = "[workspace.package]\nversion = \"0.1.0\"\n\nkeysecure = { path = \"core\", version = \"=0.1.0\" }\n\
                     ureq = { version = \"~3.5.1\" }\n";
        let expected = cargo.replace("0.1.0", "0.2.0");
        assert_eq!(with_version("Cargo.toml", cargo, "0.2.0"), expected);
        assert_eq!(with_version("core/Cargo.toml", cargo, "0.2.0"), cargo);
        let pom = "<groupId>io.keysecure</groupId>\n  <artifactId>keysecure</artifactId>\n  <version>0.1.0</version>\n\
                   <groupId>net.java.dev.jna</groupId>\n<artifactId>jna</artifactId>\n<version>0.1.0</version>\n";
        assert_eq!(with_version("a/pom.xml", pom, "0.2.0"), pom.replacen("0.1.0", "0.2.0", 1));
        let python = "sandbox = [\"keysecure-sandbox>=0.1.0,<0.2\"]\ncli = [\"rich>=13.7,<16\"]\n";
        assert_eq!(with_version("pyproject.toml", python, "1.0.0"), python.replace("0.1.0,<0.2", "1.0.0,<2"));
        let document = "  \"info\": {\n    \"version\": \"0.1.0\"\n  },\n      \"version\": \"0.1.0\"\n";
        assert_eq!(with_version("docs/openapi.json", document, "0.2.0"), document.replacen("0.1.0", "0.2.0", 1));
        let page = "`io.keysecure:keysecure:0.1.0`, `org.example:one:0.1.0`";
        assert_eq!(with_version("docs/index.md", page, "0.2.0"), page.replacen("0.1.0", "0.2.0", 1));
        let swift = r#".package(url: repository, from: "0.1.0")"#;
        assert_eq!(with_version("a/Package.swift", swift, "0.2.0"), swift.replace("0.1.0", "0.2.0"));
    }

    #[test]
    fn a_range_ends_before_the_next_incompatible_version() {
        assert_eq!(range("0.1.2"), ">=0.1.2,<0.2");
        assert_eq!(range("1.4.0"), ">=1.4.0,<2");
    }

    #[test]
    fn a_version_has_three_numbers() {
        assert!(parse("0.1.0").is_ok() && parse("1.2.3-rc.1").is_ok());
        let others =
            ["1.2", "v1.2.3", "1.2.3-", "1..3", "", "1.2.03", "1.2.3-rc", "1.2.3-rc.01", "1.2.3-pre.1", "1.2.3-1"];
        assert!(others.iter().all(|text| parse(text).is_err()));
    }
}
