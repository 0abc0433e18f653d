//! Imports between the modules of a Rust crate, read from the syntax of its production code.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use super::syntax::{self, Reference};

/// The path of a module below its crate; empty for the root.
pub type ModulePath = Vec<String>;

/// The modules of a crate that have their own files, and their imports.
pub struct CrateImports {
    pub files: BTreeMap<ModulePath, PathBuf>,
    pub imports: Vec<Import>,
}

/// One use of another module.
#[derive(Debug, PartialEq, Eq)]
pub struct Import {
    pub from: ModulePath,
    pub to: ModulePath,
    /// Line in the file of `from`.
    pub line: usize,
    /// The path as written in the source.
    pub written: String,
}

impl CrateImports {
    /// Reads the crate whose root is this file. Modules for tests are left out.
    pub fn read(root: &Path) -> Result<Self, String> {
        let mut sources = BTreeMap::new();
        read_module(Vec::new(), root, &mut sources)?;
        let exports = sources.get(&Vec::new()).map(|source| exports(&source.references)).unwrap_or_default();
        let mut imports = Vec::new();
        for (module, source) in &sources {
            for reference in &source.references {
                let Some(mut to) = resolve(module, reference, &sources) else { continue };
                // A name that the root only re-exports belongs to the module that declares it.
                if to.is_empty()
                    && let Some(name) = reference.segments.iter().find(|segment| !is_keyword(segment))
                    && let Some(declared) = exports.get(name)
                {
                    to = longest_module(declared, &sources);
                }
                if to != *module {
                    let written = reference.segments.join("::");
                    imports.push(Import { from: module.clone(), to, line: reference.line, written });
                }
            }
        }
        let files = sources.into_iter().map(|(module, source)| (module, source.file)).collect();
        Ok(Self { files, imports })
    }
}

struct Source {
    file: PathBuf,
    references: Vec<Reference>,
}

fn read_module(module: ModulePath, file: &Path, sources: &mut BTreeMap<ModulePath, Source>) -> Result<(), String> {
    let text = fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))?;
    let syntax = syntax::read(&text).map_err(|error| format!("{}: {error}", file.display()))?;
    for child in &syntax.children {
        let path = child.path.as_ref().map_or_else(|| child_file(file, &child.name), |path| file.with_file_name(path));
        let mut name = module.clone();
        name.extend(child.name.iter().cloned());
        read_module(name, &path, sources)?;
    }
    sources.insert(module, Source { file: file.to_path_buf(), references: syntax.references });
    Ok(())
}

/// The file of `mod name;` in this file. The name has several segments if the declaration is in an inline module.
fn child_file(parent: &Path, name: &[String]) -> PathBuf {
    let is_root = matches!(parent.file_stem().and_then(|stem| stem.to_str()), Some("lib" | "main" | "mod"));
    let mut folder = if is_root { parent.with_file_name("") } else { parent.with_extension("") };
    folder.extend(name);
    let flat = folder.with_extension("rs");
    if flat.is_file() { flat } else { folder.join("mod.rs") }
}

/// The module that a reference resolves to; `None` for other crates.
fn resolve(module: &[String], reference: &Reference, sources: &BTreeMap<ModulePath, Source>) -> Option<ModulePath> {
    let mut base: ModulePath = module.iter().chain(&reference.inline).cloned().collect();
    let mut rest = reference.segments.as_slice();
    match rest.first()?.as_str() {
        "crate" => {
            base.clear();
            rest = &rest[1..];
        }
        "self" => rest = &rest[1..],
        "super" => {
            while rest.first().is_some_and(|segment| segment == "super") {
                base.pop();
                rest = &rest[1..];
            }
        }
        first => {
            base.push(first.to_owned());
            rest = &rest[1..];
            if !sources.contains_key(&base) {
                return None;
            }
        }
    }
    base.extend(rest.iter().cloned());
    Some(longest_module(&base, sources))
}

/// The file that holds this path.
fn longest_module(path: &[String], sources: &BTreeMap<ModulePath, Source>) -> ModulePath {
    let prefixes = (0..=path.len()).rev().map(|length| &path[..length]);
    prefixes.into_iter().find(|prefix| sources.contains_key(*prefix)).unwrap_or_default().to_vec()
}

/// The names that the root re-exports, with the paths of their declarations.
fn exports(references: &[Reference]) -> BTreeMap<String, ModulePath> {
    let exported = references.iter().filter_map(|reference| {
        let name = reference.exported_as.clone()?;
        let path = reference.segments.iter().filter(|segment| !is_keyword(segment));
        Some((name, path.cloned().collect()))
    });
    exported.collect()
}

fn is_keyword(segment: &str) -> bool {
    matches!(segment, "crate" | "self" | "super")
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;
    use std::{env, fs, process};

    use super::CrateImports;

    /// A crate in a temporary folder, which is removed with this value.
    struct Crate(PathBuf);

    impl Crate {
        fn new(name: &str, files: &[(&str, &str)]) -> Self {
            let folder = env::temp_dir().join(format!("xtask-imports-{}-{name}", process::id()));
            for (file, text) in files {
                let path = folder.join(file);
                fs::create_dir_all(path.parent().unwrap()).unwrap();
                fs::write(path, text).unwrap();
            }
            Self(folder)
        }

        /// Each import as `from -> to @ line`.
        fn imports(&self) -> Vec<String> {
            let imports = CrateImports::read(&self.0.join("lib.rs")).unwrap().imports;
            let shown = imports
                .iter()
                .map(|import| format!("{} -> {} @ {}", import.from.join("/"), import.to.join("/"), import.line));
            shown.collect()
        }
    }

    impl Drop for Crate {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    #[test]
    fn use_trees_paths_and_macros_are_imports() {
        let imports = Crate::new(
            "kinds",
            &[
                ("lib.rs", "mod a;\nmod b;\nmod c;\n"),
                ("a.rs", "use crate::{b::{self, B}, c};\nfn f() -> crate::c::C {\n    vec![crate::b::B]\n}\n"),
                ("b.rs", "macro_rules! m {\n    () => { $crate::c::C };\n}\n"),
                ("c.rs", "use std::fmt;\n"),
            ],
        )
        .imports();
        assert_eq!(imports, ["a -> b @ 1", "a -> b @ 1", "a -> c @ 1", "a -> c @ 2", "a -> b @ 3", "b -> c @ 2"]);
    }

    #[test]
    fn tests_visibilities_and_comments_are_not_imports() {
        let imports = Crate::new(
            "ignored",
            &[
                ("lib.rs", "mod a;\nmod b;\n"),
                (
                    "a.rs",
                    "/// [`crate::b`]\npub(in crate::b) struct A;\n#[cfg(test)]\nuse crate::b::B;\n#[cfg(test)]\nmod tests;\nimpl A {\n    #[cfg(all(test, unix))]\n    fn f() { crate::b::f() }\n}\n",
                ),
                ("b.rs", ""),
            ],
        )
        .imports();
        assert!(imports.is_empty(), "{imports:?}");
    }

    #[test]
    fn super_and_child_modules_are_resolved() {
        let imports = Crate::new(
            "relative",
            &[
                ("lib.rs", "mod a;\nmod b;\npub use crate::b::Deep as Shallow;\n"),
                ("a/mod.rs", "mod x;\nmod y;\nuse x::X;\nmod inline {\n    use super::y::Y;\n}\n"),
                ("a/x.rs", "use super::y;\nuse super::super::b;\nuse crate::Shallow::new;\n"),
                ("a/y.rs", "use super::Local;\n"),
                ("b.rs", ""),
            ],
        )
        .imports();
        let expected = [
            " -> b @ 3",
            "a -> a/x @ 3",
            "a -> a/y @ 5",
            "a/x -> a/y @ 1",
            "a/x -> b @ 2",
            "a/x -> b @ 3",
            "a/y -> a @ 1",
        ];
        assert_eq!(imports, expected);
    }
}
