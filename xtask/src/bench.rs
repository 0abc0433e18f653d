//! `cargo xtask bench`: the benchmark program, the benchmarks of the bindings, the dependencies and the build time.

use std::fs;
use std::path::PathBuf;
use std::process;
use std::time::Instant;

use crate::table::{row, table};
use crate::{deps, kotlin, run, swift, wheels};

/// The budget of packages that core may add to a program.
const DEPENDENCY_BUDGET: usize = 60;

/// Runs all benchmarks; `args` are passed to the benchmark program. Fails when a program failed, not when a budget is
/// exceeded.
pub fn run(args: &[String]) -> bool {
    let bench = run::passes(run::cargo("run --release -p keysecure-tests --bin bench --").args(args));
    let python = python(args);
    let kotlin = kotlin::bench();
    let swift = swift::bench();
    let dependencies = dependencies();
    let build = cold_build();

    let verdict = match dependencies {
        Some(count) if count <= DEPENDENCY_BUDGET => "ok",
        Some(_) => "over",
        None => "failed",
    };
    let rows = [
        row!["what", "measured", "budget", "verdict"],
        row![
            "normal dependencies of the core, unique",
            dependencies.map_or_else(|| "-".into(), |count| count.to_string()),
            DEPENDENCY_BUDGET,
            verdict,
        ],
        row![
            "cold release build of the core",
            build.map_or_else(|| "-".into(), |seconds| format!("{seconds:.1} s")),
            "-",
            if build.is_some() { "ok" } else { "failed" },
        ],
    ];
    print!("\n{}", table(&rows));
    if !bench {
        println!("the benchmark program failed: see above");
    }
    for (binding, measured) in [("Python", python), ("Kotlin", kotlin), ("Swift", swift)] {
        if !measured {
            println!("the {binding} benchmark failed: see above");
        }
    }
    bench && python && kotlin && swift && dependencies.is_some() && build.is_some()
}

/// The Python binding as released, against `http.client` and other SDKs.
fn python(args: &[String]) -> bool {
    let Some([client, sandbox]) = wheels::release() else { return false };
    let mut program = run::command("python3");
    program.arg("tests/benchmarks/python/run.py").arg("--wheel").arg(client).arg("--sandbox-wheel").arg(sandbox);
    // The same program serves the recorded responses.
    program.arg("--server").arg(run::target_dir().join("release/bench"));
    run::passes(program.args(args))
}

fn dependencies() -> Option<usize> {
    let tree = run::output(&mut run::cargo("tree -p keysecure -e normal --prefix none"))?;
    Some(deps::count(&tree, "keysecure"))
}

/// Seconds to build core and its dependencies from nothing, without downloads.
fn cold_build() -> Option<f64> {
    let folder = Temporary(run::target_dir().join(format!("cold-{}", process::id())));
    // Without a network this fails, but all packages may be there: the build shows it.
    let _ = run::passes(&mut run::cargo("fetch"));
    let mut build = run::cargo("build --release -p keysecure --target-dir");
    // A compiler cache would use an earlier build.
    build.arg(&folder.0).env("RUSTC_WRAPPER", "").env("RUSTC_WORKSPACE_WRAPPER", "");
    let started = Instant::now();
    run::passes(&mut build).then(|| started.elapsed().as_secs_f64())
}

/// A folder that is removed when this value is dropped.
struct Temporary(PathBuf);

impl Drop for Temporary {
    fn drop(&mut self) {
        // If this fails, a folder is left in the target folder.
        let _ = fs::remove_dir_all(&self.0);
    }
}
