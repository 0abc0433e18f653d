//! The names that a macro or a generator makes for every object of a response, and the levels of the log.

use std::collections::BTreeSet;

use regex::Regex;

use super::scan::Names;
use super::sources::{Files, KOTLIN_READER, SWIFT_MODELS, SWIFT_RELAY, Sources};

/// The type whose members every object of a response has.
pub const MODEL: &str = "Model";

/// The macro that declares the objects of responses.
const MACRO: &str = "core/src/codec/model.rs";
/// The list of the functions that read them, from which the languages beside Python get theirs.
const READERS: &str = "bindings-ffi/src/texts.rs";
const KOTLIN_WRITER: &str = "bindings-kotlin/src/main/kotlin/io/keysecure/model/JsonModel.kt";

/// The levels of the `log` facade, from the most serious.
const LEVELS: [&str; 4] = ["Error", "Warn", "Info", "Debug"];

/// The languages with the files that choose the lowest level which reaches them, and the names of the levels there.
const LOGS: [(&str, &str, [&str; 4]); 3] = [
    ("python", "bindings-python/src/log.rs", ["logging.ERROR", "logging.WARNING", "logging.INFO", "logging.DEBUG"]),
    ("kotlin", "bindings-ffi/src/warnings.rs", ["Level.SEVERE", "Level.WARNING", "Level.INFO", "Level.FINE"]),
    (
        "swift",
        "bindings-ffi/src/warnings.rs",
        ["LogLevel.error", "LogLevel.warning", "LogLevel.info", "LogLevel.debug"],
    ),
];

/// Adds the names of the objects of responses, the levels of the log, and the initializers of Swift that have a label of their own.
pub fn add(sources: &mut Sources, files: &Files) -> Result<(), String> {
    add_models(sources, files)?;
    let relay = found(files, SWIFT_RELAY, r#"CONSTRUCTOR: &str = "(\w+)""#)?;
    sources.swift.extend(relay.iter().map(|label| format!("Client.init({label}:)")));
    add_levels(sources, files)
}

fn add_models(sources: &mut Sources, files: &Files) -> Result<(), String> {
    // A secret one has no JSON.
    let declared = r"(?m)^model! \{\n(?:    (?:///|#).*\n)*    pub struct (\w+) \{";
    sources.models = in_folder(files, "core/src/", declared)?;
    sources.models.sort();
    sources.core.insert(MODEL.to_owned(), found(files, MACRO, r"(?m)^ {12}pub fn (\w+)\(")?);
    let python = in_folder(files, "bindings-python/", r"(?m)^class (\w+)\(_Model\)")?;
    let inherited: Vec<String> =
        sources.python.iter().filter_map(|name| name.strip_prefix("_Model.").map(str::to_owned)).collect();
    extend(&mut sources.python, &python, &inherited);
    let readable = found(files, READERS, r"\w+_from_json -> (\w+),")?;
    let mut kotlin = found(files, KOTLIN_READER, r"(?m)^ +fun (\w+)\(")?;
    kotlin.extend(found(files, KOTLIN_WRITER, r"fun (\w+)\(")?);
    extend(&mut sources.kotlin, &readable, &kotlin);
    let mut swift = found(files, SWIFT_MODELS, r"public var (json):")?;
    swift.extend(
        found(files, SWIFT_MODELS, r"public init\((json): JSON\)")?.iter().map(|label| format!("init({label}:)")),
    );
    swift.extend(found(files, SWIFT_MODELS, r"extension \{name\}: (Codable)")?);
    extend(&mut sources.swift, &readable, &swift);
    Ok(())
}

fn add_levels(sources: &mut Sources, files: &Files) -> Result<(), String> {
    let used = in_folder(files, "core/src/", r"\bLevel::(\w+)\b")?;
    let used: Vec<String> =
        LEVELS.iter().filter(|level| used.iter().any(|name| name == *level)).map(ToString::to_string).collect();
    sources.core.insert("log::Level".to_owned(), used);
    for (language, file, names) in LOGS {
        let lowest = found(files, file, r"set_max_level\(LevelFilter::(\w+)\)")?;
        let count =
            LEVELS.iter().position(|level| lowest.iter().any(|name| name == level)).map_or(0, |place| place + 1);
        let reaching = names.into_iter().take(count).map(str::to_owned);
        match language {
            "python" => sources.python.extend(reaching),
            "kotlin" => sources.kotlin.extend(reaching),
            _ => sources.swift.extend(reaching),
        }
    }
    Ok(())
}

fn extend(names: &mut Names, types: &[String], members: &[String]) {
    names.extend(types.iter().flat_map(|of| members.iter().map(move |member| format!("{of}.{member}"))));
}

/// What the first group of a pattern finds in the Rust and Python sources below a folder, each once.
fn in_folder(files: &Files, folder: &str, pattern: &str) -> Result<Vec<String>, String> {
    let mut all = BTreeSet::new();
    for file in files.keys().filter(|file| file.starts_with(folder)) {
        all.extend(found(files, file, pattern)?);
    }
    Ok(all.into_iter().collect())
}

/// What the groups of a pattern find in a file.
fn found(files: &Files, file: &str, pattern: &str) -> Result<Vec<String>, String> {
    let regex = Regex::new(pattern).map_err(|error| error.to_string())?;
    let text = files.get(file).map_or("", String::as_str);
    let groups = regex.captures_iter(text).filter_map(|found| found.iter().skip(1).flatten().next());
    Ok(groups.map(|group| group.as_str().to_owned()).collect())
}
