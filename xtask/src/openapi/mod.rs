//! `cargo xtask openapi`: the OpenAPI document `docs/openapi.json`, made from the core's operation table and models, and its
//! check. The sandbox serves a copy, which is in its crate so that the crate can be packaged.

mod codes;
mod declarations;
mod document;
mod rules;
mod schema;
mod suite;
mod types;

use std::fs;
use std::path::Path;

use declarations::Declarations;

use crate::run;

pub use suite::test;

/// The document and its copy.
const FILES: [&str; 2] = ["docs/openapi.json", "sandbox/src/control/openapi.json"];
const SOURCES: &str = "core/src";

/// Writes the document.
pub fn run() -> bool {
    let written = generated().and_then(|text| {
        FILES
            .iter()
            .try_for_each(|file| fs::write(run::root().join(file), &text).map_err(|error| format!("{file}: {error}")))
    });
    written.map_err(|error| eprintln!("{error}")).is_ok()
}

/// Whether the document is up to date. Prints what is wrong.
pub fn is_up_to_date() -> bool {
    let expected = match generated() {
        Ok(text) => text,
        Err(error) => {
            println!("{error}");
            return false;
        }
    };
    let stale = FILES.iter().filter(|file| fs::read_to_string(run::root().join(file)).ok().as_ref() != Some(&expected));
    let stale: Vec<_> = stale.map(|file| format!("{file} is out of date: run `cargo xtask openapi`")).collect();
    for line in &stale {
        println!("{line}");
    }
    stale.is_empty()
}

fn generated() -> Result<String, String> {
    let mut declared = Declarations::default();
    read_folder(&run::root().join(SOURCES), &mut declared)?;
    let document = document::document(&declared)?;
    serde_json::to_string_pretty(&document).map(|text| text + "\n").map_err(|error| error.to_string())
}

/// Reads all sources below a folder, in the order of their names.
fn read_folder(folder: &Path, declared: &mut Declarations) -> Result<(), String> {
    let entries = fs::read_dir(folder).map_err(|error| format!("{}: {error}", run::relative(folder)))?;
    let mut paths: Vec<_> = entries.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    for path in paths {
        let failed = |error: &dyn std::fmt::Display| format!("{}: {error}", run::relative(&path));
        if path.is_dir() {
            read_folder(&path, declared)?;
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&path).map_err(|error| failed(&error))?;
            declared.read(&text).map_err(|error| failed(&error))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::{FILES, generated};
    use crate::run;

    fn document() -> Value {
        serde_json::from_str(&generated().unwrap()).unwrap()
    }

    #[test]
    fn the_document_has_every_call_and_every_webhook() {
        let document = document();
        let operations = document["paths"].as_object().unwrap().values().flat_map(|path| path.as_object().unwrap());
        let mut numbers: Vec<_> = operations.map(|(_, operation)| operation["x-number"].as_u64().unwrap()).collect();
        numbers.sort_unstable();
        assert_eq!(numbers, (1..=25).collect::<Vec<_>>());
        let webhooks: Vec<_> = document["webhooks"].as_object().unwrap().keys().collect();
        assert_eq!(webhooks, ["Auth", "Card_update", "Consumption"]);
    }

    #[test]
    fn what_is_inferred_is_marked() {
        let document = document();
        let schemas = &document["components"]["schemas"];
        for (schema, field) in [("TransferRecord", "time"), ("Consumption", "remark"), ("CardholderCard", "status")] {
            assert_eq!(schemas[schema]["properties"][field]["x-inferred"], true, "{schema}.{field}");
        }
        for documented in [&schemas["TransferRecord"]["properties"]["status"], &schemas["Card"]["properties"]["status"]]
        {
            assert_eq!(documented.get("x-inferred"), None);
        }
        assert_eq!(document["paths"]["/v1/simulate/auth"]["post"]["x-inferred"], true);
        assert_eq!(document["paths"]["/v1/merchant/pci/card/detail"]["post"]["x-inferred"], true);
        assert_eq!(document["paths"]["/v1/card/apply"]["post"].get("x-inferred"), None);
    }

    #[test]
    fn every_reference_leads_to_a_component() {
        fn visit(value: &Value, found: &mut Vec<String>) {
            match value {
                Value::Object(fields) => {
                    found.extend(fields.get("$ref").and_then(Value::as_str).map(str::to_owned));
                    fields.values().for_each(|value| visit(value, found));
                }
                Value::Array(items) => items.iter().for_each(|value| visit(value, found)),
                _ => {}
            }
        }
        let document = document();
        let mut found = Vec::new();
        visit(&document, &mut found);
        assert!(found.len() > 100);
        for place in found {
            assert!(document.pointer(&place[1..]).is_some_and(Value::is_object), "{place}");
        }
    }

    #[test]
    fn both_copies_of_the_document_are_the_same() {
        let [document, copy] = FILES.map(|file| std::fs::read_to_string(run::root().join(file)).unwrap());
        // Not `assert_eq`, which would print both.
        let is_current = document == copy;
        assert!(is_current);
    }
}
