//! Building for Windows in a chroot, and running Windows programs there.

use std::fs;
use std::path::{Path, PathBuf};

use crate::platforms::manylinux::TOOLS;
use crate::platforms::report::Report;
use crate::platforms::roots::{CARGO_HOME, Root, SID, WORKSPACE, target};
use crate::venv::{self, Venv};
use crate::{run, ship};

pub(super) const TRIPLE: &str = "x86_64-pc-windows-gnu";

/// The library for the jar, with the relay server.
pub(super) const LIBRARY: &str = "keysecure_relay_ffi.dll";

/// The platform whose folder all of Windows shares.
pub(super) const FOLDER: &str = "windows";

/// The folder of the scripts, in the chroot.
pub(super) const SCRIPTS: &str = "/keysecure/xtask/src/platforms/windows";

/// The seconds that each file or class of tests may take.
pub(super) const FILE_LIMIT: u32 = 300;

/// The seconds after which a test program is ended.
const TEST_LIMIT: u32 = 900;

/// The chroot, and the tools of this machine.
pub(super) struct Windows {
    pub(super) root: Root,
    pub(super) tools: Venv,
}

impl Windows {
    pub(super) fn new(report: &Report) -> Result<Self, String> {
        let tools = venv::release_tools().ok_or("the tools of the release cannot be installed")?;
        let root = Root::new(&SID, report)?.mount(tools.path(), TOOLS).in_folder_of(FOLDER);
        root.fetch_std()?;
        Ok(Self { root, tools })
    }

    pub(super) fn tools(&self, report: &mut Report) {
        self.root.tool(report, "rustc", "rustc --version | cut -d' ' -f2");
        self.root.tool(report, "mingw-w64 gcc", "x86_64-w64-mingw32-gcc -dumpfullversion");
        self.root.tool(report, "wine", "wine64 --version");
    }

    /// Runs a command line with the variables of a build for Windows.
    pub(super) fn run(&self, report: &mut Report, shell: &str) -> Result<(), String> {
        self.root.run(report, &variables(shell))
    }

    /// Runs a Windows program. Returns whether it succeeded.
    pub(super) fn wine(&self, report: &mut Report, seconds: u32, command: &str) -> Result<bool, String> {
        report.command(format!("wine64 {command}"));
        let shell = session(&format!("sh {SCRIPTS}/wine.sh {seconds} {command}"));
        Ok(run::passes(&mut self.root.command(&shell)?))
    }
}

/// A command that may use wine.
pub(super) fn session(command: &str) -> String {
    format!("sh {SCRIPTS}/session.sh {command}")
}

/// Records what `each.sh` has not started in time, of this suite.
pub(super) fn not_started(report: &mut Report, suite: &str, folder: &Path) {
    let list = fs::read_to_string(folder.join("not-started.txt")).unwrap_or_default();
    let mut items: Vec<&str> =
        list.lines().map(|item| item.rsplit(['/', '.']).find(|part| *part != "py").unwrap_or(item)).collect();
    items.sort_unstable();
    if !items.is_empty() {
        report.left_out(
            format!("{suite}: {}", items.join(", ")),
            format!("not started: {} minutes were over", report.minutes),
        );
    }
}

/// The `RUSTFLAGS` of what is shipped.
pub(super) fn flags() -> String {
    ship::flags_with(Some(Path::new(CARGO_HOME)))
}

/// A file that the profile `ship` built.
pub(super) fn built(file: &str) -> PathBuf {
    target(FOLDER).join(TRIPLE).join("ship").join(file)
}

/// A command line with the variables that make cargo build for Windows and run under wine. The standard library is built from
/// Debian's sources, without its checks of pointers, which the addresses that wine finds do not pass.
pub(super) fn variables(shell: &str) -> String {
    format!(
        "export RUSTC_BOOTSTRAP=1 CARGO_UNSTABLE_BUILD_STD=std,panic_unwind CARGO_BUILD_TARGET={TRIPLE} \
         CARGO_PROFILE_DEV_DEBUG_ASSERTIONS=false CARGO_PROFILE_DEV_OVERFLOW_CHECKS=true CARGO_PROFILE_DEV_OPT_LEVEL=1 \
         CARGO_TARGET_X86_64_PC_WINDOWS_GNU_LINKER=x86_64-w64-mingw32-gcc \
         CC_x86_64_pc_windows_gnu=x86_64-w64-mingw32-gcc \
         CARGO_TARGET_X86_64_PC_WINDOWS_GNU_RUNNER='sh {WORKSPACE}/xtask/src/platforms/windows/wine.sh {TEST_LIMIT}'; \
         {shell}"
    )
}
