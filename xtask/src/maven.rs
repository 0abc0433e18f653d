//! Maven with the folders of this workspace.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::bindings::Bindings;
use crate::run;

/// Maven in the Kotlin project, with cargo's target folder, the library and the sandbox program as properties.
pub fn command(bindings: &Bindings, arguments: &[String]) -> Command {
    let sandbox = run::target_dir().join(format!("debug/keysecure-sandbox{}", std::env::consts::EXE_SUFFIX));
    let property = |name: &str, path: &Path| format!("-Dkeysecure.{name}={}", path.display());
    let mut maven = project("bindings-kotlin/pom.xml");
    maven.arg(property("library", &bindings.library));
    maven.arg(property("program", &sandbox));
    maven.args(arguments);
    maven
}

/// Maven in a project of this workspace, with cargo's target folder as a property.
pub fn project(pom: &str) -> Command {
    let mut maven = quiet();
    maven.args(["--file", pom]).arg(format!("-Dkeysecure.target={}", run::target_dir().display()));
    maven
}

/// Maven in a project outside this workspace.
pub fn outside(folder: &Path) -> Command {
    let mut maven = quiet();
    maven.current_dir(folder);
    maven
}

fn quiet() -> Command {
    let mut maven = run::command("mvn");
    // Cargo's search path for the libraries that it builds: JNA would find ours there before the one in the jar.
    for name in ["LD_LIBRARY_PATH", "DYLD_FALLBACK_LIBRARY_PATH"] {
        maven.env_remove(name);
    }
    maven.args(["--batch-mode", "--no-transfer-progress", "-Dstyle.color=never"]);
    maven
}

/// Maven's build folder.
pub fn build_dir() -> PathBuf {
    run::target_dir().join("kotlin")
}
