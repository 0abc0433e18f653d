//! `cargo xtask platforms`: builds for other platforms, and runs the tests where a chroot or an emulator can.
//!
//! Each platform is one function that fills a [`Report`]. To add one, add a file and a line in `ALL`.

mod checks;
mod document;
mod jvm;
mod manylinux;
mod musl;
mod python;
mod report;
mod roots;
mod rust;
mod windows;

use std::time::Instant;

use crate::run;
use crate::table::{row, table};
use report::Report;

/// A platform with its builds and tests.
struct Platform {
    name: &'static str,
    /// What is built, in a few words: the heading of its section in `docs/platforms.md`.
    title: &'static str,
    /// Builds and tests. The error is the reason why nothing more could be done.
    run: fn(&mut Report) -> Result<(), String>,
}

const ALL: &[Platform] = &[
    Platform {
        name: "manylinux-x86_64",
        title: "Python wheels for x86-64 Linux with glibc 2.17 or later",
        run: manylinux::x86_64,
    },
    Platform {
        name: "manylinux-aarch64",
        title: "Python wheels for 64-bit ARM Linux with glibc 2.17 or later, and the Rust tests",
        run: manylinux::aarch64,
    },
    Platform {
        name: "musl-x86_64",
        title: "Static programs and Python wheels for x86-64 Linux with musl, such as Alpine",
        run: musl::x86_64,
    },
    Platform {
        name: "jvm-linux-x86_64",
        title: "The library and the sandbox program in the jars, for x86-64 Linux with glibc 2.17 or later",
        run: jvm::x86_64,
    },
    Platform {
        name: "rust-newest",
        title: "The whole workspace with the newest Rust that Debian has",
        run: rust::newest,
    },
    Platform { name: "rust-lowest", title: "The workspace with the lowest supported Rust", run: rust::lowest },
    Platform {
        name: "windows",
        title: "Windows on x86-64: library and program, built by mingw-w64, and the Rust tests under wine",
        run: windows::x86_64,
    },
    Platform {
        name: "windows-python",
        title: "Windows on x86-64: Python wheels, tested under wine",
        run: windows::python,
    },
    Platform {
        name: "windows-jvm",
        title: "Windows on x86-64: the jar with library and program, tested under wine",
        run: windows::jvm,
    },
    Platform { name: "windows-msvc", title: "Windows with Microsoft's compiler", run: checks::windows_msvc },
    Platform { name: "macos", title: "macOS on arm64 and x86-64: wheels linked by zig", run: checks::macos },
    Platform { name: "ios", title: "iOS on arm64, and its simulator on arm64 and x86-64", run: checks::ios },
    Platform { name: "android", title: "Android on arm64, armv7, x86-64 and x86", run: checks::android },
];

pub fn names() -> impl Iterator<Item = &'static str> {
    ALL.iter().map(|platform| platform.name)
}

#[derive(Clone, Copy, Debug, clap::Args)]
pub struct Options {
    /// Replace the results of these platforms in docs/platforms.md
    #[arg(long)]
    write: bool,
    /// The whole Python suite with one interpreter of each platform only, and some of the tests under emulators and wine
    #[arg(long)]
    quick: bool,
    /// Under wine, start no further file or class of tests after this number of minutes. The results list what was not started
    #[arg(long, value_name = "N", default_value_t = 60)]
    minutes: u32,
}

/// Runs the named platforms, or all if `names` is empty, and prints the table. With `write`, replaces their results in
/// `docs/platforms.md`.
pub fn run(names: &[String], options: Options) -> bool {
    // The builds in the chroots are offline.
    if !run::passes(&mut run::cargo("fetch --locked")) {
        return false;
    }
    let chosen = ALL.iter().filter(|platform| names.is_empty() || names.iter().any(|name| name == platform.name));
    let reports: Vec<Report> = chosen.map(|platform| examine(platform, options)).collect();
    println!();
    for line in reports.iter().flat_map(|report| report.failures.summary()) {
        println!("{line}");
    }
    let mut rows = vec![row!["platform", "built", "passed", "failed", "not run, and why"]];
    rows.extend(reports.iter().map(Report::row));
    print!("{}", table(&rows));
    let is_written = !options.write || document::update(&reports, &names_in_order());
    is_written && reports.iter().all(Report::is_good)
}

fn names_in_order() -> Vec<&'static str> {
    names().collect()
}

fn examine(platform: &Platform, options: Options) -> Report {
    println!("\n==== {}: {} ====", platform.name, platform.title);
    let started = Instant::now();
    let mut report = Report::new(platform.name, platform.title);
    report.quick = options.quick;
    report.minutes = options.minutes;
    report.tool("commit", commit());
    if let Err(why) = (platform.run)(&mut report) {
        report.stopped(why);
    }
    report.took(started.elapsed());
    report
}

/// The commit of the tree, with a mark if files other than the results are changed.
fn commit() -> Option<String> {
    let commit = run::output(run::command("git").args(["rev-parse", "--short", "HEAD"]))?;
    let others = ["status", "--porcelain", "--", ".", ":!docs/platforms.md"];
    let changed = run::output(run::command("git").args(others))?;
    Some(format!("{}{}", commit.trim(), if changed.trim().is_empty() { "" } else { "-dirty" }))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::names;

    #[test]
    fn every_platform_has_a_name_of_its_own() {
        let all: Vec<_> = names().collect();
        assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), all.len());
    }
}
