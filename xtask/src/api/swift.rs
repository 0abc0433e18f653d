//! The public symbols of the Swift module, from the symbol graph of its build.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::run;
use crate::swift_toolchain::Toolchain;

/// The modules that users import.
const MODULES: [&str; 2] = ["KeySecure", "KeySecureSandbox"];

/// The folder of the symbol graphs, in cargo's target folder.
const GRAPHS: &str = "swift-symbols";

/// The interface, one symbol a line. `None` after a failure, which is printed.
pub fn read(toolchain: &Toolchain) -> Option<String> {
    let graphs = run::target_dir().join(GRAPHS);
    let _ = fs::remove_dir_all(&graphs);
    fs::create_dir_all(&graphs).map_err(|error| eprintln!("{}: {error}", graphs.display())).ok()?;
    let info = run::output(&mut toolchain.run("swiftc", &[], &["-print-target-info".into()], &[]))?;
    let info: Value = serde_json::from_str(&info).map_err(|error| eprintln!("swiftc: {error}")).ok()?;
    // Distributions name their system differently.
    let triple = info["target"]["triple"].as_str()?;
    let mut all = BTreeSet::new();
    for module in MODULES {
        if !run::passes(&mut extract(toolchain, module, triple)) {
            return None;
        }
        // Extensions of types of other modules have files of their own: `KeySecure@Swift.symbols.json`.
        for file in graphs_of(&graphs, module) {
            let text = fs::read_to_string(&file).map_err(|error| eprintln!("{}: {error}", file.display())).ok()?;
            let graph = serde_json::from_str(&text).map_err(|error| eprintln!("{}: {error}", file.display())).ok()?;
            all.extend(lines(&graph, module));
        }
    }
    Some(all.into_iter().map(|line| line + "\n").collect())
}

fn extract(toolchain: &Toolchain, module: &str, triple: &str) -> std::process::Command {
    let text = |path: PathBuf| path.to_string_lossy().into_owned();
    let target = toolchain.target();
    let package = toolchain.workspace().join("bindings-swift");
    let arguments = [
        "symbolgraph-extract".to_owned(),
        "-module-name".into(),
        module.into(),
        "-target".into(),
        triple.to_owned(),
        "-I".into(),
        text(target.join("swift/debug/Modules")),
        "-I".into(),
        text(package.join("Sources/KeySecureFFI")),
        "-minimum-access-level".into(),
        "public".into(),
        "-skip-synthesized-members".into(),
        "-output-dir".into(),
        text(target.join(GRAPHS)),
    ];
    toolchain.swift(&arguments, &[])
}

fn graphs_of(folder: &Path, module: &str) -> Vec<PathBuf> {
    let files = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    let is_of = |file: &PathBuf| {
        let name = file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let rest = name.strip_prefix(module).and_then(|rest| rest.strip_suffix(".symbols.json"));
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('@'))
    };
    files.filter(is_of).collect()
}

/// The declarations, and the protocols of each type.
fn lines(graph: &Value, module: &str) -> BTreeSet<String> {
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let mut lines = BTreeSet::new();
    let mut names = std::collections::BTreeMap::new();
    for symbol in list(&graph["symbols"]) {
        let path = list(&symbol["pathComponents"]).iter().map(text).collect::<Vec<_>>().join(".");
        let words: String = list(&symbol["declarationFragments"]).iter().map(|part| text(&part["spelling"])).collect();
        let declaration = words.split_whitespace().collect::<Vec<_>>().join(" ");
        names.insert(text(&symbol["identifier"]["precise"]), path.clone());
        lines.insert(format!("{module}.{path}: {declaration}"));
    }
    for relation in list(&graph["relationships"]).iter().filter(|one| one["kind"] == "conformsTo") {
        let target = text(&relation["target"]);
        let protocol = names.get(&target).cloned().unwrap_or_else(|| text(&relation["targetFallback"]));
        if let Some(path) = names.get(&text(&relation["source"])) {
            lines.insert(format!("{module}.{path}: conforms to {protocol}"));
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::lines;

    #[test]
    fn symbols_have_their_declaration_and_types_their_protocols() {
        let graph = json!({
            "symbols": [
                {"identifier": {"precise": "a"}, "pathComponents": ["Card"],
                 "declarationFragments": [{"spelling": "struct"}, {"spelling": " "}, {"spelling": "Card"}]},
                {"identifier": {"precise": "b"}, "pathComponents": ["Card", "cardNo"],
                 "declarationFragments": [{"spelling": "let cardNo: "}, {"spelling": "String"}]},
            ],
            "relationships": [
                {"kind": "conformsTo", "source": "a", "target": "s:s8SendableP", "targetFallback": "Swift.Sendable"},
                {"kind": "memberOf", "source": "b", "target": "a"},
            ],
        });
        let expected = [
            "KeySecure.Card.cardNo: let cardNo: String",
            "KeySecure.Card: conforms to Swift.Sendable",
            "KeySecure.Card: struct Card",
        ];
        assert!(lines(&graph, "KeySecure").iter().eq(&expected), "{:?}", lines(&graph, "KeySecure"));
    }
}
