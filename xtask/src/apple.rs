//! `cargo xtask package xcframework`: the library for Apple's systems. **A recipe: its authors had no Mac and did not
//! run it.** The Swift package itself is compiled and tested on Linux.

use std::fs;
use std::path::{Path, PathBuf};

use crate::{bindings, licences, run, ship, swift_module};

/// The targets that make one library each; those of one group are for the same system and are joined by `lipo`.
const GROUPS: [(&str, &[&str]); 3] = [
    ("ios", &["aarch64-apple-ios"]),
    ("ios-simulator", &["aarch64-apple-ios-sim", "x86_64-apple-ios"]),
    ("macos", &["aarch64-apple-darwin", "x86_64-apple-darwin"]),
];

/// The options of cargo for a framework.
pub fn features(relay_only: bool) -> &'static [&'static str] {
    if relay_only { &ship::RELAY_ONLY } else { &[] }
}

pub fn xcframework(features: &[&str]) -> bool {
    if !cfg!(target_os = "macos") || !run::exists("xcodebuild", "-version") {
        eprintln!(
            "an XCFramework needs a Mac with Xcode and the Rust targets of Apple. Its authors did not run this recipe."
        );
        return false;
    }
    let folder = run::target_dir().join("xcframework");
    let headers = folder.join("headers");
    if bindings::make().is_none() || !swift_module::copy_to(&headers) {
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
        let parts: Option<Vec<PathBuf>> = targets.iter().map(|target| part(target, features, &folder)).collect();
        let Some(parts) = parts else { return false };
        let made = library.parent().is_some_and(|folder| fs::create_dir_all(folder).is_ok());
        if !made || !run::passes(run::command("lipo").arg("-create").args(parts).arg("-output").arg(&library)) {
            return false;
        }
        create.arg("-library").arg(library).arg("-headers").arg(&headers);
    }
    run::passes(create.arg("-output").arg(&out))
        && licences::write("keysecure-ffi", licences::SWIFT, &out)
        && licences::copy_own(&out)
        && pack(&out)
}

/// The static library of one target, without debug symbols.
fn part(target: &str, features: &[&str], folder: &Path) -> Option<PathBuf> {
    let library = folder.join(target).join("libkeysecure_ffi.a");
    ship::build_static(Some(target), features, &library).then_some(library)
}

/// Packs the framework for a release, and prints the checksum for `cargo xtask package swift-release`.
fn pack(framework: &Path) -> bool {
    let zip = run::target_dir().join("xcframework/KeySecureFFI.xcframework.zip");
    let _ = fs::remove_file(&zip);
    let mut ditto = run::command("ditto");
    ditto.args(["-c", "-k", "--sequesterRsrc", "--keepParent"]).arg(framework).arg(&zip);
    println!("\n{}, with the checksum:", zip.display());
    run::passes(&mut ditto) && run::passes(run::command("swift").args(["package", "compute-checksum"]).arg(&zip))
}
