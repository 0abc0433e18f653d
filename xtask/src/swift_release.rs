//! `cargo xtask package swift-release`: the Swift package as a git repository can hold it, with its generated code, so that
//! Xcode and `.package(url:)` find it.

use std::path::Path;
use std::{fs, io};

use clap::Args;

use crate::{bindings, files, licences, run};

/// The published `XCFramework`, for Apple's systems.
#[derive(Args, Debug)]
pub struct Framework {
    /// The address of the zipped `XCFramework`: `https://...zip`
    #[arg(long, value_name = "URL", value_parser = url)]
    pub url: String,
    /// Its SHA-256, as `cargo xtask package xcframework` prints it
    #[arg(long, value_name = "SHA256", value_parser = checksum)]
    pub checksum: String,
}

/// The targets that a release contains.
const TARGETS: [&str; 3] = ["KeySecure", "KeySecureFFI", "KeySecureSandbox"];

/// Generates the code and writes the tree into an empty folder, or over the tree of an earlier release.
pub fn run(folder: &Path, framework: &Framework) -> bool {
    if bindings::make().is_none() || !write(folder, framework) {
        return false;
    }
    let version = env!("CARGO_PKG_VERSION");
    println!("\nthe tree is in {}; commit it and add the tag {version} there", folder.display());
    true
}

/// Writes the tree from code that is generated already.
pub fn write(folder: &Path, framework: &Framework) -> bool {
    if !may_write(folder) {
        eprintln!("{} is neither empty nor the tree of an earlier release", folder.display());
        return false;
    }
    write_files(folder, framework).map_err(|error| eprintln!("{}: {error}", folder.display())).is_ok()
        && licences::write("keysecure-ffi", licences::SWIFT, folder)
        && licences::copy_own(folder)
}

fn write_files(folder: &Path, framework: &Framework) -> io::Result<()> {
    let package = run::root().join("bindings-swift");
    let sources = folder.join("Sources");
    if sources.exists() {
        fs::remove_dir_all(&sources)?;
    }
    for target in TARGETS {
        files::copy(&package.join("Sources").join(target), &sources.join(target))?;
    }
    let release = package.join("release");
    fs::write(folder.join("Package.swift"), manifest(&fs::read_to_string(release.join("Package.swift"))?, framework))?;
    fs::copy(release.join("PrivacyInfo.xcprivacy"), sources.join("KeySecure/PrivacyInfo.xcprivacy"))?;
    fs::copy(release.join(".spi.yml"), folder.join(".spi.yml"))?;
    fs::copy(package.join("README.md"), folder.join("README.md"))?;
    fs::write(folder.join(".gitignore"), "/.build/\n/.swiftpm/\n")
}

/// The manifest of a release with its addresses.
pub fn manifest(template: &str, framework: &Framework) -> String {
    template.replace("FRAMEWORK_URL", &framework.url).replace("FRAMEWORK_CHECKSUM", &framework.checksum)
}

/// Whether a folder is new, empty but for git's own, or has the tree of an earlier release.
fn may_write(folder: &Path) -> bool {
    let Ok(entries) = fs::read_dir(folder) else { return !folder.exists() };
    let is_empty = entries.flatten().all(|entry| entry.file_name() == ".git");
    let manifest = fs::read_to_string(folder.join("Package.swift")).unwrap_or_default();
    is_empty || (manifest.contains("name: \"KeySecure\"") && !folder.join("consumers").exists())
}

fn url(text: &str) -> Result<String, &'static str> {
    let name = text.strip_prefix("https://").and_then(|rest| rest.strip_suffix(".zip"));
    if name.is_some_and(|name| !name.contains(['"', '\\', ' '])) {
        Ok(text.to_owned())
    } else {
        Err("it must begin with https:// and end with .zip")
    }
}

fn checksum(text: &str) -> Result<String, &'static str> {
    let is_sha256 = text.len() == 64 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    if is_sha256 { Ok(text.to_owned()) } else { Err("it must be 64 digits of lowercase hexadecimal") }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::{Framework, checksum, manifest, may_write, url};
    use crate::run;

    #[test]
    fn a_release_names_the_framework_and_its_checksum() {
        let template = fs::read_to_string(run::root().join("bindings-swift/release/Package.swift")).unwrap();
        let framework = Framework { url: "https://host.example/a.zip".into(), checksum: "0".repeat(64) };
        let text = manifest(&template, &framework);
        assert!(text.contains(&format!("url: \"{}\",", framework.url)), "{text}");
        assert!(text.contains(&format!("checksum: \"{}\"", framework.checksum)), "{text}");
    }

    #[test]
    fn the_address_and_the_checksum_of_a_release_are_checked() {
        assert!(url("https://host.example/KeySecureFFI.xcframework.zip").is_ok());
        assert!(url("http://host.example/a.zip").is_err() && url("https://host.example/a.tar").is_err());
        assert!(url("https://host.example/\".zip").is_err());
        assert!(checksum(&"a1".repeat(32)).is_ok());
        assert!(checksum(&"A1".repeat(32)).is_err() && checksum("a1").is_err());
    }

    #[test]
    fn a_release_is_written_over_nothing_but_a_release() {
        let folder = run::target_dir().join("swift-release-test");
        assert!(may_write(&folder));
        fs::create_dir_all(folder.join(".git")).unwrap();
        assert!(may_write(&folder));
        fs::write(folder.join("notes.txt"), "").unwrap();
        assert!(!may_write(&folder));
        fs::write(folder.join("Package.swift"), "let package = Package(\n    name: \"KeySecure\",").unwrap();
        assert!(may_write(&folder));
        assert!(!may_write(&run::root()) && !may_write(&run::root().join("bindings-swift")));
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn the_readme_has_no_link_that_a_release_lacks() {
        let readme = fs::read_to_string(run::root().join("bindings-swift/README.md")).unwrap();
        let targets = readme.split("](").skip(1).filter_map(|rest| rest.split(')').next());
        let relative: Vec<_> = targets.filter(|to| !to.starts_with("https://") && !to.starts_with('#')).collect();
        assert_eq!(relative, Vec::<&str>::new());
    }
}
