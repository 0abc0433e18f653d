//! What the steps of a release share.

use std::fs;
use std::path::{Path, PathBuf};

/// A release that is being built.
pub struct Release {
    pub version: String,
    pub dry_run: bool,
    pub twice: bool,
    /// What other machines built.
    pub artifacts: Option<PathBuf>,
    pub gpg_key: Option<String>,
    /// The folder of the results.
    pub out: PathBuf,
}

impl Release {
    pub fn version(&self) -> &str {
        &self.version
    }

    /// A folder of the results, which it creates.
    pub fn folder(&self, name: &str) -> Result<PathBuf, String> {
        let folder = self.out.join(name);
        fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
        Ok(folder)
    }
}

/// The result of a step: what it made, or what could not be made here and why.
pub enum Made {
    Done(String),
    Missing(String),
}

pub type Step = fn(&Release) -> Result<Made, String>;

/// Copies a file into a folder under its own name.
pub fn copy_into(file: &Path, folder: &Path) -> Result<PathBuf, String> {
    let to = folder.join(file.file_name().unwrap_or_default());
    fs::copy(file, &to).map_err(|error| format!("{}: {error}", file.display()))?;
    Ok(to)
}
