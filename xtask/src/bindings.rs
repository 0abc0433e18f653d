//! `cargo xtask bindings`: the generated Kotlin and Swift, from a fresh build of the library, by `keysecure-bindgen`.

use std::path::{Path, PathBuf};

use crate::run;

/// The inputs of the builds of the Kotlin and Swift bindings.
pub struct Bindings {
    /// The library of the JVM, from which the Kotlin was generated, unoptimised and with its symbols. The tests load it.
    pub library: PathBuf,
    /// The source folder of the generated Kotlin. The generated Swift is in its package.
    pub kotlin: PathBuf,
}

pub fn run() -> bool {
    make().is_some()
}

/// Builds the library and generates both languages. `None` after a failure, which is printed.
pub fn make() -> Option<Bindings> {
    // The dev profile: the metadata that the generator reads is in the symbols, which a release library does not have.
    if !run::passes(&mut run::cargo("build -p keysecure-ffi -p keysecure-relay-ffi -p keysecure-bindgen")) {
        return None;
    }
    let built = run::target_dir().join("debug");
    let bindings = Bindings {
        library: built.join(library("keysecure_relay_ffi")),
        kotlin: run::target_dir().join("bindings/kotlin"),
    };
    generate(&built, &bindings).then_some(bindings)
}

fn generate(built: &Path, bindings: &Bindings) -> bool {
    let mut bindgen = run::command(built.join(format!("keysecure-bindgen{}", std::env::consts::EXE_SUFFIX)));
    let swift = run::root().join("bindings-swift/Sources");
    // Swift has no relay server: its library is without it.
    let library = built.join(library("keysecure_ffi"));
    bindgen.arg(&bindings.library).arg(library).arg("uniffi.toml").arg(&bindings.kotlin).arg(swift);
    run::passes(&mut bindgen)
}

/// The file name of a dynamic library on this system.
pub fn library(name: &str) -> String {
    format!("{}{name}{}", std::env::consts::DLL_PREFIX, std::env::consts::DLL_SUFFIX)
}
