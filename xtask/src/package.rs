//! `cargo xtask package`: release packages. The jars, wheels and Swift's library are built, tested and installed here; the AAR
//! and the `XCFramework` are recipes.

use std::fs;
use std::path::{Path, PathBuf};

use clap::Subcommand;

use crate::bindings::{self, Bindings};
use crate::swift_release::Framework;
use crate::table::{row, table};
use crate::{android, apple, files, kotlin, licences, maven, notices, run, ship, swift_install, swift_release, wheels};

/// The budget of the stripped library for phones, which uses the phone's HTTP client instead of its own.
const BUDGET: u64 = 2_200_000;

/// The folders in which JNA looks for a library in a jar.
pub const SLOTS: [&str; 5] = ["linux-x86-64", "linux-aarch64", "darwin-x86-64", "darwin-aarch64", "win32-x86-64"];

/// The artifacts of `cargo xtask package`.
#[derive(Debug, Default, Subcommand)]
pub enum Artifact {
    /// The jars for Kotlin and Java with this machine's library and sandbox, tested and installed into the local Maven
    /// repository: minutes
    #[default]
    #[command(alias = "jar")]
    Kotlin,
    /// The Android library: a recipe that needs the NDK
    Aar {
        /// For apps that call through a relay alone: a library without AES and signatures, which can hold no credentials
        #[arg(long)]
        relay_only: bool,
    },
    /// The wheels of the client and its sandbox, for every Linux with glibc 2.17 when built on Linux; checked: minutes
    Python,
    /// The static library for Swift with its pkg-config file; builds two programs with it
    Swift {
        /// The folder that gets `lib`, `include` and `share`. Default: `swift-prefix` in cargo's target folder
        #[arg(long, value_name = "DIR")]
        prefix: Option<PathBuf>,
        /// Do not build the programs, which needs a Swift compiler
        #[arg(long)]
        no_consumers: bool,
    },
    /// The source tree of a release of the Swift package, for a git repository of its own
    SwiftRelease {
        /// The repository or a new folder
        #[arg(value_name = "DIR")]
        folder: PathBuf,
        #[command(flatten)]
        framework: Framework,
    },
    /// The library for Apple's systems: a recipe that needs a Mac
    Xcframework {
        /// For apps that call through a relay alone: a library without HTTP, AES and signatures, which can hold no credentials
        #[arg(long)]
        relay_only: bool,
    },
    /// This machine's library and sandbox program for the jars of a release that another machine builds
    Natives {
        /// The folder that gets `natives` and `programs`
        #[arg(value_name = "DIR")]
        folder: PathBuf,
    },
    /// The licences of what is inside the wheels, for a maturin that `cargo xtask` does not start
    Notices,
    /// The size of the library with and without HTTP
    Size,
}

pub fn run(artifact: &Artifact) -> bool {
    match artifact {
        Artifact::Kotlin => jars(Tests::All),
        Artifact::Aar { relay_only } => android::aar(android::features(*relay_only)),
        Artifact::Python => wheels::package(),
        Artifact::Swift { prefix, no_consumers } => swift_install::run(prefix.as_deref(), *no_consumers),
        Artifact::SwiftRelease { folder, framework } => swift_release::run(folder, framework),
        Artifact::Xcframework { relay_only } => apple::xcframework(apple::features(*relay_only)),
        Artifact::Natives { folder } => natives(folder),
        Artifact::Notices => notices::write(),
        Artifact::Size => sizes(),
    }
}

/// The tests of the jars.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Tests {
    /// Those of the library, with the release library by its name, and those of the consumers.
    All,
    /// Those of programs outside the repository, which use the installed jars.
    OfConsumers,
}

/// Builds the jars with this platform's library and sandbox, tests them with that library, installs them into the local
/// Maven repository, and builds consumers that know nothing but coordinates.
pub fn jars(tests: Tests) -> bool {
    let Some(slot) = slot() else {
        eprintln!("JNA has no folder for this system");
        return false;
    };
    // First: the generator reads symbols that the release library does not have.
    let Some(bindings) = kotlin::build() else { return false };
    let folder = run::target_dir().join("natives");
    let library = folder.join(slot).join(bindings::library("keysecure_ffi"));
    let licences = run::target_dir().join("licences");
    if !natives(&run::target_dir())
        || !licences::write(ship::OF_JVM, licences::COMPUTERS, &licences.join("library"))
        || !licences::write("keysecure-sandbox", licences::COMPUTERS, &licences.join("sandbox"))
    {
        return false;
    }
    // By name, on the class path: the way it is found in the jar.
    let by_name = Bindings { library: PathBuf::from("keysecure_ffi"), kotlin: bindings.kotlin };
    let native = format!("-Dkeysecure.natives={}", folder.display());
    let skip = format!("-DskipTests={}", tests == Tests::OfConsumers);
    if !run::passes(&mut maven::command(&by_name, &[native, skip, "install".into()]))
        || !run::passes(maven::project("bindings-kotlin/sandbox/pom.xml").arg("install"))
        || !["java", "kotlin"].iter().all(|language| consumer(language))
        || !is_complete("kotlin/keysecure", &[&format!("{slot}/{}", bindings::library("keysecure_ffi"))])
        || !is_complete("kotlin-sandbox/keysecure-sandbox", &[&format!("io/keysecure/sandbox/{slot}/{}", program())])
    {
        return false;
    }
    println!("\nlibraries in {}:", run::target_dir().join("kotlin/keysecure-*.jar").display());
    for slot in SLOTS {
        let folder = folder.join(slot);
        let found = fs::read_dir(folder).ok().and_then(|mut entries| entries.next()).is_some();
        println!(
            "  {slot:<15} {}",
            if found {
                "there"
            } else {
                "empty: put the library built there into target/natives, or for a release into --artifacts"
            }
        );
    }
    report(&[("with HTTP, TLS and relay server, for the JVM", &library, None)])
}

/// Builds this machine's library and sandbox program into the folders `natives` and `programs`.
fn natives(folder: &Path) -> bool {
    let Some(slot) = slot() else {
        eprintln!("JNA has no folder for this system");
        return false;
    };
    ship::jvm_library(&folder.join("natives").join(slot).join(bindings::library("keysecure_ffi")))
        && ship::jar_program(&folder.join("programs").join(slot).join(program()))
}

fn program() -> String {
    format!("keysecure-sandbox{}", std::env::consts::EXE_SUFFIX)
}

/// Whether the jars of an artifact contain these files, the licences, sources and documentation. Prints what is missing.
fn is_complete(artifact: &str, files: &[&str]) -> bool {
    let licences = ["LICENSE-MIT", "LICENSE-APACHE", "THIRD-PARTY.txt", "THIRD-PARTY-RUST.html"];
    let licences = licences.map(|file| format!("META-INF/{file}"));
    let expected = [
        ("", licences.iter().map(String::as_str).chain(files.iter().copied()).collect()),
        ("-sources", vec!["io/keysecure/"]),
        ("-javadoc", vec!["index.html"]),
    ];
    expected.iter().all(|(kind, files)| {
        let jar = run::target_dir().join(format!("{artifact}-{}{kind}.jar", env!("CARGO_PKG_VERSION")));
        let entries = run::output(run::command("jar").arg("--list").arg("--file").arg(&jar)).unwrap_or_default();
        let missing: Vec<_> = files.iter().filter(|file| !entries.lines().any(|entry| entry == **file)).collect();
        if !missing.is_empty() {
            eprintln!("{}: without {missing:?}", jar.display());
        }
        missing.is_empty()
    })
}

/// Copies a project out of the repository and tests it: it finds the artifacts by their coordinates.
fn consumer(language: &str) -> bool {
    let from = run::root().join("bindings-kotlin/consumers").join(language);
    let to = std::env::temp_dir().join(format!("keysecure-consumer-{language}-{}", std::process::id()));
    let copied = files::copy(&from, &to).map_err(|error| eprintln!("{}: {error}", to.display())).is_ok();
    let passed = copied && run::passes(maven::outside(&to).arg("test"));
    let _ = fs::remove_dir_all(to);
    passed
}

/// The library with and without its own HTTP.
fn sizes() -> bool {
    let (slim, relay_only) = (run::target_dir().join("sizes/slim"), run::target_dir().join("sizes/relay-only"));
    let jvm = run::target_dir().join("sizes/jvm");
    let Some(whole) = ship::server_library() else { return false };
    ship::jvm_library(&jvm)
        && ship::build_library(&ship::FOR_PHONES, &slim)
        && ship::build_library(&ship::RELAY_ONLY, &relay_only)
        && report(&[
            ("with HTTP, TLS and relay server, for the JVM", &jvm, None),
            ("with HTTP and TLS, for servers", &whole, None),
            ("without, for phones", &slim, Some(BUDGET)),
            ("through a relay only, for apps", &relay_only, None),
        ])
}

/// Prints the sizes and their budgets. Fails when a library is missing, not when a budget is exceeded.
fn report(libraries: &[(&str, &Path, Option<u64>)]) -> bool {
    let mut rows = vec![row!["library", "bytes", "budget", "verdict"]];
    for (what, library, budget) in libraries {
        let size = match fs::metadata(library) {
            Ok(file) => file.len(),
            Err(error) => {
                eprintln!("{}: {error}", library.display());
                return false;
            }
        };
        let verdict = match budget {
            Some(budget) if size > *budget => "over",
            Some(_) => "ok",
            None => "-",
        };
        rows.push(row![what, size, budget.map_or_else(|| "-".into(), |budget| budget.to_string()), verdict]);
    }
    print!("\n{}", table(&rows));
    true
}

/// JNA's name of this platform.
fn slot() -> Option<&'static str> {
    let name = match (std::env::consts::OS, std::env::consts::ARCH) {
        ("linux", "x86_64") => "linux-x86-64",
        ("linux", "aarch64") => "linux-aarch64",
        ("macos", "x86_64") => "darwin-x86-64",
        ("macos", "aarch64") => "darwin-aarch64",
        ("windows", "x86_64") => "win32-x86-64",
        _ => return None,
    };
    Some(name)
}

#[cfg(test)]
mod tests {
    use super::{SLOTS, slot};

    #[test]
    fn this_platform_has_a_slot() {
        assert!(slot().is_none_or(|slot| SLOTS.contains(&slot)));
    }
}
