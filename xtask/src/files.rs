//! Folders of files.

use std::path::{Path, PathBuf};
use std::{fs, io};

/// Copies a folder with everything in it.
pub fn copy(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}

/// Creates a folder, or removes everything in it, so that no file of an older build is used.
pub fn empty_folder(folder: &Path) -> Option<()> {
    if folder.exists() {
        fs::remove_dir_all(folder).ok()?;
    }
    fs::create_dir_all(folder).ok()
}

/// The file in a folder that has one file.
pub fn only_file(folder: &Path) -> Option<PathBuf> {
    let mut files = fs::read_dir(folder).ok()?.flatten().map(|entry| entry.path()).filter(|path| path.is_file());
    files.next()
}

/// The files in a folder and its subfolders, sorted, with `/` between the parts of a path.
pub fn list(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if entry.path().is_dir() {
            found.extend(list(&entry.path()).into_iter().map(|file| format!("{name}/{file}")));
        } else {
            found.push(name);
        }
    }
    found.sort();
    found
}
