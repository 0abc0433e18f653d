//! Two programs that use the Swift package as others do: by path, and by the URL of a git repository with a release in it.
//! Each is built outside the workspace by `swift run`, without a flag, and makes a payment in the sandbox.

use std::path::{Path, PathBuf};
use std::{fs, io};

use crate::swift_release::{self, Framework};
use crate::swift_toolchain::{Mount, Toolchain};
use crate::{files, run};

/// The programs: folders of `bindings-swift/consumers`, with the names of their executables.
const CONSUMERS: [(&str, &str); 2] = [("by-path", "ByPath"), ("by-url", "ByURL")];

/// The mount points in the chroot of the folder with the programs, and of the installed library.
const OUTSIDE: &str = "/keysecure-consumers";
const PREFIX: &str = "/keysecure-prefix";

/// Builds and runs the programs with the library installed in `prefix`.
pub fn run(prefix: &Path) -> bool {
    if !cfg!(target_os = "linux") {
        eprintln!("the programs are built on Linux only: elsewhere they need a published XCFramework");
        return true;
    }
    let toolchain = match Toolchain::find() {
        Ok(toolchain) => toolchain,
        Err(reason) => {
            eprintln!("{reason}; --no-consumers installs the library only");
            return false;
        }
    };
    let outside = std::env::temp_dir().join(format!("keysecure-consumers-{}", std::process::id()));
    let passed = toolchain.ensure_git()
        && run::passes(&mut run::cargo("build -p keysecure-sandbox"))
        && release(&outside.join("keysecure-swift"))
        && CONSUMERS.iter().all(|consumer| build(&toolchain, *consumer, &outside, prefix));
    let _ = fs::remove_dir_all(outside);
    passed
}

/// Commits the tree of a release to a new git repository, with the tag of its version.
fn release(folder: &Path) -> bool {
    // Linux does not fetch the framework.
    let framework =
        Framework { url: "https://example.invalid/KeySecureFFI.xcframework.zip".into(), checksum: "0".repeat(64) };
    let git = |words: &[&str]| {
        let mut git = run::command("git");
        git.arg("-C").arg(folder).args(["-c", "user.name=KeySecure", "-c", "user.email=release@example.invalid"]);
        run::passes(git.args(["-c", "commit.gpgsign=false", "-c", "tag.gpgsign=false"]).args(words))
    };
    swift_release::write(folder, &framework)
        && git(&["init", "--quiet"])
        && git(&["add", "--all"])
        && git(&["commit", "--quiet", "--message", "A release"])
        && git(&["tag", env!("CARGO_PKG_VERSION")])
}

fn build(toolchain: &Toolchain, (name, executable): (&str, &str), outside: &Path, prefix: &Path) -> bool {
    let project = outside.join(name);
    if let Err(error) = copy(&run::root().join("bindings-swift/consumers").join(name), &project) {
        eprintln!("{}: {error}", project.display());
        return false;
    }
    let mounts = [Mount(outside.into(), OUTSIDE), Mount(prefix.into(), PREFIX)];
    let [outside, prefix] = [&mounts[0], &mounts[1]].map(|mount| toolchain.mounted(mount));
    let sandbox = toolchain.target().join("debug/keysecure-sandbox");
    let variables = [
        ("PKG_CONFIG_PATH", text(prefix.join("lib/pkgconfig"))),
        ("KEYSECURE_SANDBOX", text(sandbox)),
        ("KEYSECURE_SWIFT", text(toolchain.workspace().join("bindings-swift"))),
        ("KEYSECURE_SWIFT_URL", format!("file://{}", text(outside.join("keysecure-swift")))),
    ];
    // Swift remembers the packages that it fetched: another release under this URL would be an error.
    let mut arguments = vec!["run".to_owned(), "--package-path".into(), text(outside.join(name))];
    for kind in ["cache", "config", "security"] {
        arguments.extend([format!("--{kind}-path"), text(outside.join("swiftpm").join(kind))]);
    }
    let mounts = [&mounts[0], &mounts[1]];
    run::passes(&mut toolchain.run("swift", &mounts, &arguments, &variables))
        && is_static(&project.join(".build/debug").join(executable))
}

/// Copies a program, without what was built in it.
fn copy(from: &Path, to: &Path) -> io::Result<()> {
    files::copy(&from.join("Sources"), &to.join("Sources"))?;
    fs::copy(from.join("Package.swift"), to.join("Package.swift")).map(drop)
}

/// Whether a program contains the library, so that it can be copied alone.
fn is_static(program: &Path) -> bool {
    // The link `debug` is absolute where `swift` runs in a chroot.
    let program = found(program);
    let Some(dynamic) = run::output(run::command("readelf").args(["--dynamic", "--wide"]).arg(&program)) else {
        eprintln!("readelf is needed to examine {}", program.display());
        return false;
    };
    let is_static = dynamic.contains("(NEEDED)") && !dynamic.contains("keysecure_ffi");
    println!("{}: the library is {}", program.display(), if is_static { "in it" } else { "NOT in it" });
    is_static
}

fn found(program: &Path) -> PathBuf {
    let (folder, name) = (program.parent().unwrap_or(program), program.file_name().unwrap_or_default());
    let Some(build) = folder.parent() else { return program.into() };
    let triples =
        fs::read_dir(build).into_iter().flatten().flatten().map(|entry| entry.path().join("debug").join(name));
    triples.into_iter().find(|path| path.is_file()).unwrap_or_else(|| program.into())
}

fn text(path: impl AsRef<Path>) -> String {
    path.as_ref().to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use crate::run;

    #[test]
    fn the_program_by_url_asks_for_the_version_of_the_workspace() {
        let manifest = run::root().join("bindings-swift/consumers/by-url/Package.swift");
        let version = format!("from: \"{}\"", env!("CARGO_PKG_VERSION"));
        assert!(fs::read_to_string(manifest).unwrap().contains(&version));
    }
}
