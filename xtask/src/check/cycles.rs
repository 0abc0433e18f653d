//! Import cycles between the files of a crate, and between the top-level modules of core.

use std::collections::BTreeMap;

use super::graph::{self, Graph};
use super::imports::{CrateImports, Import, ModulePath};
use super::result::CheckResult;
use crate::run;

/// The crates whose files must have no import cycles.
const FILES: [&str; 2] = ["sandbox/src/lib.rs", "xtask/src/main.rs"];

/// The crate whose top-level modules must have no import cycles.
const MODULES: &str = "core/src/lib.rs";

/// Fails on each import cycle and prints its modules and imports.
pub fn check() -> CheckResult {
    let mut is_good = true;
    for (root, depth) in FILES.map(|root| (root, usize::MAX)).into_iter().chain([(MODULES, 1)]) {
        match CrateImports::read(&run::root().join(root)) {
            Ok(imports) => {
                let found = describe(&imports, depth);
                is_good &= found.is_empty();
                for line in &found {
                    println!("{root}: {line}");
                }
            }
            Err(error) => {
                println!("{error}");
                is_good = false;
            }
        }
    }
    CheckResult::from_passed(is_good)
}

/// One line for each cycle and one for each import in it; modules are cut to `depth` segments.
fn describe(source: &CrateImports, depth: usize) -> Vec<String> {
    let cut = |module: &ModulePath| module.iter().take(depth).cloned().collect::<ModulePath>();
    let mut graph: Graph<ModulePath> = source.files.keys().map(|module| (cut(module), [].into())).collect();
    let mut first: BTreeMap<(ModulePath, ModulePath), &Import> = BTreeMap::new();
    for import in &source.imports {
        let (from, to) = (cut(&import.from), cut(&import.to));
        // The root declares and re-exports all modules, so it would be part of every cycle.
        if from != to && !from.is_empty() && !to.is_empty() {
            graph.entry(from.clone()).or_default().insert(to.clone());
            first.entry((from, to)).or_insert(import);
        }
    }
    let mut lines = Vec::new();
    for group in graph::cycles(&graph) {
        let names: Vec<String> = group.iter().map(|module| module.join("/")).collect();
        lines.push(format!("import cycle of {}: {}", group.len(), names.join(", ")));
        for ((from, to), import) in &first {
            if group.contains(from) && group.contains(to) {
                let file = source.files.get(&import.from).map(|file| run::relative(file)).unwrap_or_default();
                lines.push(format!("  {} imports {} at {file}:{}", from.join("/"), to.join("/"), import.line));
            }
        }
    }
    lines
}
