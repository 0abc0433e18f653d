//! The Swift compiler: the one on the PATH, or one in a chroot.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::chroot::{self, Chroot};
use crate::run;

/// The location of the Swift compiler.
pub enum Toolchain {
    Path,
    Chroot(PathBuf),
}

/// A Debian 13 with a Swift compiler, for machines that have none: about 2.6 GB.
const CHROOT: Chroot =
    Chroot { name: "swift-trixie", suite: "trixie", packages: "swiftlang libc6-dev libstdc++-14-dev ca-certificates" };

/// The mount point of the workspace in the chroot.
const WORKSPACE: &str = "/keysecure";

impl Toolchain {
    /// Finds the compiler of this machine, or creates a chroot with one. The error says what is missing.
    pub fn find() -> Result<Self, String> {
        if run::exists("swift", "--version") {
            return Ok(Self::Path);
        }
        CHROOT.ensure().map(Self::Chroot).map_err(|why| format!("no swift on the PATH, and {why}"))
    }

    /// The path of the workspace for `swift`.
    pub fn workspace(&self) -> PathBuf {
        match self {
            Self::Path => run::root(),
            Self::Chroot(_) => WORKSPACE.into(),
        }
    }

    /// The path of cargo's target folder for `swift`.
    pub fn target(&self) -> PathBuf {
        match self {
            Self::Path => run::target_dir(),
            Self::Chroot(_) => mounted_target(&run::root()).into(),
        }
    }

    /// The path for `swift` of a folder that [`Self::run`] mounts.
    pub fn mounted(&self, mount: &Mount) -> PathBuf {
        match self {
            Self::Path => mount.0.clone(),
            Self::Chroot(_) => mount.1.into(),
        }
    }

    /// `swift` with these arguments and variables; their paths must come from [`Self::workspace`] and [`Self::target`].
    pub fn swift(&self, arguments: &[String], variables: &[(&str, String)]) -> Command {
        self.run("swift", &[], arguments, variables)
    }

    /// A program of the toolchain, such as `swiftc`, which also sees the folders of `mounts`.
    pub fn run(&self, program: &str, mounts: &[&Mount], arguments: &[String], variables: &[(&str, String)]) -> Command {
        match self {
            Self::Path => {
                let mut command = run::command(program);
                command.args(arguments).envs(variables.iter().map(|(name, value)| (name, value)));
                command
            }
            Self::Chroot(folder) => {
                let variables = variables.iter().map(|(name, value)| format!("{name}={}", quoted(value)));
                let arguments = arguments.iter().map(|argument| quoted(argument));
                let words: Vec<String> = variables.chain([program.into()]).chain(arguments).collect();
                let (root, target) = (run::root(), run::target_dir());
                let mounted = mounted_target(&root);
                let mut all: Vec<(&Path, &str)> = vec![(&root, WORKSPACE), (&target, &mounted)];
                all.extend(mounts.iter().map(|Mount(from, to)| (from.as_path(), *to)));
                chroot::command(folder, &all, &words.join(" "))
            }
        }
    }

    /// Provides git, which `swift` needs for packages by URL. Prints a failure.
    pub fn ensure_git(&self) -> bool {
        match self {
            Self::Path => run::exists("git", "--version"),
            Self::Chroot(folder) => run::passes(&mut chroot::install(folder, "git")),
        }
    }
}

/// A folder of this machine, and its path in the chroot.
pub struct Mount(pub PathBuf, pub &'static str);

/// The mount point of cargo's target folder in the chroot. Each clone of the repository has its own: `SwiftPM` locks a build by the
/// path of its folder, and two clones would wait for each other.
fn mounted_target(root: &Path) -> String {
    let mut hasher = DefaultHasher::new();
    root.hash(&mut hasher);
    format!("/keysecure-target-{:016x}", hasher.finish())
}

/// Quotes one word for a shell.
fn quoted(word: &str) -> String {
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{mounted_target, quoted};

    #[test]
    fn two_clones_build_in_different_folders() {
        let (one, other) = (mounted_target(Path::new("/src/a")), mounted_target(Path::new("/src/b")));
        assert_ne!(one, other);
        assert_eq!(one, mounted_target(Path::new("/src/a")));
    }

    #[test]
    fn a_quoted_word_stays_one_word() {
        assert_eq!(quoted("a b"), "'a b'");
        assert_eq!(quoted("it's"), r"'it'\''s'");
    }
}
