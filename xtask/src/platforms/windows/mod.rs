//! Windows on x86-64: everything by mingw, and the tests under wine.

mod java;
mod python;

use std::path::{Path, PathBuf};

use super::manylinux::TOOLS;
use super::report::Report;
use super::roots::{CARGO_HOME, Root, SID, TARGET, WORKSPACE, target};
use crate::venv::Venv;
use crate::{ship, wheels};

const TRIPLE: &str = "x86_64-pc-windows-gnu";

/// The folder of the scripts, in the chroot.
const SCRIPTS: &str = "/keysecure/xtask/src/platforms/windows";

/// The seconds after which a test program is ended.
const TEST_LIMIT: u32 = 900;

/// Builds the library, the program and the wheels, runs the tests of Rust and Python, and the jar with the library.
pub fn x86_64(report: &mut Report) -> Result<(), String> {
    let tools = wheels::tools().ok_or("the tools of the release cannot be installed")?;
    let root = Root::new(&SID, report)?.mount(tools.path(), TOOLS);
    root.fetch_std()?;
    let windows = Windows { root, tools };
    windows.tools(report);
    windows.programs(report)?;
    windows.rust_tests(report)?;
    python::run(&windows, report)?;
    java::run(&windows, report)
}

struct Windows {
    root: Root,
    tools: Venv,
}

impl Windows {
    fn tools(&self, report: &mut Report) {
        self.root.tool(report, "rustc", "rustc --version | cut -d' ' -f2");
        self.root.tool(report, "mingw-w64 gcc", "x86_64-w64-mingw32-gcc -dumpfullversion");
        self.root.tool(report, "wine", "wine --version");
    }

    /// The shipped library and program.
    fn programs(&self, report: &mut Report) -> Result<(), String> {
        let flags = flags();
        self.run(report, &format!("RUSTFLAGS='{flags}' cargo build --locked --profile ship -p keysecure-sandbox"))?;
        let library = "cargo rustc --locked --profile ship -p keysecure-ffi --lib --crate-type cdylib";
        self.run(report, &format!("RUSTFLAGS='{flags}' {library}"))?;
        for file in ["keysecure_ffi.dll", "keysecure-sandbox.exe"] {
            self.root.run(report, &format!("x86_64-w64-mingw32-strip {TARGET}/{TRIPLE}/ship/{file}"))?;
            report.built(None, &built(file))?;
        }
        let program = format!("{TARGET}/{TRIPLE}/ship/keysecure-sandbox.exe");
        let runs = self.wine(report, 60, &format!("{program} --version"))?;
        report.check("keysecure-sandbox.exe runs", runs);
        Ok(())
    }

    fn rust_tests(&self, report: &mut Report) -> Result<(), String> {
        let shell = "cargo test --locked --no-fail-fast --tests -p keysecure -p keysecure-sandbox -p keysecure-tests";
        let done = self.root.cargo_test(report, "Rust", &variables(&session(shell)));
        report.left_out("Rust: 5 tests of suspended or forked processes", "Windows has neither signals nor fork");
        report.left_out("Rust: FIFOs, links and modes of files in the file store", "Windows has none of them");
        report.left_out("Rust: doc tests", "they run on Linux");
        done
    }

    /// Runs a command line with the variables of a build for Windows.
    fn run(&self, report: &mut Report, shell: &str) -> Result<(), String> {
        self.root.run(report, &variables(shell))
    }

    /// Runs a Windows program. Returns whether it succeeded.
    fn wine(&self, report: &mut Report, seconds: u32, command: &str) -> Result<bool, String> {
        report.command(format!("wine {command}"));
        let shell = session(&format!("sh {SCRIPTS}/wine.sh {seconds} {command}"));
        Ok(crate::run::passes(&mut self.root.command(&shell)?))
    }
}

/// A command that may use wine.
fn session(command: &str) -> String {
    format!("sh {SCRIPTS}/session.sh {command}")
}

/// The `RUSTFLAGS` of what is shipped.
fn flags() -> String {
    ship::flags_with(Some(Path::new(CARGO_HOME)))
}

/// A file that the profile `ship` built.
fn built(file: &str) -> PathBuf {
    target("windows").join(TRIPLE).join("ship").join(file)
}

/// A command line with the variables that make cargo build for Windows and run under wine. The standard library is built from
/// Debian's sources, without its checks of pointers, which the addresses that wine finds do not pass.
fn variables(shell: &str) -> String {
    format!(
        "export RUSTC_BOOTSTRAP=1 CARGO_UNSTABLE_BUILD_STD=std,panic_unwind CARGO_BUILD_TARGET={TRIPLE} \
         CARGO_PROFILE_DEV_DEBUG_ASSERTIONS=false CARGO_PROFILE_DEV_OVERFLOW_CHECKS=true \
         CARGO_TARGET_X86_64_PC_WINDOWS_GNU_LINKER=x86_64-w64-mingw32-gcc \
         CC_x86_64_pc_windows_gnu=x86_64-w64-mingw32-gcc \
         CARGO_TARGET_X86_64_PC_WINDOWS_GNU_RUNNER='sh {WORKSPACE}/xtask/src/platforms/windows/wine.sh {TEST_LIMIT}'; \
         {shell}"
    )
}
