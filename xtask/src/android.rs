//! `cargo xtask package aar`: the Android library. **Its authors had no NDK: they never built the native libraries for
//! Android, nor ran them.** Everything else is tested: the classes and the rules for shrinking on the JVM (`AndroidTest`),
//! and the steps here after the NDK's, with libraries that the tests make.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::elf::Library;
use crate::link::{self, Linker};
use crate::{archive, bindings, elf, kotlin, licences, maven, run, ship};

/// A processor of Android.
struct Abi {
    /// Android's name.
    name: &'static str,
    /// Rust's name.
    target: &'static str,
    /// Its number in ELF files.
    machine: u64,
}

const ABIS: [Abi; 4] = [
    Abi { name: "arm64-v8a", target: "aarch64-linux-android", machine: 183 },
    Abi { name: "armeabi-v7a", target: "armv7-linux-androideabi", machine: 40 },
    Abi { name: "x86_64", target: "x86_64-linux-android", machine: 62 },
    Abi { name: "x86", target: "i686-linux-android", machine: 3 },
];

/// The oldest Android whose own `java.time` the classes can use.
const PLATFORM: &str = "26";

const LIBRARY: &str = "libkeysecure_ffi.so";
const PLUGIN: &str = "org.apache.maven.plugins:maven-install-plugin:3.1.4:install-file";

/// Cargo's options for the library, without its own HTTP and TLS: Android's are smaller, up to date, and use the user's
/// certificates.
pub fn features(relay_only: bool) -> &'static [&'static str] {
    if relay_only { &ship::RELAY_ONLY } else { &ship::FOR_PHONES }
}

/// Builds the AAR with a library of these features and installs it into the local Maven repository.
pub fn aar(features: &[&str]) -> bool {
    let ndk = std::env::var_os("ANDROID_NDK_HOME").map(PathBuf::from);
    let (Some(ndk), true) = (ndk, run::exists("cargo-ndk", "--version")) else {
        eprintln!(
            "an AAR needs cargo-ndk, the Rust targets of Android and ANDROID_NDK_HOME. Its authors had no NDK and did not \
             run this recipe."
        );
        return false;
    };
    let Some(strip) = strip_program(&ndk) else {
        eprintln!("{} has no toolchains/llvm/prebuilt/*/bin/llvm-strip", ndk.display());
        return false;
    };
    let Some(bindings) = bindings::make() else { return false };
    let target = run::target_dir();
    let (jni, notices) = (target.join("android/jni"), target.join("licences/android"));
    let aar = target.join(format!("keysecure-android-{}.aar", env!("CARGO_PKG_VERSION")));
    kotlin::clean();
    ABIS.iter().all(|abi| build_library(abi, features, &strip, &jni.join(abi.name)))
        && run::passes(&mut maven::command(&bindings, &["process-classes".into()]))
        && licences::write(&licensed(features), licences::ANDROID, &notices)
        && assemble(&maven::build_dir().join("android/classes"), &jni, &notices, &aar)
        && run::passes(&mut install(&aar))
}

/// The package whose dependencies have the licences, with its features.
pub fn licensed(features: &[&str]) -> String {
    let choice: Vec<_> = features.iter().copied().take_while(|option| *option != "--config").collect();
    format!("keysecure-ffi {}", choice.join(" "))
}

/// The command that compiles the library.
fn compiler(abi: &Abi, features: &[&str]) -> std::process::Command {
    let mut ndk = run::cargo(&format!("ndk -t {} --platform {PLATFORM}", abi.name));
    ndk.args("rustc -p keysecure-ffi --lib --crate-type cdylib --profile ship".split_whitespace()).args(features);
    ndk
}

fn build_library(abi: &Abi, features: &[&str], strip: &Path, folder: &Path) -> bool {
    let Some(arguments) = link::arguments(Linker::Llvm) else { return false };
    let mut ndk = compiler(abi, features);
    ndk.arg("--").args(arguments).env("RUSTFLAGS", ship::flags());
    let built = run::target_dir().join(abi.target).join("ship").join(LIBRARY);
    let to = folder.join(LIBRARY);
    run::passes(&mut ndk)
        && reported(fs::create_dir_all(folder).and_then(|()| fs::copy(built, &to)), &to)
        && run::passes(run::command(strip).arg("--strip-unneeded").arg(&to))
}

/// The `strip` of the NDK. That of the host may not support the processor.
fn strip_program(ndk: &Path) -> Option<PathBuf> {
    let hosts = fs::read_dir(ndk.join("toolchains/llvm/prebuilt")).ok()?.flatten();
    let mut programs = hosts.map(|host| host.path().join(format!("bin/llvm-strip{}", std::env::consts::EXE_SUFFIX)));
    programs.find(|program| program.is_file())
}

/// Packs classes, a library for each processor, the manifest, the rules for shrinking and the licences, and checks that
/// the AAR has these and nothing else. `false` after a failure, which is printed.
fn assemble(classes: &Path, jni: &Path, notices: &Path, aar: &Path) -> bool {
    let folder = aar.with_extension("contents");
    // Files of an earlier build must not stay.
    let _ = fs::remove_dir_all(&folder);
    let jar = folder.join("classes.jar");
    reported(stage(jni, notices, &folder), &folder)
        && ABIS.iter().all(|abi| fits(&folder.join("jni").join(abi.name).join(LIBRARY), abi))
        && packed(archive::zip(classes, &jar))
        && has_only_classes(&jar)
        && packed(archive::zip(&folder, aar))
        && has_only_its_files(aar)
}

fn stage(jni: &Path, notices: &Path, folder: &Path) -> io::Result<()> {
    let (root, recipe) = (run::root(), run::root().join("bindings-kotlin/android"));
    fs::create_dir_all(folder.join("META-INF"))?;
    for abi in &ABIS {
        let to = folder.join("jni").join(abi.name);
        fs::create_dir_all(&to)?;
        fs::copy(jni.join(abi.name).join(LIBRARY), to.join(LIBRARY))?;
    }
    for (from, to) in [
        (recipe.join("AndroidManifest.xml"), "AndroidManifest.xml"),
        (recipe.join("consumer-rules.pro"), "proguard.txt"),
        (root.join("LICENSE-APACHE"), "META-INF/LICENSE-APACHE"),
        (root.join("LICENSE-MIT"), "META-INF/LICENSE-MIT"),
        (notices.join("THIRD-PARTY.txt"), "META-INF/THIRD-PARTY.txt"),
        (notices.join("THIRD-PARTY-RUST.html"), "META-INF/THIRD-PARTY-RUST.html"),
    ] {
        fs::copy(from, folder.join(to))?;
    }
    // The list of resources, of which there are none. Build tools expect the file.
    fs::write(folder.join("R.txt"), "")
}

/// Whether Android can load a library on this processor. Prints why not.
fn fits(library: &Path, abi: &Abi) -> bool {
    let bytes = fs::read(library).unwrap_or_default();
    let fault = match elf::parse(&bytes) {
        None => Some("is not an ELF file".to_owned()),
        Some(_) if ship::has_relay_server(&bytes) => Some("has the relay server, which belongs on servers".to_owned()),
        Some(parsed) => fault(&parsed, abi),
    };
    if let Some(fault) = &fault {
        eprintln!("{}: {fault}", library.display());
    }
    fault.is_none()
}

fn fault(library: &Library, abi: &Abi) -> Option<String> {
    if library.machine != abi.machine {
        return Some(format!("is for the processor {} instead of {}", library.machine, abi.machine));
    }
    // Libraries of Linux have a version in their names, those of Android have none.
    if let Some(name) = library.needed.iter().find(|name| name.contains(".so.")) {
        return Some(format!("needs {name}, which Android does not have: it is a library for Linux"));
    }
    (!library.is_aligned()).then(|| format!("has segments aligned to less than 16 KB: {:x?}", library.alignments))
}

fn packed(result: Result<(), String>) -> bool {
    result.map_err(|error| eprintln!("{error}")).is_ok()
}

/// The names of the files in a zip file.
fn contents(zip: &Path) -> Option<BTreeSet<String>> {
    let names = run::output(run::command("jar").args(["--list", "--file"]).arg(zip))?;
    Some(names.lines().filter(|name| !name.ends_with('/')).map(str::to_owned).collect())
}

/// Whether a jar has the classes and nothing but classes: no library of another system, no program. Prints the others.
fn has_only_classes(jar: &Path) -> bool {
    let Some(names) = contents(jar) else { return false };
    let is_class = |name: &str| {
        let (folder, file) = name.rsplit_once('/').unwrap_or(("", name));
        let extension = Path::new(file).extension();
        let is_of_server = folder.split('/').any(|part| part == "relay");
        folder.starts_with("io/keysecure") && !is_of_server && extension.is_some_and(|extension| extension == "class")
            || folder == "META-INF" && extension.is_some_and(|extension| extension == "kotlin_module")
    };
    let others: Vec<_> = names.iter().filter(|name| !is_class(name)).collect();
    if !others.is_empty() {
        eprintln!("{} must not have {others:?}", jar.display());
    }
    others.is_empty() && names.contains("io/keysecure/Client.class")
}

fn has_only_its_files(aar: &Path) -> bool {
    let expected = files();
    let Some(found) = contents(aar) else { return false };
    if found != expected {
        let differences: Vec<_> = found.symmetric_difference(&expected).collect();
        eprintln!("{} must have exactly its files; too many or missing: {differences:?}", aar.display());
    }
    found == expected
}

/// The files of an AAR.
fn files() -> BTreeSet<String> {
    let fixed = [
        "AndroidManifest.xml",
        "META-INF/LICENSE-APACHE",
        "META-INF/LICENSE-MIT",
        "META-INF/THIRD-PARTY-RUST.html",
        "META-INF/THIRD-PARTY.txt",
        "R.txt",
        "classes.jar",
        "proguard.txt",
    ];
    let libraries = ABIS.iter().map(|abi| format!("jni/{}/{LIBRARY}", abi.name));
    fixed.into_iter().map(str::to_owned).chain(libraries).collect()
}

/// The command that installs an AAR with its POM into the local Maven repository.
fn install(aar: &Path) -> std::process::Command {
    // Maven knows no packaging `aar`: it must not take the POM for its project.
    let mut maven = maven::outside(aar.parent().unwrap_or(aar));
    let pom = run::root().join("bindings-kotlin/android/pom.xml");
    maven.arg(PLUGIN).arg(format!("-Dfile={}", aar.display())).arg(format!("-DpomFile={}", pom.display()));
    maven
}

fn reported<T>(result: io::Result<T>, path: &Path) -> bool {
    result.map_err(|error| eprintln!("{}: {error}", path.display())).is_ok()
}

#[cfg(test)]
#[path = "android_tests.rs"]
mod tests;
