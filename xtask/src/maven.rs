//! Maven with the folders of this workspace.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::bindings::Bindings;
use crate::run;

/// The receivers, each of which has a folder in [`receivers_dir`].
pub const RECEIVERS: [&str; 4] = ["http-server", "servlet", "spring-boot", "ktor"];

/// Maven in the Kotlin project, with cargo's target folder, the library and the sandbox program as properties.
pub fn command(bindings: &Bindings, arguments: &[String]) -> Command {
    with_programs("bindings-kotlin/pom.xml", bindings, arguments)
}

/// Maven in the Kotlin project and then in those that use it: the sandbox and the receivers.
pub fn all(bindings: &Bindings, arguments: &[String]) -> Command {
    let mut maven = with_programs("bindings-kotlin/receivers/pom.xml", bindings, arguments);
    let library = bindings.library.display();
    // For the projects of the receivers, which are those of consumers. Their JVMs live for a few seconds.
    maven.arg("--fail-at-end").arg(format!(
        "-DargLine=-XX:TieredStopAtLevel=1 -XX:+UseSerialGC \"-Duniffi.component.keysecure.libraryOverride={library}\" \
         \"-Duniffi.component.keysecure_ffi.libraryOverride={library}\" \
         \"-Duniffi.component.keysecure_relay_ffi.libraryOverride={library}\" \"-Dkeysecure.sandbox={}\"",
        program("keysecure-sandbox").display()
    ));
    maven
}

fn with_programs(pom: &str, bindings: &Bindings, arguments: &[String]) -> Command {
    let property = |name: &str, path: &Path| format!("-Dkeysecure.{name}={}", path.display());
    let mut maven = project(pom);
    maven.arg(property("library", &bindings.library));
    maven.arg(property("program", &program("keysecure-sandbox")));
    maven.arg(property("relay", &program("relay_server")));
    maven.args(arguments);
    maven
}

fn program(name: &str) -> PathBuf {
    run::target_dir().join(format!("debug/{name}{}", std::env::consts::EXE_SUFFIX))
}

/// Maven in a project of this workspace, with cargo's target folder as a property.
pub fn project(pom: &str) -> Command {
    let mut maven = quiet();
    maven.args(["--file", pom]).arg(format!("-Dkeysecure.target={}", run::target_dir().display()));
    maven
}

/// Copies an artifact of Maven Central, given as `GROUP:NAME:VERSION[:TYPE:CLASSIFIER]`, to a file.
pub fn fetch(artifact: &str, to: &Path) -> Result<(), String> {
    let folder = to.with_extension("fetched");
    // A folder that does not exist is no error.
    let _ = fs::remove_dir_all(&folder);
    let mut maven = quiet();
    maven.args(["--quiet", "dependency:copy", "-Dmdep.useBaseVersion=true"]);
    maven.arg(format!("-Dartifact={artifact}")).arg(format!("-DoutputDirectory={}", folder.display()));
    let fetched = run::passes(&mut maven);
    let file = fs::read_dir(&folder).ok().and_then(|mut files| files.next()?.ok()).filter(|_| fetched);
    let file = file.ok_or_else(|| format!("not fetched: {artifact}"))?;
    fs::rename(file.path(), to).map_err(|error| format!("{}: {error}", to.display()))
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
    if let Some(seconds) = run::build_time() {
        maven.arg(format!("-Dproject.build.outputTimestamp={seconds}"));
    }
    maven
}

/// Maven's build folder.
pub fn build_dir() -> PathBuf {
    run::target_dir().join("kotlin")
}

/// The folder with the build folders of the receivers.
pub fn receivers_dir() -> PathBuf {
    run::target_dir().join("receivers")
}
