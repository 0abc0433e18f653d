//! The chroots of the platforms, and running a command line in one with the workspace mounted.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::report::Report;
use crate::chroot::{self, Chroot};
use crate::report::libtest::LibtestOutput;
use crate::run;

/// The newest compilers, emulators and Python: Debian's development release.
pub const SID: Chroot = Chroot {
    name: "sid",
    suite: "sid",
    packages: "ca-certificates build-essential pkg-config git openssl \
               rustc cargo rust-src rust-clippy libstd-rust-dev:arm64 \
               gcc-aarch64-linux-gnu libc6-dev-arm64-cross qemu-user musl-tools libunwind-22-dev \
               gcc-mingw-w64-x86-64-posix wine64 python3.14 python3.14-venv python3-pip",
};

/// The mount point of the workspace in a chroot.
pub const WORKSPACE: &str = "/keysecure";

/// The mount point of a platform's folder for cargo's target files in a chroot.
pub const TARGET: &str = "/keysecure-target";

/// The mount point of cargo's folder with the fetched packages. Builds in a chroot are offline.
pub const CARGO_HOME: &str = "/keysecure-cargo";

/// The folder of a platform's builds, outside the chroot.
pub fn target(name: &str) -> PathBuf {
    run::target_dir().join("platforms").join(name)
}

/// A chroot in which a platform builds and tests.
pub struct Root {
    folder: PathBuf,
    platform: &'static str,
}

impl Root {
    /// Makes the chroot if it does not exist.
    pub fn new(chroot: &Chroot, report: &Report) -> Result<Self, String> {
        Ok(Self { folder: chroot.ensure()?, platform: report.name })
    }

    /// The folder of the chroot.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// A command line in the chroot, in the workspace, with the platform's folder for cargo's target files.
    pub fn command(&self, shell: &str) -> Result<Command, String> {
        let cargo_home = run::cargo_home().ok_or("neither CARGO_HOME nor HOME is set")?;
        let target = target(self.platform);
        fs::create_dir_all(&target).map_err(|error| format!("{}: {error}", target.display()))?;
        let workspace = run::root();
        let shell = format!(
            "cd {WORKSPACE}; export CARGO_HOME={CARGO_HOME} CARGO_TARGET_DIR={TARGET} CARGO_NET_OFFLINE=true \
             CARGO_INCREMENTAL=0 CARGO_PROFILE_DEV_DEBUG=0 CARGO_TERM_COLOR=never; {shell}"
        );
        let mounts: [(&Path, &str); 3] = [(&workspace, WORKSPACE), (&target, TARGET), (&cargo_home, CARGO_HOME)];
        Ok(chroot::command(&self.folder, &mounts, &shell))
    }

    /// Records a command line and runs it. The error names it.
    pub fn run(&self, report: &mut Report, shell: &str) -> Result<(), String> {
        report.command(shell);
        if run::passes(&mut self.command(shell)?) { Ok(()) } else { Err(format!("failed: {shell}")) }
    }

    /// Records a command line with the output of `cargo test`, runs it and counts its tests.
    pub fn cargo_test(&self, report: &mut Report, what: &str, shell: &str) -> Result<(), String> {
        report.command(shell);
        let mut output = LibtestOutput::default();
        let failures = &mut report.failures;
        let exited_well = run::streams(&mut self.command(shell)?, |line| output.record(line, failures));
        report.tested(what, output.counts);
        // Without a failed test, a test program did not build or ended early.
        if exited_well || output.counts.failed > 0 { Ok(()) } else { Err(format!("failed: {shell}")) }
    }

    /// Records the version of a tool: the first line that this command line prints.
    pub fn tool(&self, report: &mut Report, name: &str, shell: &str) {
        report.tool(name, run::output(&mut chroot::command(&self.folder, &[], shell)));
    }
}
