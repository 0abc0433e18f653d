//! The newest and the lowest supported Rust, in a Debian that ships it.

use super::report::Report;
use super::roots::{Root, SID};

/// Builds, lints and tests the whole workspace with Debian's newest Rust.
pub fn newest(report: &mut Report) -> Result<(), String> {
    let root = Root::new(&SID, report)?;
    root.tool(report, "rustc", "rustc --version | cut -d' ' -f2");
    root.run(report, "cargo clippy --locked --workspace --all-targets --all-features")?;
    root.cargo_test(
        report,
        "Rust",
        "cargo test --locked --no-fail-fast -p keysecure -p keysecure-sandbox -p keysecure-tests -p keysecure-ffi",
    )?;
    report.left_out("fleet stores on Redis", "no server in the chroot");
    Ok(())
}
