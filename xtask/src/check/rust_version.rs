//! The lowest supported Rust, `rust-version` in `Cargo.toml`: no package in `Cargo.lock` may ask for a later one, and the pages
//! that name it name this one. That the code itself uses nothing later is clippy's `incompatible_msrv`.

use std::fs;

use regex::Regex;

use super::result::CheckResult;
use crate::run;

/// The lowest supported Rust.
const LOWEST: &str = env!("CARGO_PKG_RUST_VERSION");

/// The pages that tell users of it.
const PAGES: [&str; 4] = ["README.md", "core/README.md", "docs/index.md", "docs/zh/index.md"];

pub fn check() -> CheckResult {
    let Some(metadata) = run::output(&mut run::cargo("metadata --locked --format-version 1")) else {
        return CheckResult::Failed;
    };
    let later = later(&metadata, LOWEST);
    for package in &later {
        eprintln!("{package}, and rust-version is {LOWEST}");
    }
    let text = |page: &str| fs::read_to_string(run::root().join(page)).unwrap_or_default();
    let others: Vec<_> = PAGES.iter().filter(|page| !names_only(&text(page), LOWEST)).collect();
    for page in &others {
        eprintln!("{page} does not name Rust {LOWEST}, which is rust-version");
    }
    CheckResult::from_passed(later.is_empty() && others.is_empty())
}

/// Whether a page names this version of Rust, and no other.
fn names_only(page: &str, lowest: &str) -> bool {
    let mut named = page.split("Rust 1.").skip(1).map(|rest| rest.split(|next: char| !next.is_ascii_digit()).next());
    let minor = lowest.strip_prefix("1.");
    named.clone().next().is_some() && named.all(|number| number == minor)
}

/// The packages in the output of `cargo metadata` that need a later Rust than `lowest`.
fn later(metadata: &str, lowest: &str) -> Vec<String> {
    // Each package begins with its name, version and id; its `rust_version` follows before the next package.
    let Ok(field) = Regex::new(r#""name":"([^"]+)","version":"([^"]+)","id":|"rust_version":"([0-9.]+)""#) else {
        return Vec::new();
    };
    let mut package = String::new();
    let mut later = Vec::new();
    for found in field.captures_iter(metadata) {
        if let Some(needed) = found.get(3) {
            if number(needed.as_str()) > number(lowest) {
                later.push(format!("{package} needs Rust {}", needed.as_str()));
            }
        } else {
            package = format!("{} {}", &found[1], &found[2]);
        }
    }
    later
}

/// Major and minor version.
fn number(version: &str) -> (u32, u32) {
    let mut parts = version.split('.').map(|part| part.parse().unwrap_or(0));
    (parts.next().unwrap_or(0), parts.next().unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::{later, names_only};

    #[test]
    fn a_page_names_the_lowest_rust_and_no_other() {
        assert!(names_only("You need Rust 1.89 or later.", "1.89"));
        assert!(!names_only("You need Rust.", "1.89"));
        assert!(!names_only("Rust 1.89, in places Rust 1.90", "1.89"));
    }

    #[test]
    fn packages_that_need_a_later_rust_are_named() {
        let metadata = r#"{"packages":[{"name":"aes","version":"0.9.4","id":"registry+aes","dependencies":[{"name":"cipher"}],
            "rust_version":"1.89"},{"name":"old","version":"1.0.0","id":"registry+old","rust_version":null},
            {"name":"time","version":"0.3.55","id":"registry+time","rust_version":"1.100.1"}]}"#;
        assert_eq!(later(metadata, "1.89"), ["time 0.3.55 needs Rust 1.100.1"]);
        assert_eq!(later(metadata, "1.88").len(), 2);
    }
}
