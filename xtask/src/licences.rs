//! The licences of the crates that a shipped library or program contains.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use crate::run;

/// How the files with licences begin.
const FILES: [&str; 4] = ["LICENSE", "LICENCE", "COPYING", "NOTICE"];

/// Writes `THIRD-PARTY.txt` with the licences of all crates in a package of this workspace. Options of `cargo tree` may follow its
/// name. `false` after a failure, which is printed.
pub fn write(package: &str, folder: &Path) -> bool {
    let tree = format!("tree --locked -p {package} -e normal --prefix none --format {{p}}|{{l}}");
    let Some(crates) = run::output(&mut run::cargo(&tree)) else {
        eprintln!("cargo tree failed");
        return false;
    };
    let text = notices(&crates, &registries());
    let file = folder.join("THIRD-PARTY.txt");
    let written = fs::create_dir_all(folder).and_then(|()| fs::write(&file, text));
    written.map_err(|error| eprintln!("{}: {error}", file.display())).is_ok()
}

/// The folders of cargo's registries, each with a folder for every crate.
fn registries() -> Vec<PathBuf> {
    let sources = run::cargo_home().map(|home| home.join("registry/src"));
    let folders = sources.and_then(|folder| fs::read_dir(folder).ok()).into_iter().flatten();
    folders.flatten().map(|entry| entry.path()).collect()
}

/// The text for the crates that `cargo tree` lists.
fn notices(crates: &str, registries: &[PathBuf]) -> String {
    let mut text = String::from("The native code of this artifact contains these Rust crates:\n");
    for line in crates.lines().collect::<BTreeSet<_>>() {
        // Crates of this workspace have a path; their licences are beside this file.
        let Some((name, licence)) = line.split_once('|').filter(|(name, _)| !name.contains("(/")) else { continue };
        let Some((name, version)) = name.trim_end_matches(" (proc-macro)").split_once(" v") else { continue };
        let _ = write!(text, "\n{:=<100}\n{name} {version}: {licence}\n", "");
        for registry in registries {
            for file in licences(&registry.join(format!("{name}-{version}"))) {
                text.extend(["\n", &fs::read_to_string(file).unwrap_or_default()]);
            }
        }
    }
    text
}

fn licences(folder: &Path) -> Vec<PathBuf> {
    let is_licence = |path: &PathBuf| {
        let name = path.file_name().map(|name| name.to_string_lossy().to_uppercase()).unwrap_or_default();
        path.is_file() && FILES.iter().any(|start| name.starts_with(start))
    };
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut files: Vec<_> = entries.map(|entry| entry.path()).filter(is_licence).collect();
    files.sort();
    files
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::notices;
    use crate::run;

    #[test]
    fn crates_of_a_registry_are_listed_once_with_their_files() {
        let registry = run::target_dir().join("licences-test");
        let folder = registry.join("ring-0.17.0");
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("LICENSE"), "Permission is granted").unwrap();
        let crates = "keysecure v0.1.0 (/src/core)|MIT\nring v0.17.0|ISC\nring v0.17.0|ISC\n";
        let text = notices(crates, std::slice::from_ref(&registry));
        assert_eq!(text.matches("ring 0.17.0: ISC").count(), 1);
        assert_eq!(text.matches("Permission is granted").count(), 1);
        assert!(!text.contains("keysecure 0.1.0"));
        fs::remove_dir_all(registry).unwrap();
    }
}
