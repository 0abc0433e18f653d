//! The licences of what is inside released wheels: of the crates, and of Rust's standard library. They are beside the manifests of the
//! packages while these wheels are built, under names that `license-files` in the manifests matches.

use std::fs;

use crate::{licences, run};

/// The packages of Python, and the crates that are compiled into them.
const PROJECTS: [(&str, &str); 2] =
    [("bindings-python", "keysecure-python"), ("bindings-python/sandbox", "keysecure-sandbox-python")];

/// The files of [`licences::write`], and their names beside a manifest.
const FILES: [(&str, &str); 2] =
    [("THIRD-PARTY.txt", "LICENSE-THIRD-PARTY.txt"), ("THIRD-PARTY-RUST.html", "LICENSE-RUST.html")];

/// Why [`around`] returned nothing, if the build itself did not fail.
pub const NOT_WRITTEN: &str = "the licences of what is inside were not written";

/// Builds released wheels. Wheels of tests and source distributions have none of the files, so they do not stay.
pub fn around<T>(build: impl FnOnce() -> Option<T>) -> Option<T> {
    let result = write().then(build).flatten();
    remove();
    result
}

/// Writes the files. `false` after a failure, which is printed.
pub fn write() -> bool {
    PROJECTS.iter().all(|(project, package)| {
        let written = run::target_dir().join("licences").join(package);
        licences::write(package, licences::COMPUTERS, &written)
            && FILES.iter().all(|(from, to)| {
                let copied = fs::copy(written.join(from), run::root().join(project).join(to));
                copied.map_err(|error| eprintln!("{project}/{to}: {error}")).is_ok()
            })
    })
}

fn remove() {
    for (project, _) in PROJECTS {
        for (_, file) in FILES {
            // A file that does not exist is no error.
            let _ = fs::remove_file(run::root().join(project).join(file));
        }
    }
}
