//! The release wheels: built for every Linux since 2014, and checked.

use std::fs;
use std::path::{Path, PathBuf};

use crate::venv::{self, Venv};
use crate::{files, notices, run, ship};

/// The budget of the client's wheel, in bytes.
const BUDGET: u64 = 2_000_000;

/// The folder of the client, and the folder of its sandbox: a separate package, so that production does not install it.
pub const PROJECTS: [&str; 2] = ["bindings-python", "bindings-python/sandbox"];

/// Arguments of maturin for a release wheel.
pub const BUILD: [&str; 7] = ["build", "--locked", "--strip", "--compression-level", "9", "--profile", "wheel"];

/// Arguments of maturin for wheels that need no more than glibc 2.17. Zig links against the names of that version;
/// auditwheel reads the result.
pub const MANYLINUX: [&str; 3] = ["--zig", "--compatibility", "manylinux2014"];

/// Builds the release wheels for this machine, which takes some minutes.
pub fn release() -> Option<[PathBuf; 2]> {
    let tools = venv::release_tools()?;
    notices::around(|| {
        let [client, sandbox] = PROJECTS.map(|project| build(&tools, project));
        Some([client?, sandbox?])
    })
}

fn build(tools: &Venv, project: &str) -> Option<PathBuf> {
    let out = venv::folder().join("wheel-release").join(project);
    files::empty_folder(&out)?;
    let mut maturin = tools.command("maturin");
    maturin.args(BUILD).arg("--quiet").arg("--out").arg(&out).current_dir(run::root().join(project));
    maturin.env("RUSTFLAGS", ship::flags());
    if cfg!(target_os = "linux") {
        maturin.args(MANYLINUX).env("CARGO_ZIGBUILD_PYTHON_PATH", tools.path().join("bin/python"));
    }
    run::passes(&mut maturin).then(|| files::only_file(&out)).flatten()
}

/// `cargo xtask package python`: builds the release wheels, checks them, and reports their sizes and the budget.
pub fn package() -> bool {
    let (Some(tools), Some(wheels)) = (venv::release_tools(), release()) else { return false };
    let mut contents = tools.python();
    contents.args(["tests/package/contents.py", "--released"]).args(&wheels);
    let mut is_good = run::passes(&mut contents);
    for (what, passed) in checks(&tools, &wheels, Some("manylinux_2_17_")) {
        println!("{what}: {}", if passed { "ok" } else { "FAILED" });
        is_good &= passed;
    }
    for (wheel, budget) in wheels.iter().zip([Some(BUDGET), None]) {
        let size = fs::metadata(wheel).map_or(u64::MAX, |file| file.len());
        let verdict = match budget {
            Some(budget) if size > budget => format!(", budget {budget}: over"),
            Some(budget) => format!(", budget {budget}: ok"),
            None => String::new(),
        };
        println!("{}: {size} bytes{verdict}", wheel.display());
    }
    is_good
}

/// What the tools of the Python packaging authority say about wheels. With a tag, auditwheel must find that of Linux.
pub fn checks(tools: &Venv, wheels: &[PathBuf], tag: Option<&str>) -> Vec<(String, bool)> {
    let mut results = Vec::new();
    if let (true, Some(tag)) = (cfg!(target_os = "linux"), tag) {
        let conforms = |wheel: &Path| {
            let shown = run::output(tools.command("auditwheel").arg("show").arg(wheel)).unwrap_or_default();
            shown.split_whitespace().collect::<Vec<_>>().join(" ").contains(&format!("platform tag: \"{tag}"))
        };
        results
            .push((format!("auditwheel: {}", tag.trim_end_matches('_')), wheels.iter().all(|wheel| conforms(wheel))));
    }
    let passes = |program: &str, arguments: &[&str]| run::passes(tools.command(program).args(arguments).args(wheels));
    results.push(("abi3audit".into(), passes("abi3audit", &["--strict"])));
    results.push(("twine check".into(), passes("twine", &["check", "--strict"])));
    results
}
