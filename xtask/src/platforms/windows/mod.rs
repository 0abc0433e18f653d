//! Windows on x86-64: everything by mingw, and the tests under wine.

mod java;
mod python;
mod wine;

use std::fs;

use super::report::Report;
use super::roots::{TARGET, target};
use wine::{FOLDER, LIBRARY, TRIPLE, Windows, built, flags, session, variables};

/// Builds the library and the program, and runs the Rust tests.
pub fn x86_64(report: &mut Report) -> Result<(), String> {
    let windows = Windows::new(report)?;
    windows.tools(report);
    programs(&windows, report)?;
    rust_tests(&windows, report)
}

/// The wheels.
pub fn python(report: &mut Report) -> Result<(), String> {
    let windows = Windows::new(report)?;
    windows.tools(report);
    python::run(&windows, report)
}

/// The jar with the library and the program of [`x86_64`].
pub fn jvm(report: &mut Report) -> Result<(), String> {
    let windows = Windows::new(report)?;
    windows.tools(report);
    programs(&windows, report)?;
    windows.run(report, "cargo build --locked -p keysecure-tests --bin relay_server")?;
    java::run(&windows, report)
}

/// The shipped library and program.
fn programs(windows: &Windows, report: &mut Report) -> Result<(), String> {
    let flags = flags();
    windows.run(report, &format!("RUSTFLAGS='{flags}' cargo build --locked --profile ship -p keysecure-sandbox"))?;
    let library = "cargo rustc --locked --profile ship -p keysecure-relay-ffi --lib --crate-type cdylib";
    windows.run(report, &format!("RUSTFLAGS='{flags}' {library}"))?;
    for file in [LIBRARY, "keysecure-sandbox.exe"] {
        windows.root.run(report, &format!("x86_64-w64-mingw32-strip {TARGET}/{TRIPLE}/ship/{file}"))?;
        report.built(None, &built(file))?;
    }
    let program = format!("{TARGET}/{TRIPLE}/ship/keysecure-sandbox.exe");
    let runs =
        windows.wine(report, 60, &format!("{program} serve --exit-with-stdin </dev/null >{TARGET}/served.txt"))?;
    report.check("keysecure-sandbox.exe serves", runs);
    let printed = fs::read_to_string(target(FOLDER).join("served.txt")).unwrap_or_default();
    report.output("`keysecure-sandbox.exe serve`", &printed);
    Ok(())
}

fn rust_tests(windows: &Windows, report: &mut Report) -> Result<(), String> {
    let (what, tests) = if report.quick {
        report.left_out("Rust: the integration tests and all others outside the libraries", "a short run");
        ("Rust, tests of the libraries", "--lib -p keysecure -p keysecure-sandbox")
    } else {
        ("Rust", "--tests -p keysecure -p keysecure-sandbox -p keysecure-tests")
    };
    let shell = format!("cargo test --locked --no-fail-fast {tests}");
    let done = windows.root.cargo_test(report, what, &variables(&session(&shell)));
    report.left_out("Rust: 5 tests of suspended or forked processes", "Windows has neither signals nor fork");
    report.left_out("Rust: FIFOs, links and modes of files in the file store", "Windows has none of them");
    report.left_out("Rust: doc tests", "they run on Linux");
    done
}
