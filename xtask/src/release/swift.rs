//! The tree of the Swift release, and the static library for Linux.

use std::fs;
use std::path::PathBuf;

use super::artifacts::FRAMEWORK;
use super::step::{Made, Release};
use super::{checksums, version};
use crate::swift_release::{self, Framework};
use crate::{archive, bindings, run, swift_install};

/// Writes and packs the tree for the repository of the Swift package, with the checksum of the `XCFramework`.
pub fn tree(release: &Release) -> Result<Made, String> {
    let framework = release.folder("swift")?.join(FRAMEWORK);
    let bytes = fs::read(&framework).ok();
    // The program that Swift computes it with is the same SHA-256.
    let checksum = bytes.as_ref().map_or_else(|| "0".repeat(64), |bytes| checksums::sha256(bytes));
    let repository = version::repository().ok_or("Cargo.toml has no workspace.package.repository")?;
    let url = format!("{repository}/releases/download/v{}/{FRAMEWORK}", release.version());
    let folder = fresh(&format!("keysecure-swift-{}", release.version()))?;
    if bindings::make().is_none() || !swift_release::write(&folder, &Framework { url, checksum }) {
        return Err("the tree was not written: see above".into());
    }
    pack(release, &folder)?;
    Ok(if bytes.is_some() {
        Made::Done(format!("names {FRAMEWORK} and its checksum"))
    } else {
        Made::Incomplete(format!(
            "no {FRAMEWORK}, which a Mac builds: the tree has a checksum of zeros and works on Linux only"
        ))
    })
}

/// Installs and packs the static library for this system.
pub fn library(release: &Release) -> Result<Made, String> {
    let name = format!("keysecure-swift-library-{}-{}-linux", release.version(), std::env::consts::ARCH);
    let folder = fresh(&name)?;
    if !swift_install::run(Some(&folder), true) {
        return Err("the library was not built: see above".into());
    }
    pack(release, &folder)?;
    Ok(Made::Done(format!("{name}.tar.gz")))
}

fn pack(release: &Release, folder: &std::path::Path) -> Result<(), String> {
    let name = folder.file_name().unwrap_or_default().to_string_lossy();
    archive::tar_gz(folder, &release.folder("swift")?.join(format!("{name}.tar.gz")))
}

/// An empty place for a folder of this name.
fn fresh(name: &str) -> Result<PathBuf, String> {
    let folder = run::target_dir().join("release-swift").join(name);
    if folder.exists() {
        fs::remove_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    }
    Ok(folder)
}
