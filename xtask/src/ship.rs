//! Release builds of the library: compiler options beyond the cargo profile.

use std::fs;
use std::path::{Path, PathBuf};

use crate::link::{self, Linker};
use crate::{bindings, elf, run};

/// Options of the library for phones: without HTTP, TLS and Redis, and with the core compiled for size instead of
/// speed. A phone has its own HTTP client, and waits for the network anyway.
pub const FOR_PHONES: [&str; 5] =
    ["--no-default-features", "--features", "platform", "--config", "profile.ship.package.keysecure.opt-level=\"s\""];

/// Options of the library for apps that call through a relay: as [`FOR_PHONES`], and without AES and signatures.
pub const RELAY_ONLY: [&str; 3] =
    ["--no-default-features", "--config", "profile.ship.package.keysecure.opt-level=\"s\""];

/// The crate of the libraries for Swift and for phones, and of the licences of both.
const WITHOUT_RELAY: &str = "keysecure-ffi";

/// The crate of the JVM's library, which has the relay server as well.
pub const OF_JVM: &str = "keysecure-relay-ffi";

/// The `RUSTFLAGS` of the release library, which also apply to its dependencies.
pub fn flags() -> String {
    flags_with(run::cargo_home().as_deref())
}

/// The same for a build whose fetched packages are in another folder.
pub fn flags_with(cargo_home: Option<&Path>) -> String {
    // AES encrypts only a few digits: one implementation in constant time is enough, instead of four.
    let mut flags = r#"--cfg aes_backend="soft""#.to_owned();
    if let Some(home) = cargo_home {
        // The text of a panic names its source file, but not the folders of the build machine.
        flags.extend([" --remap-path-prefix=", &home.join("registry/src").to_string_lossy(), "="]);
    }
    flags
}

/// The release library for servers, without the relay server.
pub fn server_library() -> Option<PathBuf> {
    let library = run::target_dir().join("sizes/whole");
    build_library(&[], &library).then_some(library)
}

/// What is in every library with the relay server: the names of its functions, and a text of the core's server.
const RELAY_SERVER: [&[u8]; 2] = [b"uniffi_keysecure_relay_ffi_fn_constructor_relay_new", b"keysecure relay\n"];

/// Whether a library has the relay server, which belongs on servers. An app must not carry it.
pub fn has_relay_server(library: &[u8]) -> bool {
    RELAY_SERVER.iter().any(|part| library.windows(part.len()).any(|found| found == *part))
}

/// Whether a library has the relay server exactly if it is the JVM's. Prints why not.
fn is_for_its_side(package: &str, library: &Path) -> bool {
    let found = fs::read(library).is_ok_and(|bytes| has_relay_server(&bytes));
    let is_right = found == (package == OF_JVM);
    if !is_right {
        eprintln!("{}: {} the relay server", library.display(), if found { "must not have" } else { "is without" });
    }
    is_right
}

/// Builds the static release library for this machine or another target, with these options of cargo, without debug symbols.
pub fn build_static(target: Option<&str>, features: &[&str], to: &Path) -> bool {
    let mut cargo = run::cargo("rustc -p keysecure-ffi --lib --crate-type staticlib --profile ship");
    cargo.args(features);
    let mut built = run::target_dir();
    if let Some(target) = target {
        cargo.args(["--target", target]);
        built.push(target);
    }
    run::passes(cargo.env("RUSTFLAGS", flags()))
        && to.parent().is_some_and(|folder| fs::create_dir_all(folder).is_ok())
        && fs::copy(built.join("ship/libkeysecure_ffi.a"), to).is_ok()
        && run::passes(run::command("strip").arg("-S").arg(to))
        && is_for_its_side(WITHOUT_RELAY, to)
}

/// Builds the library of the jars, with the relay server. On x86-64 Linux it needs no more than glibc 2.17.
pub fn jvm_library(to: &Path) -> bool {
    link::for_old_glibc().is_some_and(|old_glibc| build(OF_JVM, &[], &old_glibc, to))
}

/// Builds the program of the jars. On x86-64 Linux it needs no more than glibc 2.17.
pub fn jar_program(to: &Path) -> bool {
    let Some(old_glibc) = link::for_old_glibc() else { return false };
    let mut cargo = run::cargo("rustc -p keysecure-sandbox --bin keysecure-sandbox --profile ship --");
    run::passes(cargo.args(old_glibc).env("RUSTFLAGS", flags()))
        && to.parent().is_some_and(|folder| fs::create_dir_all(folder).is_ok())
        && fs::copy(run::target_dir().join("ship").join(to.file_name().unwrap_or_default()), to).is_ok()
        && (cfg!(windows) || run::passes(run::command("strip").arg(to)))
}

/// Builds the release library without the relay server.
pub fn build_library(options: &[&str], to: &Path) -> bool {
    build(WITHOUT_RELAY, options, &[], to)
}

/// Builds a release library, without the crate type `lib`, which would switch off optimisation across crates.
fn build(package: &str, options: &[&str], linker_options: &[String], to: &Path) -> bool {
    let mut cargo = run::cargo(&format!("rustc -p {package} --lib --crate-type cdylib --profile ship"));
    cargo.args(options).env("RUSTFLAGS", flags());
    if cfg!(target_os = "linux") {
        let Some(arguments) = link::arguments(Linker::here()) else { return false };
        cargo.arg("--").args(arguments).args(linker_options);
    }
    if !run::passes(&mut cargo) {
        return false;
    }
    let built = run::target_dir().join("ship").join(bindings::library(&package.replace('-', "_")));
    let copied = to.parent().is_some_and(|folder| fs::create_dir_all(folder).is_ok()) && fs::copy(&built, to).is_ok();
    let option = if cfg!(target_os = "macos") { "-x" } else { "--strip-unneeded" };
    // Windows' libraries have their symbols in a file of their own.
    copied
        && (cfg!(windows) || run::passes(run::command("strip").arg(option).arg(to)))
        && is_for_its_side(package, to)
        && (!cfg!(target_os = "linux") || elf::is_aligned(to))
}

#[cfg(test)]
mod tests {
    use super::{RELAY_SERVER, has_relay_server};

    #[test]
    fn each_part_of_the_relay_server_is_found() {
        for part in RELAY_SERVER {
            assert!(has_relay_server(&[b"before", part, b"after"].concat()));
            assert!(!has_relay_server(&part[1..]));
        }
        assert!(!has_relay_server(b""));
    }
}
