//! `cargo xtask package aar`: the Android library. **A recipe: its authors had no NDK and did not run it.** Its parts
//! are tested elsewhere: the classes on the JVM, alignment and size on the Linux library.

use std::fs;
use std::path::Path;

use crate::elf::is_aligned;
use crate::link::{self, Linker};
use crate::{bindings, maven, run, ship};

// Without its own HTTP and TLS: Android's are smaller, up to date, and use the user's certificates.

/// Android's names of its processors, and Rust's.
const TARGETS: [(&str, &str); 4] = [
    ("arm64-v8a", "aarch64-linux-android"),
    ("armeabi-v7a", "armv7-linux-androideabi"),
    ("x86_64", "x86_64-linux-android"),
    ("x86", "i686-linux-android"),
];

/// The oldest Android whose own `java.time` the classes can use.
const PLATFORM: &str = "26";

pub fn aar() -> bool {
    if !run::exists("cargo-ndk", "--version") || std::env::var_os("ANDROID_NDK_HOME").is_none() {
        eprintln!(
            "an AAR needs cargo-ndk, the Rust targets of Android and ANDROID_NDK_HOME. Its authors did not run this recipe."
        );
        return false;
    }
    let folder = run::target_dir().join("aar");
    let Some(bindings) = bindings::make() else { return false };
    // The same code is tested on the JVM.
    TARGETS.iter().all(|(abi, target)| library(abi, target, &folder))
        && run::passes(&mut maven::command(&bindings, &["package".into(), "-DskipTests".into()]))
        && assemble(&folder)
}

fn library(abi: &str, target: &str, folder: &Path) -> bool {
    let mut ndk = run::cargo(&format!("ndk -t {abi} --platform {PLATFORM}"));
    ndk.args("rustc -p keysecure-ffi --lib --crate-type cdylib --profile ship".split_whitespace());
    let Some(arguments) = link::arguments(Linker::Llvm) else { return false };
    ndk.args(ship::FOR_PHONES).arg("--").args(arguments).env("RUSTFLAGS", ship::flags());
    let built = run::target_dir().join(target).join("ship/libkeysecure_ffi.so");
    let to = folder.join("jni").join(abi).join("libkeysecure_ffi.so");
    run::passes(&mut ndk)
        && to.parent().is_some_and(|folder| fs::create_dir_all(folder).is_ok())
        && fs::copy(built, &to).is_ok()
        // The machine's own strip may not support the processor; the NDK's does.
        && run::passes(run::command("llvm-strip").arg("--strip-unneeded").arg(&to))
        && is_aligned(&to)
}

/// An AAR is a zip of the classes, the libraries, a manifest and the rules for shrinking.
fn assemble(folder: &Path) -> bool {
    let recipe = run::root().join("bindings-kotlin/android");
    let classes = run::target_dir().join(format!("kotlin/keysecure-{}.jar", env!("CARGO_PKG_VERSION")));
    let aar = run::target_dir().join("keysecure.aar");
    fs::copy(classes, folder.join("classes.jar")).is_ok()
        && fs::copy(recipe.join("AndroidManifest.xml"), folder.join("AndroidManifest.xml")).is_ok()
        && fs::copy(recipe.join("consumer-rules.pro"), folder.join("proguard.txt")).is_ok()
        && run::passes(
            run::command("jar")
                .arg("--create")
                .arg("--no-manifest")
                .arg("--file")
                .arg(&aar)
                .arg("-C")
                .arg(folder)
                .arg("."),
        )
}
