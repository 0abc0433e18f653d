//! UniFFI's Kotlin, with calls that cost a fraction.
//!
//! As generated, each crossing makes a JNA `Structure` for every buffer and for the status: memory of its own, a cleaner, and
//! fields read by reflection, some ten microseconds. Here a call's arguments and its result pass through a piece of memory
//! that the thread keeps, by the second form that the library has of each function (UniFFI's `scaffolding-ffi-buffer-fns`),
//! and a buffer is a plain class. Structures remain where Rust calls Kotlin. Remove this when UniFFI's JNI backend is out of
//! its trial (uniffi-rs#2911).

mod callbacks;
mod functions;
mod replacements;

use std::path::Path;
use std::{fs, io};

/// Amends every Kotlin file below a folder. Code that has another form than expected is an error, not left as it is.
pub fn amend(folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            amend(&path)?;
        } else if path.extension().is_some_and(|extension| extension == "kt") {
            let text = amended(&fs::read_to_string(&path)?).map_err(io::Error::other)?;
            fs::write(&path, text)?;
        }
    }
    Ok(())
}

fn amended(kotlin: &str) -> Result<String, String> {
    let text = replacements::amended(kotlin)?;
    let text = functions::amended(&text)?;
    callbacks::amended(&text)
}
