//! Platforms whose system libraries cannot be had here: the code is checked, and linked where zig or stubs can do it.
//! Nothing of it is run.

use std::fs;
use std::path::Path;

use super::manylinux::TOOLS;
use super::report::Report;
use super::roots::{CARGO_HOME, Root, SID, TARGET, target};
use crate::{files, notices, run, ship, venv};

/// The compiler of C code for other platforms.
const ZIG: &str = "$(echo /keysecure-tools/lib/python3*/site-packages/ziglang/zig)";

/// A target of Rust, and the one for which zig compiles C code instead: it has no headers of the system itself.
struct Target {
    rust: &'static str,
    zig: &'static str,
}

pub fn windows_msvc(report: &mut Report) -> Result<(), String> {
    let checks = Checks::new(report)?;
    for rust in ["x86_64-pc-windows-msvc", "aarch64-pc-windows-msvc"] {
        let zig = if rust.starts_with('x') { "x86_64-windows-gnu" } else { "aarch64-windows-gnu" };
        checks.check(report, &Target { rust, zig })?;
    }
    report.left_out("linking and tests", "no libraries of Microsoft");
    Ok(())
}

pub fn macos(report: &mut Report) -> Result<(), String> {
    let checks = Checks::new(report)?;
    for (rust, zig) in [("aarch64-apple-darwin", "aarch64-macos"), ("x86_64-apple-darwin", "x86_64-macos")] {
        checks.check(report, &Target { rust, zig })?;
        for (project, name) in [("bindings-python", "keysecure"), ("bindings-python/sandbox", "keysecure_sandbox")] {
            let out = target(report.name).join("wheels").join(rust).join(name);
            files::empty_folder(&out).ok_or("no folder for the wheels")?;
            // Unstripped: Debian has no program that strips files of macOS under the name that rustc looks for.
            let line = format!(
                "cd {project}; RUSTFLAGS='{}' CARGO_PROFILE_WHEEL_STRIP=false {TOOLS}/bin/maturin build --zig --target {rust} \
                 --locked --profile wheel --compression-level 9 --out {TARGET}/wheels/{rust}/{name}",
                ship::flags_with(Some(Path::new(CARGO_HOME)))
            );
            let built = notices::around(|| Some(checks.run(report, &line)));
            built.ok_or(notices::NOT_WRITTEN)??;
            for wheel in fs::read_dir(&out).into_iter().flatten().flatten() {
                report.built(None, &wheel.path())?;
            }
        }
    }
    report.left_out("linking of the jar's library and of the sandbox program", "type-checked only: no Mac");
    report.left_out("tests", "built, not run: no Mac");
    Ok(())
}

pub fn ios(report: &mut Report) -> Result<(), String> {
    let checks = Checks::new(report)?;
    for (rust, zig) in [
        ("aarch64-apple-ios", "aarch64-macos"),
        ("aarch64-apple-ios-sim", "aarch64-macos"),
        ("x86_64-apple-ios", "x86_64-macos"),
    ] {
        checks.check(report, &Target { rust, zig })?;
    }
    report.left_out("linking and tests", "type-checked only: no Xcode");
    Ok(())
}

pub fn android(report: &mut Report) -> Result<(), String> {
    let checks = Checks::new(report)?;
    for (rust, zig) in [
        ("aarch64-linux-android", "aarch64-linux-musl"),
        ("armv7-linux-androideabi", "arm-linux-musleabi"),
        ("x86_64-linux-android", "x86_64-linux-musl"),
        ("i686-linux-android", "x86-linux-musl"),
    ] {
        checks.check(report, &Target { rust, zig })?;
    }
    checks.link_android(report)?;
    report.left_out("linking for the other processors", "type-checked only: no NDK");
    report.left_out("tests", "built, not run: no NDK and no device");
    Ok(())
}

struct Checks {
    root: Root,
}

impl Checks {
    fn new(report: &mut Report) -> Result<Self, String> {
        let tools = venv::release_tools().ok_or("the tools of the release cannot be installed")?;
        let root = Root::new(&SID, report)?.mount(tools.path(), TOOLS);
        root.fetch_std()?;
        root.tool(report, "rustc", "rustc --version | cut -d' ' -f2");
        root.tool(report, "zig", &format!("{ZIG} version"));
        report.command(BUILD_STD);
        Ok(Self { root })
    }

    /// Checks the library with and without HTTP, and the package for Python.
    fn check(&self, report: &mut Report, target: &Target) -> Result<(), String> {
        let Target { rust, zig } = target;
        let setup = format!("sh xtask/src/platforms/zig.sh {ZIG} {TARGET}/zig-{rust} {zig}");
        self.root.run(report, &setup)?;
        let variables = variables(rust);
        for (what, options) in [
            ("with HTTP", ""),
            ("without HTTP", "--no-default-features --features platform"),
            ("relay only", "--no-default-features"),
        ] {
            let shell = format!("cargo check --locked --target {rust} -p keysecure-ffi {options}");
            let shell = shell.trim_end();
            let passed = self.passes(report, shell, &variables)?;
            report.check(format!("{rust}, {what}: checked, not run"), passed);
        }
        Ok(())
    }

    fn run(&self, report: &mut Report, shell: &str) -> Result<(), String> {
        self.root.run(report, &format!("{BUILD_STD} CARGO_ZIGBUILD_ZIG_PATH={ZIG}; {shell}"))
    }

    fn passes(&self, report: &mut Report, shell: &str, variables: &str) -> Result<bool, String> {
        report.command(shell);
        Ok(run::passes(&mut self.root.command(&format!("{BUILD_STD} {variables}; {shell}"))?))
    }

    /// Links the library for phones against empty libraries of the system. The file says that Rust's side is complete and how
    /// large it is; it does not load on Android.
    fn link_android(&self, report: &mut Report) -> Result<(), String> {
        let rust = "aarch64-linux-android";
        self.root.run(report, &format!("sh xtask/src/platforms/android.sh {TARGET}/stubs"))?;
        let options =
            ship::FOR_PHONES.map(|word| if word.contains('"') { format!("'{word}'") } else { word.to_owned() });
        let shell = format!(
            "export CARGO_TARGET_AARCH64_LINUX_ANDROID_LINKER=aarch64-linux-gnu-gcc \
             RUSTFLAGS='{} -C link-arg=-nostartfiles -L native={TARGET}/stubs'; \
             cargo rustc --locked --profile ship -p keysecure-ffi --lib --crate-type cdylib --target {rust} {}",
            ship::flags_with(Some(Path::new(CARGO_HOME))),
            options.join(" ")
        );
        self.run(report, &shell)?;
        self.root.run(
            report,
            &format!("aarch64-linux-gnu-strip --strip-unneeded {TARGET}/{rust}/ship/libkeysecure_ffi.so"),
        )?;
        let library = target(report.name).join(rust).join("ship/libkeysecure_ffi.so");
        report.built(Some("libkeysecure_ffi.so, arm64, for phones, linked with stubs"), &library)
    }
}

/// The standard library is built from Debian's sources.
const BUILD_STD: &str = "export RUSTC_BOOTSTRAP=1 CARGO_UNSTABLE_BUILD_STD=std,panic_unwind";

/// The variables with which build scripts compile C code by zig.
fn variables(rust: &str) -> String {
    let name = rust.replace('-', "_");
    let folder = format!("{TARGET}/zig-{rust}");
    format!(
        "CC_{name}={folder}/zig-cc AR_{name}={folder}/zig-ar CFLAGS_{name}=-fno-sanitize=all PATH={folder}:$PATH \
         SDKROOT={folder} ZIG_GLOBAL_CACHE_DIR={TARGET}/zig-cache"
    )
}
