//! `cargo xtask package xcframework`: the library for Apple's systems. **A recipe: its authors had no Mac and did not
//! run it.** The Swift package itself is compiled and tested on Linux.

use std::path::{Path, PathBuf};
use std::{fs, io};

use crate::{bindings, run};

/// The targets that make one library each; those of one group are for the same system and are joined by `lipo`.
const GROUPS: [(&str, &[&str]); 3] = [
    ("ios", &["aarch64-apple-ios"]),
    ("ios-simulator", &["aarch64-apple-ios-sim", "x86_64-apple-ios"]),
    ("macos", &["aarch64-apple-darwin", "x86_64-apple-darwin"]),
];

pub fn xcframework() -> bool {
    if !cfg!(target_os = "macos") || !run::exists("xcodebuild", "-version") {
        eprintln!(
            "an XCFramework needs a Mac with Xcode and the Rust targets of Apple. Its authors did not run this recipe."
        );
        return false;
    }
    let folder = run::target_dir().join("xcframework");
    let headers = folder.join("headers");
    if bindings::make().is_none() || copy_headers(&headers).is_err() {
        return false;
    }
    // Where the Swift package expects it.
    let out = run::root().join("bindings-swift/KeySecureFFI.xcframework");
    if out.exists() && fs::remove_dir_all(&out).is_err() {
        return false;
    }
    let mut create = run::command("xcodebuild");
    create.arg("-create-xcframework");
    for (name, targets) in GROUPS {
        let library = folder.join(name).join("libkeysecure_ffi.a");
        let parts: Option<Vec<PathBuf>> = targets.iter().map(|target| part(target)).collect();
        let Some(parts) = parts else { return false };
        let made = library.parent().is_some_and(|folder| fs::create_dir_all(folder).is_ok());
        if !made || !run::passes(run::command("lipo").arg("-create").args(parts).arg("-output").arg(&library)) {
            return false;
        }
        create.arg("-library").arg(library).arg("-headers").arg(&headers);
    }
    run::passes(create.arg("-output").arg(out))
}

/// Copies the headers of the C functions and writes a separate module map, because that of the package links a dynamic
/// library.
fn copy_headers(folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    let mut map = String::from("module KeySecureFFI {\n");
    for entry in fs::read_dir(run::root().join("bindings-swift/Sources/KeySecureFFI/Generated"))? {
        let (header, name) = entry.map(|entry| (entry.path(), entry.file_name()))?;
        fs::copy(header, folder.join(&name))?;
        map.extend([format!("    header \"{}\"\n", name.to_string_lossy())]);
    }
    fs::write(folder.join("module.modulemap"), map + "    export *\n}\n")
}

/// The static library of one target, without debug symbols.
fn part(target: &str) -> Option<PathBuf> {
    let mut cargo = run::cargo("rustc -p keysecure-ffi --lib --crate-type staticlib --profile ship --target");
    let library = run::target_dir().join(target).join("ship/libkeysecure_ffi.a");
    (run::passes(cargo.arg(target)) && run::passes(run::command("strip").arg("-S").arg(&library))).then_some(library)
}
