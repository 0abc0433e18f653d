//! `cargo xtask check`: everything that can be judged without running the product.

use std::process::Command;
use std::time::Instant;

use crate::table::{row, table};
use crate::{deny, run, swift};

pub fn run() -> bool {
    let mut rows = vec![row!["step", "result", "seconds"]];
    let mut good = true;
    for (name, step) in steps() {
        let started = Instant::now();
        let passed = step();
        good &= passed;
        let result = if passed { "ok" } else { "failed" };
        rows.push(row![name, result, format!("{:.1}", started.elapsed().as_secs_f64())]);
    }
    print!("\n{}", table(&rows));
    good
}

type Step = (&'static str, fn() -> bool);

/// The feature sets are those that compile different code: all at once, each face alone, and the core without HTTP.
fn steps() -> [Step; 8] {
    [
        ("fmt", || run::passes(&mut run::cargo("fmt --all --check"))),
        ("clippy workspace", || clippy("--workspace --all-targets --features keysecure-tests/redis")),
        ("clippy core, uniffi", || clippy("-p keysecure --features uniffi")),
        ("clippy core, python", || clippy("-p keysecure --features python")),
        ("clippy core, no defaults", || clippy("-p keysecure --no-default-features")),
        ("swift format", swift::format),
        ("doc", || run::passes(&mut doc())),
        ("deny", deny::check),
    ]
}

fn clippy(what: &str) -> bool {
    run::passes(&mut run::cargo(&format!("clippy {what} -- -D warnings")))
}

fn doc() -> Command {
    let mut doc = run::cargo("doc --workspace --no-deps");
    doc.env("RUSTDOCFLAGS", "-D warnings");
    doc
}
