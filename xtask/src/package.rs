//! `cargo xtask package`: release packages. The jar is built and tested here; the AAR and the `XCFramework` are
//! recipes.

use std::fs;
use std::path::{Path, PathBuf};

use clap::ValueEnum;

use crate::bindings::{self, Bindings};
use crate::table::{row, table};
use crate::{android, apple, maven, run, ship};

/// The budget of the stripped library for phones, which uses the phone's HTTP client instead of its own.
const BUDGET: u64 = 2_200_000;

/// The folders in which JNA looks for a library in a jar.
const SLOTS: [&str; 5] = ["linux-x86-64", "linux-aarch64", "darwin-x86-64", "darwin-aarch64", "win32-x86-64"];

/// The artifacts of `cargo xtask package`.
#[derive(Clone, Copy, Debug, Default, ValueEnum)]
pub enum Artifact {
    /// A jar with this machine's library, built and tested: minutes
    #[default]
    Jar,
    /// The Android library: a recipe that needs the NDK
    Aar,
    /// The library for Apple's systems: a recipe that needs a Mac
    Xcframework,
    /// The size of the library with and without HTTP
    Size,
}

pub fn run(artifact: Artifact) -> bool {
    match artifact {
        Artifact::Jar => jar(),
        Artifact::Aar => android::aar(),
        Artifact::Xcframework => apple::xcframework(),
        Artifact::Size => sizes(),
    }
}

/// Builds the jar with this platform's library, and tests it with that library.
fn jar() -> bool {
    let Some(slot) = slot() else {
        eprintln!("JNA has no folder for this system");
        return false;
    };
    // First: the generator reads symbols that the release library does not have.
    let Some(bindings) = bindings::make() else { return false };
    let natives = run::target_dir().join("natives");
    let library = natives.join(slot).join(bindings::library("keysecure_ffi"));
    if !run::passes(&mut run::cargo("build -p keysecure-sandbox")) || !ship::build_library(&[], &library) {
        return false;
    }
    // By name, on the class path: the way it is found in the jar.
    let by_name = Bindings { library: PathBuf::from("keysecure_ffi"), kotlin: bindings.kotlin };
    let native = format!("-Dkeysecure.natives={}", natives.display());
    if !run::passes(&mut maven::command(&by_name, &[native, "package".into()])) {
        return false;
    }
    println!("\nlibraries in {}:", run::target_dir().join("kotlin/keysecure-*.jar").display());
    for slot in SLOTS {
        let folder = natives.join(slot);
        let found = fs::read_dir(folder).ok().and_then(|mut entries| entries.next()).is_some();
        println!(
            "  {slot:<15} {}",
            if found { "there" } else { "empty: put the library built there into target/natives" }
        );
    }
    report(&[("with HTTP and TLS, for servers", &library, None)])
}

/// The library with and without its own HTTP.
fn sizes() -> bool {
    let slim = run::target_dir().join("sizes/slim");
    let Some(whole) = ship::server_library() else { return false };
    ship::build_library(&ship::FOR_PHONES, &slim)
        && report(&[("with HTTP and TLS, for servers", &whole, None), ("without, for phones", &slim, Some(BUDGET))])
}

/// Prints the sizes and their budgets. Fails when a library is missing, not when a budget is exceeded.
fn report(libraries: &[(&str, &Path, Option<u64>)]) -> bool {
    let mut rows = vec![row!["library", "bytes", "budget", "verdict"]];
    for (what, library, budget) in libraries {
        let size = match fs::metadata(library) {
            Ok(file) => file.len(),
            Err(error) => {
                eprintln!("{}: {error}", library.display());
                return false;
            }
        };
        let verdict = match budget {
            Some(budget) if size > *budget => "over",
            Some(_) => "ok",
            None => "-",
        };
        rows.push(row![what, size, budget.map_or_else(|| "-".into(), |budget| budget.to_string()), verdict]);
    }
    print!("\n{}", table(&rows));
    true
}

/// JNA's name of this platform.
fn slot() -> Option<&'static str> {
    let name = match (std::env::consts::OS, std::env::consts::ARCH) {
        ("linux", "x86_64") => "linux-x86-64",
        ("linux", "aarch64") => "linux-aarch64",
        ("macos", "x86_64") => "darwin-x86-64",
        ("macos", "aarch64") => "darwin-aarch64",
        ("windows", "x86_64") => "win32-x86-64",
        _ => return None,
    };
    Some(name)
}

#[cfg(test)]
mod tests {
    use super::{SLOTS, slot};

    #[test]
    fn this_platform_has_a_slot() {
        assert!(slot().is_none_or(|slot| SLOTS.contains(&slot)));
    }
}
