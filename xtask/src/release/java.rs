//! The jars, the AAR and their bundle for Maven Central; the sandbox program, which is built for its jar.

use std::fs;
use std::path::{Path, PathBuf};

use super::central::{self, Component};
use super::step::{Made, Release, copy_into};
use crate::{android, archive, licences, package, run};

pub fn jars(_: &Release) -> Result<Made, String> {
    if !package::jars(package::Tests::OfConsumers) {
        return Err("the jars were not built: see above".into());
    }
    let (here, missing) = slots("natives");
    Ok(Made::with_missing(&format!("with libraries for {}", here.join(", ")), &missing))
}

/// The systems whose folder in this one has files, and the others.
fn slots(folder: &str) -> (Vec<String>, Vec<String>) {
    let folder = run::target_dir().join(folder);
    package::SLOTS.map(str::to_owned).into_iter().partition(|slot| has_files(&folder.join(slot)))
}

fn has_files(folder: &Path) -> bool {
    fs::read_dir(folder).is_ok_and(|mut files| files.next().is_some())
}

/// Builds the AAR where there is an NDK, unless another machine has built it.
pub fn aar(release: &Release) -> Result<Made, String> {
    let name = format!("keysecure-android-{}.aar", release.version());
    if release.out.join("android").join(&name).exists() {
        return Ok(Made::Done(format!("{name}, of another machine")));
    }
    if std::env::var_os("ANDROID_NDK_HOME").is_none() {
        return Ok(Made::Incomplete("no AAR, which needs the NDK".into()));
    }
    if !android::aar(android::features(false)) {
        return Err("the AAR was not built: see above".into());
    }
    copy_into(&run::target_dir().join(&name), &release.folder("android")?)?;
    Ok(Made::Done(name))
}

/// Packs what Maven Central takes: all components with their POMs, sources, documentation, checksums and signatures.
pub fn bundle(release: &Release) -> Result<Made, String> {
    let version = release.version();
    let folder = run::target_dir().join("maven-bundle");
    let _ = fs::remove_dir_all(&folder);
    let library = run::target_dir().join("kotlin");
    let sandbox = run::target_dir().join("kotlin-sandbox");
    let mut components = vec![
        Component::of_jars("keysecure", &library, library.join(".flattened-pom.xml")),
        Component::of_jars("keysecure-sandbox", &sandbox, sandbox.join(".flattened-pom.xml")),
    ];
    let aar = release.out.join("android").join(format!("keysecure-android-{version}.aar"));
    if aar.exists() {
        components.push(Component {
            name: "keysecure-android",
            main: aar,
            // The AAR has the same classes.
            others: Component::of_jars("keysecure", &library, PathBuf::new()).others,
            pom: run::root().join("bindings-kotlin/android/pom.xml"),
        });
    }
    let mut faults = Vec::new();
    for component in &components {
        let placed = central::place(component, version, &folder)?;
        faults.extend(central::faults(&placed, component.name, version));
        central::finish(&placed, release.gpg_key.as_deref())?;
    }
    if !faults.is_empty() {
        return Err(faults.join("; "));
    }
    let name = format!("keysecure-{version}-bundle.zip");
    archive::zip(&folder, &release.folder("maven")?.join(&name))?;
    let names: Vec<_> = components.iter().map(|component| component.name).collect();
    let signed = if release.gpg_key.is_some() { "signed" } else { "not signed: --gpg-key" };
    Ok(Made::Done(format!("{name}: {}; {signed}", names.join(", "))))
}

/// Packs the sandbox program of each system with its licences.
pub fn programs(release: &Release) -> Result<Made, String> {
    let (here, missing) = slots("programs");
    for slot in &here {
        let from = run::target_dir().join("programs").join(slot);
        let name = format!("keysecure-sandbox-{}-{slot}", release.version());
        let folder = run::target_dir().join("release-programs").join(&name);
        let _ = fs::remove_dir_all(&folder);
        crate::files::copy(&from, &folder).map_err(|error| format!("{}: {error}", folder.display()))?;
        copy_into(&run::root().join("sandbox/README.md"), &folder)?;
        if !licences::copy_own(&folder) || !licences::write("keysecure-sandbox", licences::COMPUTERS, &folder) {
            return Err("the licences were not written: see above".into());
        }
        archive::tar_gz(&folder, &release.folder("programs")?.join(format!("{name}.tar.gz")))?;
    }
    if here.is_empty() {
        Err("no program was built".into())
    } else {
        Ok(Made::with_missing(&here.join(", "), &missing))
    }
}
