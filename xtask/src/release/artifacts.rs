//! What other machines built: a Mac, a machine with the Android NDK, Windows, other processors. The workflow of the release
//! collects it; `cargo xtask platforms` leaves its wheels in such a folder too.

use std::fs;
use std::path::{Path, PathBuf};

use super::step::{Made, Release};
use crate::{files, run};

/// The zipped `XCFramework`.
pub const FRAMEWORK: &str = "KeySecureFFI.xcframework.zip";

/// The folders, somewhere in the path of a file, whose content goes into jars by the system: `natives/darwin-aarch64/...`.
const IN_JARS: [&str; 2] = ["natives", "programs"];

/// Puts libraries and programs where the jars find them, and wheels and the `XCFramework` into the results.
pub fn collect(release: &Release) -> Result<Made, String> {
    let Some(from) = &release.artifacts else {
        return Ok(Made::Done("none: this machine's own".into()));
    };
    let files = files::list(from);
    if files.is_empty() {
        return Err(format!("{} has no files", from.display()));
    }
    let mut taken = Vec::new();
    for file in &files {
        let Some(to) = place(file, &release.out, &run::target_dir()) else { continue };
        let copied =
            to.parent().map_or(Ok(()), fs::create_dir_all).and_then(|()| fs::copy(from.join(file), &to).map(drop));
        copied.map_err(|error| format!("{file}: {error}"))?;
        taken.push(file.as_str());
    }
    Ok(Made::Done(taken.join(", ")))
}

/// Where a file goes. Files of no known kind, such as checksums, stay.
fn place(file: &str, out: &Path, target: &Path) -> Option<PathBuf> {
    let parts: Vec<&str> = file.split('/').collect();
    let name = *parts.last()?;
    let is = |end: &str| Path::new(name).extension().is_some_and(|extension| extension == end);
    if is("whl") {
        return Some(out.join("python").join(name));
    }
    if is("aar") {
        return Some(out.join("android").join(name));
    }
    if name == FRAMEWORK {
        return Some(out.join("swift").join(name));
    }
    let folder = parts.len().checked_sub(3).and_then(|at| parts.get(at))?;
    let slot = parts.len().checked_sub(2).and_then(|at| parts.get(at))?;
    IN_JARS.contains(folder).then(|| target.join(folder).join(slot).join(name))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::place;

    #[test]
    fn every_kind_of_file_has_its_place() {
        let placed =
            |file: &str| place(file, Path::new("out"), Path::new("target")).map(|to| to.to_string_lossy().into_owned());
        assert_eq!(
            placed("mac/a-1.0-cp310-abi3-macosx_11_0_arm64.whl").unwrap(),
            "out/python/a-1.0-cp310-abi3-macosx_11_0_arm64.whl"
        );
        assert_eq!(placed("keysecure-android-1.0.aar").unwrap(), "out/android/keysecure-android-1.0.aar");
        assert_eq!(placed("mac/KeySecureFFI.xcframework.zip").unwrap(), "out/swift/KeySecureFFI.xcframework.zip");
        assert_eq!(placed("mac/natives/darwin-aarch64/lib.dylib").unwrap(), "target/natives/darwin-aarch64/lib.dylib");
        assert_eq!(placed("programs/win32-x86-64/a.exe").unwrap(), "target/programs/win32-x86-64/a.exe");
        assert_eq!(placed("SHA256SUMS"), None);
    }
}
