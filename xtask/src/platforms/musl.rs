//! musl instead of glibc: programs that need no library at all, and a wheel for Alpine and the like.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use regex::Regex;

use super::manylinux::{self, Loader};
use super::python::{self, Interpreter};
use super::report::Report;
use super::roots::{self, Root, SID, TARGET, WORKSPACE};
use crate::{chroot, files, run, ship, venv};

const TRIPLE: &str = "x86_64-unknown-linux-musl";

/// Python tests of TLS.
const NEED_SSL: [&str; 1] = ["test_cli_doctor.py"];

/// A Python test that asks a name server.
const NEEDS_NAMES: &str = "test_error_texts.py::test_a_server_that_is_not_there_is_named";

/// The programs that run in an empty root.
const PROGRAMS: [&str; 3] = ["keysecure-sandbox", "examples/quickstart", "examples/doctor"];

/// All Rust tests, static programs that run where there is nothing else, and the wheels.
pub fn x86_64(report: &mut Report) -> Result<(), String> {
    let tools = venv::release_tools().ok_or("the tools of the release cannot be installed")?;
    let root = Root::new(&SID, report)?.mount(tools.path(), manylinux::TOOLS);
    root.fetch_std()?;
    root.tool(report, "rustc", "rustc --version");
    root.tool(report, "musl", "dpkg-query -Wf '${Version}' musl-tools");
    root.run(report, &format!("sh xtask/src/platforms/musl_unwind.sh {TARGET}/unwind"))?;
    // Debian's Rust has no standard library for musl: it is built from its sources. Without any optimization the limits of
    // time in the tests are too short for it.
    let environment = |flags: &str| {
        format!(
            "export RUSTC_BOOTSTRAP=1 CARGO_PROFILE_DEV_OPT_LEVEL=1 CARGO_TARGET_X86_64_UNKNOWN_LINUX_MUSL_LINKER=musl-gcc \
             CC_x86_64_unknown_linux_musl=musl-gcc \
             RUSTFLAGS='-C link-self-contained=no -L native={TARGET}/unwind{flags}' \
             RUSTDOCFLAGS='-C link-self-contained=no -L native={TARGET}/unwind -C linker=musl-gcc'"
        )
    };
    let crates = "-p keysecure -p keysecure-sandbox -p keysecure-tests";
    let test = format!("cargo test --locked --no-fail-fast -Zbuild-std --target {TRIPLE} {crates}");
    root.cargo_test(report, "Rust", &format!("{}; {test}", environment("")))?;
    report.left_out("fleet stores on Redis", "no server in the chroot");

    let flags = format!(" {}", ship::flags_with(Some(Path::new(roots::CARGO_HOME))));
    let build = "cargo build --locked -Zbuild-std --profile ship -p keysecure-sandbox -p keysecure --bins \
                 --example quickstart --example doctor";
    root.run(report, &format!("{}; {build} --target {TRIPLE}", environment(&flags)))?;
    programs(report)?;

    let wheels = manylinux::cross(
        report,
        &root,
        &manylinux::Target {
            triple: TRIPLE,
            compatibility: "musllinux_1_2",
            environment: "RUSTC_BOOTSTRAP=1 CARGO_UNSTABLE_BUILD_STD=std,panic_unwind",
        },
    )?;
    manylinux::checked(report, &tools, &wheels, None)?;
    report.left_out("auditwheel", "it knows the C library by Alpine's name, and zig links to the name libc.so");
    let loader = Loader { command: "/lib/ld-musl-x86_64.so.1 --list", system: "musl's loader" };
    manylinux::complete(report, &root, &wheels, &loader)?;
    manylinux::test_packages(&tools)?;
    let ignored = NEED_SSL.map(|file| format!(" --ignore=tests/{file}"));
    let tests = format!("{}{} --deselect tests/{NEEDS_NAMES}", python::WHOLE_SUITE, ignored.join(""));
    report.left_out(format!("Python: {NEEDS_NAMES}"), "no name server in the chroot");
    report.left_out(format!("Python: {}", NEED_SSL.join(", ")), "the interpreter for musl has no ssl");
    let system = Root::at(system()?, report);
    python::test(report, &[Interpreter::new(system, "3.13 on musl", "/opt/python/bin/python3.13", &tests)])
}

/// A system with musl and a Python, in the user's cache folder.
fn system() -> Result<PathBuf, String> {
    let cache = run::cache_dir().ok_or("neither XDG_CACHE_HOME nor HOME is set: no folder for a system")?;
    let folder = cache.join("musl");
    fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let workspace = run::root();
    let shell = format!("sh {WORKSPACE}/xtask/src/platforms/musl_system.sh /opt/musl {}", chroot::mirror());
    let mounts: [(&Path, &str); 2] = [(&workspace, WORKSPACE), (&folder, "/opt/musl")];
    let inside = chroot::command(&SID.ensure()?, &mounts, &shell);
    let mut make = run::command("flock");
    make.arg(folder.with_extension("lock")).arg(inside.get_program()).args(inside.get_args());
    if run::passes(&mut make) { Ok(folder) } else { Err("the system with musl could not be made: see above".into()) }
}

/// Runs the static programs in a root that has no other file.
fn programs(report: &mut Report) -> Result<(), String> {
    let empty = roots::target_file(report.name, "empty");
    files::empty_folder(&empty).ok_or("no folder for an empty root")?;
    for program in PROGRAMS {
        let built = roots::target(report.name).join(TRIPLE).join("ship").join(program);
        let name = program.trim_start_matches("examples/");
        let copied = empty.join(name);
        fs::copy(&built, &copied).map_err(|error| format!("{}: {error}", built.display()))?;
        if !run::passes(run::command("strip").arg(&copied)) {
            return Err(format!("strip {program} failed"));
        }
        report.built(Some(&format!("{name} (static)")), &copied)?;
    }
    let enter = |program: &str| {
        let mut command = run::command("chroot");
        command.arg(&empty).arg(program).env_clear().env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin");
        command
    };
    let printed = run::output(&mut enter("/quickstart"));
    report.check("quickstart in an empty root", printed.is_some());
    report.output("`quickstart` in an empty root", &printed.unwrap_or_default());
    let served = serve(&mut enter("/keysecure-sandbox"), |variables| run::passes(enter("/doctor").envs(variables)));
    report.check("sandbox and doctor in an empty root", served);
    Ok(())
}

/// Runs something while the sandbox program serves, with the variables that lead to it.
fn serve(sandbox: &mut Command, run: impl Fn(Vec<(&str, String)>) -> bool) -> bool {
    let started = sandbox.args(["serve", "--exit-with-stdin"]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
    let Ok(mut child) = started else { return false };
    let mut line = String::new();
    let said = child.stdout.take().and_then(|output| BufReader::new(output).read_line(&mut line).ok());
    let found = |field: &str| {
        let field = Regex::new(&format!(r#""{field}":\s*"([^"]*)""#)).ok()?;
        Some(field.captures(&line)?.get(1)?.as_str().to_owned())
    };
    let fields =
        [("base_url", "KEYSECURE_BASE_URL"), ("api_key", "KEYSECURE_API_KEY"), ("api_secret", "KEYSECURE_API_SECRET")];
    let variables: Option<Vec<_>> = fields.iter().map(|(field, name)| Some((*name, found(field)?))).collect();
    let is_good = said.is_some() && variables.is_some_and(run);
    drop(child.stdin.take());
    child.wait().is_ok() && is_good
}
