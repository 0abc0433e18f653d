//! cargo-deny: licences, bans and sources of the dependencies, by `deny.toml`. Its exact version is ours to choose, because
//! the meaning of its settings changes between releases.

use std::env;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::run;

const VERSION: &str = "0.20.2";

pub fn check() -> bool {
    let Some(program) = find_or_install() else {
        return false;
    };
    // No advisories: see deny.toml.
    let args = ["--all-features", "--locked", "check", "--hide-inclusion-graph", "licenses", "bans", "sources"];
    run::passes(run::command(program).args(args))
}

fn find_or_install() -> Option<PathBuf> {
    let on_path = PathBuf::from("cargo-deny");
    let cache = cache_dir();
    let cached = cache.join("bin").join("cargo-deny");
    for program in [on_path, cached.clone()] {
        if is_right_version(&program) {
            return Some(program);
        }
    }
    let mut install = run::cargo(&format!("install --locked cargo-deny --version ={VERSION} --root"));
    (run::passes(install.arg(&cache)) && is_right_version(&cached)).then_some(cached)
}

/// `$XDG_CACHE_HOME/keysecure` where the machine has such a place, and a folder beside the build otherwise.
fn cache_dir() -> PathBuf {
    match env::var_os("XDG_CACHE_HOME").map(PathBuf::from) {
        Some(cache) if cache.is_absolute() => cache.join("keysecure"),
        _ => run::target_dir().join("tools"),
    }
}

fn is_right_version(program: &Path) -> bool {
    let asked = Command::new(program).arg("--version").stderr(Stdio::null()).output();
    asked.is_ok_and(|answer| answer.status.success() && is_version(&String::from_utf8_lossy(&answer.stdout)))
}

fn is_version(answer: &str) -> bool {
    answer.split_whitespace().eq(["cargo-deny", VERSION])
}

#[cfg(test)]
mod tests {
    use super::is_version;

    #[test]
    fn only_the_exact_version_will_do() {
        assert!(is_version("cargo-deny 0.20.2\n"));
        for other in ["cargo-deny 0.20.20", "cargo-deny 0.20.1", "cargo-deny", ""] {
            assert!(!is_version(other), "{other}");
        }
    }
}
