//! The licences of the crates that a shipped library or program contains.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use crate::run;

/// How the files with licences begin.
const FILES: [&str; 4] = ["LICENSE", "LICENCE", "COPYING", "NOTICE"];

/// The notices of the standard library, in Rust's own distribution.
const STANDARD_LIBRARY: &str = "share/doc/rust/COPYRIGHT-library.html";

/// The licences of the libraries in the sandbox's console, after a line `NAME VERSION (LICENCE)` for each.
const CONSOLE: &str = "sandbox/console/dist/LICENSES.txt";

/// The systems of wheels, jars and programs. Each brings a few crates of its own, whichever machine packs them; processors and C
/// libraries make no difference.
pub const COMPUTERS: &[&str] = &["x86_64-unknown-linux-gnu", "aarch64-apple-darwin", "x86_64-pc-windows-msvc"];

/// The systems of the Swift package.
pub const SWIFT: &[&str] = &["x86_64-unknown-linux-gnu", "aarch64-apple-darwin", "aarch64-apple-ios"];

/// The system of the AAR.
pub const ANDROID: &[&str] = &["aarch64-linux-android", "armv7-linux-androideabi"];

/// What `cargo tree` says of the crates that are compiled into a package of this workspace on these systems, as `{p}|{l}` behind a
/// prefix. Options of `cargo tree` may follow the name of the package. Procedural macros and build scripts run on the machine that
/// builds: nothing of them is inside.
pub fn tree(package: &str, systems: &[&str], prefix: &str) -> Option<String> {
    let mut tree = run::cargo(&format!(
        "tree --locked -p {package} -e normal,no-proc-macro --prefix {prefix} --no-dedupe --format {{p}}|{{l}}"
    ));
    for system in systems {
        tree.args(["--target", system]);
    }
    run::output(&mut tree)
}

/// Whether a line of [`tree`] is the crate with the sandbox's console.
fn has_console(line: &str) -> bool {
    line.starts_with("keysecure-sandbox ")
}

/// The licences of the libraries in the sandbox's console.
pub fn of_console() -> Option<String> {
    let text = fs::read_to_string(run::root().join(CONSOLE));
    text.map_err(|error| eprintln!("{CONSOLE}: {error}")).ok()
}

/// Writes `THIRD-PARTY.txt` with the licences of all crates in a package of this workspace, as [`tree`] takes it, and the notices of
/// Rust's standard library. `false` after a failure, which is printed.
pub fn write(package: &str, systems: &[&str], folder: &Path) -> bool {
    let (Some(crates), Some(rust)) =
        (tree(package, systems, "none"), run::output(run::command("rustc").args(["--print", "sysroot"])))
    else {
        eprintln!("cargo tree or rustc failed");
        return false;
    };
    let mut text = notices(&crates, &registries());
    if crates.lines().any(has_console) {
        let Some(console) = of_console() else { return false };
        text.extend([&"=".repeat(100), "\n", &console]);
    }
    let written = fs::create_dir_all(folder)
        .and_then(|()| fs::write(folder.join("THIRD-PARTY.txt"), text))
        .and_then(|()| fs::copy(Path::new(rust.trim()).join(STANDARD_LIBRARY), folder.join("THIRD-PARTY-RUST.html")));
    written.map_err(|error| eprintln!("the licences in {}: {error}", folder.display())).is_ok()
}

/// Copies the licences of this project. `false` after a failure, which is printed.
pub fn copy_own(folder: &Path) -> bool {
    let mut files = licences(&run::root()).into_iter();
    files.all(|file| {
        let copied = fs::copy(&file, folder.join(file.file_name().unwrap_or_default()));
        copied.map_err(|error| eprintln!("{}: {error}", file.display())).is_ok()
    })
}

/// The folders of cargo's registries, each with a folder for every crate.
fn registries() -> Vec<PathBuf> {
    let sources = run::cargo_home().map(|home| home.join("registry/src"));
    let folders = sources.and_then(|folder| fs::read_dir(folder).ok()).into_iter().flatten();
    folders.flatten().map(|entry| entry.path()).collect()
}

/// The text for the crates that `cargo tree` lists. A text that several crates have is there once.
fn notices(crates: &str, registries: &[PathBuf]) -> String {
    let mut text = String::from(
        "The native code of this artifact contains these Rust crates, some of them on one system only, and the standard library of \
         Rust, whose notices are in the HTML file beside this one.\n",
    );
    let mut seen = BTreeMap::new();
    for line in crates.lines().collect::<BTreeSet<_>>() {
        // Crates of this workspace have a path; their licences are beside this file.
        let Some((name, licence)) = line.split_once('|').filter(|(name, _)| !name.contains(" (")) else { continue };
        let Some((name, version)) = name.split_once(" v") else { continue };
        let _ = write!(text, "\n{:=<100}\n{name} {version}: {licence}\n", "");
        let _ = writeln!(text, "Source: https://crates.io/crates/{name}/{version}");
        let folders = registries.iter().map(|registry| registry.join(format!("{name}-{version}")));
        let files: Vec<_> = folders.flat_map(|folder| licences(&folder)).collect();
        if files.is_empty() {
            for name in licence.split(' ').filter(|word| !["AND", "OR", "WITH"].contains(word)) {
                let _ = writeln!(text, "Text: https://spdx.org/licenses/{name}.html");
            }
        }
        for file in files {
            let licence = fs::read_to_string(&file).unwrap_or_default();
            let file = file.file_name().map(|file| file.to_string_lossy().into_owned()).unwrap_or_default();
            if let Some(place) = seen.get(&licence) {
                let _ = writeln!(text, "{file}: the same text as {place}");
            } else {
                let _ = write!(text, "{file}:\n\n{licence}\n");
                seen.insert(licence, format!("{file} of {name} {version}"));
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
    fn each_crate_of_a_registry_is_listed_once_with_its_files() {
        let registry = run::target_dir().join("licences-test");
        for name in ["ring-0.17.0", "untrusted-0.9.0", "uniffi-0.32.2"] {
            fs::create_dir_all(registry.join(name)).unwrap();
        }
        for name in ["ring-0.17.0", "untrusted-0.9.0"] {
            fs::write(registry.join(name).join("LICENSE"), "Permission is granted").unwrap();
        }
        let crates = "keysecure v0.1.0 (/src/core)|MIT\nkeysecure-sandbox v0.1.0 (D:\\src\\sandbox)|MIT\nring v0.17.0|ISC\n\nring v0.17.0|ISC\nuntrusted v0.9.0|ISC\nuniffi v0.32.2|MPL-2.0\n";
        let text = notices(crates, std::slice::from_ref(&registry));
        assert_eq!(text.matches("ring 0.17.0: ISC\n").count(), 1);
        assert_eq!(text.matches("Permission is granted").count(), 1);
        assert!(text.contains("untrusted/0.9.0\nLICENSE: the same text as LICENSE of ring 0.17.0\n"));
        assert!(text.contains("uniffi/0.32.2\nText: https://spdx.org/licenses/MPL-2.0.html\n"));
        assert!(!text.contains("keysecure"));
        fs::remove_dir_all(registry).unwrap();
    }
}
