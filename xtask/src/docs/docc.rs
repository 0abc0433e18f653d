//! The reference of the Swift package, by `docc` of the Swift toolchain.

use std::fs;
use std::path::{Path, PathBuf};

use super::output::folder;
use crate::run;
use crate::swift;
use crate::swift_toolchain::Toolchain;

/// The package in the workspace.
const CATALOGUE: &str = "bindings-swift/Sources/KeySecure/KeySecure.docc";

/// Where Debian keeps the programs of the toolchain that are not on its PATH.
const DEBIAN: &str = "/usr/libexec/swift/bin/docc";

/// Builds the reference, and returns its folder. Its pages load JSON, and so need a server with the site at its root.
pub fn build() -> Result<PathBuf, String> {
    let toolchain = Toolchain::find()?;
    let docc = match &toolchain {
        Toolchain::Path => "docc",
        Toolchain::Chroot(folder) if folder.join(&DEBIAN[1..]).exists() => DEBIAN,
        Toolchain::Chroot(_) => return Err("the Swift toolchain has no docc".into()),
    };
    if let Toolchain::Path = toolchain
        && !run::exists(docc, "--help")
    {
        return Err("docc not found".into());
    }
    let made = folder().join("swift");
    for name in ["symbols", "site"] {
        let folder = made.join(name);
        if folder.exists() {
            fs::remove_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
        }
    }
    fs::create_dir_all(made.join("symbols")).map_err(|error| format!("{}: {error}", made.display()))?;
    let inside = toolchain.target().join("docs/swift");
    let (symbols, scratch) = (text(&inside.join("symbols")), text(&inside.join("build")));
    // A build of its own: other options would compile the package of the tests again.
    let options = ["--target", "KeySecure", "--scratch-path", &scratch];
    let graph = ["-Xswiftc", "-emit-symbol-graph", "-Xswiftc", "-emit-symbol-graph-dir", "-Xswiftc", &symbols];
    if !swift::build(&toolchain, &options.iter().chain(&graph).map(|&word| word.to_owned()).collect::<Vec<_>>()) {
        return Err("the Swift package did not build: see above".into());
    }
    let catalogue = text(&toolchain.workspace().join(CATALOGUE));
    let site = text(&inside.join("site"));
    let names = ["--fallback-display-name", "KeySecure", "--fallback-bundle-identifier", "io.keysecure"];
    let hosting = ["--transform-for-static-hosting", "--hosting-base-path", "reference/swift"];
    let files = ["--additional-symbol-graph-dir", &symbols, "--output-path", &site];
    let words = ["convert", &catalogue].into_iter().chain(names).chain(hosting).chain(files);
    let arguments: Vec<String> = words.map(str::to_owned).collect();
    if !run::passes(&mut toolchain.run(docc, &[], &arguments, &[])) {
        return Err("docc failed: see above".into());
    }
    Ok(made.join("site"))
}

fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}
