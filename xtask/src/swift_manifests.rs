//! What the manifests of the Swift package choose as the library: `Package.swift` and that of a release.

use std::path::Path;
use std::{fs, io};

use crate::run;
use crate::swift_release::{self, Framework};
use crate::swift_toolchain::Toolchain;

/// The folder of the copies, in cargo's target folder.
const COPIES: &str = "swift-manifests";

/// Whether both manifests take the installed library on Linux, also beside an `XCFramework` that a Mac left in the folder, and
/// the `XCFramework` elsewhere. Prints the first failure.
pub fn choose_by_platform(toolchain: &Toolchain) -> bool {
    if !cfg!(target_os = "linux") {
        return true;
    }
    let framework = Framework { url: "https://example.invalid/a.zip".into(), checksum: "0".repeat(64) };
    let package = run::root().join("bindings-swift");
    let read = |file: &str| fs::read_to_string(package.join(file)).unwrap_or_default();
    let checkout = read("Package.swift");
    let release = swift_release::manifest(&read("release/Package.swift"), &framework);
    // The condition of a manifest is about the machine that reads it.
    let elsewhere = |manifest: &str| manifest.replace("#if os(Linux)", "#if !os(Linux)");
    let cases: [(&str, &str, &[&str]); 4] = [
        ("checkout", &checkout, &[r#""pkgConfig":"keysecure_ffi""#, r#""type":"system""#]),
        ("checkout-elsewhere", &elsewhere(&checkout), &[r#""path":"KeySecureFFI.xcframework""#, r#""type":"binary""#]),
        ("release", &release, &[r#""pkgConfig":"keysecure_ffi""#, r#""type":"system""#]),
        ("release-elsewhere", &elsewhere(&release), &[&framework.url, &framework.checksum, r#""type":"binary""#]),
    ];
    cases.iter().all(|(name, manifest, expected)| chooses(toolchain, name, manifest, expected))
}

fn chooses(toolchain: &Toolchain, name: &str, manifest: &str, expected: &[&str]) -> bool {
    let folder = Path::new(COPIES).join(name);
    if let Err(error) = copy(&run::target_dir().join(&folder), manifest) {
        eprintln!("{}: {error}", folder.display());
        return false;
    }
    let path = toolchain.target().join(folder).to_string_lossy().into_owned();
    let arguments = ["package".to_owned(), "--package-path".into(), path, "dump-package".into()];
    let json = run::output(&mut toolchain.swift(&arguments, &[])).unwrap_or_default();
    let target = library(&json);
    let missing = expected.iter().find(|text| !target.contains(**text));
    if let Some(missing) = missing {
        eprintln!("the manifest of the {name} has a library without {missing}: {target}");
    }
    missing.is_none()
}

/// Writes a folder with the manifest and an `XCFramework`.
fn copy(folder: &Path, manifest: &str) -> io::Result<()> {
    fs::create_dir_all(folder.join("KeySecureFFI.xcframework"))?;
    fs::write(folder.join("Package.swift"), manifest)
}

/// The target `KeySecureFFI` in the JSON of a manifest, without spaces. Names are sorted there, and a target of a library has
/// no object in it.
fn library(json: &str) -> String {
    let json: String = json.split_whitespace().collect::<String>().replace(r"\/", "/");
    let Some(name) = json.find(r#""name":"KeySecureFFI""#) else { return String::new() };
    let start = json[..name].rfind('{').unwrap_or(0);
    let end = json[name..].find('}').map_or(json.len(), |end| name + end);
    json[start..end].to_owned()
}

#[cfg(test)]
mod tests {
    use super::library;

    #[test]
    fn the_target_of_the_library_is_found_in_a_manifest() {
        let json = r#"{ "targets" : [ { "name" : "A", "type" : "regular" },
            { "checksum" : "00", "name" : "KeySecureFFI", "type" : "binary", "url" : "https:\/\/a" }, { "name" : "B" } ] }"#;
        assert_eq!(library(json), r#"{"checksum":"00","name":"KeySecureFFI","type":"binary","url":"https://a""#);
        assert_eq!(library("{}"), "");
    }
}
