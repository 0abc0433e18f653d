//! The newest and the lowest supported Rust, in a Debian that ships it.

use super::report::Report;
use super::roots::{Root, SID};
use crate::run;

/// The lowest supported Rust.
const LOWEST: &str = env!("CARGO_PKG_RUST_VERSION");

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

/// Builds the workspace with the lowest supported Rust, where rustup has it. Everywhere, checks what does not need it: what
/// the dependencies ask for, and which functions of the standard library the code uses.
pub fn lowest(report: &mut Report) -> Result<(), String> {
    let here = Root::here(report);
    here.tool(report, "rustc", "rustc --version");
    let passed = here.run(report, "cargo xtask check rust-version").is_ok();
    report.check(format!("no dependency needs a later Rust than {LOWEST}"), passed);
    let clippy =
        "cargo clippy --workspace --all-targets --features keysecure-tests/redis -- -D clippy::incompatible_msrv";
    let passed = here.run(report, clippy).is_ok();
    report.check(format!("the code uses nothing of std that is newer than {LOWEST}"), passed);
    let toolchain = format!("+{LOWEST}");
    if run::exists("cargo", &toolchain) {
        here.run(report, &format!("cargo {toolchain} check --locked --workspace --all-features"))
    } else {
        let oldest = run::output(run::command("rustc").arg("--version")).unwrap_or_default();
        let oldest = oldest.split_whitespace().nth(1).unwrap_or("that of this machine").to_owned();
        report.left_out(
            format!("a build with Rust {LOWEST}"),
            format!("SKIPPED: rustup does not have it here; the oldest compiler that built the workspace is {oldest}"),
        );
        Ok(())
    }
}
