//! What other machines built: a Mac, a machine with the Android NDK, Windows, other processors. The workflow of the release
//! collects it; `cargo xtask platforms` leaves its wheels in such a folder too.

use std::path::{Path, PathBuf};
use std::{fs, io};

use super::python;
use super::step::{Made, Release};
use crate::{files, run};

/// The zipped `XCFramework`.
pub const FRAMEWORK: &str = "KeySecureFFI.xcframework.zip";

/// The folders, somewhere in the path of a file, whose content goes into jars by the system: `natives/darwin-aarch64/...`.
const IN_JARS: [&str; 2] = ["natives", "programs"];

/// Puts libraries and programs where the jars find them, and wheels and the `XCFramework` into the results.
pub fn collect(release: &Release) -> Result<Made, String> {
    let folders = IN_JARS.map(|folder| run::target_dir().join(folder));
    if let Some(from) = &release.artifacts
        && folders.iter().any(|folder| folder.starts_with(from) || from.starts_with(folder))
    {
        return Err(format!("{} is the folder of the jars, which begins empty: use another", from.display()));
    }
    // Nothing of an earlier version stays there.
    for folder in &folders {
        files::empty_folder(folder).ok_or_else(|| format!("{} cannot be emptied", folder.display()))?;
    }
    let Some(from) = &release.artifacts else {
        return Ok(Made::Done("none: this machine's own".into()));
    };
    let files = files::list(from);
    if files.is_empty() {
        return Err(format!("{} has no files", from.display()));
    }
    let mut taken = Vec::new();
    for file in &files {
        let Some(to) = place(file, release.version(), &release.out, &run::target_dir()) else { continue };
        copy(&from.join(file), &to).map_err(|error| format!("{file}: {error}"))?;
        taken.push(file.as_str());
    }
    Ok(Made::Done(taken.join(", ")))
}

/// Copies a file. A program can be started, whatever the way from the other machine did to its permissions: GitHub drops them.
fn copy(from: &Path, to: &Path) -> io::Result<()> {
    to.parent().map_or(Ok(()), fs::create_dir_all)?;
    fs::copy(from, to)?;
    #[cfg(unix)]
    if to.ancestors().any(|folder| folder.ends_with("programs")) {
        use std::os::unix::fs::PermissionsExt as _;
        fs::set_permissions(to, fs::Permissions::from_mode(0o755))?;
    }
    Ok(())
}

/// Where a file goes. Others stay, such as checksums, an earlier version, and packages of other projects that tests need.
fn place(file: &str, version: &str, out: &Path, target: &Path) -> Option<PathBuf> {
    let parts: Vec<&str> = file.split('/').collect();
    let name = *parts.last()?;
    let is_wheel = Path::new(name).extension().is_some_and(|extension| extension == "whl");
    if is_wheel && python::wheel_names(version).iter().any(|start| name.starts_with(start)) {
        return Some(out.join("python").join(name));
    }
    if name == format!("keysecure-android-{version}.aar") {
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

    #[cfg(unix)]
    #[test]
    fn a_program_that_came_without_permissions_can_be_started() {
        use std::fs;
        use std::os::unix::fs::PermissionsExt as _;

        let folder = crate::run::target_dir().join("artifacts-test");
        let (from, to) = (folder.join("sandbox"), folder.join("programs/linux-x86-64/sandbox"));
        fs::create_dir_all(&folder).unwrap();
        fs::write(&from, "").unwrap();
        fs::set_permissions(&from, fs::Permissions::from_mode(0o644)).unwrap();
        super::copy(&from, &to).unwrap();
        assert_eq!(fs::metadata(&to).unwrap().permissions().mode() & 0o777, 0o755);
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn every_kind_of_file_has_its_place() {
        let placed = |file: &str| {
            let to = place(file, "1.0.0", Path::new("out"), Path::new("target"));
            to.map(|to| to.to_string_lossy().into_owned())
        };
        assert_eq!(
            placed("mac/keysecure-1.0.0-cp310-abi3-macosx_11_0_arm64.whl").unwrap(),
            "out/python/keysecure-1.0.0-cp310-abi3-macosx_11_0_arm64.whl"
        );
        assert_eq!(placed("keysecure-android-1.0.0.aar").unwrap(), "out/android/keysecure-android-1.0.0.aar");
        assert_eq!(placed("mac/KeySecureFFI.xcframework.zip").unwrap(), "out/swift/KeySecureFFI.xcframework.zip");
        assert_eq!(placed("mac/natives/darwin-aarch64/lib.dylib").unwrap(), "target/natives/darwin-aarch64/lib.dylib");
        assert_eq!(placed("programs/win32-x86-64/a.exe").unwrap(), "target/programs/win32-x86-64/a.exe");
        assert_eq!(placed("SHA256SUMS"), None);
        assert_eq!(placed("wheels/pytest-8.4.2-py3-none-any.whl"), None);
        assert_eq!(placed("wheels/keysecure-0.9.0-cp310-abi3-win_amd64.whl"), None);
    }
}
