//! Where the site is built.

use std::path::PathBuf;

use crate::run;

/// The folder of `cargo xtask docs` in cargo's target folder.
pub fn folder() -> PathBuf {
    run::target_dir().join("docs")
}
