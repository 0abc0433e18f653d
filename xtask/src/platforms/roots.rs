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
               gcc-aarch64-linux-gnu libc6-dev-arm64-cross qemu-user musl-tools busybox-static libunwind-22-dev \
               gcc-mingw-w64-x86-64-posix wine64 python3.14 python3.14-venv python3-pip",
};

/// A C library of 2020, older than that of every system with support: glibc 2.31.
pub const BULLSEYE: Chroot = Chroot { name: "bullseye", suite: "bullseye", packages: "libc6:arm64" };

/// The mount point of the workspace in a chroot.
pub const WORKSPACE: &str = "/keysecure";

/// The mount point of a platform's folder for cargo's target files in a chroot.
pub const TARGET: &str = "/keysecure-target";

/// The mount point of cargo's folder with the fetched packages. Builds in a chroot are offline.
pub const CARGO_HOME: &str = "/keysecure-cargo";

/// The mount point of the wheels of all platforms.
pub const WHEELS: &str = "/keysecure-wheels";

/// The folder of a platform's builds, outside the chroot.
pub fn target(name: &str) -> PathBuf {
    run::target_dir().join("platforms").join(name)
}

/// The folder with the wheels of all platforms and the packages that their tests need. pip chooses from it.
pub fn wheels() -> PathBuf {
    run::target_dir().join("platforms/wheels")
}

/// A chroot, or this machine, in which a platform builds and tests.
pub struct Root {
    folder: Option<PathBuf>,
    platform: &'static str,
    mounts: Vec<(PathBuf, String)>,
    emulator: Option<PathBuf>,
}

impl Root {
    /// Whether it is not this machine.
    pub const fn is_elsewhere(&self) -> bool {
        self.folder.is_some()
    }

    /// This machine itself.
    pub fn here(report: &Report) -> Self {
        Self { folder: None, platform: report.name, mounts: Vec::new(), emulator: None }
    }

    /// A chroot, which is made if it does not exist.
    pub fn new(chroot: &Chroot, report: &Report) -> Result<Self, String> {
        Ok(Self::at(chroot.ensure()?, report))
    }

    /// A folder with another system.
    pub fn at(folder: PathBuf, report: &Report) -> Self {
        Self { folder: Some(folder), ..Self::here(report) }
    }

    /// Builds in the folder of another platform.
    pub const fn in_folder_of(mut self, platform: &'static str) -> Self {
        self.platform = platform;
        self
    }

    /// Mounts another folder.
    pub fn mount(mut self, from: &Path, to: &str) -> Self {
        self.mounts.push((from.into(), to.into()));
        self
    }

    /// Programs for 64-bit ARM run too, by the emulator of Debian's development release.
    pub fn emulating(mut self) -> Result<Self, String> {
        self.emulator = Some(SID.ensure()?.join("usr/bin/qemu-aarch64"));
        Ok(self)
    }

    /// The platform's folder, as commands of [`Self::command`] see it.
    pub fn target(&self) -> String {
        if self.folder.is_some() { TARGET.into() } else { target(self.platform).display().to_string() }
    }

    /// The folder of [`wheels`], as commands of [`Self::command`] see it.
    pub fn wheels(&self) -> String {
        if self.folder.is_some() { WHEELS.into() } else { wheels().display().to_string() }
    }

    /// A command line in the workspace, with the platform's folder for cargo's target files.
    pub fn command(&self, shell: &str) -> Result<Command, String> {
        let (target, wheels) = (target(self.platform), wheels());
        for folder in [&target, &wheels] {
            fs::create_dir_all(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
        }
        let Some(folder) = &self.folder else {
            let mut command = run::command("sh");
            command.args(["-ec", shell]).env("CARGO_TARGET_DIR", target);
            return Ok(command);
        };
        // Not the whole folder: its programs are those of another system, and cargo finds them first.
        let registry = run::cargo_home().ok_or("neither CARGO_HOME nor HOME is set")?.join("registry");
        let workspace = run::root();
        let shell = format!(
            "cd {WORKSPACE}; export CARGO_HOME={CARGO_HOME} CARGO_TARGET_DIR={TARGET} CARGO_NET_OFFLINE=true \
             CARGO_INCREMENTAL=0 CARGO_PROFILE_DEV_DEBUG=0 CARGO_TERM_COLOR=never; {shell}"
        );
        let packages = format!("{CARGO_HOME}/registry");
        let mut mounts: Vec<(&Path, &str)> =
            vec![(&workspace, WORKSPACE), (&target, TARGET), (&registry, &packages), (&wheels, WHEELS)];
        mounts.extend(self.mounts.iter().map(|(from, to)| (from.as_path(), to.as_str())));
        Ok(match &self.emulator {
            Some(emulator) => chroot::emulating(emulator, folder, &mounts, &shell),
            None => chroot::command(folder, &mounts, &shell),
        })
    }

    /// Fetches the packages of Rust's standard library, from whose sources it is built for a target that Debian has not.
    pub fn fetch_std(&self) -> Result<(), String> {
        let sources = self.folder.as_deref().unwrap_or(Path::new("/")).join("usr/lib/rustlib/src/rust");
        let sources = fs::read_link(&sources).map_or(sources.clone(), |link| sources.with_file_name("").join(link));
        let mut fetch = run::cargo("fetch --locked --manifest-path");
        fetch.arg(sources.join("library/Cargo.toml")).env("RUSTC_BOOTSTRAP", "1");
        if run::passes(&mut fetch) {
            Ok(())
        } else {
            Err("the packages of the standard library were not fetched".into())
        }
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
        report.tool(name, self.command(shell).ok().and_then(|mut command| run::output(&mut command)));
    }
}

/// A file in the folder of a platform, as this machine sees it.
pub fn target_file(platform: &str, name: &str) -> PathBuf {
    target(platform).join(name)
}
