//! The names of each language, from its sources.
//!
//! The calls of Swift are generated from the objects of `bindings-ffi`; so are the fields of Kotlin's exception, from a record
//! of the core. For these, the Rust they are generated from is the source.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use regex::Regex;

use super::rust::{self, Members};
use super::scan::{Names, Scanner};
use crate::run;

/// The records whose fields are parameters of a constructor in Swift, and its type.
const OPTIONS: [(&str, &str); 2] = [("ClientOptions", "Client"), ("WebhookOptions", "WebhookVerifier")];

/// The names of Swift that follow no rule, in the generator.
const SWIFT_NAMES: &str = "bindings-ffi/bindgen/src/patches/swift_names.rs";

/// The list of records that are public in Kotlin, in the generator.
const KOTLIN_RECORDS: &str = "bindings-ffi/bindgen/src/kotlin/public_records.rs";

/// The generators of the functions that read and write models.
pub const KOTLIN_READER: &str = "bindings-ffi/bindgen/src/patches/kotlin_records.rs";
pub const SWIFT_MODELS: &str = "bindings-ffi/bindgen/src/swift/models.rs";

/// The generator of the initializers of a client of a relay.
pub const SWIFT_RELAY: &str = "bindings-ffi/bindgen/src/swift/relay.rs";

/// The record of the core whose fields Kotlin's exception has.
const ERROR_DETAILS: &str = "ErrorDetails";

/// The text of all sources, by path.
pub type Files = BTreeMap<String, String>;

/// The files that declare the public names of a language.
pub fn files() -> Result<Files, String> {
    let folders = [
        "core/src/*.rs",
        "bindings-ffi/src/*.rs",
        "bindings-python/src/log.rs",
        "bindings-python/python/keysecure/*.py",
        "bindings-python/python/keysecure/*.pyi",
        "bindings-kotlin/src/main/kotlin/*.kt",
        "bindings-ffi/bindgen/src/kotlin/*.template.kt",
        "bindings-swift/Sources/KeySecure/*.swift",
    ];
    let mut git = run::command("git");
    git.args(["ls-files", "--cached", "--others", "--exclude-standard"])
        .args(folders)
        .args([SWIFT_NAMES, KOTLIN_READER, SWIFT_MODELS, SWIFT_RELAY])
        .arg(KOTLIN_RECORDS);
    let listed = run::output(&mut git).ok_or("git does not list the files")?;
    // Python's asyncio package and its command line have their own names.
    let skipped = |file: &str| file.contains("/aio/") || file.contains("/cli/") || file.ends_with("/tests.rs");
    let read = |file: &str| {
        let text = fs::read_to_string(run::root().join(file)).map_err(|error| format!("{file}: {error}"))?;
        Ok((file.to_owned(), text))
    };
    listed.lines().filter(|file| !skipped(file)).map(read).collect()
}

/// The public names of the core, and those that each language has.
pub struct Sources {
    pub core: Members,
    pub python: Names,
    pub kotlin: Names,
    pub swift: Names,
    /// The objects of responses, which all have the members of the type `Model`; see `generated.rs`.
    pub models: Vec<String>,
    /// Names in Swift that follow no rule.
    swift_names: BTreeMap<String, String>,
}

impl Sources {
    pub fn read(files: &Files) -> Result<Self, String> {
        let mut sources = Self {
            core: rust_members(files, "core/src/", false)?,
            python: scanned(files, "bindings-python/", &Scanner::python()?),
            kotlin: scanned(files, "bindings-kotlin/", &Scanner::kotlin()?),
            swift: scanned(files, "bindings-swift/", &Scanner::swift()?),
            models: Vec::new(),
            swift_names: swift_names(files)?,
        };
        sources.kotlin.extend(scanned(files, "bindings-ffi/bindgen/", &Scanner::kotlin()?));
        for field in sources.core.get(ERROR_DETAILS).into_iter().flatten() {
            sources.kotlin.insert(format!("KeySecureException.{}", camel(field)));
        }
        let records = Regex::new(r"data class (\w+) \(").map_err(|error| error.to_string())?;
        let records = records.captures_iter(files.get(KOTLIN_RECORDS).map_or("", String::as_str));
        let records: Vec<&str> = records.filter_map(|found| Some(found.get(1)?.as_str())).collect();
        for (of, members) in rust_members(files, "bindings-ffi/src/", true)? {
            if records.contains(&of.as_str()) {
                sources.kotlin.extend(members.iter().map(|member| format!("{of}.{}", camel(member))));
            }
            let of = OPTIONS.iter().find(|(options, _)| *options == of).map_or(of.as_str(), |(_, of)| of);
            let of = sources.swift_type(of);
            for member in members {
                let member = sources.swift_member(&member);
                sources.swift.insert(if of.is_empty() { member } else { format!("{of}.{member}") });
            }
            sources.swift.insert(of);
        }
        Ok(sources)
    }

    /// The name of a type in Swift.
    pub fn swift_type(&self, of: &str) -> String {
        self.swift_names.get(of).cloned().unwrap_or_else(|| of.to_owned())
    }

    /// The name of a method or field in Swift.
    pub fn swift_member(&self, name: &str) -> String {
        let name = camel(name);
        self.swift_names.get(&name).cloned().unwrap_or(name)
    }
}

fn rust_members(files: &Files, folder: &str, parameters: bool) -> Result<Members, String> {
    let mut members = Members::new();
    for (file, text) in files.iter().filter(|(file, _)| file.starts_with(folder)) {
        rust::read(text, parameters, &mut members).map_err(|error| format!("{file}: {error}"))?;
    }
    Ok(members)
}

fn scanned(files: &Files, folder: &str, scanner: &Scanner) -> Names {
    let mut names = Names::new();
    let is_rust = |file: &str| Path::new(file).extension().is_some_and(|extension| extension == "rs");
    for (_, text) in files.iter().filter(|(file, _)| file.starts_with(folder) && !is_rust(file)) {
        scanner.read(text, &mut names);
    }
    names
}

fn swift_names(files: &Files) -> Result<BTreeMap<String, String>, String> {
    let pair = Regex::new(r#"^ +\("(\w+)", "(\w+)"\),$"#).map_err(|error| error.to_string())?;
    // Two names of public methods are not UniFFI's: see `swift_name` of the generator.
    let mut names: BTreeMap<String, String> =
        [("shutdown", "close"), ("fromEnv", "fromEnvironment")].map(|(one, other)| (one.into(), other.into())).into();
    let text = files.get(SWIFT_NAMES).map_or("", String::as_str);
    let found = text.lines().filter_map(|line| pair.captures(line));
    names.extend(found.map(|found| (found[1].to_owned(), found[2].to_owned())));
    Ok(names)
}

/// `snake_case` as `camelCase`.
pub fn camel(name: &str) -> String {
    let mut words = name.split('_');
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |name, word| {
        let mut letters = word.chars();
        let head: String = letters.next().into_iter().flat_map(char::to_uppercase).collect();
        name + &head + letters.as_str()
    })
}
