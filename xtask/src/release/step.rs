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

/// The result of a step: all of its part, or what of it cannot be made here. A dry run accepts that, a release does not.
pub enum Made {
    Done(String),
    Incomplete(String),
}

impl Made {
    /// What was made, and what of it is missing.
    pub fn with_missing(made: &str, missing: &[String]) -> Self {
        if missing.is_empty() {
            Self::Done(made.to_owned())
        } else {
            Self::Incomplete(format!("{made}; missing: {}", missing.join(", ")))
        }
    }
}

pub type Step = fn(&Release) -> Result<Made, String>;

/// Copies a file into a folder under its own name.
pub fn copy_into(file: &Path, folder: &Path) -> Result<PathBuf, String> {
    let to = folder.join(file.file_name().unwrap_or_default());
    fs::copy(file, &to).map_err(|error| format!("{}: {error}", file.display()))?;
    Ok(to)
}
