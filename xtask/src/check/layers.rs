//! Layers of core: a module imports only from lower layers, or from its own layer without a cycle. The list is
//! `xtask/layers.toml`.

use std::collections::BTreeMap;
use std::fs;

use super::graph::{self, Graph};
use super::imports::CrateImports;
use super::result::CheckResult;
use crate::run;

const LAYERS: &str = "xtask/layers.toml";
const CORE: &str = "core/src/lib.rs";

/// Fails on each import that breaks the layers, and prints its file and line.
pub fn check() -> CheckResult {
    let found = fs::read_to_string(run::root().join(LAYERS))
        .map_err(|error| format!("{LAYERS}: {error}"))
        .and_then(|text| parse(&text))
        .and_then(|layers| Ok(violations(&layers, &CrateImports::read(&run::root().join(CORE))?)));
    let lines = found.unwrap_or_else(|error| vec![error]);
    for line in &lines {
        println!("{line}");
    }
    CheckResult::from_passed(lines.is_empty())
}

/// The layer of each module.
fn parse(text: &str) -> Result<BTreeMap<String, usize>, String> {
    let table: toml::Table = text.parse().map_err(|error| format!("{LAYERS}: {error}"))?;
    let layers = table.get("layers").and_then(toml::Value::as_array).ok_or_else(|| format!("{LAYERS}: no `layers`"))?;
    let mut found = BTreeMap::new();
    for (number, layer) in layers.iter().enumerate() {
        for module in layer.as_array().into_iter().flatten() {
            let name = module.as_str().ok_or_else(|| format!("{LAYERS}: {module:?} is not a name"))?;
            if found.insert(name.to_owned(), number).is_some() {
                return Err(format!("{LAYERS}: {name} is in two layers"));
            }
        }
    }
    Ok(found)
}

/// A line for each import upward, each module without a layer, and each cycle within a layer.
fn violations(layers: &BTreeMap<String, usize>, core: &CrateImports) -> Vec<String> {
    let mut lines: Vec<String> = core
        .files
        .iter()
        .filter(|(module, _)| module.len() == 1 && !layers.contains_key(&module[0]))
        .map(|(module, file)| format!("{}: {} is in no layer of {LAYERS}", run::relative(file), module[0]))
        .collect();
    let mut same_layer: BTreeMap<usize, Graph<&str>> = BTreeMap::new();
    for import in &core.imports {
        let (Some(from), Some(file)) = (import.from.first(), core.files.get(&import.from)) else { continue };
        let place = format!("{}:{}", run::relative(file), import.line);
        let Some(to) = import.to.first() else {
            lines.push(format!(
                "{place}: {from} imports `{}` from the root; name the module that declares it",
                import.written
            ));
            continue;
        };
        let (Some(low), Some(high)) = (layers.get(from), layers.get(to)) else { continue };
        if high > low {
            lines.push(format!("{place}: {from} (layer {low}) imports `{}` from {to} (layer {high})", import.written));
        } else if high == low && from != to {
            let graph = same_layer.entry(*low).or_default();
            graph.entry(from).or_default().insert(to);
            graph.entry(to).or_default();
        }
    }
    for (number, graph) in &same_layer {
        let cycles = graph::cycles(graph);
        lines.extend(cycles.iter().map(|group| format!("layer {number}: import cycle between {}", group.join(", "))));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::{parse, violations};
    use crate::check::imports::{CrateImports, Import};

    fn core(imports: &[(&str, &str)]) -> CrateImports {
        let module = |name: &str| name.split('/').map(str::to_owned).collect::<Vec<_>>();
        let names = ["client", "engine", "store", "clock", "values", "store/file"];
        CrateImports {
            files: names.iter().map(|name| (module(name), format!("{name}.rs").into())).collect(),
            imports: imports
                .iter()
                .map(|(from, to)| Import { from: module(from), to: module(to), line: 7, written: (*to).into() })
                .collect(),
        }
    }

    fn found(imports: &[(&str, &str)]) -> Vec<String> {
        let layers = parse("layers = [['values'], ['clock', 'store'], ['engine'], ['client', 'relay']]").unwrap();
        violations(&layers, &core(imports))
    }

    #[test]
    fn imports_downward_and_within_a_module_are_allowed() {
        assert!(
            found(&[("client", "engine"), ("engine", "values"), ("store/file", "store"), ("store", "clock")])
                .is_empty()
        );
    }

    #[test]
    fn an_import_upward_names_file_line_and_both_layers() {
        assert_eq!(
            found(&[("store/file", "engine")]),
            ["store/file.rs:7: store (layer 1) imports `engine` from engine (layer 2)"]
        );
    }

    #[test]
    fn a_cycle_within_a_layer_is_a_violation() {
        assert_eq!(
            found(&[("store", "clock"), ("clock", "store/file")]),
            ["layer 1: import cycle between clock, store"]
        );
    }

    #[test]
    fn a_module_without_a_layer_is_a_violation() {
        let layers = parse("layers = [['values', 'clock', 'store', 'engine']]").unwrap();
        assert_eq!(violations(&layers, &core(&[])), ["client.rs: client is in no layer of xtask/layers.toml"]);
        assert!(parse("layers = [['values'], ['values']]").is_err());
    }
}
